"""How a cell reads: our numbers to four significant digits, the thesis's as they are printed."""

import math
import re
from typing import Any, NamedTuple

from thesis_repro.report.reading import Table
from thesis_repro.thesis.claims import NOT_MEASURED, UNDEFINED, listed

DIGITS = 4
_LINE = 36  # signs
_NUMBER = re.compile(r"[<-]? ?[\d.,]+(e[+-]?\d+)?(, -?[\d.]+(e[+-]?\d+)?)*")
_ORIGINS = ("scale", "data")  # columns that a chapter adds to every table


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


def cell(value: Any, *, printed: bool = False) -> Cell:
    """A quantity, list of quantities or text; ``printed`` numbers keep the digits they have.

    Empty text is no number that is lacking, but a place where none belongs.
    """
    value = listed(value)
    if isinstance(value, list) and value:
        cells = [cell(element, printed=printed) for element in value]
        full = ", ".join(part.full or part.text for part in cells)
        text = ", ".join(part.text for part in cells)
        return Cell(text, full if full != text else "")
    if value == "":
        return Cell("–")
    if value is None or value == []:
        return Cell(NOT_MEASURED)
    text = str(value)
    if printed or not isinstance(value, float):
        return Cell(text)
    if math.isnan(value):
        return Cell(UNDEFINED)
    short = _short(value)
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
    reading "reported" keeps the thesis's digits.
    """
    names = [name for name in _ORIGINS if name in table.columns]
    ours = {tuple(row[table.columns.index(name)] for name in names) for row in table.rows}
    ours.discard(("thesis",) * len(names))
    taken = names if len(ours) == 1 else []
    kept = [at for at, name in enumerate(table.columns) if name not in taken]
    origin = " · ".join(part for part in next(iter(ours)) if part) if taken else ""
    return TableView(
        tuple(table.columns[at].replace("_", " ") for at in kept),
        tuple(_row(table, row, kept) for row in table.rows),
        origin,
    )


def _row(table: Table, row: tuple[str, ...], kept: list[int]) -> tuple[Cell, ...]:
    reading = row[table.columns.index("reading")] if "reading" in table.columns else ""
    return tuple(cell(_number(row[at]), printed=reading == "reported") for at in kept)


def _number(text: str) -> float | str:
    """The number that a cell writes with a point or an exponent; else its text."""
    if "." not in text and "e-" not in text and "e+" not in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text
