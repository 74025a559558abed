"""Pixel-wise dependence against SciPy, statsmodels and the definitions."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from thesis_repro.analysis.pixel_dependence import (
    correlation_p,
    correlations,
    dependence,
    distance_correlation_p,
    distance_correlations,
    is_black,
    is_constant,
)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def in_order(first):
    return np.arange(len(first))[np.newaxis]


def test_pearson_is_scipys(rng):
    first = rng.normal(size=(30, 5))
    second = first * [0, 0.3, 1, -3, 1e-9] + rng.normal(size=(30, 5)) * [1, 1, 1, 1, 1e-9]
    r = correlations(first, second, in_order(first))[0]
    true = [stats.pearsonr(a, b) for a, b in zip(first.T, second.T, strict=True)]
    np.testing.assert_allclose(r, [own.statistic for own in true])
    np.testing.assert_allclose(correlation_p(r, 30), [own.pvalue for own in true], rtol=1e-9)


def test_p_at_the_ends():
    np.testing.assert_allclose(correlation_p(np.array([-1, 0, 1]), 10), [0, 1, 0])


def distance_correlation_by_definition(x, y):
    """Székely and Rizzo (2014), equations 2.2 to 2.4, with loops."""
    n = len(x)

    def centred(values):
        a = [[abs(p - q) for q in values] for p in values]
        rows, total = [sum(own) for own in a], sum(map(sum, a))
        return [
            [
                a[i][j] - rows[i] / (n - 2) - rows[j] / (n - 2) + total / ((n - 1) * (n - 2))
                if i != j
                else 0.0
                for j in range(n)
            ]
            for i in range(n)
        ]

    def product(a, b):
        return sum(a[i][j] * b[i][j] for i in range(n) for j in range(n)) / (n * (n - 3))

    a, b = centred(x), centred(y)
    return product(a, b) / np.sqrt(product(a, a) * product(b, b))


def test_distance_correlation_is_its_definition(rng):
    first = rng.normal(size=(9, 70))  # more pixels than are taken at once
    second = first**2 + 0.5 * rng.normal(size=first.shape)
    order = rng.permutation(9)
    found = distance_correlations(first, second, np.stack([np.arange(9), order]))
    for pixel in (0, 33, 69):
        x, y = first[:, pixel], second[:, pixel]
        assert found[0, pixel] == pytest.approx(distance_correlation_by_definition(x, y), abs=1e-5)
        shuffled = distance_correlation_by_definition(x[order], y)
        assert found[1, pixel] == pytest.approx(shuffled, abs=1e-5)


def test_distance_correlation_sees_what_pearson_does_not(rng):
    x = rng.normal(size=(200, 1))
    pairs = x - x.mean(), x**2
    assert abs(correlations(*pairs, in_order(x))[0, 0]) < 0.2
    squares = distance_correlations(*pairs, in_order(x))[0]
    assert squares > 0.1
    assert distance_correlation_p(squares, 200) < 1e-4
    line = distance_correlations(x, 2 - 3 * x, in_order(x))[0]
    np.testing.assert_allclose(line, 1, atol=1e-5)


def test_tests_hold_their_level(rng):
    """Of 4,000 independent pairs, no more than 5 % are significant without correction."""
    first, second = rng.exponential(size=(2, 40, 4_000))
    r = correlations(first, second, in_order(first))[0]
    assert (correlation_p(r, 40) < 0.05).mean() == pytest.approx(0.05, abs=0.012)
    d = distance_correlations(first, second, in_order(first))[0]
    assert 0.02 < (distance_correlation_p(d, 40) < 0.05).mean() < 0.06
    assert d.mean() == pytest.approx(0, abs=0.003)


def test_constant_and_black_pixels():
    values = np.array([[0.5, 0.5, 1e-9, 0.001, 0], [0.5, 0.5 + 1e-8, 2e-9, 0.002, 0]])
    np.testing.assert_array_equal(is_constant(values), [True, True, False, False, True])
    np.testing.assert_array_equal(is_black(values), [False, False, True, False, True])


def test_a_pixel_that_one_image_alone_has_depends_on_nothing(rng):
    """Its centred distances are all 0, and its distance correlation by definition.

    Of pixels at the border of decoded images this is no rarity.
    """
    first, second = rng.uniform(size=(2, 20, 3))
    first[:, 0] = 0
    first[4, 0] = 0.1
    assert distance_correlations(first, second, in_order(first))[0, 0] == 0
    assert distance_correlations(second, first, in_order(first))[0, 0] == 0
    found = dependence(first, second, 5, rng)
    assert np.isfinite(found.distance.p).all()


def images(rng, share):
    """60 samples of 40 pixels; of the first 30, half the variance is common."""
    first, second = rng.uniform(size=(2, 60, 40))
    second[:, :30] = share * first[:, :30] + (1 - share) * second[:, :30]
    return first, second


def test_what_depends_is_found_and_constant_pixels_are_left_out(rng):
    first, second = images(rng, 0.5)
    first[:, 0], second[:, 39] = 0.25, 0
    found = dependence(first, second, 50, rng)
    np.testing.assert_array_equal(np.flatnonzero(found.constant), [0, 39])
    np.testing.assert_array_equal(np.flatnonzero(found.black), [39])
    true = [stats.pearsonr(first[:, own], second[:, own]).pvalue for own in range(1, 39)]
    np.testing.assert_allclose(
        found.pearson.p[1:39], multipletests(true, method="fdr_bh")[1], rtol=1e-9
    )
    for own in (found.pearson, found.distance):
        assert np.isnan(own.p[[0, 39]]).all()
        assert not own.significant[[0, 39]].any()
        assert own.significant[1:30].all()
        assert own.share == own.significant.sum() / 38
        assert own.null_share.shape == (50,)
        assert own.null_share.mean() < 0.02
        assert own.strength > own.null_strength.max()
        assert own.permutation_p == 1 / 51
    np.testing.assert_allclose(found.pearson.strength, np.nanmean(np.abs(found.pearson.value)))


def test_shares_of_some_pixels_are_those_of_the_tested_ones_among_them(rng):
    first, second = images(rng, 0.5)
    first[:, 0] = 0.25
    linear = dependence(first, second, 200, rng).pearson
    inner = np.arange(40) < 32
    assert linear.share_of(inner) == linear.significant[1:32].sum() / 31
    assert linear.strength_of(inner) == pytest.approx(np.abs(linear.value[1:32]).mean())
    np.testing.assert_array_equal(linear.null_share_of(np.ones(40, bool)), linear.null_share)
    expected = linear.null_significant[:, 1:32].mean(axis=1)
    np.testing.assert_array_equal(linear.null_share_of(inner), expected)
    constant = np.arange(40) == 0
    assert np.isnan([linear.share_of(constant), linear.strength_of(constant)]).all()
    assert np.isnan(linear.null_share_of(constant)).all()


def test_independent_images_are_like_their_permutations(rng):
    p = [dependence(*images(rng, 0), 19, rng).pearson.permutation_p for _ in range(40)]
    assert min(p) >= 0.05
    assert 0.3 < np.mean(p) < 0.75


def test_permutations_keep_neighbours_alike(rng):
    """Equal pixels are significant together, by chance too."""
    first, second = (np.repeat(rng.uniform(size=(20, 1)), 30, axis=1) for _ in range(2))
    found = dependence(first, second, 40, rng)
    assert set(found.pearson.null_share) <= {0.0, 1.0}


def test_nothing_to_test():
    still = np.zeros((10, 4))
    found = dependence(still, still, 3, np.random.default_rng(0))
    assert found.constant.all()
    for own in (found.pearson, found.distance):
        assert np.isnan([own.share, own.strength, own.permutation_p]).all()
        assert own.null_share.shape == (3,)
