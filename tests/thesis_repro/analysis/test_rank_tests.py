"""Mann-Whitney's U test and its effect size, against SciPy, hand values and known extremes."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.rank_tests import (
    MARGIN,
    equivalence_p,
    ks_distance,
    mann_whitney_p,
    mann_whitney_p_as_run,
    paired_comparison,
    paired_equivalence_p,
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


@pytest.mark.parametrize("test", [mann_whitney_p, mann_whitney_p_as_run, ks_distance])
def test_what_is_undefined_is_nan(test):
    """Of equal values there is nothing to rank; what a distance is of no values nobody knows."""
    assert np.isnan(test([], [1, 2]))
    assert np.isnan(test([1, 2], []))
    assert test is ks_distance or np.isnan(test([3, 3], [3, 3, 3]))
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


def test_superiority_of_one_value_is_nan():
    assert np.isnan(superiority([1], [2, 3])).all()
    assert np.isnan(superiority([], [])).all()


# --- Pairs ---


def test_pairs_by_hand():
    """Student's sleep data (1908): hours that ten patients slept longer with either drug.

    Places F_x(y) - F_y(x) by counting, without regard to pairs; their deviation over sqrt(10).
    """
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    wins = [[(y > x) + (y == x) / 2 for x in first] for y in second]
    places = [np.mean(wins[i]) - (1 - np.mean([row[i] for row in wins])) for i in range(10)]
    found = paired_comparison(second, first)
    assert found.probability == pytest.approx(np.mean(wins))
    error = np.std(places, ddof=1) / np.sqrt(10)
    assert found.p == pytest.approx(2 * stats.t.sf((np.mean(wins) - 0.5) / error, 9))
    half = stats.t.ppf(0.975, 9) * error
    assert (found.low, found.high) == pytest.approx((np.mean(wins) - half, np.mean(wins) + half))
    turned = paired_comparison(first, second)
    assert (turned.p, turned.probability) == pytest.approx((found.p, 1 - found.probability))
    assert superiority(second, first).probability == pytest.approx(found.probability)


@pytest.mark.parametrize("decimals", [8, 1])  # without and with ties
def test_the_error_of_pairs_is_that_of_a_bootstrap_of_pairs(rng, decimals):
    x = rng.normal(0, 1, 300)
    x, y = x.round(decimals), (x + rng.normal(0.05, 0.3, 300)).round(decimals)
    found = paired_comparison(x, y)
    resampled = [
        stats.mannwhitneyu(x[rows], y[rows]).statistic / 300**2
        for rows in rng.integers(300, size=(300, 300))
    ]
    low, high = np.quantile(resampled, [0.025, 0.975])
    assert found.high - found.low == pytest.approx(high - low, rel=0.15)
    assert found.probability == pytest.approx(np.mean(resampled), abs=0.005)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.97])
def test_pairs_are_tested_at_their_level_whatever_their_correlation(rng, correlation):
    """The test for independent samples is not: of a true null it rejects none at 0.97."""
    paired, independent, covered = [], [], []
    for _ in range(200):
        x, y = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 80).T
        found = paired_comparison(x, y)
        paired.append(found.p < 0.05)
        covered.append(found.low <= 0.5 <= found.high)
        independent.append(mann_whitney_p(x, y) < 0.05)
    assert 0.015 <= np.mean(paired) <= 0.09
    assert np.mean(covered) == 1 - np.mean(paired)
    if correlation == 0.97:
        assert not any(independent)


def test_pairs_show_what_independence_would_hide(rng):
    """A shift by a tenth of a standard deviation, of 500 pairs with a correlation of 0.97."""
    x, y = rng.multivariate_normal([0.1, 0], [[1, 0.97], [0.97, 1]], 500).T
    assert paired_comparison(x, y).p < 1e-6
    assert mann_whitney_p(x, y) > 0.05


def test_pairs_at_their_ends():
    same = paired_comparison([1, 2, 3], [1, 2, 3])
    assert np.isnan(same.p)  # 0 over 0
    assert same[1:] == (0.5, 0.5, 0.5)
    assert paired_comparison([5, 6, 7], [1, 2, 3]) == (0, 1, 1, 1)
    assert np.isnan(paired_comparison([1], [2])).all()
    assert np.isnan(paired_comparison([], [])).all()
    with pytest.raises(ValueError, match="as many x as y, but there are 2 and 3"):
        paired_comparison([1, 2], [1, 2, 3])


# --- Equivalence ---

AT_THE_MARGIN = np.sqrt(2) * stats.norm.ppf(0.5 + MARGIN)  # SDs that two normal samples lie apart


def test_the_margin_is_just_below_a_small_effect():
    """Of Cohen's (1988): a fifth of a standard deviation, whose superiority is 0.556."""
    small = stats.norm.cdf(0.2 / np.sqrt(2)) - 0.5
    assert small - 0.01 < MARGIN < small


