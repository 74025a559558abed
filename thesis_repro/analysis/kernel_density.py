"""Kernel density estimates of latent codes, each dimension by itself, and samples of them."""

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
