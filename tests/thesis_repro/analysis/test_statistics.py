"""Statistics against hand values, printed numbers and other implementations."""

import math
from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.statistics import (
    benjamini_hochberg,
    bootstrap_mean,
    bootstrap_mean_of_means,
    bootstrap_ratio,
    mean_sd,
    rank_sum_p,
    signed_rank_p,
    smallest_rank_sum_p,
    smallest_signed_rank_p,
    wilson,
)

# All pairs differ in the same direction, by 24 different amounts (equal ones would be ties).
LOW, HIGH = np.arange(24.0), 2 * np.arange(24.0) + 1000.5


def two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


@pytest.mark.parametrize(
    ("values", "mean", "sd"),
    [
        ([2, 4, 4, 4, 5, 5, 7, 9], 5, 2),  # by hand: squares sum to 32, over 8
        ([3], 3, 0),
        ([1, 3], 2, 1),  # ddof 1 would be 1.414
    ],
)
def test_mean_sd_by_hand(values, mean, sd):
    assert mean_sd(values) == (mean, sd)


def test_bootstrap_interval_is_that_of_the_mean():
    """For a large sample, the normal approximation: mean +- 1.96 standard errors."""
    values = np.random.default_rng(0).exponential(3, 4_000)
    mean, low, high = bootstrap_mean(values, np.random.default_rng(1))
    error = values.std() / np.sqrt(len(values))
    assert mean == values.mean()
    assert (low - mean, high - mean) == pytest.approx((-1.96 * error, 1.96 * error), rel=0.1)
    assert bootstrap_mean(values, np.random.default_rng(1)) == (mean, low, high)


def test_bootstrap_of_equal_values_is_that_value():
    assert bootstrap_mean([2.5, 2.5, 2.5], np.random.default_rng(0)) == (2.5, 2.5, 2.5)


def test_bootstrap_ratio_is_that_of_pairs():
    """The delta method: the ratio's error is that of (x - r y) / mean(y); the pairs matter."""
    rng = np.random.default_rng(0)
    y = rng.exponential(3, 4_000)
    x = 0.5 * y + rng.normal(0, 0.2, 4_000)
    ratio, low, high = bootstrap_ratio(x, y, np.random.default_rng(1))
    assert ratio == x.mean() / y.mean()
    error = (x - ratio * y).std() / y.mean() / np.sqrt(len(y))
    assert (low - ratio, high - ratio) == pytest.approx((-1.96 * error, 1.96 * error), rel=0.1)
    assert bootstrap_ratio(x, y, np.random.default_rng(1)) == (ratio, low, high)


def test_bootstrap_ratio_of_proportional_pairs_is_sure():
    y = np.random.default_rng(0).exponential(3, 100)
    assert bootstrap_ratio(2 * y, y, np.random.default_rng(0)) == pytest.approx((2, 2, 2))


def test_a_ratio_over_resamples_of_mean_0_has_no_sure_end():
    """Of two pairs, one in four resamples is twice the second, over 0."""
    ratio, low, high = bootstrap_ratio([1, 1], [1, 0], np.random.default_rng(0))
    assert (ratio, low) == (2, 1)
    assert np.isnan(high)
    assert np.isnan(bootstrap_ratio([1, 0], [1, 0], np.random.default_rng(0))[1:]).all()  # 0 over 0


def test_bootstrap_mean_of_means_weighs_groups_alike():
    """Its variance is the sum of those of the groups' means, over the number of groups squared."""
    rng = np.random.default_rng(0)
    groups = [rng.normal(0, 1, 3_000), rng.normal(9, 2, 500)]
    mean, low, high = bootstrap_mean_of_means(groups, np.random.default_rng(1))
    assert mean == pytest.approx((groups[0].mean() + groups[1].mean()) / 2)
    error = np.sqrt(sum(group.var() / len(group) for group in groups)) / 2
    assert (low - mean, high - mean) == pytest.approx((-1.96 * error, 1.96 * error), rel=0.1)


def test_bootstrap_mean_of_means_of_equal_values_is_sure():
    interval = bootstrap_mean_of_means([[1, 1, 1], [0, 0]], np.random.default_rng(0))
    assert interval == (0.5, 0.5, 0.5)


