"""How the information on a factor is shared out among a VLAE's layers (Section 4.4, RQ5).

All from tables of `factor_information.Information`. As shares of all that there is to know, factors
compare.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from thesis_repro.analysis.factor_information import INFORMATION
from thesis_repro.analysis.tables import rows

LAYERS = ("z_1", "z_2", "z_3")  # of every VLAE
LEAST_SHARE = 0.01  # a layer with less does not know the factor


def layer_share(
    table: pd.DataFrame, model: str, layer: str, factor: str, column: str = "value"
) -> float:
    """The share of all information on a factor that a layer has; NaN where it was not measured.

    Or, by their ``column``, the ends of its interval, "low" and "high".
    """
    where = {"model": model, "layer": layer, "factor": factor, "measure": INFORMATION}
    measured = rows(table, **where)
    return (measured[column] / measured["best"]).item() if len(measured) else np.nan


def layer_shares(
    table: pd.DataFrame, model: str, factor: str, column: str = "value"
) -> list[float]:
    """The same for z_1, z_2 and z_3."""
    return [layer_share(table, model, layer, factor, column) for layer in LAYERS]


def strongest(shares: list[float]) -> tuple[str, float] | None:
    """The layer that knows most of a factor, and its share; None if none knows it."""
    largest = max(shares)
    return None if largest < LEAST_SHARE else (LAYERS[shares.index(largest)], largest)


def second_to_first(shares: Iterable[list[float]]) -> float | None:
    """The mean over factors of the second strongest layer's share over the strongest's.

    Factors that no layer knows are left out; None if there is no other.
    """
    ordered = [sorted(layers, reverse=True) for layers in shares]
    ratios = [max(second, 0) / first for first, second, _ in ordered if first >= LEAST_SHARE]
    return float(np.mean(ratios)) if ratios else None
