"""What the thesis's significance tests can show at their number of values, test by test.

The audit of a p-value: of what units it is, whether they are pairs, whether it is corrected, for
how many sides and by what distribution; how small it can be, and what difference the test finds.

What a claim's tests come to in a line is kept in ``what_n_can_tell.json``, so that a page needs
neither SciPy nor statsmodels; a test holds the file against the audits, and
``python -m thesis_repro.verdicts.audit`` writes it anew.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from thesis_repro.columns import filled, table
from thesis_repro.files import read_entries, write_json
from thesis_repro.thesis.claims import Claim, load_claims, show
from thesis_repro.thesis.readings import Reading
from thesis_repro.thesis.significance_tests import SignificanceTest, load_significance_tests

if TYPE_CHECKING:
    from thesis_repro.verdicts.power import Effect

FILE = "what_n_can_tell.json"
LEVEL = 0.05  # the thesis's: captions of Figures 46 and 47, Section 4.6.1
WIDTH = 96  # columns of prose, where the terminal has as many
HEADERS = ("test", "reading", "n", "least p", "exactly", "found with 80 % power")

_LABEL = 15  # signs
_NO_FLOOR = -100  # of log10 p: as good as 0
_NONE = "–"


@dataclass(frozen=True)
class Audit:
    """A test, and what it can show.

    Attributes:
        test: It.
        least: The decimal logarithm of the smallest p by the approximation that is used; None
            where there is no least, or the test is exact.
        least_exact: The same by counting; None where the values themselves count.
        found: The difference found with 80 % power at `LEVEL`; of tests that are corrected for
            their number, if all of them find theirs.
        found_alone: Of those, if one finds its own and no other does; else empty.
    """

    test: SignificanceTest
    least: float | None
    least_exact: float | None
    found: "tuple[Effect, ...]"
    found_alone: "tuple[Effect, ...]"


def audits(section: str | None = None) -> list[Audit]:
    """Those of all tests in the order of the thesis, or of one section ("4.3")."""
    return [audit(test) for test in load_significance_tests() if section in (None, test.section)]


def audit(test: SignificanceTest) -> Audit:
    """What a test can show.

    A one-sided p of the side that the data are on is half of the two-sided one: such a test is a
    two-sided one at twice the level. That of permutations is one-sided by itself.
    """
    from thesis_repro.verdicts import power  # SciPy, statsmodels

    is_half = test.sides == 1 and test.kind != "permutation"
    level = 2 * LEVEL if is_half else LEVEL
    least = [
        p and p - math.log10(2) if is_half else p for p in power.least_p(test.kind, test.sizes)
    ]
    alone = level / test.tests  # Benjamini and Hochberg's least threshold
    return Audit(
        test,
        *least,
        power.found(test.kind, test.sizes, level),
        power.found(test.kind, test.sizes, alone) if test.is_corrected else (),
    )


def p_text(log_10: float | None) -> str:
    """A p-value by its decimal logarithm: "6.9e-18", also where it is less than floats are."""
    if log_10 is None:
        return _NONE
    if log_10 > -300:
        return f"{10**log_10:.2g}"
    return f"{Decimal(10) ** Decimal(log_10):.1e}"


def sizes(test: SignificanceTest) -> str:
    """How many values there are: "24 against 24", "24 pairs"."""
    counts = [f"{size:,}" for size in test.sizes]
    nouns = {
        "signed-rank": " pairs",
        "correlation": " pairs",
        "permutation": " permutations",
        "chi-square": " images",
        "share": " images",
    }
    return " against ".join(counts) + nouns.get(test.kind, "")


# === Of a claim ===


def what_n_can_tell(claim: Claim) -> str:
    """What the tests that a claim rests on can show, in a line; empty where it rests on none."""
    return _lines().get(claim.id, "")


@cache
def _lines() -> dict[str, str]:
    return read_entries("verdicts", FILE, dict[str, str])


def computed_lines() -> dict[str, str]:
    """That of each claim that rests on a test, by the audits of this version."""
    lines = {claim.id: _line(claim) for claim in load_claims()}
    return {name: line for name, line in lines.items() if line}


def _line(claim: Claim) -> str:
    tests = [test for test in load_significance_tests() if claim.id in test.claims]
    if not tests:
        return ""
    sentences = [_sentence(audit(test), claim) for test in tests]
    tells = dict.fromkeys(f"It tells {test.tells}." for test in tests)
    return " ".join([*sentences, *_of_printed(tests, claim), *tells])


def _sentence(one: Audit, claim: Claim) -> str:
    """A test's sizes, the least p where that is of any size, and what is found."""
    test = one.test
    floor = one.least_exact if one.least is None else one.least
    parts = []
    if floor is not None and floor > _NO_FLOOR:
        counted = f" ({p_text(one.least_exact)} if exact)" if one.least is not None else ""
        parts.append(f"the least p is {p_text(floor)}{counted}{_out_of_reach(one, claim)}")
    if one.found:
        alone = f" ({_shown(one.found_alone)} if alone of {test.tests:,})"
        parts.append(f"80 % power for {_shown(one.found)}{alone if one.found_alone else ''}")
    name = test.id.replace("-", " ").capitalize()
    return f"{name}, {sizes(test)} ({test.kind}): {'; '.join(parts)}."


