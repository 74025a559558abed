"""Tables of numbers: looking them up, and the words for those that are not there."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from thesis_repro.thesis.claims import UNDEFINED


def rows(table: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """The rows whose columns have these values."""
    chosen = np.ones(len(table), bool)
    for column, value in where.items():
        chosen &= (table[column] == value).to_numpy()
    return table[chosen]


def pick(table: pd.DataFrame, column: str, **where: Any) -> Any:
    """The value of a column in the only row where others have these values.

    None without such a row: it was not measured, as of a model that a scale leaves out.

    Raises:
        ValueError: there are several.
    """
    values = rows(table, **where)[column]
    return values.item() if len(values) else None


def table_of(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A row for each record; what one lacks is None (not measured), and no NaN (undefined)."""
    records = list(records)
    names = dict.fromkeys(name for record in records for name in record)
    return pd.DataFrame({name: _column([record.get(name) for record in records]) for name in names})


def _column(values: list[Any]) -> pd.Series:
    return pd.Series(values, dtype=object if None in values else None)


def with_undefined(table: pd.DataFrame, ours: np.ndarray) -> pd.DataFrame:
    """The table with "undefined" for NaN among numbers in the rows that are ours, (n,) of bool.

    None stays, and so does what is missing between texts, as nothing belongs there.
    """
    named = table.copy()
    for name in table:
        values = table[name].to_numpy()
        undefined = ours & np.array([_is_undefined(value) for value in values], bool)
        if undefined.any() and not any(isinstance(value, str) for value in values[ours]):
            named[name] = table[name].astype(object).mask(undefined, UNDEFINED)
    return named


def _is_undefined(value: Any) -> bool:
    return isinstance(value, Real) and math.isnan(value)
