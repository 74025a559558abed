"""Mean positions, curvature, circles and periods of paths whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from data_prep.dsprites_renderer import FACTOR_SIZES, FACTORS, SHAPES, render, values_of
from thesis_repro.analysis.trajectories import (
    HELD_FIXED,
    ORIENTATIONS,
    SHOWN_ORIENTATIONS,
    explained,
    gap,
    harmonic_shares,
    mean_by_bin,
    mean_by_value,
    off_line,
    plane,
    rotation_period,
    rows_with,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def circle(turns, count, dimensions=2):
    """Positions on a unit circle in the first two of so many dimensions."""
    angle = 2 * np.pi * turns * np.arange(count) / count
    flat = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.pad(flat, ((0, 0), (0, dimensions - 2)))


def trajectory(positions):
    """Each position once, without any scatter."""
    return mean_by_value(positions, np.arange(len(positions)))


# --- Mean positions ---


def test_bins_are_of_equal_width(rng):
    z, attribute = rng.normal(size=(2_000, 3)), rng.exponential(size=2_000)
    found = mean_by_bin(z, attribute)
    for column, means in zip(z.T, found.means.T, strict=True):
        expected, edges, _ = stats.binned_statistic(attribute, column, "mean", 50)
        np.testing.assert_allclose(means, expected)
    np.testing.assert_array_equal(found.counts, np.histogram(attribute, 50)[0])
    np.testing.assert_allclose(found.values, (edges[:-1] + edges[1:]) / 2)
    assert found.counts[0] > 10 * found.counts[20]  # of equal count they would be alike


def test_an_empty_bin_is_nan_and_can_be_left_out():
    found = mean_by_bin(np.array([[1.0], [3.0], [5.0]]), [0.0, 0.1, 1.0], bins=4)
    np.testing.assert_array_equal(found.means[:, 0], [2, np.nan, np.nan, 5])
    np.testing.assert_array_equal(found.counts, [2, 0, 0, 1])
    filled = found.filled
    np.testing.assert_array_equal(filled.means[:, 0], [2, 5])
    np.testing.assert_array_equal(filled.values, [0.125, 0.875])


@pytest.mark.parametrize("attribute", [[1.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_an_attribute_without_a_range_is_an_error(attribute):
    with pytest.raises(ValueError, match="cannot be divided into 50 bins"):
        mean_by_bin(np.zeros((2, 2)), attribute)


def test_means_by_value_are_those_of_a_data_frame(rng):
    z, digits = rng.normal(size=(300, 4)).astype("float32"), rng.integers(0, 10, 300)
    found = mean_by_value(z, digits)
    groups = pd.DataFrame(z.astype("float64")).groupby(digits)
    np.testing.assert_allclose(found.means, groups.mean())
    np.testing.assert_array_equal(found.values, np.arange(10))
    np.testing.assert_array_equal(found.counts, groups.size())
    pooled = sum(own.cov() * (len(own) - 1) for _, own in groups) / (300 - 10)
    np.testing.assert_allclose(found.within, pooled)


def test_rows_of_fixed_factors():
    classes = np.array([(0, 0, 5, 3, 0, 31), (0, 1, 5, 3, 0, 31), (0, 0, 2, 9, 0, 31)])
    np.testing.assert_array_equal(rows_with(classes, shape=0, y=31), [0, 2])
    np.testing.assert_array_equal(rows_with(classes, scale=5), [0, 1])
    assert rows_with(classes, x=1).size == 0


def test_held_fixed_as_the_captions_say():
    """ "position is fixed to 0.0 in both directions", "the other position is fixed to 1.0"."""
    for varied, fixed in HELD_FIXED.items():
        assert varied not in fixed
        classes = np.zeros((1, 6), int)
        for name, value in fixed.items():
            classes[0, FACTORS.index(name)] = value
        values = dict(zip(FACTORS, values_of(classes)[0], strict=True))
        expected = 1.0 if varied in ("x", "y") else 0.0
        assert {values[name] for name in ("x", "y") if name in fixed} == {expected}
        assert varied == "shape" or SHAPES[fixed["shape"]] == "square"


def test_shown_orientations_are_a_quarter_or_half_by_count():
    assert {FACTOR_SIZES[3] // own for own in SHOWN_ORIENTATIONS.values()} == {4, 2}
    assert FACTOR_SIZES[3] // SHOWN_ORIENTATIONS["square"] == 4


# --- Curvature ---


def test_a_straight_path_leaves_nothing_at_any_speed(rng):
    share = rng.random(40)[:, np.newaxis]
    assert off_line(trajectory(share * rng.normal(size=10) + rng.normal(size=10))) < 1e-12


def test_a_circle_leaves_half():
    assert off_line(trajectory(circle(1, 39, dimensions=10))) == pytest.approx(0.5)


@pytest.mark.parametrize("half_angle", [0.3, np.pi / 4, np.pi / 2, 2.0])
def test_an_arc_leaves_what_its_integral_says(half_angle):
    """Variances of cos and sin over an arc, in closed form."""
    angle = np.linspace(-half_angle, half_angle, 4_001)
    along = 0.5 - np.sin(2 * half_angle) / (4 * half_angle)
    across = 1 - along - (np.sin(half_angle) / half_angle) ** 2
    found = off_line(trajectory(np.stack([np.cos(angle), np.sin(angle)], axis=1)))
    expected = min(along, across) / (along + across)
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_pass_for_curvature(seed):
    """A straight path of 32 positions in one of ten dimensions, 24 images each."""
    rng = np.random.default_rng(seed)
    position = np.repeat(np.linspace(-1.5, 1.5, 32), 24)
    z = rng.normal(size=(len(position), 10))
    z[:, 0] = position + 0.1 * z[:, 0]
    found = mean_by_value(z, position)
    naive = np.linalg.eigvalsh(np.cov(found.means.T))
    assert 1 - naive[-1] / naive.sum() > 0.25
    assert off_line(found) < 0.1


def complete_design(noise):
    """A circle of 39 orientations at six scales, which lie far apart in another dimension."""
    orientation, scale = np.tile(np.arange(39), 6), np.repeat(np.arange(6.0), 39)
    z = np.tile(circle(4, 39, dimensions=10), (6, 1))
    z[:, 2] = 2 * scale
    return z + noise * np.random.default_rng(0).normal(size=z.shape), orientation


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_in_a_complete_design_only_the_sampling_is_chance(noise):
    z, orientation = complete_design(noise)
    found = mean_by_value(z, orientation, scatter=np.full(10, noise**2))
    assert off_line(found) == pytest.approx(0.5, abs=0.1 if noise else 1e-9)
    naive = np.linalg.eigvalsh(np.cov(found.means.T))
    assert not noise or 1 - naive[-1] / naive.sum() > 0.65
    # Taken for chance, the scales would hide the path.
    assert np.isnan(off_line(mean_by_value(z, orientation)))


def test_positions_count_by_their_images():
    """One image that is far off the line moves a mean of one, not of a thousand."""
    straight = np.repeat(np.arange(3.0), 1_000)
    z = np.stack([np.append(straight, 1.0), np.append(0 * straight, 2.0)], axis=1)
    attribute = np.append(straight, 3.0)
    assert off_line(mean_by_value(z, attribute)) < 0.01
    assert off_line(mean_by_value(z[::1_000], attribute[::1_000])) > 0.3


def test_without_a_path_there_is_no_curvature():
    z = np.tile([[1.0, 0.0], [-1.0, 0.0]], (3, 1))
    assert np.isnan(off_line(mean_by_value(z, np.repeat([0, 1, 2], 2))))


# --- What a layer encodes ---


def test_all_or_nothing_is_explained(rng):
    digits = rng.integers(0, 10, 3_000)
    assert explained(mean_by_value(rng.normal(size=(10, 2))[digits], digits)) == pytest.approx(1)
    unknown = [
        explained(mean_by_value(rng.normal(size=(3_000, 2)), rng.integers(0, 10, 3_000)))
        for _ in range(30)
    ]
    assert abs(np.mean(unknown)) < 1e-3  # the plain share would be 9 / 3,000 = 3e-3
    assert max(map(abs, unknown)) < 0.01


def test_half_is_explained_where_the_attribute_and_the_rest_weigh_the_same(rng):
    attribute = rng.normal(size=20_000)
    z = np.stack([attribute, rng.normal(size=20_000)], axis=1)
    assert explained(mean_by_bin(z, attribute)) == pytest.approx(0.5, abs=0.01)


def test_equal_codes_explain_nothing():
    assert np.isnan(explained(mean_by_value(np.ones((4, 2)), [0, 0, 1, 1])))


# --- Circles ---


def test_a_circle_in_ten_dimensions_is_a_circle_in_its_plane(rng):
    rotated = circle(1, 39, dimensions=10) @ np.linalg.qr(rng.normal(size=(10, 10)))[0] + 3
    found = plane(rotated)
    np.testing.assert_allclose(found.shares, [0.5, 0.5])
    np.testing.assert_allclose(np.linalg.norm(found.points, axis=1), 1)
    steps = np.linalg.norm(np.diff(found.points, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * np.sin(np.pi / 39))


def test_two_dimensions_are_the_plane():
    means = np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 6.0]])
    found = plane(means)
    np.testing.assert_array_equal(found.points, means)
    np.testing.assert_allclose(found.shares, [0.75, 0.25])


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_a_line_is_no_plane(shape):
    with pytest.raises(ValueError, match="do not span a plane"):
        plane(np.zeros(shape))


def test_gap_of_open_and_closed_paths():
    line = np.arange(5.0)[:, np.newaxis] * [1, 2, 3]
    assert gap(line) == pytest.approx(1)
    assert gap(np.vstack([line, line[:1]])) == 0
    assert gap(np.ones((4, 2))) == 0
    half = circle(0.5, 1_000)
    assert gap(half) == pytest.approx(1, abs=1e-4)


def test_gap_after_a_quarter_of_the_orientations():
    """39 orientations: the eleventh is 92.3 degrees on, a circle of a square then 9.2 too far."""
    square = circle(4, ORIENTATIONS)
    assert gap(square[:11]) == pytest.approx(0.08, abs=0.002)
    assert gap(square[:6]) > 0.9


# --- Periods ---


def test_shares_of_harmonics_are_those_of_their_variances():
    z = np.hstack([2 * circle(1, 39), 1 * circle(4, 39)]) + 7
    expected = np.zeros(19)
    expected[[0, 3]] = 0.8, 0.2
    np.testing.assert_allclose(harmonic_shares(z), expected, atol=1e-12)


def test_the_fastest_harmonic_of_an_even_count_is_not_counted_twice():
    """Amplitude 1 at Nyquist has variance 1, a cosine elsewhere 1/2."""
    steps = np.arange(40)
    z = np.stack([np.cos(np.pi * steps), np.cos(2 * np.pi * steps / 40)], axis=1)
    shares = harmonic_shares(z)
    assert shares.shape == (20,)
    np.testing.assert_allclose(shares[[0, 19]], [1 / 3, 2 / 3])


@pytest.mark.parametrize(("turns", "degrees"), [(4, 90), (2, 180), (1, 360)])
def test_the_period_is_found_through_noise(turns, degrees, rng):
    z = circle(turns, ORIENTATIONS, 10) + 0.3 * rng.normal(size=(ORIENTATIONS, 10))
    found = rotation_period(trajectory(z))
    assert found.degrees == pytest.approx(degrees)
    assert 0.5 < found.share < 1


@pytest.mark.parametrize(("shape", "degrees"), [("square", 90), ("ellipse", 180), ("heart", 360)])
def test_pictures_turn_with_the_periods_of_their_shapes(shape, degrees):
    """The pixels of dSprites themselves as codes, averaged over the scales as in Figure 41."""
    turns = np.arange(FACTOR_SIZES[3])
    classes = [
        (0, SHAPES.index(shape), scale, turn, 16, 16) for scale in range(6) for turn in turns
    ]
    pixels = render(np.array(classes)).reshape(len(classes), -1)
    found = mean_by_value(pixels, np.tile(turns, 6))
    assert rotation_period(found).degrees == pytest.approx(degrees)


def test_what_does_not_rotate_is_an_error():
    with pytest.raises(ValueError, match="do not rotate"):
        rotation_period(trajectory(np.ones((39, 2))))
    broken = circle(1, 39)
    broken[5] = np.nan
    with pytest.raises(ValueError, match="do not rotate"):
        harmonic_shares(broken)


def test_a_turn_with_gaps_is_an_error():
    """A part of dSprites: the 40th orientation is no substitute for the sixth."""
    turns = np.delete(np.arange(40), 5)
    with pytest.raises(ValueError, match=r"no image has the orientations \[5\]"):
        rotation_period(mean_by_value(circle(1, 39), turns))
