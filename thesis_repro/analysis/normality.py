"""Which latent dimension is un-Gaussian, and how many peaks it has (Section 4.3).

The thesis sees both in its histograms; here each is a stated rule.
"""

import numpy as np
from scipy import signal, stats

BINS = 100  # Figures 23 to 28

# A peak of the histogram counts if it rises from its surroundings by this share of the highest bin,
# and by so many standard errors of its count: what an eye sees, and what is no noise. (Seven of
# one count are five of the difference of two.)
PEAK_SHARE = 0.05
PEAK_ERRORS = 7.0


def departure(values: np.ndarray) -> float:
    """Kolmogorov-Smirnov distance of values (n,) from the normal distribution fitted to them.

    Lilliefors's statistic: 0 for a normal distribution whatever its mean and variance, at most 1.
    It does not grow with n, so that models and groups can be compared.

    Raises:
        ValueError: all values are equal, or one is not finite.
    """
    values = np.asarray(values, dtype="float64")
    spread = values.std()
    if not np.isfinite(spread) or spread == 0:
        raise ValueError(
            f"{len(values)} values with a standard deviation of {spread} have no shape to compare "
            "with a normal distribution."
        )
    return float(stats.kstest((values - values.mean()) / spread, "norm").statistic)


def departures(z: np.ndarray) -> np.ndarray:
    """`departure` of each column of z (n, dimensions)."""
    return np.array([departure(column) for column in z.T])


def count_peaks(values: np.ndarray) -> int:
    """The number of peaks in the histogram of values (n,), 100 bins over their range; at least 1.

    A peak is a local maximum whose prominence (the height above the higher of the two valleys that
    part it from higher ground) passes both `PEAK_SHARE` and `PEAK_ERRORS`.
    """
    # Of equally high bins the last counts as higher: SciPy has no valley between equal ones.
    counts = np.histogram(values, bins=BINS)[0] + np.linspace(0, 1e-3, BINS)
    framed = np.concatenate([[0], counts, [0]])  # so that an outermost bin can be a peak
    peaks, properties = signal.find_peaks(framed, prominence=0)
    enough = np.maximum(PEAK_SHARE * framed.max(), PEAK_ERRORS * np.sqrt(framed[peaks]))
    return max(1, int(np.count_nonzero(properties["prominences"] >= enough)))


def variance_explained(values: np.ndarray, groups: np.ndarray) -> float:
    """The share of the variance of values (n,) that lies between groups; groups is (n, factors).

    Images with equal rows of ``groups`` are a group. 1 if the group alone fixes the value.
    """
    values = np.asarray(values, dtype="float64")
    _, group = np.unique(groups, axis=0, return_inverse=True)
    sizes = np.bincount(group)
    means = np.bincount(group, values) / sizes
    return float((sizes * (means - values.mean()) ** 2).sum() / values.var() / len(values))