def test_rank_sum_by_hand():
    # Ranks of a: 1, 2, 4 -> sum 7; expected 3*7/2 = 10.5; variance 3*3*7/12 = 5.25.
    assert rank_sum_p([1, 2, 4], [3, 5, 6]) == pytest.approx(two_sided((7 - 10.5) / 5.25**0.5))


def test_rank_sum_is_mann_whitney_without_corrections():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=24), rng.normal(0.7, size=31)
    other = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False).pvalue
    assert rank_sum_p(a, b) == pytest.approx(other)
    assert rank_sum_p(a, b) != pytest.approx(stats.mannwhitneyu(a, b).pvalue)  # the default


def test_rank_sum_ties_are_conservative():
    a, b = [1, 1, 2, 2, 2, 3], [2, 2, 3, 3, 3, 3]
    corrected = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False).pvalue
    assert rank_sum_p(a, b) > corrected
    assert rank_sum_p([5, 5, 5], [5, 5]) == 1


def test_signed_rank_golden_number_of_the_original_notebook():
    # Table 3's cell: 24 splits, all worse (statistic 0), scipy 1.2.1 printed 1.8215e-05.
    assert signed_rank_p(LOW, HIGH) == pytest.approx(1.8215e-05, rel=1e-4)
    assert stats.wilcoxon(LOW, HIGH).pvalue == pytest.approx(2 * 2.0**-24)  # today's default


def test_signed_rank_by_hand_with_zero_and_tie():
    # Differences 0, 1, -1, 2, 3: zero dropped; ranks 1.5, 1.5, 3, 4; W- = 1.5, expected 5;
    # variance 4*5*9/24 - (2**3 - 2)/48 = 7.375.
    a = [10, 11, 9, 12, 13]
    expected = two_sided((1.5 - 5) / 7.375**0.5)
    assert signed_rank_p(a, [10] * 5) == pytest.approx(expected)


def test_signed_rank_of_decimals_ties_as_they_are_written():
    """Differences 0.1, -0.1, -0.1, 0.2: ranks 2, 2, 2, 4; W- = 4, expected 5; variance 7.5 - 0.5.

    In float64 they are four different numbers, which would rank so that p = 1.
    """
    a, b = [0.3, 0.1, 1.0, 0.4], [0.2, 0.2, 1.1, 0.2]
    assert len({abs(x - y) for x, y in zip(a, b, strict=True)}) == 4
    expected = two_sided((4 - 5) / 7**0.5)
    assert expected == pytest.approx(0.7055, abs=1e-4)
    assert signed_rank_p(a, b) == pytest.approx(expected)
    whole = stats.wilcoxon([1, -1, -1, 2], method="asymptotic", correction=False).pvalue
    assert signed_rank_p(a, b) == pytest.approx(whole)


def test_signed_rank_with_ties_is_near_the_exact_one():
    """All 2^12 signs of the mid-ranks: the exact distribution that the normal one stands for."""
    tenths = np.array([1, 1, -1, 2, 2, 3, -3, 3, 4, 4, 5, -6])
    ranks = stats.rankdata(np.abs(tenths))
    sums = np.array([ranks @ signs for signs in product((0, 1), repeat=len(ranks))])
    away = np.abs(sums - ranks.sum() / 2)
    exact = (away >= abs(ranks[tenths < 0].sum() - ranks.sum() / 2) - 1e-9).mean()
    base = np.linspace(0.3, 1.7, len(tenths)).round(1)
    assert signed_rank_p(base + tenths / 10, base) == pytest.approx(exact, abs=0.03)


def test_signed_rank_does_not_tie_what_differs():
    """Float32 losses around 200, as Table 3 has them, differ in steps of 1.5e-5."""
    step = np.spacing(np.float32(200))
    a = np.full(4, 200.0)
    b = a + step * np.array([-1, 2, 3, 4])
    assert signed_rank_p(a, b) == pytest.approx(two_sided((1 - 5) / 7.5**0.5))


def test_signed_rank_of_equal_samples_is_undefined():
    assert math.isnan(signed_rank_p([1, 2], [1, 2]))
    assert math.isnan(signed_rank_p([0.1 + 0.2, 1], [0.3, 1]))  # zero, as written
    assert signed_rank_p([1, 2, 3], [1, 2, 4]) == pytest.approx(two_sided(1))  # one is left


