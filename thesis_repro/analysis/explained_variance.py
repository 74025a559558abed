"""How much of what varies in codes goes with a factor of variation (Section 4.4).

`factor_information` asks what a code tells of a factor. There, classes and groups of numbers are no
one scale: of a digit that is always taken for one of two 0.7 is told, and of a number 0.45 if the
code follows nine tenths of its variance. Here the question is turned round, so that all factors
share one scale, the code's own variance.
"""

import numpy as np

from thesis_repro.analysis.factors import Factor, Kind
from thesis_repro.analysis.statistics import Interval, bootstrap_ratio

GROUPS = 50  # of a number, of equally many images: as many as Section 4.4.2's bins


def explained_variance(z: np.ndarray, factor: Factor, rng: np.random.Generator) -> Interval:
    """The share of the variance of codes (n, d), over all dimensions, that goes with a factor.

    1 if the class, or which of 50 groups the number is in, alone fixes the code; about 0, or a
    little below, if they have nothing to do with each other: what groups differ by chance is taken
    off. With its 95 % bootstrap interval over the images. NaN if all codes are equal.

    Args:
        z: (n, d), finite.
        factor: Of the same images; classes or numbers.
        rng: For the bootstrap.
    """
    z = np.asarray(z, dtype="float64")
    group = _groups(factor)
    counts = np.bincount(group)
    sums = np.stack([np.bincount(group, column) for column in z.T], axis=1)
    means = sums / np.maximum(counts, 1)[:, np.newaxis]
    around = np.square(z - z.mean(axis=0)).sum(axis=1)
    within = np.square(z - means[group]).sum(axis=1)
    counts = counts[group]
    # The variance of a group as of a sample; that of one image has none, and tells nothing.
    left = np.where(counts > 1, within * counts / np.maximum(counts - 1, 1), around)
    return bootstrap_ratio(around - left, around, rng)


def _groups(factor: Factor) -> np.ndarray:
    if factor.kind is Kind.CATEGORICAL:
        return factor.groups
    edges = np.quantile(factor.values, np.arange(1, GROUPS) / GROUPS)
    return np.searchsorted(edges, factor.values)
