"""Judgements as text for a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from thesis_repro.columns import filled, lines, widths
from thesis_repro.thesis.claims import ABSENT, show
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement, Line, Verdict

HEADERS = ("quantity", REPORTED, *(reading.value for reading in Reading))
_STATEMENT, _QUANTITY = " " * 2, " " * 4  # indents


def render(judgements: Iterable[Judgement], width: int | None = None) -> str:
    """Each claim with its verdicts, its statement, and a line for each of its quantities.

    ``width`` is that of the terminal, in columns; None leaves all lines whole.
    """
    judgements = [*judgements]
    rows = [[cells(line) for line in judgement.lines] for judgement in judgements]
    room = width and width - len(_QUANTITY)
    columns = widths([HEADERS, *chain.from_iterable(rows)], room)
    rule = ["-" * each for each in columns]
    text = ["claim: verdict as written; as run", f"{_STATEMENT}statement"]
    text += _table([HEADERS, rule], columns)
    for judgement, own in zip(judgements, rows, strict=True):
        text.append(f"{judgement.claim.id}: {verdicts(judgement)}")
        text.append(filled(judgement.claim.statement, width, _STATEMENT))
        text += _table(own, columns)
    return "\n".join([*text, *(filled(line, width) for line in _legend(judgements))])


def verdicts(judgement: Judgement) -> str:
    """The headline, and after it the verdict as run, where that is another reading."""
    run = f"; as run {judgement.run.label}" if judgement.run else ""
    return f"{judgement.written.label}{run}"


def cells(line: Line) -> tuple[str, ...]:
    """A quantity and its three values as a row of a table."""
    reported, *ours = line.values
    shown = [show(reported, printed=True), *(show(value, least_p=line.least_p) for value in ours)]
    return (line.title, *(text or ABSENT for text in shown))


def _table(rows: Iterable[Sequence[str]], columns: Sequence[int]) -> Iterator[str]:
    return (f"{_QUANTITY}{line}" for row in rows for line in lines(row, columns))


def _legend(judgements: Sequence[Judgement]) -> Iterator[str]:
    """What the table is of, and what its words mean, where they are not the thesis's."""
    measured = [item for item in judgements if item.written.values is not None]
    for scale, data in dict.fromkeys((item.scale, item.data) for item in measured):
        yield f"Ours: scale {scale}, {data}."
    if any(item.verdict is Verdict.PATH_ONLY for item in measured):
        yield ("Path only: it proves that all runs, and is no evidence for a claim or against it.")
    for seeds in dict.fromkeys(item.seeds for item in measured if item.seeds):
        yield (
            f"Over seeds {', '.join(map(str, seeds))}: mean ± SD; in brackets, where one more "
            "training would lie (95 %), if the thesis's number is held against it."
        )
