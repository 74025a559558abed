"""Do values of one sample exceed those of another? Mann-Whitney's U test, and by how much they do.

Section 4.6. With thousands of values a p-value says that two samples differ, which nobody doubts;
the probability of superiority says how much, on a scale that does not depend on their number.
Reconstructions are no sample of their own beside the images that they are of: for such pairs there
is a test of the same probability that knows them (erratum E87). All functions take one-dimensional
samples. Of too few values, or of equal ones alone, a p-value is undefined: NaN; NaN or infinity
among the values are a `ValueError`. Errata E06, E22, E87.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.nonparametric import rank_compare_2indep

from thesis_repro.analysis.statistics import finite_sample

# Up to which distance of the probability of superiority from 0.5 two distributions count as the
# same. Normal ones have it that lie 0.18 of their standard deviation apart; what Cohen (1988) calls
# a small effect, a fifth of it, is 0.056. The thesis names no size: this one is ours.
MARGIN = 0.05


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
    same kind stand beside each other. Equal samples give 1; NaN where all values of both are the
    same or one has none, so that there is nothing to rank.
    """
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if _all_equal(first, second):
        return np.nan
    test = stats.mannwhitneyu(
        first, second, use_continuity=True, alternative="two-sided", method="asymptotic"
    )
    return float(test.pvalue)


def mann_whitney_p_as_run(x: ArrayLike, y: ArrayLike) -> float:
    """The p that SciPy 1.2.1's `mannwhitneyu` gave by default (erratum E22).

    With ``alternative=None`` it took the larger of both U, with continuity and tie corrections, and
    one tail of the normal distribution beyond it, whichever side the data were on: half of the
    two-sided p. Where both U are the same, the continuity correction passes the middle, of which it
    took the absolute value: p is just below 0.5, not 0.5. NaN where all values of both are the
    same, of which SciPy 1.2.1 raised an error.
    """
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if _all_equal(first, second):
        return np.nan
    n, m = first.size, second.size
    ranks = stats.rankdata(np.concatenate([first, second]))
    u = n * m + n * (n + 1) / 2 - ranks[:n].sum()
    sd = np.sqrt(stats.tiecorrect(ranks) * n * m * (n + m + 1) / 12)
    z = (max(u, n * m - u) - n * m / 2 - 0.5) / sd
    return float(stats.norm.sf(abs(z)))


def superiority(x: ArrayLike, y: ArrayLike) -> Superiority:
    """How often values of x (n,) exceed those of y (m,), with its interval; NaN unless n, m > 1.

    By statsmodels: DeLong's 95 % interval (DeLong et al. 1988). Each value's share of the other
    sample below it varies, and the variances of both samples' means add up. No distribution is
    assumed but that the samples are independent; cut at 0 and 1. Where they do not overlap it has
    no width.
    """
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if min(first.size, second.size) < 2:
        return Superiority(np.nan, np.nan, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):  # its statistic, if nothing overlaps
        compared = rank_compare_2indep(first, second, use_t=False)
    low, high = np.clip(compared.conf_int(), 0, 1)
    return Superiority(float(compared.prob1), float(low), float(high))


def equivalence_p(x: ArrayLike, y: ArrayLike) -> float:
    """The p of two one-sided tests (TOST) that x (n,) and y (m,) differ by `MARGIN` or more.

    Below 0.05: the probability of superiority lies within 0.5 ± `MARGIN`, which no p of a test for
    a difference can say. By statsmodels, with the variance of `superiority` (Schuirmann 1987;
    Brunner and Munzel 2000). NaN unless n, m > 1, and where all values of both are the same.
    """
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    if min(first.size, second.size) < 2 or _all_equal(first, second):
        return np.nan
    with np.errstate(divide="ignore", invalid="ignore"):  # if nothing overlaps
        compared = rank_compare_2indep(first, second, use_t=False)
        return float(compared.tost_prob_superior(0.5 - MARGIN, 0.5 + MARGIN).pvalue)


