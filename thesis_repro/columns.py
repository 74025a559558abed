"""Tables as plain text, with cells on several lines where the terminal is too narrow for one."""

import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest

_GAP = "  "
_LEAST = 8  # signs that a column keeps, however narrow the terminal


def table(
    rows: Iterable[Sequence[str]],
    headers: Sequence[str] = (),
    width: int | None = None,
    right: Collection[int] = (),
) -> str:
    """Rows under their headers.

    Args:
        rows: Each of as many cells.
        headers: One for each column, or none.
        width: Columns of the terminal; None for lines of any length.
        right: Numbers of the columns that are set to the right, from 0.
    """
    rows = [*rows]
    fitted = widths([*([headers] if headers else []), *rows], width)
    if headers:
        rows = [headers, ["-" * own for own in fitted], *rows]
    return "\n".join(line for row in rows for line in lines(row, fitted, right))


def widths(rows: Sequence[Sequence[str]], width: int | None = None) -> list[int]:
    """Signs of each column: as many as its longest cell has, the widest less where it must be."""
    longest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if width is None or not longest:
        return longest
    room = width - len(_GAP) * (len(longest) - 1)
    most = max(longest)
    while most > _LEAST and sum(min(own, most) for own in longest) > room:
        most -= 1
    return [min(own, most) for own in longest]


def lines(row: Sequence[str], widths: Sequence[int], right: Collection[int] = ()) -> Iterator[str]:
    """The lines of a row in columns of these widths; those of ``right`` are set to the right."""
    cells = [
        textwrap.wrap(cell, width) if len(cell) > width else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    for parts in zip_longest(*cells, fillvalue=""):
        line = (
            part.rjust(width) if at in right else part.ljust(width)
            for at, (part, width) in enumerate(zip(parts, widths, strict=True))
        )
        yield _GAP.join(line).rstrip()


def filled(text: str, width: int | None, indent: str = "", hanging: str | None = None) -> str:
    """Text on lines that fit, the first after ``indent``, the others after ``hanging``."""
    if width is None:
        return f"{indent}{text}"
    return textwrap.fill(
        text,
        max(width, len(indent) + _LEAST),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_on_hyphens=False,
    )
