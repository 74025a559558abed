"""Comparison of the builders with the printed listings, row by row in the listing's order."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

import keras

from appendix_architectures.listings import golden, printed_counts, printed_rows
from appendix_architectures.parameters import (
    ParameterCountError,
    ParameterCounts,
    count_parameters,
)
from appendix_architectures.registry import LISTINGS
from appendix_architectures.rows import LayerRow, layer_rows
from appendix_architectures.shapes import build_shapes


@dataclass(frozen=True)
class ListingCheck:
    """What the comparison of one listing found.

    Attributes:
        number: number of the listing, 1 to 39.
        title: its caption.
        rows: rows that the thesis prints.
        matching: how many of them the built network has, in place and in every column.
        differences: one sentence per difference; empty if the network is the listing's.
    """

    number: int
    title: str
    rows: int
    matching: int
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def check_all() -> Iterator[ListingCheck]:
    """Check the 39 listings one after the other (a second in all: no weights are allocated)."""
    for number in LISTINGS:
        yield check_listing(number)


def check_listing(number: int, model: keras.Model | None = None) -> ListingCheck:
    """Compare one listing with a given network, or else with what its builder makes.

    Raises:
        KeyError: if the thesis has no listing of this number.
    """
    printed = printed_rows(number)
    if model is None:
        model = _build(number)
    matching, differences = _compare_rows(printed, layer_rows(model))
    counts = zip(printed_counts(number), count_parameters(model), strict=True)
    differences += [
        _difference(f"{kind.replace('_', '-')} params:", theirs, ours)
        for kind, (theirs, ours) in zip(ParameterCounts._fields, counts, strict=True)
        if theirs != ours
    ]
    title = golden(number)["title"]
    return ListingCheck(number, title, len(printed), matching, tuple(differences))


def _build(number: int) -> keras.Model:
    """What the builder makes, even where its own assertion already fails."""
    try:
        return build_shapes(LISTINGS[number].builder)
    except ParameterCountError as error:
        return error.model


def _compare_rows(printed: list[LayerRow], rows: list[LayerRow]) -> tuple[int, list[str]]:
    """Number of printed rows found in place, and sentences about the rest; rows pair by name."""
    pairing = SequenceMatcher(
        None, [row.name for row in printed], [row.name for row in rows], autojunk=False
    )
    matching, differences = 0, []
    for _, i, i_end, j, j_end in pairing.get_opcodes():
        pairs = zip_longest(printed[i:i_end], rows[j:j_end])
        for place, (theirs, ours) in enumerate(pairs, start=i + 1):
            found = _compare_row(min(place, i_end), theirs, ours)
            matching += not found
            differences += found
    return matching, differences


def _compare_row(place: int, theirs: LayerRow | None, ours: LayerRow | None) -> list[str]:
    if ours is None:
        return [f"row {place} {theirs.name}: missing in ours"]
    if theirs is None:
        return [f"after row {place}: {ours.name} is not in the thesis"]
    expected, found = _columns(theirs), _columns(ours)
    return [
        _difference(f"row {place} {theirs.name}: {column}", expected.get(column), value)
        for column, value in found.items()
        if expected.get(column) != value
    ]


def _difference(what: str, thesis: Any, ours: Any) -> str:
    return f"{what} {_text(thesis)} (thesis) != {_text(ours)} (ours)"


def _text(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _columns(row: LayerRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "output_shape": row.output_shape,
        "params": row.params,
        "connected_to": tuple(connection.name for connection in row.connections),
        **row.kernel,
    }
