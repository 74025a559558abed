"""Statistical tests of the thesis as pure functions over NumPy arrays.

SciPy and statsmodels do the work; this module fixes the variants, so that a number means the same
whatever defaults a later SciPy has. Every function takes one-dimensional samples and raises
`ValueError` for an empty sample, NaN or infinity: a test over missing values would hide them.

Sources: Section 4.2, Table 3 (rank-sum, Benjamini/Hochberg); original code (paired signed-rank).
Errata E06-E08.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint


class MeanSD(NamedTuple):
    """Mean and standard deviation of a sample, in its unit."""

    mean: float
    sd: float


class Interval(NamedTuple):
    """A mean (or what stands for it) and its confidence interval, in the sample's unit."""

    mean: float
    low: float
    high: float


def mean_sd(x: ArrayLike) -> MeanSD:
    """The mean and the population standard deviation (ddof 0) of `x`, shape (n,).

    ddof 0 is NumPy's default and what the original code's `np.std` gave over the 24 splits of Table
    3; with n = 24 the sample estimate (ddof 1) would be 2.2 % larger. One value alone has the SD 0.
    """
    values = finite_sample(x, "x")
    return MeanSD(float(values.mean()), float(values.std(ddof=0)))


def bootstrap_mean(x: ArrayLike, rng: np.random.Generator) -> Interval:
    """The mean of `x`, (n,), with its bootstrap interval.

    Of one value alone, or of equal ones, the interval is that value.
    """
    values = finite_sample(x, "x")
    if np.ptp(values) == 0:
        return Interval(*[float(values.mean())] * 3)
    return _bootstrap([values], np.mean, rng)


def bootstrap_ratio(x: ArrayLike, y: ArrayLike, rng: np.random.Generator) -> Interval:
    """The ratio mean(x) / mean(y) of pairs, both (n,), n > 1, with its bootstrap interval.

    The pairs are resampled. Field ``mean`` of the result is the ratio.

    Raises:
        ValueError: also if the lengths differ, or mean(y) is 0.
    """
    above, below = finite_sample(x, "x"), finite_sample(y, "y")
    if above.size != below.size or above.size < 2 or below.mean() == 0:
        raise ValueError(
            f"A ratio of means needs two pairs or more and a mean of y other than 0, but x has "
            f"{above.size} values and y {below.size}, with a mean of {below.mean()}."
        )
    return _bootstrap(
        [above, below],
        lambda x, y, axis: x.mean(axis=axis) / y.mean(axis=axis),
        rng,
        paired=True,
    )


def bootstrap_mean_of_means(groups: Sequence[ArrayLike], rng: np.random.Generator) -> Interval:
    """The mean of the groups' means, each group (n,), n > 1, with its bootstrap interval.

    Resampled within each group: how many there are of each is fixed. Balanced accuracy is such a
    mean: over classes, of whether the class of each image is right.
    """
    values = [finite_sample(group, f"group {number}") for number, group in enumerate(groups)]
    if not values or min(group.size for group in values) < 2:
        raise ValueError("A bootstrap within groups needs groups of two values or more.")
    return _bootstrap(
        values, lambda *groups, axis: np.mean([x.mean(axis=axis) for x in groups], axis=0), rng
    )


