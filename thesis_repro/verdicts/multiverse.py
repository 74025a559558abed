"""The multiverse of a section: its claims under every reading in dispute (would they flip?).

A universe is a section run with some errata read the other way. Its verdicts are those of the
reading "as written" there. They stand beside the section's own and never count as these. After
Steegen, Tuerlinckx, Gelman and Vanpaemel, "Increasing Transparency Through a Multiverse Analysis"
(2016), and the specification curve of Simonsohn, Simmons and Nelson (2020).
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from thesis_repro.columns import filled, table
from thesis_repro.thesis.errata import get, load_errata
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Outcome, Verdict
from thesis_repro.words import counted

AS_WRITTEN = Reading.WRITTEN.value
AS_RUN = Reading.RUN.value  # what the original code computed, where claims have such numbers
NOT_ASKED_FOR = "not asked for"

COLUMNS = ("claim", "readings", "verdict", "change", "why")


class Change(StrEnum):
    """What other readings do to a claim."""

    NOTHING = "nothing"  # all its numbers are the same
    NUMBERS = "numbers"  # and the verdict stays
    VERDICT = "verdict"


class Judged(msgspec.Struct, frozen=True):
    """A claim in a universe; the change is against the section as written."""

    verdict: Verdict
    why: str
    change: Change

    @property
    def word(self) -> str:
        """The verdict in one word, for a narrow column."""
        finding = self.verdict.finding
        return finding.value if finding else self.verdict.value


class Universe(msgspec.Struct, frozen=True):
    """The claims of a section under other readings, by id; ``readings`` are ids of errata."""

    readings: tuple[str, ...]
    claims: dict[str, Judged]

    @property
    def name(self) -> str:
        """Its readings in short, "E04 + E10"."""
        return " + ".join(self.readings) or AS_WRITTEN

    @property
    def change(self) -> Change:
        """The most that it does to any claim."""
        changes = {judged.change for judged in self.claims.values()}
        return max(changes, key=[*Change].index, default=Change.NOTHING)

    def claims_with(self, change: Change) -> list[str]:
        """The claims to which it does this."""
        return [claim for claim, judged in self.claims.items() if judged.change is change]


class Multiverse(msgspec.Struct, frozen=True):
    """A section's claims as written, as the original code ran, and under other readings.

    Attributes:
        section: "4.2".
        scale: That of all its results.
        data: Their data, in words.
        seeds: Those of the trainings.
        results: SHA-256 of each ``claims.json`` that it was put together of, by its path.
        created: When it was put together.
        commits: Of the code that made the results.
        written: The section as written.
        run: Its claims as the original code computed them, where that differs.
        universes: Those under other readings.
        not_run: Errata of the section that no universe reads the other way, and why not.
        curve: SHA-256 of its specification curve, as SVG.
    """

    section: str
    scale: str
    data: str
    seeds: tuple[int, ...]
    results: dict[str, str]
    created: str
    commits: tuple[str | None, ...]
    written: dict[str, Judged]
    run: dict[str, Judged]
    universes: tuple[Universe, ...]
    not_run: dict[str, str]
    curve: str = ""

    def __post_init__(self):
        known = load_errata()
        for name in self.errata:
            if name not in known:
                raise ValueError(f"this version has no erratum {name!r}")
        if not self.seeds:
            raise ValueError("it names no seed")

    @property
    def made_of(self) -> str:
        """Scale and seeds, in words."""
        several = "seeds" if self.seeds[1:] else "seed"
        return f"scale {self.scale}, {several} {', '.join(map(str, self.seeds))}"

    @property
    def columns(self) -> list[Universe]:
        """The section as written, under each of the other readings, and as the code ran."""
        of_code = [Universe((AS_RUN,), self.run)] if self.run else []
        return [Universe((), self.written), *self.universes, *of_code]

    @property
    def matrix(self) -> dict[str, list[Judged | None]]:
        """A row of `columns` for each claim; None where the code computed nothing else."""
        return {
            claim: [universe.claims.get(claim) for universe in self.columns]
            for claim in self.written
        }

    @property
    def errata(self) -> list[str]:
        """Those that a universe reads the other way."""
        return sorted({reading for each in self.universes for reading in each.readings})

    def of_claim(self, claim: str) -> str:
        """What becomes of a claim under other readings, in a line; empty where nothing is known."""
        by_name = {each.name: each.claims[claim] for each in self.universes if claim in each.claims}
        if not by_name or self.written[claim].verdict.finding is None:
            return ""
        flipped = [
            f"{judged.verdict} under {name}"
            for name, judged in by_name.items()
            if judged.change is Change.VERDICT
        ]
        same = len(by_name) - len(flipped)
        count = counted(same, "other reading")
        if not flipped:
            return f"the same verdict under {'each of ' if same > 1 else ''}{count}"
        return "; ".join([*flipped, *([f"the same verdict under {count}"] if same else [])])

    def flipped_by(self, claim: str) -> list[str]:
        """The readings under which a claim has another verdict."""
        return [each.name for each in self.universes if claim in each.claims_with(Change.VERDICT)]

    @property
    def flipping(self) -> list[str]:
        """The claims whose verdict is another one under some of the readings."""
        return [claim for claim in self.written if self.flipped_by(claim)]

    @property
    def rows(self) -> Iterator[tuple[str, ...]]:
        """A row for each claim and universe, as `COLUMNS`."""
        for universe in self.columns:
            for claim, judged in universe.claims.items():
                yield claim, universe.name, judged.verdict, judged.change, judged.why


class Run(NamedTuple):
    """The judgements of a section under some readings."""

    readings: tuple[str, ...]
    judgements: Iterable[Judgement]


def universes(
    written: Iterable[Judgement], others: Iterable[Run]
) -> tuple[dict[str, Judged], dict[str, Judged], tuple[Universe, ...]]:
    """The claims as written, as run where that differs, and in each universe."""
    by_claim = {each.claim.id: each for each in written}
    headline = {claim: _judged(each.written, each.written) for claim, each in by_claim.items()}
    as_run = {
        claim: _judged(each.run, each.written) for claim, each in by_claim.items() if each.run
    }
    return headline, as_run, tuple(_universe(run, by_claim) for run in others)


def _universe(run: Run, written: Mapping[str, Judgement]) -> Universe:
    """Its claims, as far as they were measured both there and as written."""
    pairs = ((each, written[each.claim.id]) for each in run.judgements if each.claim.id in written)
    claims = {
        there.claim.id: _judged(there.written, ours.written)
        for there, ours in pairs
        if Verdict.NOT_RUN not in (there.verdict, ours.verdict)
    }
    return Universe(run.readings, claims)


def _judged(outcome: Outcome, written: Outcome) -> Judged:
    """An outcome beside the one as written.

    At path scale all verdicts are the same word, so that nothing flips there.
    """
    if outcome.verdict is not written.verdict:
        change = Change.VERDICT
    else:
        change = Change.NOTHING if outcome.values == written.values else Change.NUMBERS
    return Judged(outcome.verdict, outcome.why, change)


# === As text ===


def render(multiverse: Multiverse, width: int | None = None) -> str:
    """What flips and what does not, for a terminal with so many columns."""
    head = (
        f"Section {multiverse.section} under {counted(len(multiverse.universes), 'other reading')}:"
        f" {multiverse.made_of}, {multiverse.data}"
    )
    rows = [
        (
            each.name,
            " + ".join(get(reading).title for reading in each.readings),
            *_counts(each.claims.values()),
        )
        for each in multiverse.universes
    ]
    if multiverse.run:
        count = counted(len(multiverse.run), "claim")
        code = f"all that the original code computed otherwise, of {count}"
        rows.append((AS_RUN, code, *_counts(multiverse.run.values())))
    headers = ("readings", "what is read the other way", "same", "numbers", "verdict")
    return "\n".join(
        [
            filled(head, width),
            "",
            table(rows, headers, width, right=(2, 3, 4)),
            "",
            *(filled(line, width, hanging="  ") for line in conclusions(multiverse)),
        ]
    )


def _counts(claims: Iterable[Judged]) -> tuple[str, ...]:
    """In how many claims nothing, the numbers, the verdict is another one."""
    changes = [judged.change for judged in claims]
    return tuple(str(changes.count(change)) for change in Change)


def conclusions(multiverse: Multiverse) -> Iterator[str]:
    """What flips and by which erratum, what nothing changes, and what was not run; sentences."""
    flipping = multiverse.flipping
    verdicts = [judged.verdict for judged in multiverse.written.values()]
    total = len(verdicts) - verdicts.count(Verdict.NOT_RUN)
    if not any(verdict.finding for verdict in verdicts):
        yield "Path only: it proves that all runs, and is no evidence for a flip or against it."
    else:
        same = total - len(flipping)
        yield f"{same} of {counted(total, 'claim')} have one verdict under all of these readings."
    for claim in flipping:
        verdicts = {
            each.name: each.claims[claim].verdict
            for each in multiverse.universes
            if claim in each.claims and each.claims[claim].change is Change.VERDICT
        }
        others = "; ".join(f"{verdict} under {name}" for name, verdict in verdicts.items())
        yield f"{claim}: {multiverse.written[claim].verdict} as written, {others}."
    without = [each.name for each in multiverse.universes if each.change is Change.NOTHING]
    if without:
        yield f"No number is another one under {', '.join(without)}."
    if len({*multiverse.commits}) > 1:
        commits = ", ".join(commit or "unknown" for commit in multiverse.commits)
        yield f"Made by the code of several commits, which can be why numbers differ: {commits}."
    unasked = [name for name, why in multiverse.not_run.items() if why == NOT_ASKED_FOR]
    if unasked:
        yield f"Not asked for: {', '.join(unasked)}."
    others = [name for name in multiverse.not_run if name not in unasked]
    if others:
        yield f"In dispute, but no universe: {', '.join(others)} (`errata ID` says why)."