# === Pairs ===


class PairedComparison(NamedTuple):
    """How often values of x exceed those of y where these are pairs, with its interval, and p."""

    p: float
    probability: float
    low: float
    high: float


def paired_comparison(x: ArrayLike, y: ArrayLike) -> PairedComparison:
    """The Brunner-Munzel test of pairs, both (n,), and the 95 % interval of its effect.

    The effect is `superiority`'s: whether a value of x exceeds one of y *drawn without regard to
    pairs*, so that both tests ask the same; a signed-rank test would ask how each pair differs.
    Only the variance knows the pairs: that of F_y(x_i) - F_x(y_i), each value's place in the other
    sample, over n; with Student's t of n - 1 degrees (Munzel 1999; Konietschke and Pauly 2012,
    Section 2; R's `nparcomp::npar.t.test.paired`). NaN of fewer than two pairs; p is NaN where all
    pairs are ties of one place, as in equal samples.

    Raises:
        ValueError: also if there are not as many x as y.
    """
    probability, error, df = _of_pairs(x, y)
    if df < 1:
        return PairedComparison(*[np.nan] * 4)
    half = float(stats.t.ppf(0.975, df)) * error
    p = 2 * stats.t.sf(_over(abs(probability - 0.5), error), df)
    return PairedComparison(
        float(p), probability, max(probability - half, 0), min(probability + half, 1)
    )


def paired_equivalence_p(x: ArrayLike, y: ArrayLike) -> float:
    """`equivalence_p` of pairs, both (n,), with variance and Student's t of `paired_comparison`.

    NaN of fewer than two pairs, and where all values of both are the same. Pairs of equal values
    have the same distribution without error: 0.

    Raises:
        ValueError: also if there are not as many x as y.
    """
    probability, error, df = _of_pairs(x, y)
    if df < 1 or np.ptp(np.concatenate([x, y])) == 0:
        return np.nan
    return float(stats.t.sf(_over(MARGIN - abs(probability - 0.5), error), df))


class _OfPairs(NamedTuple):
    """How often values of x exceed those of y, the standard error of that, and its degrees."""

    probability: float
    error: float
    df: int


def _of_pairs(x: ArrayLike, y: ArrayLike) -> _OfPairs:
    """Of pairs, both (n,): NaN, NaN and n - 1 of fewer than two."""
    first, second = finite_sample(x, "x"), finite_sample(y, "y")
    n = first.size
    if n != second.size:
        raise ValueError(f"Pairs are as many x as y, but there are {n} and {second.size} values.")
    if n < 2:
        return _OfPairs(np.nan, np.nan, n - 1)
    places = _places(first, second) - _places(second, first)
    error = places.std(ddof=1) / np.sqrt(n)
    return _OfPairs(float(0.5 + places.mean() / 2), float(error), n - 1)


def _over(shift: float, error: float) -> float:
    """How many of its errors a shift is: of none, infinity with its sign, or NaN of 0."""
    return shift / error if error else np.copysign(np.inf, shift) if shift else np.nan


def _places(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The share of the others below each value, ties counting half, (n,)."""
    ordered = np.sort(others)
    ends = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return sum(ends) / (2 * len(others))


# === Distances ===


def ks_distance(x: ArrayLike, y: ArrayLike) -> float:
    """The largest distance between two empirical distributions (Kolmogorov, Smirnov).

    0: they are the same; 1: they do not overlap. Unlike superiority it also sees that one is wider.
    NaN where one has no values.
    """
    samples = finite_sample(x, "x"), finite_sample(y, "y")
    if not min(sample.size for sample in samples):
        return np.nan
    return float(stats.ks_2samp(*samples, method="asymp").statistic)


def _all_equal(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether there is nothing to rank: one has no values, or all of both are the same."""
    return not first.size or not second.size or np.ptp(np.concatenate([first, second])) == 0
