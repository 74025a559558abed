"""Mann-Whitney's U test and its effect size, against SciPy, hand values and known extremes."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.rank_tests import (
    ks_distance,
    mann_whitney_p,
    mann_whitney_p_as_run,
    superiority,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("decimals", [8, 0])  # without and with ties
def test_p_is_scipys(rng, decimals):
    x, y = rng.normal(0, 3, 40).round(decimals), rng.normal(1, 3, 60).round(decimals)
    theirs = stats.mannwhitneyu(x, y, alternative="two-sided", method="asymptotic").pvalue
    assert mann_whitney_p(x, y) == theirs
    assert mann_whitney_p_as_run(x, y) == pytest.approx(theirs / 2)
    assert mann_whitney_p_as_run(y, x) == pytest.approx(theirs / 2)  # whichever side is larger


def test_p_as_run_by_hand():
    """SciPy 1.2.1 by hand: x = 1, 2, 2; y = 2, 4. Ranks 1, 3, 3 and 3, 5.

    U = 3 * 2 + 6 - 7 = 5 and 1; ties of three: 1 - 24 / 120 = 0.8; sd = sqrt(0.8 * 6 * 6 / 12);
    z = (5 - 3 - 0.5) / 1.549193 = 0.968246.
    """
    assert mann_whitney_p_as_run([1, 2, 2], [2, 4]) == pytest.approx(0.166460, abs=1e-6)


def test_p_as_run_where_neither_is_larger():
    """Both U are 2: z = -0.5 / sqrt(4 * 5 / 12), of which SciPy 1.2.1 took the absolute value."""
    x, y = [1, 4], [2, 3]
    assert mann_whitney_p_as_run(x, y) == pytest.approx(stats.norm.sf(0.5 / np.sqrt(4 * 5 / 12)))
    assert mann_whitney_p(x, y) == 1


@pytest.mark.parametrize("test", [mann_whitney_p, mann_whitney_p_as_run])
def test_equal_values_alone_are_an_error(test):
    with pytest.raises(ValueError, match="nothing to rank"):
        test([3, 3], [3, 3, 3])
    with pytest.raises(ValueError, match="NaN"):
        test([1, np.nan], [1, 2])


# --- Effect sizes ---


def test_separated_and_identical_samples():
    assert superiority([5, 6, 7], [1, 2]) == (1, 1, 1)
    assert superiority([1, 2], [5, 6, 7]) == (0, 0, 0)
    same = superiority([1, 2, 3, 4], [1, 2, 3, 4])
    assert same.probability == 0.5
    assert same.low < 0.5 < same.high


def test_superiority_is_u_over_the_number_of_pairs(rng):
    x, y = rng.integers(0, 9, 30), rng.integers(2, 11, 50)
    u = stats.mannwhitneyu(x, y).statistic
    assert superiority(x, y).probability == pytest.approx(u / 1_500)


@pytest.mark.parametrize("decimals", [8, 0])  # without and with ties
def test_the_interval_is_delongs(rng, decimals):
    """By its formula: the variances of each sample's shares of the other sample below."""
    x, y = rng.normal(0, 3, 40).round(decimals), rng.normal(1, 3, 60).round(decimals)
    wins = (x[:, np.newaxis] > y) + (x[:, np.newaxis] == y) / 2
    variance = wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 60
    half = stats.norm.ppf(0.975) * np.sqrt(variance)
    expected = (wins.mean(), wins.mean() - half, wins.mean() + half)
    assert superiority(x, y) == pytest.approx(expected, rel=1e-12)


def test_the_interval_is_cut_at_0_and_1():
    assert superiority([2, 5, 6, 7], [1, 3, 1, 1]).high == 1
    assert superiority([1, 3, 1, 1], [2, 5, 6, 7]).low == 0


def test_the_interval_covers_the_truth_as_often_as_it_says(rng):
    truth = stats.norm.cdf(1 / np.sqrt(1.0**2 + 3.0**2))  # N(1, 1) against N(0, 3): not equal wide
    intervals = [superiority(rng.normal(1, 1, 60), rng.normal(0, 3, 90)) for _ in range(1_000)]
    covered = np.mean([interval.low <= truth <= interval.high for interval in intervals])
    assert 0.925 <= covered <= 0.97


def test_superiority_needs_two_values():
    with pytest.raises(ValueError, match="two values or more"):
        superiority([1], [2, 3])


def test_the_ks_distance_sees_a_width_that_superiority_does_not(rng):
    x, y = rng.normal(0, 1, 4_000), rng.normal(0, 3, 4_000)
    truth = np.sqrt(9 / 8 * np.log(9))  # where both densities cross
    wanted = stats.norm.cdf(truth) - stats.norm.cdf(truth / 3)
    assert ks_distance(x, y) == pytest.approx(wanted, abs=0.03)
    assert superiority(x, y).probability == pytest.approx(0.5, abs=0.02)
    assert ks_distance([1, 2], [3, 4]) == 1
    assert ks_distance([1, 2], [1, 2]) == 0
