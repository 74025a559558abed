"""The thesis's claims, as data (`claims.json`), and the quantities that they are about."""

import math
from collections.abc import Mapping
from typing import Any

from thesis_repro.files import Entry, read_entries

# A number, a list with one number per model of the claim, or a bound as printed ("< 0.001"); None
# for what is not finite or not there.
Quantity = int | float | str | list[int | float | None] | None
Values = Mapping[str, Quantity]


class Claim(Entry):
    """One claim of the thesis; `reported` holds the numbers printed, None where there are none."""

    id: str
    section: str
    kind: str
    statement: str
    models: tuple[str, ...]
    source: str
    reported: dict[str, Quantity] | None = None
    note: str | None = None


def load_claims(section: str | None = None) -> tuple[Claim, ...]:
    """The thesis's claims in its order, all of them or those of one section ("4.2").

    Raises:
        ValueError: for a section that has no claims.
    """
    claims = read_entries("thesis", "claims.json", tuple[Claim, ...])
    if section is None:
        return claims
    chosen = tuple(claim for claim in claims if claim.section == section)
    if not chosen:
        known = ", ".join(sorted({claim.section for claim in claims}))
        raise ValueError(f"No claims for section {section!r}; sections with claims are {known}.")
    return chosen


def listed(value: Any) -> Any:
    """A NumPy number or array as Python's (without importing it), a tuple as a list."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, tuple) else value


def show(value: Any) -> str:
    """A quantity for a table cell; floats to three decimals or, if far from 1, in powers."""
    value = listed(value)
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(show, value))
    if not isinstance(value, float) or not math.isfinite(value) or value == 0:
        return str(value)
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.2e}"
