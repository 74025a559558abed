"""Names as people type them: in any case, and the nearest ones to a name that nothing has."""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar("Value")


def named(name: str, values: Mapping[str, Value]) -> Value | None:
    """The value of this name in capital or small letters; None if none has it."""
    return {key.casefold(): value for key, value in values.items()}.get(name.strip().casefold())


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The question after the nearest of the known names, with a blank before; empty if none is."""
    by_key = {key.casefold(): key for key in known}
    near = difflib.get_close_matches(name.casefold(), by_key, n=3)
    return f" Did you mean {' or '.join(by_key[key] for key in near)}?" if near else ""
