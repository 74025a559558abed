"""Statistical tests of the thesis as pure functions over NumPy arrays.

SciPy and statsmodels do the work; this module fixes the variants, so that a number means the same
whatever defaults a later SciPy has. Every function takes one-dimensional samples and raises
`ValueError` for NaN or infinity among their values: a test over missing values would hide them.
What a sample leaves undefined, being empty, too small or of equal values, is NaN.

Sources: Section 4.2, Table 3 (rank-sum, Benjamini/Hochberg); original code (paired signed-rank).
Errata E06-E08.
"""

import warnings
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


_UNDEFINED = Interval(np.nan, np.nan, np.nan)


def mean_sd(x: ArrayLike) -> MeanSD:
    """The mean and the population standard deviation (ddof 0) of `x`, shape (n,).

    ddof 0 is NumPy's default and what the original code's `np.std` gave over the 24 splits of Table
    3; with n = 24 the sample estimate (ddof 1) would be 2.2 % larger. One value alone has the SD 0,
    of none both are NaN.
    """
    values = finite_sample(x, "x")
    if not values.size:
        return MeanSD(np.nan, np.nan)
    return MeanSD(float(values.mean()), float(values.std(ddof=0)))


def bootstrap_mean(x: ArrayLike, rng: np.random.Generator) -> Interval:
    """The mean of `x`, (n,), with its bootstrap interval.

    Of equal values the interval is that value; of one value alone its ends are NaN, since nothing
    says how it varies, and of none all three.
    """
    values = finite_sample(x, "x")
    if values.size < 2:
        return Interval(mean_sd(values).mean, np.nan, np.nan)
    if np.ptp(values) == 0:
        return Interval(*[float(values.mean())] * 3)
    return _bootstrap([values], np.mean, rng)


def bootstrap_ratio(x: ArrayLike, y: ArrayLike, rng: np.random.Generator) -> Interval:
    """The ratio mean(x) / mean(y) of pairs, both (n,), with its bootstrap interval.

    The pairs are resampled. Field ``mean`` of the result is the ratio: NaN without pairs or where
    mean(y) is 0. The ends are NaN of fewer than two pairs, too, or where resamples of mean 0
    leave them undefined.

    Raises:
        ValueError: also if the lengths differ.
    """
    above, below = finite_sample(x, "x"), finite_sample(y, "y")
    if above.size != below.size:
        raise ValueError(
            f"A ratio of pairs needs as many x as y, but there are {above.size} and {below.size}."
        )
    if not below.any() or below.mean() == 0:
        return _UNDEFINED
    if above.size < 2:
        return Interval(float(above.mean() / below.mean()), np.nan, np.nan)
    return _bootstrap(
        [above, below],
        lambda x, y, axis: x.mean(axis=axis) / y.mean(axis=axis),
        rng,
        paired=True,
    )


def bootstrap_mean_of_means(groups: Sequence[ArrayLike], rng: np.random.Generator) -> Interval:
    """The mean of the groups' means, each group (n,), with its bootstrap interval.

    Resampled within each group: how many there are of each is fixed. Balanced accuracy is such a
    mean: over classes, of whether the class of each image is right. NaN without groups, or where
    one is empty; the ends are NaN where one has a single value, too.
    """
    values = [finite_sample(group, f"group {number}") for number, group in enumerate(groups)]
    smallest = min((group.size for group in values), default=0)
    if smallest < 2:
        mean = float(np.mean([group.mean() for group in values])) if smallest else np.nan
        return Interval(mean, np.nan, np.nan)
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
    # Of ratios over 0: these are told from the ends below.
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
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
    ends = (float(end) if np.isfinite(end) else np.nan for end in interval)
    return Interval(float(statistic(*samples, axis=0)), *ends)


def wilson(count: float, n: int, confidence: float = 0.95) -> Interval:
    """The share ``count / n`` with Wilson's interval (1927), by statsmodels.

    It stays within 0..1 and is no point where all or none of n count, as the normal one would be.
    Field ``mean`` of the result is the share. NaN where there is nothing to count among. A count
    need not be whole: of n things with parts, each may count in part.

    Raises:
        ValueError: more was counted than there is.
    """
    if not 0 <= count <= n:
        raise ValueError(f"A share needs 0 <= count <= n, but {count} of {n} is given.")
    if not n:
        return _UNDEFINED
    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    return Interval(count / n, float(low), float(high))