def test_signed_rank_uses_the_pairs():
    rng = np.random.default_rng(2)
    subject = rng.normal(0, 10, size=30)
    treated = subject + 0.5 + rng.normal(0, 0.1, size=30)
    assert signed_rank_p(subject, treated) < 1e-5 < rank_sum_p(subject, treated)
    assert signed_rank_p(subject, rng.permutation(treated)) > 0.01


@pytest.mark.parametrize("test", [rank_sum_p, signed_rank_p])
def test_two_sided_tests_do_not_care_which_sample_comes_first(test):
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=20), rng.normal(0.4, size=20)
    assert test(a, b) == pytest.approx(test(b, a))
    assert test(a, b) == pytest.approx(test(3 * a + 7, 3 * b + 7))
    assert 0 < test(a, b) <= 1


def test_rank_sum_is_invariant_under_monotone_transforms():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=15), rng.normal(0.5, size=25)
    assert rank_sum_p(a, b) == rank_sum_p(np.exp(a), np.exp(b))


@pytest.mark.parametrize("test", [rank_sum_p, signed_rank_p])
def test_p_values_are_uniform_under_the_null(test):
    rng = np.random.default_rng(5)
    p = np.array([test(*rng.normal(size=(2, 24))) for _ in range(1000)])
    # 5 % of 1,000 with four standard errors (0.0276) of room.
    assert abs((p < 0.05).mean() - 0.05) < 0.0276


def test_benjamini_hochberg_by_hand():
    # Sorted .01 .03 .04 .2 times 4/rank: .04 .06 .0533 .2; from the largest down: .04 .0533 .0533.
    adjusted = benjamini_hochberg([0.01, 0.04, 0.03, 0.2])
    assert adjusted == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.2])


def test_benjamini_hochberg_of_the_1995_paper():
    # Benjamini & Hochberg (1995), Section 3.2: 15 p-values, the first four rejected at 0.05.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262]
    p += [0.5719, 0.6528, 0.7590, 1.0]
    adjusted = benjamini_hochberg(p)
    assert (adjusted <= 0.05).sum() == 4
    assert adjusted == pytest.approx(stats.false_discovery_control(p, method="bh"))


def test_benjamini_hochberg_properties():
    p = np.random.default_rng(6).uniform(size=40)
    adjusted = benjamini_hochberg(p)
    assert np.all((adjusted >= p) & (adjusted <= 1))
    assert np.all(np.diff(adjusted[np.argsort(p)]) >= 0)
    assert benjamini_hochberg([0.03]) == pytest.approx([0.03])
    assert benjamini_hochberg([0.02, 0.02, 0.02]) == pytest.approx([0.02] * 3)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 5), (24, 24), (50, 50)])
def test_smallest_rank_sum_p_is_reached_by_separated_samples(n, m):
    """The rank sum is n m / 2 from its expectation, its variance n m (n + m + 1) / 12."""
    z = (n * m / 2) / np.sqrt(n * m * (n + m + 1) / 12)
    assert smallest_rank_sum_p(n, m) == pytest.approx(two_sided(z))


def test_smallest_signed_rank_p_is_that_of_differences_of_one_sign():
    assert f"{smallest_signed_rank_p(24):.4e}" == "1.8215e-05"  # original notebook (erratum E07)
    signs = np.array([*product([-1, 1], repeat=7)])
    every = [signed_rank_p(differences, np.zeros(7)) for differences in signs * np.arange(1, 8)]
    assert min(every) == smallest_signed_rank_p(7)


def test_smallest_rank_sum_p_is_a_bound():
    values = np.arange(8.0)
    every_split = [
        rank_sum_p(values[list(chosen)], np.delete(values, chosen))
        for chosen in combinations(range(8), 3)
    ]
    assert min(every_split) == pytest.approx(smallest_rank_sum_p(3, 5))


def test_the_bound_of_section_4_3_is_out_of_reach():
    assert smallest_rank_sum_p(50, 50) == pytest.approx(6.9e-18, rel=0.01)  # erratum E06
    assert smallest_rank_sum_p(50, 50) > 1e-29


