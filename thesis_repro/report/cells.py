"""How a cell reads: our numbers to four significant digits, the thesis's as they are printed."""

import math
import re
from functools import cache
from typing import Any, NamedTuple

from thesis_repro.report.reading import Table
from thesis_repro.thesis.claims import (
    LEAST_P,
    NOT_MEASURED,
    TABLES_OF_P,
    UNDEFINED,
    Claim,
    is_p_value,
    listed,
    load_claims,
    show,
)
from thesis_repro.thesis.readings import REPORTED

DIGITS = 4
_LINE = 36  # signs
_ONE = r"[<>-]? ?[\d.,]+(e[+-]?\d+)?"
_NUMBER = re.compile(rf"{_ONE}(, {_ONE})*")
_ORIGINS = ("scale", "data")  # columns that a chapter adds to every table
_KEYS = ("model", "reading", *_ORIGINS)  # what says of what a row is
_MOMENTS = ("mean", "sd", "skewness", "kurtosis")  # which Tables 5 and 6 test
_P_BEHIND_TABLE_4 = ("as_written", "smallest", "as_run")


class Cell(NamedTuple):
    """What is shown, and all digits where that is less (else empty)."""

    text: str
    full: str = ""

    @property
    def is_number(self) -> bool:
        """Whether it is set as a number."""
        return _NUMBER.fullmatch(self.text) is not None

    @property
    def is_long(self) -> bool:
        """Whether it is set on several lines."""
        return len(self.text) > _LINE


class TableView(NamedTuple):
    """A table's cells, and what its columns of scale and data say once for all of its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    origin: str


def cell(value: Any, *, printed: bool = False, least_p: float | None = None) -> Cell:
    """A quantity, list of quantities or text.

    Empty text is no number that is lacking, but a place where none belongs.

    Args:
        value: What is shown.
        printed: Whether it is the thesis's, which keeps the digits that it has.
        least_p: Of a p-value, the least that is shown as a number (`Claim.least_p`).
    """
    value = listed(value)
    if isinstance(value, list) and value:
        cells = [cell(element, printed=printed, least_p=least_p) for element in value]
        full = ", ".join(part.full or part.text for part in cells)
        text = ", ".join(part.text for part in cells)
        return Cell(text, full if full != text else "")
    if value == "":
        return Cell("–")
    if value is None or value == []:
        return Cell(NOT_MEASURED)
    if printed or not isinstance(value, float | int):
        return Cell(show(value, printed=True))
    if math.isnan(value):
        return Cell(UNDEFINED)
    text = str(value)
    if least_p is not None:
        short = show(value, least_p=least_p)
    else:
        short = _short(value) if isinstance(value, float) else text
    return Cell(short, text if short != text else "")


def _short(number: float) -> str:
    """Four significant digits, whole numbers whole; powers of ten only far from 1."""
    if not math.isfinite(number):
        return str(number)
    if 10**DIGITS <= abs(number) < 1e7:
        return f"{number:.0f}"
    return f"{number:.{DIGITS}g}"


def table_view(table: Table) -> TableView:
    """A CSV table for reading.

    Scale and data are taken out of the rows where all of our rows agree on them; a row of the
    reading "reported" keeps the thesis's digits. Beside such rows, a column in which the thesis has
    nothing is marked as ours.
    """
    names = [name for name in _ORIGINS if name in table.columns]
    ours = {tuple(row[table.columns.index(name)] for name in names) for row in table.rows}
    ours.discard(("thesis",) * len(names))
    taken = names if len(ours) == 1 else []
    kept = [at for at, name in enumerate(table.columns) if name not in taken]
    origin = " · ".join(part for part in next(iter(ours)) if part) if taken else ""
    added = _ours(table)
    return TableView(
        tuple(
            table.columns[at].replace("_", " ") + (" (ours)" if at in added else "") for at in kept
        ),
        tuple(_row(table, row, kept) for row in table.rows),
        origin,
    )


def _is_reported(table: Table, row: tuple[str, ...]) -> bool:
    return "reading" in table.columns and row[table.columns.index("reading")] == REPORTED


def _ours(table: Table) -> set[int]:
    """The columns that the thesis does not have, by place; none where it has no rows at all."""
    reported = [row for row in table.rows if _is_reported(table, row)]
    columns = [at for at, name in enumerate(table.columns) if name not in _KEYS]
    return {at for at in columns if reported and not any(row[at] for row in reported)}


def _row(table: Table, row: tuple[str, ...], kept: list[int]) -> tuple[Cell, ...]:
    if not _is_reported(table, row):
        return tuple(cell(_number(row[at]), least_p=_least_p(table, at)) for at in kept)
    model = row[table.columns.index("model")] if "model" in table.columns else ""
    printed = _printed()
    texts = (printed.get((model, table.columns[at], row[at]), row[at]) for at in kept)
    return tuple(cell(text, printed=True) for text in texts)


def _least_p(table: Table, at: int) -> float | None:
    """Of a column of p-values, the least that is shown as a number; None of others.

    Tables 5 and 6 name theirs, and those that we add (paired, of equivalence), by the moment; those
    behind Table 4 are held against a bound of the thesis's own.
    """
    name = table.columns[at]
    if table.name == "table_4_p_values" and name in _P_BEHIND_TABLE_4:
        return _claims()["4.3-ppl-p"].least_p("p")
    of_moments = table.name.replace("_", " ").capitalize() in TABLES_OF_P
    moment = name.removeprefix("paired_").removeprefix("equivalence_")
    tests = moment in _MOMENTS if of_moments else is_p_value(name)
    return LEAST_P if tests else None


@cache
def _claims() -> dict[str, Claim]:
    return {claim.id: claim for claim in load_claims()}


@cache
def _printed() -> dict[tuple[str, str, str], str]:
    """How the thesis prints the numbers that lose a digit in a table, by model and column."""
    return {
        (model, name, str(claim.reported[name])): text
        for claim in _claims().values()
        for name, text in (claim.printed or {}).items()
        for model in claim.models
    }


def _number(text: str) -> float | str:
    """The number that a cell writes with a point or an exponent; else its text."""
    if "." not in text and "e-" not in text and "e+" not in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text
