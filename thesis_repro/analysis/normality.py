"""Which latent dimension is un-Gaussian, and how many peaks it has (Section 4.3).

The thesis sees both in its histograms of 100 bins; here each is a stated rule on the same bins.
"""

import numpy as np
from scipy import signal, special, stats

BINS = 100  # Figures 23 to 28

# A peak of the histogram counts if it rises from its surroundings by this share of the highest bin,
# and by so many standard errors of its count: what an eye sees, and what is no noise. (Seven of
# one count are five of the difference of two.)
PEAK_SHARE = 0.05
PEAK_ERRORS = 7.0


def edges(values: np.ndarray) -> np.ndarray:
    """The edges of 100 bins of equal width over the range of values (n,), (101,), float64.

    Values that differ by rounding alone are one value: as NumPy does for equal ones, the bins then
    reach half a unit to either side.
    """
    values = np.asarray(values, dtype="float64")
    if not len(values) or not is_constant(values):
        return np.histogram_bin_edges(values, BINS)
    return values.mean() + np.linspace(-0.5, 0.5, BINS + 1)


def is_constant(values: np.ndarray) -> bool:
    """Whether values (n,) span fewer float32 steps than there are bins: they differ by rounding."""
    values = np.asarray(values, dtype="float64")
    return bool(np.ptp(values) < BINS * np.spacing(np.float32(np.abs(values).max())))


def negentropy(values: np.ndarray) -> float:
    """How un-Gaussian the histogram of values (n,) is: negentropy in nats, at least 0.

    The Kullback-Leibler divergence of the bins' shares from those that the normal distribution of
    the same mean and variance has there. It is 0 for a normal distribution whatever its mean and
    variance, 0.18 for a uniform one. Noise adds up to 99 / (2 n): 0.005 for 10,000 values.

    The distance of distribution functions (Kolmogorov and Smirnov) would not do: evenly spaced
    peaks are nearly a uniform distribution to it, however sharp they are (docs/rules.md).

    NaN where all values are equal, as far as float32 tells them apart, or one is not finite: they
    have no shape.
    """
    values = np.asarray(values, dtype="float64")
    if not np.isfinite(values).all() or is_constant(values):
        return np.nan
    at = edges(values)
    shares = np.histogram(values, at)[0] / len(values)
    normal = np.diff(stats.norm.cdf(at, values.mean(), values.std()))
    return float(special.rel_entr(shares, np.maximum(normal, np.finfo(float).tiny)).sum())


def count_peaks(values: np.ndarray) -> float:
    """The number of peaks in the histogram of values (n,), 100 bins over their range; at least 1.

    A peak is a local maximum whose prominence (the height above the higher of the two valleys that
    part it from higher ground) passes both `PEAK_SHARE` and `PEAK_ERRORS`. NaN without values.
    """
    if not len(values):
        return np.nan
    # Of equally high bins the last counts as higher: SciPy has no valley between equal ones.
    counts = np.histogram(values, edges(values))[0] + np.linspace(0, 1e-3, BINS)
    framed = np.concatenate([[0], counts, [0]])  # so that an outermost bin can be a peak
    peaks, properties = signal.find_peaks(framed, prominence=0)
    enough = np.maximum(PEAK_SHARE * framed.max(), PEAK_ERRORS * np.sqrt(framed[peaks]))
    return max(1, int(np.count_nonzero(properties["prominences"] >= enough)))


def overlap(values: np.ndarray, others: np.ndarray) -> float:
    """The common area of the histograms of two samples, (n,) and (m,), in the same 100 bins.

    1 if they are the same, 0 if no bin holds values of both; two normal distributions of equal
    variance that lie two standard deviations apart have 2 Phi(-1) = 0.32, and closer ones no
    valley between them. NaN without values in one of them.
    """
    if not len(values) or not len(others):
        return np.nan
    at = edges(np.concatenate([values, others]))
    shares = [np.histogram(sample, at)[0] / len(sample) for sample in (values, others)]
    return float(np.minimum(*shares).sum())


def variance_explained(values: np.ndarray, groups: np.ndarray) -> float:
    """The share of the variance of values (n,) that lies between groups; groups is (n, factors).

    Images with equal rows of ``groups`` are a group. 1 if the group alone fixes the value, NaN if
    all values are equal.
    """
    values = np.asarray(values, dtype="float64")
    if is_constant(values):
        return np.nan
    _, group = np.unique(groups, axis=0, return_inverse=True)
    sizes = np.bincount(group)
    means = np.bincount(group, values) / sizes
    return float((sizes * (means - values.mean()) ** 2).sum() / values.var() / len(values))
