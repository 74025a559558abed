"""Kernel density estimates of latent codes, each dimension by itself, and samples of them.

What ties dimensions together is lost in such samples (erratum E88).
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import gaussian_kde


def estimated(values: np.ndarray) -> gaussian_kde | None:
    """The kernel density estimate of one dimension (n,), Scott's bandwidth; None if constant.

    A model may give every image the same value in a dimension that it does not use; SciPy has no
    density for that.
    """
    values = values.astype("float64")
    return gaussian_kde(values) if np.ptp(values) > 0 else None


def kde_samples(z: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Positions (count, dimensions), each dimension sampled from the estimate of its z (n, ...).

    A constant dimension stays at its constant.
    """
    columns = []
    for values in z.T:
        density = estimated(values)
        columns.append(
            np.full(count, values[0], "float64")
            if density is None
            else density.resample(count, seed=rng)[0]
        )
    return np.stack(columns, axis=1)


class Correlation(NamedTuple):
    """Pearson's r of the two dimensions of codes that are correlated most, counted from 1."""

    r: float
    first: float
    second: float


def largest_correlation(z: np.ndarray) -> Correlation:
    """Of all two dimensions of codes (n, dimensions) that vary; NaN if fewer than two do."""
    values = z.astype("float64")
    varies = np.flatnonzero(np.ptp(values, axis=0) > 0)
    if len(varies) < 2:
        return Correlation(np.nan, np.nan, np.nan)
    r = np.corrcoef(values[:, varies], rowvar=False)
    strength = np.triu(np.abs(r), k=1)
    first, second = np.unravel_index(strength.argmax(), strength.shape)
    dimensions = varies[[first, second]] + 1
    return Correlation(float(r[first, second]), *map(int, dimensions))
