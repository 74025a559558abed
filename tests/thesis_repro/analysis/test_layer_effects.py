"""Layers drawn anew: what they change is known where the image is a formula."""

import numpy as np
import pytest

from thesis_repro.analysis.layer_effects import changed, redrawn, total_effect

COUNT = 20_000


@pytest.fixture(scope="module")
def draws():
    return redrawn((2, 2, 1), COUNT, np.random.default_rng(0))


def test_one_layer_is_drawn_anew_and_the_others_stay(draws):
    first, *others = draws
    assert [z.shape for z in first] == [(COUNT, 2), (COUNT, 2), (COUNT, 1)]
    for layer, again in enumerate(others):
        same = [np.array_equal(old, new) for old, new in zip(first, again, strict=True)]
        assert same == [number != layer for number in range(3)]
        correlation = np.corrcoef(first[layer][:, 0], again[layer][:, 0])[0, 1]
        assert abs(correlation) < 0.03


def test_total_effects_of_a_sum_are_shares_of_its_variance(draws):
    """y = 2 a + b, with nothing of the third layer: 4/5, 1/5 and 0."""
    values = [2 * z[0][:, 0] + z[1][:, 1] for z in draws]
    effects = [total_effect(values[0], value) for value in values[1:]]
    assert effects == pytest.approx([0.8, 0.2, 0], abs=0.02)


def test_total_effects_of_a_product_overlap(draws):
    """y = a b: none of it is left once either is drawn anew, so that both have all."""
    values = [z[0][:, 0] * z[1][:, 0] for z in draws]
    effects = [total_effect(values[0], value) for value in values[1:]]
    assert effects == pytest.approx([1, 1, 0], abs=0.05)


def test_images_without_the_measure_are_left_out():
    before, after = np.array([0.0, 1.0, np.nan, 5.0]), np.array([1.0, 0.0, 3.0, np.nan])
    assert total_effect(before, after) == pytest.approx(0.5 / 0.25)
    assert np.isnan(total_effect(np.full(9, np.nan), np.zeros(9)))
    assert np.isnan(total_effect(np.ones(9), np.ones(9)))  # an untrained decoder's


def test_digits_that_change():
    share, low, high = changed(np.array([1, 2, 3, 4]), np.array([1, 2, 4, 3]))
    assert share == 0.5
    assert low < 0.5 < high
