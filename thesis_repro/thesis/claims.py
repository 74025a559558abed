"""The thesis's claims, as data (`claims.json`), and the quantities that they are about."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from thesis_repro.columns import filled
from thesis_repro.files import Entry, read_entries

WIDTH = 96  # columns of prose, where the terminal has as many

# A number, a list with one number per model of the claim, or a bound as printed ("< 0.001"). NaN is
# undefined (a p of equal values, say), None not measured.
Quantity = int | float | str | list[int | float | str | None] | None
Values = Mapping[str, Quantity]

# Whose quantities are the p-values of tests, by what is tested.
TABLES_OF_P = ("Table 5", "Table 6")
LEAST_P = 0.001  # the thesis's least p-value that is a number
_BOUND = re.compile(r"<\s*(\d\S*)")

# What tables have for want of a number.
ABSENT, UNDEFINED, NOT_MEASURED = "-", "undefined", "not measured"


class Claim(Entry):
    """One claim of the thesis.

    ``reported`` holds the numbers printed, None where there are none; ``printed`` how it prints
    those that lose a digit as numbers, 14.710.
    """

    id: str
    section: str
    kind: str
    statement: str
    models: tuple[str, ...]
    source: str
    reported: dict[str, Quantity] | None = None
    printed: dict[str, str] | None = None
    note: str | None = None

    @property
    def as_printed(self) -> dict[str, Quantity] | None:
        """What is reported, in words where a number would lose a digit."""
        return self.reported and self.reported | (self.printed or {})

    def least_p(self, quantity: str) -> float | None:
        """Below which a p-value is shown as a bound; None of what is no p-value.

        That is 0.001, or the bound that the thesis prints for it, where that is less.
        """
        reported = (self.reported or {}).get(quantity)
        of_moments = self.source in TABLES_OF_P and reported is not None
        if not (of_moments or is_p_value(quantity)):
            return None
        bound = _BOUND.fullmatch(reported) if isinstance(reported, str) else None
        return min(LEAST_P, float(bound[1])) if bound else LEAST_P


def load_claims(section: str | None = None) -> tuple[Claim, ...]:
    """The thesis's claims in its order, all of them or those of one section ("4.2").

    Raises:
        ValueError: for a section that has no claims.
    """
    claims = _all_claims()
    if section is None:
        return claims
    chosen = tuple(claim for claim in claims if claim.section == section)
    if not chosen:
        known = ", ".join(sorted({claim.section for claim in claims}))
        raise ValueError(f"No claims for section {section!r}; sections with claims are {known}.")
    return chosen


@cache
def _all_claims() -> tuple[Claim, ...]:
    return read_entries("thesis", "claims.json", tuple[Claim, ...])


class Unchecked(Entry):
    """A statement of the thesis that no check can decide, and the reason."""

    section: str
    statement: str
    reason: str


def load_unchecked() -> tuple[Unchecked, ...]:
    """The statements of the thesis that cannot be checked, in its order."""
    return read_entries("thesis", "unchecked.json", tuple[Unchecked, ...])


def render_unchecked(statements: Iterable[Unchecked], width: int | None = None) -> str:
    """Statements with their sections and reasons, as plain text; ``width`` is the terminal's."""
    indent = " " * 5
    return "\n".join(
        filled(text, min(width or WIDTH, WIDTH), first, indent)
        for one in statements
        for first, text in (
            (f"{one.section}  ", f"“{one.statement}”"),
            (indent, f"Not checked: {one.reason}"),
        )
    )


def listed(value: Any) -> Any:
    """A NumPy number or array as Python's (without importing it), a tuple as a list."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, tuple) else value


def is_p_value(name: str) -> bool:
    """Whether a quantity or a table's column is one by its name: "p", "smallest_p", "p_of_z".

    In `TABLES_OF_P`, p-values are named by what they test.
    """
    return "p" in name.split("_")


def show(value: Any, *, printed: bool = False, least_p: float | None = None) -> str:
    """A quantity for a table cell; floats to three decimals or, if far from 1, in powers.

    Args:
        value: A number, list of numbers, or text.
        printed: Whether it is the thesis's, which keeps the digits that it has.
        least_p: Of a p-value, the least that is shown as a number.
    """
    value = listed(value)
    if value is None or value == []:
        return NOT_MEASURED
    if isinstance(value, list):
        return ", ".join(show(element, printed=printed, least_p=least_p) for element in value)
    if isinstance(value, str):
        return value.replace("<", "< ").replace("<  ", "< ") if _BOUND.fullmatch(value) else value
    if isinstance(value, float) and math.isnan(value):
        return UNDEFINED
    if printed or not isinstance(value, float | int):
        return str(value)
    if least_p is not None and 0 <= value <= 1:
        return _show_p(value, least_p)
    if isinstance(value, int) or math.isinf(value) or value == 0:
        return str(value)
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.2e}"


def _show_p(p: float, least: float) -> str:
    """A p-value; none is rounded to 0 or 1."""
    if p < least:
        return f"< {least:g}"
    if p > 1 - LEAST_P:
        return f"> {1 - LEAST_P:g}"
    return f"{p:.3f}" if p >= LEAST_P else f"{p:.2e}"
