"""Shares of Gabor-like kernels against both nulls: their size, their power, and blobs.

The full table is that of `benchmarks/gabor_nulls.py`, in docs/rules.md.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import binom

import thesis_repro.analysis.gabor_shares as module
from thesis_repro.analysis.gabor import Gabor, drawn
from thesis_repro.analysis.gabor_shares import (
    Resemblance,
    orientation_strength,
    resemblance,
    share_with_interval,
    surrogates,
)

SIZE = 11  # px


def gabors(count, rng):
    one = np.ones(count)
    sizes = (0.2 * one, 1.8 * one, 2.2 * one)
    places = rng.uniform(-2, 2, (2, count))
    angles = rng.uniform(0, np.pi, (2, count))
    own = Gabor(one, angles[0], *sizes, angles[1], *places)
    return drawn(own, (SIZE, SIZE))


def smooth(count, smoothing, rng):
    """Windows of a stationary Gaussian field, white noise blurred by so many px."""
    margin = 10
    noise = rng.normal(size=(count, SIZE + 2 * margin, SIZE + 2 * margin))
    blurred = gaussian_filter(noise, (0, smoothing, smoothing)) if smoothing else noise
    return blurred[:, margin:-margin, margin:-margin]


def blobs(count, rng):
    """Round spots of many sizes and places, bright or dark."""
    y, x = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2
    places = rng.uniform(-3, 3, (2, count, 1, 1))
    sizes = rng.uniform(1, 2.5, (count, 1, 1))
    signs = rng.choice([-1, 1], (count, 1, 1))
    return signs * np.exp(-((x - places[0]) ** 2 + (y - places[1]) ** 2) / (2 * sizes**2))


def found_in(kernels, rng):
    """With few kernels in the nulls, as each fit takes 20 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FEWEST_SURROGATES", 40)
        return resemblance(kernels, rng.normal(size=(20, SIZE, SIZE)), 1, rng, starts=1)


def test_merely_smooth_kernels_are_no_more_gabor_like_than_chance():
    """Of these, 12 % exceed shuffled phases, which take a kernel for periodic."""
    rng = np.random.default_rng(1)
    found = found_in(smooth(60, 2, rng), rng)
    chance = 0.05 + 2 * np.sqrt(0.05 * 0.95 / 60)
    assert found.share(found.thresholds[1]) <= chance
    assert found.gabor_like.mean() <= chance


def test_noisy_gabor_functions_are_found():
    """Noise of half their standard deviation, as in `test_gabor`; half of the kernels are noise."""
    rng = np.random.default_rng(2)
    waves = gabors(30, rng)
    noise = rng.normal(size=waves.shape) * waves.std(axis=(1, 2), keepdims=True)
    found = found_in(np.concatenate([waves + 0.5 * noise, noise]), rng)
    assert found.gabor_like[:30].mean() > 0.9
    assert found.gabor_like[30:].mean() <= 0.1


def test_blobs_have_no_cycle():
    """Many exceed both nulls, as no surrogate is alone in a kernel; of shuffled phases, 92 %."""
    rng = np.random.default_rng(3)
    spots = blobs(40, rng)
    kernels = spots + 0.2 * spots.std(axis=(1, 2), keepdims=True) * rng.normal(size=spots.shape)
    found = found_in(kernels, rng)
    assert found.share(max(found.thresholds)) > 0.2
    assert found.gabor_like.mean() <= 0.05


# --- Surrogates ---


def moments(kernels):
    """The second moments (px, px) of kernels without their means."""
    pixels = kernels.reshape(len(kernels), -1)
    pixels = pixels - pixels.mean(axis=1, keepdims=True)
    return pixels.T @ pixels / len(pixels)


