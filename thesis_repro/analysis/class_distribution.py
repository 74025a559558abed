"""How often each class occurs among images, against how often it should (Section 4.7).

At 10,000 images a test finds any difference, however small: beside its p-value stands how large the
difference is.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import multinomial_proportions_confint

from thesis_repro.analysis.statistics import Interval


class Fit(NamedTuple):
    """How well the counts of k classes fit the shares that are expected.

    Attributes:
        statistic: Pearson's chi-square.
        df: Its degrees of freedom, k - 1.
        p: Of counts at least as far away, if the expected shares hold.
        w: Cohen's effect size, the root of statistic / n: 0.1 is small, 0.3 medium, 0.5 large
            (J. Cohen, Statistical Power Analysis for the Behavioral Sciences, 1988, Section 7.2).
        moved: The share of the images that had to be of another class, 0 to 1 (total variation).
    """

    statistic: float
    df: int
    p: float
    w: float
    moved: float


def fit(counts: np.ndarray, expected: np.ndarray) -> Fit:
    """Pearson's goodness-of-fit test of counts (k,) against expected shares (k,), by SciPy.

    Raises:
        ValueError: there are no counts, or an expected share is 0 or they do not add up to 1.
    """
    counts, expected = np.asarray(counts, "float64"), np.asarray(expected, "float64")
    total = counts.sum()
    if not total > 0 or (expected <= 0).any() or not np.isclose(expected.sum(), 1):
        raise ValueError(
            "A test of class shares needs images, and expected shares above 0 that add up to 1; "
            f"there are {total:g} images, and the shares are {expected}."
        )
    test = stats.chisquare(counts, expected / expected.sum() * total)
    statistic = float(test.statistic)
    effect = np.sqrt(statistic / total)
    df = len(counts) - 1
    return Fit(statistic, df, float(test.pvalue), float(effect), moved(counts, expected))


def moved(counts: np.ndarray, expected: np.ndarray) -> float:
    """The total variation distance of counts (k,) from expected shares (k,), 0 to 1."""
    return float(np.abs(counts / np.sum(counts) - expected).sum() / 2)


def moved_interval(counts: np.ndarray, expected: np.ndarray, rng: np.random.Generator) -> Interval:
    """`moved` with its 95 % percentile bootstrap interval, of 1,000 samples.

    Chance alone moves some of few images: where the shares are as expected, the interval lies above
    the value itself, and tells how much.
    """
    counts = np.asarray(counts)
    resampled = rng.multinomial(counts.sum(), counts / counts.sum(), size=1_000)
    low, high = np.quantile([moved(sample, expected) for sample in resampled], [0.025, 0.975])
    return Interval(moved(counts, expected), float(low), float(high))


def simultaneous_intervals(counts: np.ndarray) -> np.ndarray:
    """Intervals (k, 2) that hold the shares of all k classes together, 95 % (Goodman 1965)."""
    return multinomial_proportions_confint(counts, alpha=0.05, method="goodman")


def labels_t_test_p(labels: np.ndarray, reference: np.ndarray) -> float:
    """The p that the original code printed: Student's t-test of the digits taken as numbers.

    It compares their means alone, so that zeros for nines would go unseen if ones went for eights;
    NaN where both samples are constant.
    """
    if np.ptp(labels) == 0 and np.ptp(reference) == 0:
        return np.nan
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # one is constant
        return float(stats.ttest_ind(labels, reference).pvalue)
