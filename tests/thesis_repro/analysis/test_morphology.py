"""Distributions of forms: distances by SciPy and hand, smoothness and cuts of known densities."""

import numpy as np
import pytest
from scipy import stats

from data_prep.morphometry import COLUMNS, measure
from thesis_repro.analysis.morphology import (
    Cut,
    described,
    described_beside,
    distance,
    measured,
    narrow,
    narrow_cut,
    ups_and_downs,
    with_form,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- Measuring ---


def bars(widths):
    """Upright bars of these widths (px) in images of 28 x 28 px, float in [0, 1]."""
    images = np.zeros((len(widths), 28, 28, 1), "float32")
    for image, width in zip(images, widths, strict=True):
        image[4:24, 14 - width // 2 : 14 - width // 2 + width] = 1
    return images


def test_forms_are_those_of_the_images_as_they_are_stored():
    images = bars([2, 6, 10])
    found = measured(images, workers=1)
    np.testing.assert_array_equal(found, measure((images[..., 0] * 255).astype(np.uint8)))
    assert (np.diff(found[:, COLUMNS.index("width")]) > 3).all()


@pytest.mark.parametrize(
    "faint",
    [bars([4]) / 600, 0.49 + 0.02 * bars([4]), 0.49 * bars([4])],
    ids=["too faint to be stored", "grey", "half as bright"],
)
def test_images_without_contrast_have_no_form(faint):
    """By their own range of levels they would be bars, as bright ones are."""
    found = measured(np.concatenate([bars([4]), faint, 0.51 * bars([4])]), workers=1)
    assert np.isfinite(found[[0, 2]]).all()
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(with_form(found), found[[0, 2]])


@pytest.mark.slow
def test_many_images_are_shared_out():
    images = bars(np.arange(501) % 9 + 2)
    found = measured(images, workers=2)
    np.testing.assert_array_equal(found[:9], measured(images[:9], 1))
    assert len(found) == 501


def test_nothing_is_described_as_nan():
    found, nothing = described(np.arange(5.0)), described(np.empty(0))
    assert list(found) == list(nothing)
    assert nothing.pop("images") == 0
    assert np.isnan([*nothing.values()]).all()


# --- Distances ---


@pytest.mark.parametrize("ties", [False, True])
def test_distances_are_scipys(rng, ties):
    values, reference = rng.normal(0.3, 2, 300), rng.gamma(2, 2, 500)
    if ties:
        values, reference = values.round(), reference.round()
    found = distance(values, reference, rng)
    expected = stats.wasserstein_distance(values, reference) / reference.std()
    assert found.mean == pytest.approx(expected)


def test_a_shift_is_as_far_as_it_is_long(rng):
    reference = rng.normal(5, 3, 1_000)
    assert distance(reference + 0.3, reference, rng).mean == pytest.approx(0.3 / reference.std())
    assert distance(reference, reference, rng).mean == 0
    assert np.isnan(distance(np.empty(0), reference, rng)).all()
    assert np.isnan(distance(reference, np.full(5, 2.0), rng)).all()  # no spread to measure by
    assert np.isnan(distance(reference, np.empty(0), rng)).all()


def test_the_interval_is_the_bootstraps(rng):
    """SciPy's own bootstrap of the same distance gives the same interval, up to chance."""
    values, reference = rng.normal(1, 1, 200), rng.normal(0, 1, 2_000)
    found = distance(values, reference, rng)
    theirs = stats.bootstrap(
        (values,),
        lambda x: stats.wasserstein_distance(x, reference) / reference.std(),
        vectorized=False,
        n_resamples=300,
        method="percentile",
        rng=1,
    ).confidence_interval
    assert found.low == pytest.approx(theirs.low, abs=0.03)
    assert found.high == pytest.approx(theirs.high, abs=0.03)


def test_each_attribute_is_described_beside_the_reference(rng):
    forms, reference = rng.normal(3, 1, (50, 6)), rng.normal(0, 1, (400, 6))
    forms[7] = np.nan
    seed = rng.integers(100)
    table = described_beside(forms, reference, np.random.default_rng(seed))
    assert [row["attribute"] for row in table] == [*COLUMNS]
    assert table[COLUMNS.index("slant")]["unit"] == "rad"
    known, same = np.delete(forms, 7, axis=0), np.random.default_rng(seed)
    for row, values, others in zip(table, known.T, reference.T, strict=True):
        assert (row["not_measured"], row["images"]) == (1, 49)
        assert row["mean"] == values.mean()
        bounds = row["distance"], row["distance_low"], row["distance_high"]
        assert bounds == distance(values, others, same)
        assert row["ups_and_downs"] == ups_and_downs(values)


def test_the_reference_is_at_no_distance_from_itself(rng):
    reference = rng.normal(0, 1, (40, 6))
    for row in described_beside(reference, reference, rng):
        assert row["distance"] == 0
        assert np.isnan([row["distance_low"], row["distance_high"]]).all()


# --- Smoothness ---


def test_one_peak_goes_up_and_down_once(rng):
    normal = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    assert ups_and_downs(normal) == pytest.approx(1, abs=1e-3)
    assert ups_and_downs(7 * normal - 300) == pytest.approx(ups_and_downs(normal))


def test_two_equal_peaks_far_apart_go_twice():
    normal = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    apart = np.concatenate([normal, normal + 30])
    assert ups_and_downs(apart) == pytest.approx(2, abs=0.01)
    smaller = np.concatenate([normal, normal[::2] + 30])
    assert ups_and_downs(smaller) == pytest.approx(1.5, abs=0.02)


def test_lumps_are_rougher_than_what_they_are_lumps_of():
    normal = stats.norm.ppf((np.arange(2_000) + 0.5) / 2_000)
    assert ups_and_downs(normal.round()) > 1.2 * ups_and_downs(normal)


@pytest.mark.parametrize("values", [[], [2.0], [3.0, 3.0], [27.0, 27.0 + 1e-14, 27.0]])
def test_what_does_not_differ_has_no_shape(values):
    assert np.isnan(ups_and_downs(np.array(values)))
    assert np.isnan(described(np.array(values))["skewness"])


# --- Small widths ---


def test_the_cut_parts_ones_from_others():
    widths = np.array([3.0, 4.0, 5.0, 9.0, 8.0, 10.0, 12.0])
    is_one = np.array([True, True, True, True, False, False, False])
    cut = narrow_cut(widths, is_one)
    assert 5 < cut.below <= 8
    assert (cut.ones, cut.others) == (0.75, 1)
    assert (widths < cut.below).sum() == 3


def test_the_cut_of_two_normal_widths_is_where_their_densities_cross(rng):
    widths = np.concatenate([rng.normal(4, 1, 4_000), rng.normal(12, 3, 40_000)])
    cut = narrow_cut(widths, np.arange(44_000) < 4_000)
    a, b, c = 1 - 1 / 9, -2 * (4 - 12 / 9), 16 - 144 / 9 - 2 * np.log(3)
    crossing = max(np.roots([a, b, c]).real)
    assert cut.below == pytest.approx(crossing, abs=0.3)


@pytest.mark.parametrize("is_one", [[True, True], [False, False], []])
def test_without_both_kinds_no_cut_tells_them_apart(is_one):
    cut = narrow_cut(np.arange(float(len(is_one))), np.array(is_one, bool))
    assert np.isnan(cut).all()
    unknown = narrow(np.array([1.0, 2.0]), cut)
    assert (unknown["images"], unknown["narrow"]) == (2, 0)
    assert np.isnan([unknown["share"], unknown["low"], unknown["high"]]).all()


def test_narrow_widths_are_counted():
    share = narrow(np.array([3.0, 4.0, 5.0, 6.0]), Cut(4.0, 1.0, 1.0))
    assert (share["images"], share["narrow"], share["share"]) == (4, 1, 0.25)
    assert 0 < share["low"] < 0.25 < share["high"] < 1
    nothing = narrow(np.empty(0), Cut(4.0, 1.0, 1.0))
    assert (nothing["images"], nothing["narrow"]) == (0, 0)
    assert np.isnan([nothing["share"], nothing["low"], nothing["high"]]).all()