@pytest.mark.parametrize("decimals", [8, 0])  # without and with ties
def test_equivalence_by_its_formula(rng, decimals):
    """The larger p of two one-sided tests, with DeLong's variance."""
    x, y = rng.normal(0, 3, 400).round(decimals), rng.normal(0.2, 3, 600).round(decimals)
    wins = (x[:, np.newaxis] > y) + (x[:, np.newaxis] == y) / 2
    error = np.sqrt(wins.mean(axis=1).var(ddof=1) / 400 + wins.mean(axis=0).var(ddof=1) / 600)
    expected = stats.norm.sf((MARGIN - abs(wins.mean() - 0.5)) / error)
    assert equivalence_p(x, y) == pytest.approx(expected, rel=1e-9)
    assert equivalence_p(y, x) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("shift", [0, 0.1, 0.18])
def test_equivalence_of_pairs_is_that_their_90_percent_interval_lies_within_the_margin(rng, shift):
    x, y = rng.multivariate_normal([shift, 0], [[1, 0.9], [0.9, 1]], 300).T
    compared = paired_comparison(x, y)
    share = stats.t.ppf(0.95, 299) / stats.t.ppf(0.975, 299)
    reach = abs(compared.probability - 0.5) + share * (compared.high - compared.probability)
    p = paired_equivalence_p(x, y)
    assert p == paired_equivalence_p(y, x)
    assert (p < 0.05) == (reach < MARGIN)


def test_equivalence_errs_in_one_of_twenty_cases_at_the_margin(rng):
    """Where the distributions are just not the same; beyond it less often."""

    def rejected(shift):
        samples = ((rng.normal(shift, 1, 800), rng.normal(0, 1, 800)) for _ in range(400))
        return np.mean([equivalence_p(x, y) < 0.05 for x, y in samples])

    assert 0.025 <= rejected(AT_THE_MARGIN) <= 0.08
    assert rejected(1.5 * AT_THE_MARGIN) < 0.01


@pytest.mark.parametrize("correlation", [0, 0.97])
def test_equivalence_of_pairs_errs_as_often_whatever_their_correlation(rng, correlation):
    covariance = [[1, correlation], [correlation, 1]]
    samples = (rng.multivariate_normal([AT_THE_MARGIN, 0], covariance, 400).T for _ in range(400))
    assert 0.025 <= np.mean([paired_equivalence_p(x, y) < 0.05 for x, y in samples]) <= 0.08


@pytest.mark.parametrize("n", [300, 600, 1_000])
def test_equivalence_is_shown_as_often_as_its_error_allows(rng, n):
    """Of equal distributions, the place of a value in the other sample has a variance of 1/12."""
    error = np.sqrt(2 / (12 * n))
    expected = max(2 * stats.norm.cdf(MARGIN / error - stats.norm.isf(0.05)) - 1, 0)
    shown = [equivalence_p(*rng.normal(size=(2, n))) < 0.05 for _ in range(300)]
    assert np.mean(shown) == pytest.approx(expected, abs=0.08)


def test_pairs_show_equivalence_that_independent_samples_cannot(rng):
    x, y = rng.multivariate_normal([0, 0], [[1, 0.97], [0.97, 1]], 100).T
    assert paired_equivalence_p(x, y) < 0.01
    assert equivalence_p(x, y) > 0.05


@pytest.mark.parametrize("test", [equivalence_p, paired_equivalence_p])
def test_equivalence_at_its_ends(test):
    assert test([5, 6, 7], [1, 2, 3]) == 1
    assert np.isnan([test([], []), test([1], [2]), test([3, 3], [3, 3])]).all()
    with pytest.raises(ValueError, match="NaN"):
        test([1, np.nan], [1, 2])


def test_equal_pairs_are_the_same_for_sure():
    assert paired_equivalence_p([1, 2, 3], [1, 2, 3]) == 0
    assert equivalence_p([1, 2, 3], [1, 2, 3]) > 0.05
    with pytest.raises(ValueError, match="as many x as y, but there are 2 and 3"):
        paired_equivalence_p([1, 2], [1, 2, 3])


def test_the_ks_distance_sees_a_width_that_superiority_does_not(rng):
    x, y = rng.normal(0, 1, 4_000), rng.normal(0, 3, 4_000)
    truth = np.sqrt(9 / 8 * np.log(9))  # where both densities cross
    wanted = stats.norm.cdf(truth) - stats.norm.cdf(truth / 3)
    assert ks_distance(x, y) == pytest.approx(wanted, abs=0.03)
    assert superiority(x, y).probability == pytest.approx(0.5, abs=0.02)
    assert ks_distance([1, 2], [3, 4]) == 1
    assert ks_distance([1, 2], [1, 2]) == 0