@pytest.mark.parametrize(
    "statistic",
    [
        mean_sd,
        lambda x: bootstrap_mean(x, np.random.default_rng(0)),
        lambda x: rank_sum_p(x, [1.0, 2.0]),
        lambda x: rank_sum_p([1.0, 2.0], x),
        lambda x: signed_rank_p(x, [1.0, 2.0]),
        lambda x: signed_rank_p([1.0, 2.0], x),
    ],
)
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([0.1, math.nan], r"NaN or infinity \(1 of 2"),
        ([0.1, math.inf], "NaN or infinity"),
        ([[0.1, 0.2]], r"one-dimensional, but its shape is \(1, 2\)"),
    ],
)
def test_bad_samples_are_named(statistic, bad, message):
    with pytest.raises(ValueError, match=message):
        statistic(bad)


def test_wilson_by_its_formula():
    """The shares p with (count / n - p)^2 = z^2 p (1 - p) / n."""
    z = stats.norm.ppf(0.975)
    share, *ends = wilson(15, 20)
    assert share == 0.75
    for p in ends:
        assert (0.75 - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / 20)
    assert ends[0] < 0.75 < ends[1]


def test_all_of_a_few_is_not_certain():
    assert wilson(20, 20)[::2] == (1, pytest.approx(1))
    assert wilson(20, 20).low == pytest.approx(20 / (20 + stats.norm.ppf(0.975) ** 2))
    assert wilson(0, 20).low == pytest.approx(0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: signed_rank_p([1, 2, 3], [1, 2]), "a has 3 values and b 2"),
        (lambda: bootstrap_ratio([1, 2], [1], np.random.default_rng(0)), "there are 2 and 1"),
        (lambda: benjamini_hochberg([0.5, 1.2]), r"1\.2 is among"),
        (lambda: benjamini_hochberg([0.5, math.inf]), "NaN or infinity"),
        (lambda: benjamini_hochberg([[0.5, 0.6]]), "one-dimensional"),
        (lambda: wilson(3, 2), "3 of 2"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- What is undefined is NaN ---

NAN = math.nan


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        (lambda _: mean_sd([]), (NAN, NAN)),
        (lambda rng: bootstrap_mean([], rng), (NAN, NAN, NAN)),
        (lambda rng: bootstrap_mean([2.5], rng), (2.5, NAN, NAN)),
        (lambda rng: bootstrap_ratio([], [], rng), (NAN, NAN, NAN)),
        (lambda rng: bootstrap_ratio([3], [2], rng), (1.5, NAN, NAN)),
        (lambda rng: bootstrap_ratio([1, 2], [1, -1], rng), (NAN, NAN, NAN)),  # over 0
        (lambda rng: bootstrap_ratio([0, 0], [0, 0], rng), (NAN, NAN, NAN)),
        (lambda rng: bootstrap_mean_of_means([], rng), (NAN, NAN, NAN)),
        (lambda rng: bootstrap_mean_of_means([[1, 2], []], rng), (NAN, NAN, NAN)),
        (lambda rng: bootstrap_mean_of_means([[1, 2], [3]], rng), (2.25, NAN, NAN)),
        (lambda _: wilson(0, 0), (NAN, NAN, NAN)),
        (lambda _: (rank_sum_p([], [1.0, 2.0]),), (NAN,)),
        (lambda _: (rank_sum_p([1.0, 2.0], []),), (NAN,)),
        (lambda _: (signed_rank_p([], []),), (NAN,)),
        (lambda _: (smallest_rank_sum_p(0, 5),), (NAN,)),
        (lambda _: benjamini_hochberg([]), ()),
        (lambda _: benjamini_hochberg([NAN, NAN]), (NAN, NAN)),
    ],
)
def test_of_too_little_a_statistic_is_undefined(statistic, expected):
    np.testing.assert_equal(tuple(statistic(np.random.default_rng(0))), expected)


def test_benjamini_hochberg_counts_the_tests_that_there_are():
    adjusted = benjamini_hochberg([0.01, NAN, 0.04, 0.03, 0.2, NAN])
    assert adjusted == pytest.approx([0.04, NAN, 0.16 / 3, 0.16 / 3, 0.2, NAN], nan_ok=True)
