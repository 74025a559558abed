"""Moments of pixel values, against SciPy; constant images."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.pixel_moments import MOMENTS, moments, moments_as_run


@pytest.fixture
def images():
    return np.random.default_rng(0).gamma(1, 0.1, (7, 6, 5, 1)).clip(0, 1).astype("float32")


@pytest.mark.parametrize(("per", "axis"), [("image", 1), ("pixel", 0)])
def test_moments_are_scipys_on_the_scale_of_grey_values(images, per, axis):
    values = images.reshape(7, -1).astype("float64") * 255
    found = moments(images, per)
    assert found._fields == MOMENTS
    np.testing.assert_allclose(found.mean, values.mean(axis=axis))
    np.testing.assert_allclose(found.sd, np.std(values, axis=axis))
    np.testing.assert_allclose(found.skewness, stats.skew(values, axis=axis))
    np.testing.assert_allclose(found.kurtosis, stats.kurtosis(values, axis=axis))
    assert found.constant == 0


def test_bytes_and_floats_are_on_one_scale():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), dtype="uint8")
    for ours, theirs in zip(moments(pixels), moments(pixels / 255), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_half_black_half_white_by_hand():
    image = np.zeros((1, 2, 2, 1), "uint8")
    image[0, 0] = 255
    found = moments(image)
    assert [float(own[0]) for own in found] == [127.5, 127.5, 0.0, -2.0]


def test_many_images_are_taken_in_parts_and_in_order():
    pixels = np.random.default_rng(0).integers(0, 256, (9_000, 16, 16, 1), dtype="uint8")
    np.testing.assert_allclose(moments(pixels).mean, pixels.mean(axis=(1, 2, 3)))


def test_constant_images_have_no_skewness(images):
    images[1] = 0.3
    images[3] = 0.3 + 1e-3 * images[3]  # within one grey level: constant on a screen
    found = moments(images)
    assert found.constant == 2
    for own in (found.skewness, found.kurtosis):
        assert np.flatnonzero(np.isnan(own)).tolist() == [1, 3]
    assert np.isfinite([found.mean, found.sd]).all()


def test_as_run_constants_are_what_scipy_1_2_1_made_of_them(images):
    images[1] = 0.0
    images[3] = 1e-3 * images[3]
    found = moments_as_run(images)
    assert (found.skewness[1], found.kurtosis[1]) == (0.0, -3.0)
    own = images[3].ravel().astype("float64") * 255
    assert found.skewness[3] == pytest.approx(stats.skew(own))
    assert found.constant == 0
