"""Looking numbers up in a table."""

from typing import Any

import numpy as np
import pandas as pd


def rows(table: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """The rows whose columns have these values."""
    chosen = np.ones(len(table), bool)
    for column, value in where.items():
        chosen &= (table[column] == value).to_numpy()
    return table[chosen]


def pick(table: pd.DataFrame, column: str, **where: Any) -> Any:
    """The value of a column in the only row where others have these values; NaN without such a row.

    Raises:
        ValueError: there are several.
    """
    values = rows(table, **where)[column]
    return values.item() if len(values) else np.nan
