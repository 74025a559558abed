"""How unequally active made-up feature maps are."""

import numpy as np
import pytest

from thesis_repro.analysis.feature_maps import LayerActivity
from thesis_repro.analysis.map_activity import (
    activity,
    activity_left,
    share_active,
    variance_kept,
)


def layer(sds, bias=0.0):
    """Maps whose means have these standard deviations over two images."""
    images = np.array([-1.0, 1.0])[:, np.newaxis]
    return LayerActivity("conv", images * sds + bias, np.zeros((1, 1, len(sds))))


def test_the_bias_is_no_activity():
    np.testing.assert_allclose(activity(layer(np.array([1.0, 3.0]), bias=100)), [1, 3])


def test_the_variance_kept_is_that_of_the_most_active_quarter():
    """8^2 and 7^2 of the sum of squares, 204; over two layers the sums add up."""
    assert variance_kept([layer(np.arange(1.0, 9.0))]) == pytest.approx(113 / 204)
    both = [layer(np.arange(1.0, 9.0)), layer(np.ones(4))]
    assert variance_kept(both) == pytest.approx((113 + 1) / (204 + 4))


def test_a_quarter_can_be_rounded_up():  # erratum E09
    five = layer(np.array([5.0, 4, 1, 1, 1]))
    assert variance_kept([five]) == pytest.approx(25 / 44)
    assert variance_kept([five], rounded_up=True) == pytest.approx(41 / 44)
    after = layer(np.array([5.0, 2, 0, 0, 0]))
    assert activity_left(five, after, rounded_up=True) == pytest.approx(7 / 9)


def test_random_kernels_have_unequal_maps():
    """A quarter of squared Gaussian numbers holds 72 %: E[x^2; |x| > 1.15]."""
    sds = np.abs(np.random.default_rng(0).normal(size=40_000))
    assert variance_kept([layer(sds)]) == pytest.approx(0.724, abs=0.01)


def test_active_maps_have_a_tenth_of_the_most_active_ones_activity():
    assert share_active([layer(np.array([10.0, 1.0, 0.99, 0.0]))]) == 0.5
    assert share_active([layer(np.array([10.0, 0.0])), layer(np.array([0.1, 0.1]))]) == 0.75


def test_a_dead_layer_has_no_active_map():
    assert share_active([layer(np.zeros(3))]) == 0
    assert share_active([layer(np.zeros(3)), layer(np.array([2.0]))]) == 1 / 4


def test_what_is_left_is_of_the_quarter_that_was_most_active_before():
    before, after = layer(np.arange(1.0, 9.0)), layer(np.array([9.0] * 6 + [3.5, 4.0]))
    assert activity_left(before, after) == pytest.approx(0.5)
