"""One claim in full, as text for a terminal."""

from collections.abc import Iterator

from thesis_repro.columns import filled, table
from thesis_repro.report.ledger import command_of
from thesis_repro.report.links import errata_of
from thesis_repro.thesis.claims import show
from thesis_repro.verdicts.audit import what_n_can_tell
from thesis_repro.verdicts.judgements import Judgement, Outcome
from thesis_repro.verdicts.questions import questions_of
from thesis_repro.verdicts.rules import CheckResult
from thesis_repro.verdicts.text import HEADERS, cells

_INDENT = " " * 2


def describe(judgement: Judgement, width: int | None = None, others: str = "") -> str:
    """All that is known of a claim: numbers, checks with their grounds, verdicts, errata.

    ``width`` is that of the terminal, in columns; None leaves all lines whole. ``others`` is what
    becomes of it under other readings.
    """
    paragraphs = [_head(judgement), [table(map(cells, judgement.lines), HEADERS, width)]]
    if not judgement.lines:
        paragraphs.pop()
    paragraphs += [
        [f"{reading.capitalize()}: {outcome.label}", *_outcome(judgement, outcome)]
        for reading, outcome in judgement.outcomes.items()
    ]
    paragraphs.append(_beside(judgement, others))
    return "\n\n".join(
        "\n".join(line if "\n" in line else _fitted(line, width) for line in paragraph)
        for paragraph in paragraphs
    )


def _fitted(line: str, width: int | None) -> str:
    """A line that fits, its rest indented deeper."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    return filled(text, width, indent, indent + _INDENT)


def _head(judgement: Judgement) -> list[str]:
    claim = judgement.claim
    of = ", ".join(questions_of(claim))
    lines = [
        f"{claim.id}: {claim.statement}",
        f"Source: Section {claim.section}; {claim.source}",
        f"Models: {', '.join(claim.models)}",
        f"Kind: {claim.kind}{f'; it bears on {of}' if of else ''}",
    ]
    if judgement.written.values is not None:
        lines.append(f"Ours: scale {judgement.scale}, {judgement.data}")
    return lines


def _outcome(judgement: Judgement, outcome: Outcome) -> Iterator[str]:
    """Why the verdict is what it is, and the checks that it rests on."""
    yield f"{_INDENT}{outcome.why}"
    for check in outcome.checks:
        yield from _check(judgement, check)


def _check(judgement: Judgement, check: CheckResult) -> Iterator[str]:
    """A check of a quantity: what it came to, and why it is as it is."""
    deeper = _INDENT * 2
    holds = "holds" if check.holds else "is undecided" if check.is_lacking else "fails"
    yield f"{_INDENT}- {check.name}: {holds}"
    line = judgement.held_against(check)
    theirs, ours, _ = line.values
    words = f"Ours {show(ours, least_p=line.least_p)}"
    if theirs is not None:
        words = f"{words}; the thesis's {show(theirs, printed=True)}"
    yield f"{deeper}{words}: {check.detail}"
    if check.allowed:
        ends = ", ".join(f"{show(low)} to {show(high)}" for low, high in check.allowed)
        far = f"; {check.distance:.2g} times what is allowed away" if check.distance else ""
        yield f"{deeper}Allowed: {ends}{far}"
    yield f"{deeper}Ground: {check.why}"


def _beside(judgement: Judgement, others: str) -> list[str]:
    """What else belongs to a claim, and the command that makes its numbers."""
    claim = judgement.claim
    tells = what_n_can_tell(claim)
    note = [f"Note: {claim.note}"] if claim.note else []
    note += [f"What this n can tell: {tells}"] if tells else []
    errata = [f"Erratum {erratum.id}: {erratum.title}" for erratum in errata_of(claim)]
    under = [f"Under other readings: {others}"] if others else []
    return [*note, *errata, *under, f"Make it: {command_of(judgement)}"]
