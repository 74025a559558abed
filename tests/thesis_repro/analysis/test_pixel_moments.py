"""Moments of pixel values by their formulas; constant images."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.pixel_moments import (
    MOMENTS,
    differences,
    moments,
    moments_as_run,
    pixels_that_differ,
)
from thesis_repro.analysis.rank_tests import mann_whitney_p


@pytest.fixture
def images():
    return np.random.default_rng(0).gamma(1, 0.1, (7, 6, 5, 1)).clip(0, 1).astype("float32")


@pytest.mark.parametrize(("per", "axis"), [("image", 1), ("pixel", 0)])
def test_moments_by_their_formulas_on_the_scale_of_grey_values(images, per, axis):
    values = images.reshape(7, -1).astype("float64") * 255
    standard = (values - values.mean(axis, keepdims=True)) / values.std(axis, keepdims=True)
    found = moments(images, per)
    assert found._fields == MOMENTS
    np.testing.assert_allclose(found.mean, values.mean(axis=axis))
    np.testing.assert_allclose(found.sd, np.std(values, axis=axis))
    np.testing.assert_allclose(found.skewness, (standard**3).mean(axis))
    np.testing.assert_allclose(found.kurtosis, (standard**4).mean(axis) - 3)
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


# --- Differences ---


def test_differences_are_of_each_moment(images):
    darker = 0.5 * images
    found = differences(moments(darker), moments(images)).set_index("quantity")
    assert list(found.index) == list(MOMENTS)
    mean = found.loc["mean"]
    assert (
        mean["p"]
        == stats.mannwhitneyu(
            moments(darker).mean, moments(images).mean, alternative="two-sided", method="asymptotic"
        ).pvalue
    )
    assert mean["mean"] == pytest.approx(mean["mean_of_second"] / 2)
    assert mean["superiority"] < 0.1
    assert found.loc["skewness", "superiority"] == pytest.approx(0.5)  # no scale changes it
    assert found.loc["skewness", "ks_distance"] < 0.2


def test_undefined_moments_are_left_out_and_counted(images):
    empty = images.copy()
    empty[:3] = 0
    found = differences(moments(empty), moments(images)).set_index("quantity")
    assert found["n"].to_list() == [7, 7, 4, 4]
    assert found["undefined"].to_list() == [0, 0, 3, 3]
    assert found["undefined_in_second"].eq(0).all()
    empty[:] = 0
    found = differences(moments(empty), moments(images)).set_index("quantity")
    assert found["p"].isna().to_list() == [False, False, True, True]


def test_pixels_that_differ_are_counted_after_correction():
    rng = np.random.default_rng(0)
    real = rng.random((200, 10, 10, 1))
    made = rng.random((200, 10, 10, 1))
    made[:, :3] += 1  # 30 of 100 pixels
    real[:, 9], made[:, 9] = 0, 0  # 10 that nothing can be said of
    found = pixels_that_differ(made, real, 0.05, mann_whitney_p)
    assert (found["pixels"], found["tested"]) == (100, 90)
    assert 30 <= found["differ"] <= 34
    same = pixels_that_differ(real, real, 0.05, mann_whitney_p)
    assert same["differ"] == 0
    nothing = np.zeros((5, 2, 2, 1))
    assert pixels_that_differ(nothing, nothing, 0.05, mann_whitney_p)["tested"] == 0
