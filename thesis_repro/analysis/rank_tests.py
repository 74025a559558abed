"""Do values of one sample exceed those of another? Mann-Whitney's U test, and by how much they do.

Section 4.6. With thousands of values a p-value says that two samples differ, which nobody doubts;
the probability of superiority says how much, on a scale that does not depend on their number. All
functions take one-dimensional samples and raise `ValueError` for an empty one, NaN or infinity.
Errata E06, E22.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from thesis_repro.analysis.statistics import finite_sample


class Superiority(NamedTuple):
    """The probability that a value of x exceeds one of y, ties counting half, and its interval.

    0.5: neither does; 1: all of x lie above all of y. Mann-Whitney's U over n * m; the
    common-language effect size of McGraw and Wong (1992).
    """

    probability: float
    low: float
    high: float


def mann_whitney_p(x: ArrayLike, y: ArrayLike) -> float:
    """The two-sided p of Mann-Whitney's U test of samples (n,) and (m,).

    Normal approximation with continuity and tie corrections at every size, so that p-values of the
    same kind stand beside each other. Equal samples give 1.

    Raises:
        ValueError: also if all values of both are the same, of which there is nothing to rank.
    """
    first, second = _samples(x, y)
    test = stats.mannwhitneyu(
        first, second, use_continuity=True, alternative="two-sided", method="asymptotic"
    )
    return float(test.pvalue)


def mann_whitney_p_as_run(x: ArrayLike, y: ArrayLike) -> float:
    """The p that SciPy 1.2.1's `mannwhitneyu` gave by default (erratum E22).

    With ``alternative=None`` it took the larger of both U, with continuity and tie corrections, and
    one tail of the normal distribution beyond it, whichever side the data were on: half of the
    two-sided p. Where both U are the same, the continuity correction passes the middle, of which it
    took the absolute value: p is just below 0.5, not 0.5.

    Raises:
        ValueError: also if all values of both are the same, as SciPy 1.2.1 did.
    """
    first, second = _samples(x, y)
    n, m = first.size, second.size
    ranks = stats.rankdata(np.concatenate([first, second]))
    u = n * m + n * (n + 1) / 2 - ranks[:n].sum()
    sd = np.sqrt(stats.tiecorrect(ranks) * n * m * (n + m + 1) / 12)
    z = (max(u, n * m - u) - n * m / 2 - 0.5) / sd
    return float(stats.norm.sf(abs(z)))


def superiority(x: ArrayLike, y: ArrayLike) -> Superiority:
    """How often values of x (n,) exceed those of y (m,), n and m > 1, with its interval.

    By statsmodels: DeLong's 95 % interval (DeLong et al. 1988). Each value's share of the other
    sample below it varies, and the variances of both samples' means add up. No distribution is
    assumed; cut at 0 and 1. Where the samples do not overlap it has no width.

    Raises:
        ValueError: also for a sample of one value.
    """
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if min(first.size, second.size) < 2:
        raise ValueError("The interval needs two values or more in each sample.")
    with np.errstate(divide="ignore", invalid="ignore"):  # its statistic, if nothing overlaps
        compared = rank_compare_2indep(first, second, use_t=False)
    low, high = np.clip(compared.conf_int(), 0, 1)
    return Superiority(float(compared.prob1), float(low), float(high))


def ks_distance(x: ArrayLike, y: ArrayLike) -> float:
    """The largest distance between two empirical distributions (Kolmogorov, Smirnov).

    0: they are the same; 1: they do not overlap. Unlike superiority it also sees that one is wider.
    """
    samples = finite_sample(x, "x"), finite_sample(y, "y")
    return float(stats.ks_2samp(*samples, method="asymp").statistic)


def _samples(x: ArrayLike, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if np.ptp(np.concatenate([first, second])) == 0:
        raise ValueError(
            f"All {first.size + second.size} values are {first[0]:g}: there is nothing to rank."
        )
    return first, second
