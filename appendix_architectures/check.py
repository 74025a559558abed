"""Comparison of the builders with the printed listings, row by row in the listing's order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib import resources
from itertools import zip_longest
from typing import Any

import keras

from appendix_architectures.parameters import ParameterCountError, count_parameters
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


@cache
def _golden_listings() -> dict[int, dict[str, Any]]:
    text = resources.files("appendix_architectures").joinpath("listings.json").read_text("utf-8")
    return {listing["listing"]: listing for listing in json.loads(text)}


def golden(number: int) -> dict[str, Any]:
    """The listing as the thesis prints it: title, totals, rows (do not change the dictionary).

    Raises:
        KeyError: if the thesis has no listing of this number.
    """
    try:
        return _golden_listings()[number]
    except KeyError:
        raise KeyError(f"no listing {number}: the thesis has Listings 1 to 39") from None


def check_all() -> Iterator[ListingCheck]:
    """Check the 39 listings one after the other (a second in all: no weights are allocated)."""
    for number in LISTINGS:
        yield check_listing(number)


def check_listing(number: int, model: keras.Model | None = None) -> ListingCheck:
    """Compare one listing with a given network, or else with what its builder makes.

    Raises:
        KeyError: if the thesis has no listing of this number.
    """
    listing = golden(number)
    if model is None:
        model = _build(number)
    matching, differences = _compare_rows(listing["rows"], layer_rows(model))
    differences += [
        _difference(f"{kind.replace('_', '-')} params:", listing[f"{kind}_params"], count)
        for kind, count in count_parameters(model)._asdict().items()
        if listing[f"{kind}_params"] != count
    ]
    return ListingCheck(
        number, listing["title"], len(listing["rows"]), matching, tuple(differences)
    )


def _build(number: int) -> keras.Model:
    """What the builder makes, even where its own assertion already fails."""
    try:
        return build_shapes(LISTINGS[number].builder)
    except ParameterCountError as error:
        return error.model


def _compare_rows(printed: list[dict[str, Any]], rows: list[LayerRow]) -> tuple[int, list[str]]:
    """Number of printed rows found in place, and sentences about the rest; rows pair by name."""
    pairing = SequenceMatcher(
        None, [row["name"] for row in printed], [row.name for row in rows], autojunk=False
    )
    matching, differences = 0, []
    for _, i, i_end, j, j_end in pairing.get_opcodes():
        pairs = zip_longest(printed[i:i_end], rows[j:j_end])
        for place, (theirs, ours) in enumerate(pairs, start=i + 1):
            found = _compare_row(min(place, i_end), theirs, ours)
            matching += not found
            differences += found
    return matching, differences


def _compare_row(place: int, theirs: dict[str, Any] | None, ours: LayerRow | None) -> list[str]:
    if ours is None:
        return [f"row {place} {theirs['name']}: missing in ours"]
    if theirs is None:
        return [f"after row {place}: {ours.name} is not in the thesis"]
    expected, found = _printed_columns(theirs), _our_columns(ours)
    return [
        _difference(f"row {place} {theirs['name']}: {column}", expected.get(column), value)
        for column, value in found.items()
        if expected.get(column) != value
    ]


def _difference(what: str, thesis: Any, ours: Any) -> str:
    return f"{what} {_text(thesis)} (thesis) != {_text(ours)} (ours)"


def _text(value: Any) -> str:
    return f"{value:,}" if type(value) is int else str(value)


def _printed_columns(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "type": row["type"],
        "output_shape": tuple(row["output_shape"]),
        "params": row["params"],
        "connected_to": tuple(row["connected_to"]),
        **row.get("derived", {}),
    }


def _our_columns(row: LayerRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "type": row.type,
        "output_shape": row.output_shape,
        "params": row.params,
        "connected_to": tuple(connection.name for connection in row.connections),
        **row.kernel,
    }
