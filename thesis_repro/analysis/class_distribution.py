"""How often each class occurs among images, against how often it should (Section 4.7).

At 10,000 images a test finds any difference, however small: beside its p-value stands how large the
difference is.
"""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import multinomial_proportions_confint

from thesis_repro.analysis.statistics import Interval, wilson


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

    NaN without counts; where a share of 0 is expected, of the statistic and what follows from it.

    Raises:
        ValueError: the expected shares do not add up to 1.
    """
    counts, expected = np.asarray(counts, "float64"), np.asarray(expected, "float64")
    total, df = counts.sum(), len(counts) - 1
    if not np.isclose(expected.sum(), 1):
        raise ValueError(
            f"Expected shares add up to 1, but these to {expected.sum():g}: {expected}."
        )
    distance = moved(counts, expected)
    if not total or (expected <= 0).any():
        return Fit(np.nan, df, np.nan, np.nan, distance)
    test = stats.chisquare(counts, expected / expected.sum() * total)
    statistic = float(test.statistic)
    return Fit(statistic, df, float(test.pvalue), float(np.sqrt(statistic / total)), distance)


def moved(counts: np.ndarray, expected: np.ndarray) -> float:
    """The total variation distance of counts (k,) from expected shares (k,), 0 to 1; or NaN."""
    total = np.sum(counts)
    return float(np.abs(counts / total - expected).sum() / 2) if total else np.nan


def moved_interval(counts: np.ndarray, expected: np.ndarray) -> Interval:
    """`moved` with its 95 % interval: NaN without counts.

    So many more images than expected are of those classes that are more frequent than expected: the
    interval is Wilson's of their share together, so that it is no point where all images are of one
    class. Where the shares are as expected, chance alone makes some classes more frequent: then it
    lies too high, and tells how much chance moves.
    """
    counts, expected = np.asarray(counts), np.asarray(expected)
    total = int(counts.sum())
    too_many = counts > expected * total
    share = wilson(int(counts[too_many].sum()), total)
    low, high = (float(np.clip(end - expected[too_many].sum(), 0, 1)) for end in share[1:])
    return Interval(moved(counts, expected), low, high)


def simultaneous_intervals(counts: np.ndarray) -> np.ndarray:
    """Intervals (k, 2) that hold the shares of all k classes together, 95 % (Goodman 1965)."""
    if not np.sum(counts):
        return np.full((len(counts), 2), np.nan)
    return multinomial_proportions_confint(counts, alpha=0.05, method="goodman")


def labels_t_test_p(labels: np.ndarray, reference: np.ndarray) -> float:
    """The p that the original code printed: Student's t-test of the digits taken as numbers.

    It compares their means alone, so that zeros for nines would go unseen if ones went for eights;
    NaN where both samples are constant, or one is empty.
    """
    if not len(labels) or not len(reference) or np.ptp(labels) == np.ptp(reference) == 0:
        return np.nan
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # one is constant
        return float(stats.ttest_ind(labels, reference).pvalue)