def _out_of_reach(one: Audit, claim: Claim) -> str:
    """That the least p is no less than the bound that a claim prints, where it is not."""
    floors = [p for p in (one.least, one.least_exact) if p is not None]
    bounds = [text for text in printed_p(claim).values() if text.startswith("<")]
    for text in bounds:
        if min(floors) >= math.log10(float(text[1:])):
            return f", so that p {text} is out of reach"
    return ""


def printed_p(claim: Claim) -> dict[str, str]:
    """The p-values that the thesis prints for a claim, by quantity: "< 0.001", "0.439"."""
    return {
        name: show(value, printed=True)
        for name, value in (claim.reported or {}).items()
        if claim.least_p(name) is not None
    }


def _of_printed(tests: Iterable[SignificanceTest], claim: Claim) -> Iterator[str]:
    """How far apart distributions can be of which a U test's p is printed, if none are pairs."""
    from thesis_repro.verdicts.power import within_of_p

    for test in tests:
        if test.kind == "U" and test.reading == Reading.WRITTEN:
            for name, text in printed_p(claim).items():
                if not text.startswith("<"):
                    far = within_of_p(float(text), *test.sizes)
                    within = f"P(X>Y) within 0.5 ± {far:.3f} (90 %, no pairs)"
                    yield f"The printed p of {name}, {text}, puts {within}."


def _shown(effects: "Iterable[Effect]") -> str:
    return ", ".join(map(str, effects))


# === All of them ===


def render(chosen: Iterable[Audit], width: int | None = None, *, in_full: bool = False) -> str:
    """A table of the tests, and each of them in full; ``width`` is the terminal's, in columns."""
    chosen = [*chosen]
    text = table(map(_row, chosen), HEADERS, width)
    if in_full:
        text = "\n\n".join([text, *("\n".join(_block(one, width)) for one in chosen)])
    return text


def _row(one: Audit) -> tuple[str, ...]:
    test = one.test
    found = _shown(one.found) or _NONE
    if one.found_alone:
        found = f"{found} (alone of {test.tests:,}: {_shown(one.found_alone)})"
    floors = (p_text(one.least), p_text(one.least_exact))
    return (f"{test.id} ({test.kind})", test.reading, sizes(test), *floors, found)


def _block(one: Audit, width: int | None) -> Iterator[str]:
    """A test in full."""
    test = one.test
    yield filled(f"{test.id}: {test.source} ({test.reading})", width, hanging=" " * 2)
    printed = {
        text: None
        for claim in load_claims()
        if claim.id in test.claims
        for text in printed_p(claim).values()
    }
    correction = f"{test.correction}, of {test.tests:,} tests"
    lines = {
        "Compares": test.compares,
        "Test": f"{test.kind}, {'two' if test.sides == 2 else 'one'}-sided",
        "A value is": test.unit,
        "Pairing": test.pairing,
        "Correction": correction,
        "p comes from": test.distribution,
        "Printed": ", ".join(printed),
        "Tells": test.tells,
        "Claims": ", ".join(test.claims),
        "Errata": ", ".join(test.errata),
    }
    for label, text in lines.items():
        if text:
            yield filled(
                text, min(width or WIDTH, WIDTH), f"  {label:<{_LABEL}}", " " * (_LABEL + 2)
            )


# === For programs ===


def as_entries(chosen: Iterable[Audit]) -> list[dict[str, Any]]:
    """All of each test; p-values by their decimal logarithms, as floats hold none of their size."""
    return [
        structs.asdict(one.test)
        | {
            "log10_least_p": one.least,
            "log10_least_p_exact": one.least_exact,
            "level": LEVEL,
            "found": {effect.measure: effect.size for effect in one.found},
            "found_alone": {effect.measure: effect.size for effect in one.found_alone},
        }
        for one in chosen
    ]


def as_csv(chosen: Iterable[Audit]) -> str:
    """A line of CSV for each test, lists and differences within a cell set apart by semicolons."""
    entries = as_entries(chosen)
    with io.StringIO() as file:
        writer = csv.DictWriter(file, entries[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in entry.items()} for entry in entries)
        return file.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return "; ".join(f"{key} {size}" for key, size in value.items())
    return "; ".join(map(str, value)) if isinstance(value, tuple) else value


def as_markdown(chosen: Iterable[Audit]) -> str:
    """The table as Markdown."""
    rows = [HEADERS, ("---",) * len(HEADERS), *map(_row, chosen)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    write_json(Path(__file__).with_name(FILE), computed_lines())