@pytest.mark.parametrize("count", [6, 60])  # fewer and more kernels than pixels
def test_surrogates_have_the_kernels_moments(count):
    rng = np.random.default_rng(4)
    kernels = gaussian_filter(rng.normal(size=(count, 5, 5)), (0, 1, 0))
    made = surrogates(kernels, 50_000, rng).reshape(50_000, -1)
    np.testing.assert_allclose(made.T @ made / len(made), moments(kernels), atol=0.05)
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose((made**4).mean(0) / (made**2).mean(0) ** 2, 3, atol=0.2)  # normal


def test_offsets_do_not_matter():
    rng = np.random.default_rng(5)
    kernels = rng.normal(size=(8, 5, 5))
    shifted = kernels + rng.normal(size=(8, 1, 1))
    expected = surrogates(kernels, 7, np.random.default_rng(0))
    np.testing.assert_allclose(surrogates(shifted, 7, np.random.default_rng(0)), expected)
    assert np.abs(surrogates(np.full((2, 5, 5), 0.3), 3, rng)).max() < 1e-12


# --- Thresholds and shares ---


def test_thresholds_and_shares():
    r2, one = np.linspace(0.005, 0.995, 100), np.ones(100)
    fits = Gabor(r2, one, 0.2 * one, 2 * one, one, one, 0 * one, 0 * one)
    nulls = [fits._replace(r2=np.linspace(0, end, 101)) for end in (0.4, 0.6)]
    own = Resemblance(fits, *nulls, SIZE, 1)
    assert own.thresholds == pytest.approx((0.38, 0.57))
    assert own.gabor_like.sum() == 43
    assert own.share(0.57) == 0.43
    slow = fits._replace(frequency=np.where(r2 > 0.9, 0.1, 0.2))  # of 0.8 cycles
    assert own._replace(fits=slow).gabor_like.sum() == 33
    assert own._replace(fits=slow).share(0.57) == 0.43


def test_an_interval_of_higher_confidence_is_wider():
    chosen = np.arange(100) < 43
    share = share_with_interval(chosen, 1)
    assert share.low < share.mean == 0.43 < share.high
    assert share_with_interval(chosen, 1, 0.999).low < share.low


MAPS, CHANNELS = 96, 3  # of AlexNet's first layer


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_the_interval_holds_the_share_where_channels_are_equal(share):
    """Its coverage, over all numbers of maps that can be chosen; three kernels are one of each.

    That of an interval over 288 kernels, as if these were independent, would be 76 % at most.
    """
    counts = np.arange(MAPS + 1)
    ends = [
        share_with_interval(np.repeat(np.arange(MAPS) < count, CHANNELS), CHANNELS)
        for count in counts
    ]
    holds = np.array([each.low <= share <= each.high for each in ends])
    assert (binom.pmf(counts, MAPS, share) * holds).sum() > 0.93
    narrow = [share_with_interval(np.arange(MAPS * 3) < 3 * count, 1) for count in counts]
    holds = np.array([each.low <= share <= each.high for each in narrow])
    assert (binom.pmf(counts, MAPS, share) * holds).sum() < 0.8


def test_of_independent_channels_the_interval_is_wider_than_need_be_and_never_too_narrow():
    counts = np.arange(MAPS * CHANNELS + 1)
    ends = [share_with_interval(np.arange(MAPS * CHANNELS) < count, CHANNELS) for count in counts]
    assert ends[43].mean == pytest.approx(43 / 288)  # the share itself is that of the kernels
    for share in (0.05, 0.25, 0.5):
        holds = np.array([each.low <= share <= each.high for each in ends])
        assert (binom.pmf(counts, MAPS * CHANNELS, share) * holds).sum() > 0.99


def test_orientation_strength():
    assert orientation_strength(np.full(9, 0.3)) == pytest.approx(1)
    assert orientation_strength(np.array([0.01, np.pi - 0.01])) == pytest.approx(1, abs=1e-3)
    assert orientation_strength(np.arange(8) * np.pi / 8) == pytest.approx(0, abs=1e-12)
    assert np.isnan(orientation_strength(np.array([])))
