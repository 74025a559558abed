"""Whose images are farther from real ones: differences of Kolmogorov-Smirnov distances by SciPy."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.moment_distances import farther_by
from thesis_repro.analysis.pixel_moments import Moments


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def moments(rng, count, shift=0.0):
    """Four moments of made-up images, each normal around the shift."""
    return Moments(*rng.normal(shift, 1, (4, count)))


def test_the_difference_is_scipys(rng):
    first, second, real = moments(rng, 90, 1.0), moments(rng, 50), moments(rng, 70)
    first.kurtosis[:5] = np.nan

    def distance(images):
        known = [(own[np.isfinite(own)], other) for own, other in zip(images, real, strict=True)]
        return np.mean([stats.ks_2samp(*pair).statistic for pair in known])

    found = farther_by(first, second, real, rng)
    assert found.mean == pytest.approx(distance(first) - distance(second))
    assert found.low < found.mean < found.high


def test_what_is_as_far_is_not_surely_farther(rng):
    """Of equal distances the interval holds 0; a difference that is there it does not exceed."""
    equal, unequal = [], []
    truth = 2 * (stats.norm.cdf(0.75) - stats.norm.cdf(0.25))  # shifts of 1.5 and 0.5
    for _ in range(12):
        real = moments(rng, 100)
        same = farther_by(moments(rng, 100, 0.5), moments(rng, 100, 0.5), real, rng)
        equal.append(same.low <= 0 <= same.high)
        other = farther_by(moments(rng, 100, 1.5), moments(rng, 100, 0.5), real, rng)
        unequal.append(0 < other.low < truth)
    assert np.mean(equal) > 0.8
    assert all(unequal)


def test_reconstructions_are_no_nearer_than_samples_of_the_same_distribution(rng):
    """A perfect sampler; held against their own images, reconstructions would be 0.04 nearer."""
    found = []
    for _ in range(10):
        real = moments(rng, 1_000)
        found.append(farther_by(moments(rng, 1_000), real, real, rng, paired=True))
    assert np.mean([own.mean for own in found]) == pytest.approx(0, abs=0.01)
    assert max(own.low for own in found) < 0.01
    real = moments(rng, 1_000)
    assert farther_by(moments(rng, 1_000, 0.3), real, real, rng, paired=True).low > 0.01


def test_reconstructions_are_held_against_other_images(rng):
    """Rows 0, 2, ... against the real ones of rows 1, 3, ..., and the other way round."""
    first, second, real = moments(rng, 90, 1.0), moments(rng, 71, 0.3), moments(rng, 71)

    def distance(images):
        ways = ((0, 1), (1, 0))
        return np.mean(
            [
                stats.ks_2samp(own[rows::2], other[others::2]).statistic
                for own, other in zip(images, real, strict=True)
                for rows, others in ways
            ]
        )

    found = farther_by(first, second, real, rng, paired=True)
    assert found.mean == pytest.approx(distance(first) - distance(second))
    assert found.low < found.mean < found.high


def test_a_moment_that_no_image_has_is_as_far_as_can_be(rng):
    real = moments(rng, 60)
    nothing = np.full(60, np.nan)
    constant = moments(rng, 60)._replace(skewness=nothing, kurtosis=nothing)
    same = real._replace(skewness=nothing, kurtosis=nothing)
    assert farther_by(same, real, real, rng).mean == 0.5  # two of four
    assert farther_by(constant, same, real, rng).mean > 0
    unknown = Moments(*np.full((4, 60), np.nan))
    assert farther_by(unknown, unknown, unknown, rng) == (0, 0, 0)
