"""Shares of Gabor-like kernels against both nulls."""

import numpy as np
import pytest

from thesis_repro.analysis.gabor import Gabor, drawn
from thesis_repro.analysis.gabor_shares import Resemblance, orientation_strength, resemblance


def gabors(count, rng):
    one = np.ones(count)
    sizes = (0.2 * one, 1.8 * one, 2.2 * one)
    places = rng.uniform(-2, 2, (2, count))
    angles = rng.uniform(0, np.pi, (2, count))
    own = Gabor(one, angles[0], *sizes, angles[1], *places)
    return drawn(own, (11, 11))


def test_gabor_functions_exceed_both_nulls_and_noise_does_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(40, 11, 11))
    kernels = np.concatenate([gabors(20, rng) + 0.05 * noise[:20], noise[20:]])
    found = resemblance(kernels, rng.normal(size=(40, 11, 11)), rng, starts=1)
    assert found.above[:20].all()
    assert found.above[20:].sum() <= 4
    assert found.shuffled_r2.shape == (120,)  # three times each, for a percentile to stand on


def test_thresholds_and_shares():
    r2 = np.linspace(0.005, 0.995, 100)
    fits = Gabor(r2, *[np.zeros(100)] * 7)
    own = Resemblance(fits, np.linspace(0, 0.4, 101), np.linspace(0, 0.6, 101))
    assert own.thresholds == pytest.approx((0.38, 0.57))
    assert own.above.sum() == 43
    share = own.share(0.57)
    assert share.mean == 0.43
    assert share.low < 0.43 < share.high
    assert own.share(0.57, 0.999).low < share.low


def test_orientation_strength():
    assert orientation_strength(np.full(9, 0.3)) == pytest.approx(1)
    assert orientation_strength(np.array([0.01, np.pi - 0.01])) == pytest.approx(1, abs=1e-3)
    assert orientation_strength(np.arange(8) * np.pi / 8) == pytest.approx(0, abs=1e-12)
    assert np.isnan(orientation_strength(np.array([])))
