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


def test_reconstructions_are_drawn_with_what_they_are_of(rng):
    """Two copies of the real images are at no distance, in each sample: the interval is a point."""
    real = moments(rng, 100)
    assert farther_by(real, real, real, rng, paired=(True, True)) == (0, 0, 0)
    apart = farther_by(real, real, real, rng)
    assert apart.low < 0 < apart.high


def test_a_moment_that_no_image_has_is_as_far_as_can_be(rng):
    real = moments(rng, 60)
    nothing = np.full(60, np.nan)
    constant = moments(rng, 60)._replace(skewness=nothing, kurtosis=nothing)
    same = real._replace(skewness=nothing, kurtosis=nothing)
    assert farther_by(same, real, real, rng).mean == 0.5  # two of four
    assert farther_by(constant, same, real, rng).mean > 0
    unknown = Moments(*np.full((4, 60), np.nan))
    assert farther_by(unknown, unknown, unknown, rng) == (0, 0, 0)
