"""Moments of pixel values by their formulas; constant images."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.pixel_moments import (
    BINS,
    MOMENTS,
    differences,
    histogram_edges,
    moments,
    moments_as_run,
    overlap,
    pixels_that_differ,
)
from thesis_repro.analysis.rank_tests import (
    equivalence_p,
    mann_whitney_p,
    paired_comparison,
    paired_equivalence_p,
)


@pytest.fixture
def images():
    return np.random.default_rng(0).gamma(1, 0.1, (7, 6, 5, 1)).clip(0, 1).astype("float32")


@pytest.mark.parametrize(("per", "axis"), [("image", 1), ("pixel", 0)])
def test_moments_by_their_formulas_on_the_scale_of_grey_values(images, per, axis):
    values = images.reshape(7, -1).astype("float64") * 255
    standard = (values - values.mean(axis, keepdims=True)) / values.std(axis, keepdims=True)
    measured = moments(images, per)
    assert measured._fields == MOMENTS
    np.testing.assert_allclose(measured.mean, values.mean(axis=axis))
    np.testing.assert_allclose(measured.sd, np.std(values, axis=axis))
    np.testing.assert_allclose(measured.skewness, (standard**3).mean(axis))
    np.testing.assert_allclose(measured.kurtosis, (standard**4).mean(axis) - 3)
    assert measured.constant == 0


def test_bytes_and_floats_are_on_one_scale():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), dtype="uint8")
    for ours, theirs in zip(moments(pixels), moments(pixels / 255), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_half_black_half_white_by_hand():
    image = np.zeros((1, 2, 2, 1), "uint8")
    image[0, 0] = 255
    measured = moments(image)
    assert [float(moment[0]) for moment in measured] == [127.5, 127.5, 0.0, -2.0]


def test_many_images_are_taken_in_parts_and_in_order():
    pixels = np.random.default_rng(0).integers(0, 256, (9_000, 16, 16, 1), dtype="uint8")
    np.testing.assert_allclose(moments(pixels).mean, pixels.mean(axis=(1, 2, 3)))


def test_constant_images_have_no_skewness(images):
    images[1] = 0.3
    images[3] = 0.3 + 1e-3 * images[3]  # within one grey level: constant on a screen
    measured = moments(images)
    assert measured.constant == 2
    for shape in (measured.skewness, measured.kurtosis):
        assert np.flatnonzero(np.isnan(shape)).tolist() == [1, 3]
    assert np.isfinite([measured.mean, measured.sd]).all()


def test_as_run_constants_are_what_scipy_1_2_1_made_of_them(images):
    images[1] = 0.0
    images[3] = 1e-3 * images[3]
    measured = moments_as_run(images)
    assert (measured.skewness[1], measured.kurtosis[1]) == (0.0, -3.0)
    values = images[3].ravel().astype("float64") * 255
    assert measured.skewness[3] == pytest.approx(stats.skew(values))
    assert measured.constant == 0


# --- Differences ---


def test_differences_are_of_each_moment(images):
    darker = 0.5 * images
    table = differences(moments(darker), moments(images)).set_index("quantity")
    assert list(table.index) == list(MOMENTS)
    mean = table.loc["mean"]
    assert (
        mean["p"]
        == stats.mannwhitneyu(
            moments(darker).mean, moments(images).mean, alternative="two-sided", method="asymptotic"
        ).pvalue
    )
    assert mean["mean"] == pytest.approx(mean["mean_of_second"] / 2)
    assert mean["superiority"] < 0.1
    assert table.loc["skewness", "superiority"] == pytest.approx(0.5)  # no scale changes it
    assert table.loc["skewness", "ks_distance"] < 0.2


def test_undefined_moments_are_left_out_and_counted(images):
    empty = images.copy()
    empty[:3] = 0
    table = differences(moments(empty), moments(images)).set_index("quantity")
    assert table["n"].to_list() == [7, 7, 4, 4]
    assert table["undefined"].to_list() == [0, 0, 3, 3]
    assert table["undefined_in_second"].eq(0).all()
    empty[:] = 0
    table = differences(moments(empty), moments(images)).set_index("quantity")
    assert table["p"].isna().to_list() == [False, False, True, True]


def test_reconstructions_are_pairs_with_what_they_are_of(images):
    """Of those images of which both have the moment; of independent ones there are no pairs."""
    reconstructed = images * 0.99
    reconstructed[:3] = 0
    ours, theirs = moments(reconstructed), moments(images)
    table = differences(ours, theirs, paired=True).set_index("quantity")
    for name, one, other in zip(MOMENTS, ours, theirs, strict=True):
        both = slice(3 if name in ("skewness", "kurtosis") else 0, None)
        expected = paired_comparison(one[both], other[both])
        found = table.loc[name, ["paired_p", "paired_low", "paired_high"]].to_list()
        np.testing.assert_allclose(found, [expected.p, expected.low, expected.high])
        assert table.loc[name, "equivalence_p"] == paired_equivalence_p(one[both], other[both])
    apart = differences(ours, theirs).set_index("quantity")
    assert all(own is None for own in apart["paired_p"])
    assert apart.loc["mean", "equivalence_p"] == equivalence_p(ours.mean, theirs.mean)


def test_overlap_of_two_normal_distributions():
    """Two that lie d standard deviations apart have 2 Phi(-d / 2) in common."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 20_000), rng.normal(1, 1, 20_000)
    assert overlap(x, y) == pytest.approx(2 * stats.norm.cdf(-0.5), abs=0.02)
    assert overlap(x, x) == pytest.approx(1)
    assert overlap(x, x + 30) == 0
    assert overlap(np.ones(5), np.ones(7)) == 1
    assert overlap(np.ones(5), np.zeros(5)) == 0


@pytest.mark.parametrize("values", [[], [3.0, 3.0]])
def test_histograms_of_nothing_that_varies_have_bins(values):
    edges = histogram_edges([np.array(values)])
    assert len(edges) == BINS + 1
    assert edges[-1] - edges[0] == 1


def test_pixels_that_differ_are_counted_after_correction():
    rng = np.random.default_rng(0)
    real = rng.random((200, 10, 10, 1))
    made = rng.random((200, 10, 10, 1))
    made[:, :3] += 1  # 30 of 100 pixels
    real[:, 9], made[:, 9] = 0, 0  # 10 that nothing can be known of
    counts = pixels_that_differ(made, real, 0.05, mann_whitney_p)
    assert (counts["pixels"], counts["tested"]) == (100, 90)
    assert 30 <= counts["differ"] <= 34
    same = pixels_that_differ(real, real, 0.05, mann_whitney_p)
    assert same["differ"] == 0
    nothing = np.zeros((5, 2, 2, 1))
    assert pixels_that_differ(nothing, nothing, 0.05, mann_whitney_p)["tested"] == 0
