"""Digits against the shares expected: SciPy, statsmodels and hand values."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import multinomial_proportions_confint

from thesis_repro.analysis.class_distribution import (
    fit,
    labels_t_test_p,
    moved,
    moved_interval,
    simultaneous_intervals,
)

EVEN = np.full(4, 0.25)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_chi_square_by_hand():
    test = fit([30, 20, 25, 25], EVEN)
    assert test.statistic == pytest.approx(2.0)  # 25 / 25 + 25 / 25
    assert test.df == 3
    assert test.p == pytest.approx(stats.chi2.sf(2.0, 3))
    assert test.w == pytest.approx(np.sqrt(2 / 100))
    assert test.moved == pytest.approx(0.05)


def test_chi_square_against_the_multinomial_likelihood(rng):
    """Of a small departure, twice the log likelihood ratio is nearly Pearson's statistic."""
    expected = rng.dirichlet(np.full(10, 20))
    counts = rng.multinomial(100_000, expected)
    ratio = 2 * (counts * np.log(counts / (100_000 * expected))).sum()
    test = fit(counts, expected)
    assert test.statistic == pytest.approx(ratio, rel=0.02)
    assert test.p == pytest.approx(stats.chisquare(counts, 100_000 * expected).pvalue)


def test_the_test_rejects_as_often_as_it_says(rng):
    p = [fit(counts, EVEN).p for counts in rng.multinomial(500, EVEN, size=2_000)]
    assert np.mean(np.less(p, 0.05)) == pytest.approx(0.05, abs=0.015)
    assert all(
        fit(counts, EVEN).p < 0.001 for counts in rng.multinomial(500, [0.4, 0.2, 0.2, 0.2], 20)
    )


def test_a_missing_class_is_no_error():
    assert fit([50, 50, 0, 0], EVEN).moved == 0.5


def test_a_test_without_images_or_of_a_class_that_cannot_be_is_undefined():
    nothing = fit([0, 0], [0.5, 0.5])
    assert nothing.df == 1
    assert np.isnan([*nothing._replace(df=np.nan)]).all()
    assert np.isnan(moved_interval([0, 0], [0.5, 0.5])).all()
    assert np.isnan(simultaneous_intervals([0, 0])).all()
    impossible = fit([1, 2], [1.0, 0.0])
    assert np.isnan([impossible.statistic, impossible.p, impossible.w]).all()
    assert impossible.moved == pytest.approx(2 / 3)


def test_shares_that_are_none_are_named():
    with pytest.raises(ValueError, match=r"these to 0\.9"):
        fit([1, 2], [0.5, 0.4])


def test_moved_is_how_many_have_to_change():
    assert moved(np.array([10, 0]), np.array([0.5, 0.5])) == 0.5
    assert moved(np.array([2, 1, 1]), np.array([0.25, 0.5, 0.25])) == 0.25
    assert moved(np.array([3, 3]), np.array([0.5, 0.5])) == 0


@pytest.mark.parametrize("true", [(0.4, 0.3, 0.2, 0.1), (0.97, 0.01, 0.01, 0.01)])
def test_the_interval_holds_a_distance_that_is_there(rng, true):
    distance = moved(np.array(true), EVEN)
    intervals = [moved_interval(counts, EVEN) for counts in rng.multinomial(400, true, 500)]
    held = [low <= distance <= high for _, low, high in intervals]
    assert 0.93 <= np.mean(held) <= 0.98


def test_all_images_of_one_class_are_not_certain():
    """Of seven, the class may have Wilson's lower end of them: 7 / (7 + 1.96^2)."""
    assert moved_interval([7, 0, 0, 0], EVEN) == (
        0.75,
        pytest.approx(7 / (7 + 1.959964**2) - 0.25, abs=1e-6),
        0.75,
    )
    few = moved_interval([70, 0, 0, 0], EVEN)
    assert 0 < few.high - few.low < 0.06


def test_shares_as_expected_are_moved_by_chance_alone():
    assert moved_interval([25, 25, 25, 25], EVEN)[:2] == pytest.approx((0, 0), abs=1e-12)
    assert moved_interval([26, 24, 25, 25], EVEN).low == 0


def test_intervals_are_goodmans(rng):
    counts = np.array([5, 40, 55, 0])
    intervals = simultaneous_intervals(counts)
    np.testing.assert_allclose(intervals, multinomial_proportions_confint(counts, method="goodman"))
    z = stats.chi2.ppf(1 - 0.05 / 4, 1)  # as Wilson's, at a level divided by the classes
    for (low, high), share in zip(intervals, counts / 100, strict=True):
        for end in (low, high):
            assert (share - end) ** 2 == pytest.approx(z * end * (1 - end) / 100, abs=1e-9)


def test_the_t_test_sees_means_alone():
    reference = np.array([0, 9, 1, 8, 4, 5] * 20)
    assert labels_t_test_p(np.array([4, 5] * 50), reference) > 0.99
    shifted = np.array([8, 9, 3, 4] * 25)
    pooled = (shifted.var() * 100 + reference.var() * 120) / 218
    t = (shifted.mean() - reference.mean()) / np.sqrt(pooled * (1 / 100 + 1 / 120))
    expected = 2 * stats.t.sf(abs(t), 218)
    assert labels_t_test_p(shifted, reference) == pytest.approx(expected, rel=1e-9)
    assert 0 < labels_t_test_p(np.full(50, 7), reference) < 1e-6  # one digit only
    assert np.isnan(labels_t_test_p(np.ones(3), np.ones(4)))
    assert np.isnan(labels_t_test_p(np.ones(0), reference))
    assert np.isnan(labels_t_test_p(np.ones(3), np.zeros(4)))
