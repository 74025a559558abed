"""The 39 listings as the thesis prints them (``listings.json``): what the builders are held to."""

import json
from functools import cache
from importlib import resources
from typing import Any

from appendix_architectures.parameters import ParameterCounts
from appendix_architectures.rows import Connection, LayerRow


@cache
def _listings() -> dict[int, dict[str, Any]]:
    text = resources.files("appendix_architectures").joinpath("listings.json").read_text("utf-8")
    return {listing["listing"]: listing for listing in json.loads(text)}


def golden(number: int) -> dict[str, Any]:
    """The listing as the thesis prints it: title, totals, rows (do not change the dictionary).

    Raises:
        KeyError: if the thesis has no listing of this number.
    """
    try:
        return _listings()[number]
    except KeyError:
        raise KeyError(f"no listing {number}: the thesis has Listings 1 to 39") from None


def printed_rows(number: int) -> list[LayerRow]:
    """The rows of a listing. In all of them each layer is used once and has one output."""
    return [
        LayerRow(
            name=row["name"],
            type=row["type"],
            output_shape=tuple(row["output_shape"]),
            params=row["params"],
            connections=tuple(Connection(name, 0, 0) for name in row["connected_to"]),
            kernel=row.get("derived", {}),
        )
        for row in golden(number)["rows"]
    ]


def printed_counts(number: int) -> ParameterCounts:
    """The three totals under a listing."""
    return ParameterCounts(*(golden(number)[f"{kind}_params"] for kind in ParameterCounts._fields))