def rank_sum_p(a: ArrayLike, b: ArrayLike) -> float:
    """The two-sided p of the Wilcoxon rank-sum test of independent samples (n,) and (m,).

    `scipy.stats.ranksums`: normal approximation without continuity or tie correction. It is SciPy's
    test of that name, which is the one Section 4.2 states for Table 3; `mannwhitneyu` is the same
    test, but by default exact for small samples without ties and with both corrections otherwise,
    so its p-values would depend on the sample size in kind. Tied values share their mean rank; the
    variance stays the untied one, which makes p larger, never smaller. Equal samples give 1, an
    empty one NaN. The smallest value to be had is `smallest_rank_sum_p(n, m)`.
    """
    first, second = finite_sample(a, "a"), finite_sample(b, "b")
    if not first.size or not second.size:
        return np.nan
    return float(stats.ranksums(first, second, alternative="two-sided").pvalue)


def signed_rank_p(a: ArrayLike, b: ArrayLike) -> float:
    """The two-sided p of the Wilcoxon signed-rank test of paired samples, both (n,).

    This is what the original code ran for Tables 3 and 4 (erratum E07), with the default of its
    SciPy 1.2.1: normal approximation at every n, no continuity correction, zero differences
    dropped, variance corrected for ties. Today's default is exact for n <= 50 and would give
    1.2e-07 where the original notebook prints 1.8215e-05 (n = 24).

    Differences of decimals that tie in writing (0.3 - 0.2, 0.2 - 0.1) tie here, too, although their
    last bits differ. NaN without pairs, or if all differences are zero: no rank is left to sum.

    Raises:
        ValueError: if the lengths differ.
    """
    first, second = finite_sample(a, "a"), finite_sample(b, "b")
    if first.size != second.size:
        raise ValueError(
            f"A paired test needs pairs, but a has {first.size} values and b {second.size}; "
            "pass the same splits in the same order, or use rank_sum_p for independent samples."
        )
    if not first.size:
        return np.nan
    ordered = _in_order(first - second, np.maximum(np.abs(first), np.abs(second)).max())
    if not ordered.any():
        return float("nan")
    result = stats.wilcoxon(
        ordered,
        zero_method="wilcox",
        correction=False,
        alternative="two-sided",
        method="asymptotic",
    )
    return float(result.pvalue)


def _in_order(differences: NDArray[np.float64], largest: float) -> NDArray[np.float64]:
    """Whole numbers with the signs of differences (n,) and the order of their sizes; 0 for zero.

    Sizes that differ by no more than the rounding of numbers up to ``largest`` get the same one.
    """
    sizes = np.abs(differences)
    by_size = np.argsort(sizes)
    steps = np.diff(sizes[by_size], prepend=0) > 4 * np.finfo(np.float64).eps * largest
    numbers = np.empty(len(sizes))
    numbers[by_size] = np.cumsum(steps)
    return np.sign(differences) * numbers


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """The Benjamini/Hochberg adjusted p-values, in the order given; shape (k,) in and out.

    An adjusted value is compared with the false discovery rate wanted. Adjusting never makes a
    p-value smaller, keeps their order, and leaves a single one as it is. NaN, an undefined one, is
    no test: it stays, and the others are adjusted without it. Stated in Section 4.2 for Table 3;
    not in the stored cells (E08).

    Raises:
        ValueError: a value outside 0..1.
    """
    values = np.array(p_values, dtype=np.float64)
    tested = ~np.isnan(values)
    finite_sample(np.where(tested, values, 0), "p_values")
    outside = values[(values < 0) | (values > 1)]
    if outside.size:
        raise ValueError(f"p-values lie in 0..1, but {outside[0]} is among those to be adjusted.")
    if tested.any():
        values[tested] = multipletests(values[tested], method="fdr_bh")[1]
    return values


def smallest_rank_sum_p(n: int, m: int) -> float:
    """The smallest p-value `rank_sum_p` can give for samples of n and m values.

    It is reached when every value of one sample lies below every value of the other. With
    n = m = 50 it is 6.9e-18, so that the "p < 10^-29" of Section 4.3 cannot come from 50 means per
    model (erratum E06). NaN where one of them is empty.
    """
    return rank_sum_p(np.arange(n), np.arange(n, n + m))


def smallest_signed_rank_p(n: int) -> float:
    """The smallest p-value `signed_rank_p` can give for n pairs: all differences have one sign."""
    return signed_rank_p(np.arange(1, n + 1), np.zeros(n))


def finite_sample(x: ArrayLike, name: str) -> NDArray[np.float64]:
    """`x` as finite float64 values of shape (n,); a ValueError of anything else."""
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"{name} has to be one-dimensional, but its shape is {values.shape}.")
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise ValueError(
            f"{name} holds NaN or infinity ({bad} of {values.size} values); "
            "find out why before testing, they are not dropped silently."
        )
    return values