def _bootstrap(
    samples: list[NDArray[np.float64]],
    statistic: Callable[..., NDArray[np.float64]],
    rng: np.random.Generator,
    *,
    paired: bool = False,
) -> Interval:
    """A statistic with its 95 % percentile bootstrap interval, of 1,000 resamples (Efron 1979)."""
    interval = stats.bootstrap(
        samples,
        statistic,
        paired=paired,
        vectorized=True,
        confidence_level=0.95,
        n_resamples=1_000,
        method="percentile",
        batch=max(1, 1_000_000 // sum(values.size for values in samples)),  # 8 MB at a time
        rng=rng,
    ).confidence_interval
    value = statistic(*samples, axis=0)
    return Interval(float(value), float(interval.low), float(interval.high))


def wilson(count: int, n: int, confidence: float = 0.95) -> Interval:
    """The share ``count / n`` with Wilson's interval (1927), by statsmodels.

    It stays within 0..1 and is no point where all or none of n count, as the normal one would be.
    Field ``mean`` of the result is the share.

    Raises:
        ValueError: there is nothing to count among, or more than that was counted.
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"A share needs 0 <= count <= n and n > 0, but {count} of {n} is given.")
    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    return Interval(count / n, float(low), float(high))


def rank_sum_p(a: ArrayLike, b: ArrayLike) -> float:
    """The two-sided p of the Wilcoxon rank-sum test of independent samples (n,) and (m,).

    `scipy.stats.ranksums`: normal approximation without continuity or tie correction. It is SciPy's
    test of that name, which is the one Section 4.2 states for Table 3; `mannwhitneyu` is the same
    test, but by default exact for small samples without ties and with both corrections otherwise,
    so its p-values would depend on the sample size in kind. Tied values share their mean rank; the
    variance stays the untied one, which makes p larger, never smaller. Equal samples give 1. The
    smallest value to be had is `smallest_rank_sum_p(n, m)`.
    """
    return float(
        stats.ranksums(finite_sample(a, "a"), finite_sample(b, "b"), alternative="two-sided").pvalue
    )


def signed_rank_p(a: ArrayLike, b: ArrayLike) -> float:
    """The two-sided p of the Wilcoxon signed-rank test of paired samples, both (n,).

    This is what the original code ran for Tables 3 and 4 (erratum E07), with the default of its
    SciPy 1.2.1: normal approximation at every n, no continuity correction, zero differences
    dropped, variance corrected for ties. Today's default is exact for n <= 50 and would give
    1.2e-07 where the original notebook prints 1.8215e-05 (n = 24).

    Raises:
        ValueError: if the lengths differ or all differences are zero (no rank is left to sum).
    """
    first, second = finite_sample(a, "a"), finite_sample(b, "b")
    if first.size != second.size:
        raise ValueError(
            f"A paired test needs pairs, but a has {first.size} values and b {second.size}; "
            "pass the same splits in the same order, or use rank_sum_p for independent samples."
        )
    if np.array_equal(first, second):
        raise ValueError(
            "The signed-rank test is undefined: all paired differences are zero. "
            "Check that a and b come from two different models."
        )
    result = stats.wilcoxon(
        first,
        second,
        zero_method="wilcox",
        correction=False,
        alternative="two-sided",
        method="asymptotic",
    )
    return float(result.pvalue)


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """The Benjamini/Hochberg adjusted p-values, in the order given; shape (k,) in and out.

    An adjusted value is compared with the false discovery rate wanted. Adjusting never makes a
    p-value smaller, keeps their order, and leaves a single one as it is. Stated in Section 4.2 for
    Table 3; not in the stored cells (E08).

    Raises:
        ValueError: also for a value outside 0..1.
    """
    values = finite_sample(p_values, "p_values")
    outside = values[(values < 0) | (values > 1)]
    if outside.size:
        raise ValueError(f"p-values lie in 0..1, but {outside[0]} is among those to be adjusted.")
    return np.asarray(multipletests(values, method="fdr_bh")[1], dtype=np.float64)


def smallest_rank_sum_p(n: int, m: int) -> float:
    """The smallest p-value `rank_sum_p` can give for samples of n and m values.

    It is reached when every value of one sample lies below every value of the other. With
    n = m = 50 it is 6.9e-18, so that the "p < 10^-29" of Section 4.3 cannot come from 50 means per
    model (erratum E06).
    """
    return rank_sum_p(np.arange(n), np.arange(n, n + m))


def finite_sample(x: ArrayLike, name: str) -> NDArray[np.float64]:
    """`x` as finite float64 values of shape (n,), n >= 1; a ValueError of anything else."""
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"{name} has to be one-dimensional, but its shape is {values.shape}.")
    if not values.size:
        raise ValueError(f"{name} is empty; a statistic needs at least one value.")
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise ValueError(
            f"{name} holds NaN or infinity ({bad} of {values.size} values); "
            "find out why before testing, they are not dropped silently."
        )
    return values
