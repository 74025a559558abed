"""Mean positions and curvature of paths whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thesis_repro.analysis.trajectories import (
    angle_between,
    circularity,
    explained,
    mean_by_bin,
    mean_by_value,
    off_line,
    path_measures,
    plane,
    sine,
    spread,
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


def smooth_random_path(rng):
    """32 positions in ten dimensions, each a smooth random function with a dozen turns."""
    kernel = np.exp(-0.5 * (np.subtract.outer(np.arange(32), np.arange(32)) / 2.5) ** 2)
    return rng.multivariate_normal(np.zeros(32), kernel, 10).T


# --- Mean positions ---


def test_bins_are_of_equal_width(rng):
    z, attribute = rng.normal(size=(2_000, 3)), rng.exponential(size=2_000)
    path = mean_by_bin(z, attribute)
    for column, means in zip(z.T, path.means.T, strict=True):
        expected, edges, _ = stats.binned_statistic(attribute, column, "mean", 50)
        np.testing.assert_allclose(means, expected)
    np.testing.assert_array_equal(path.counts, np.histogram(attribute, 50)[0])
    np.testing.assert_allclose(path.values, (edges[:-1] + edges[1:]) / 2)
    assert path.counts[0] > 10 * path.counts[20]  # of equal count they would be alike


def test_an_empty_bin_is_nan_and_can_be_left_out():
    path = mean_by_bin(np.array([[1.0], [3.0], [5.0]]), [0.0, 0.1, 1.0], bins=4)
    np.testing.assert_array_equal(path.means[:, 0], [2, np.nan, np.nan, 5])
    np.testing.assert_array_equal(path.counts, [2, 0, 0, 1])
    filled = path.filled
    np.testing.assert_array_equal(filled.means[:, 0], [2, 5])
    np.testing.assert_array_equal(filled.values, [0.125, 0.875])


@pytest.mark.parametrize("attribute", [[1.0, 1.0], [0.0, np.nan], [0.0, np.inf]])
def test_an_attribute_without_a_range_is_an_error(attribute):
    with pytest.raises(ValueError, match="cannot be divided into 50 bins"):
        mean_by_bin(np.zeros((2, 2)), attribute)


def test_means_by_value_are_those_of_a_data_frame(rng):
    z, digits = rng.normal(size=(300, 4)).astype("float32"), rng.integers(0, 10, 300)
    path = mean_by_value(z, digits)
    groups = pd.DataFrame(z.astype("float64")).groupby(digits)
    np.testing.assert_allclose(path.means, groups.mean())
    np.testing.assert_array_equal(path.values, np.arange(10))
    np.testing.assert_array_equal(path.counts, groups.size())
    pooled = sum(group.cov() * (len(group) - 1) for _, group in groups) / (300 - 10)
    np.testing.assert_allclose(path.within, pooled)


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
    left = off_line(trajectory(np.stack([np.cos(angle), np.sin(angle)], axis=1)))
    expected = min(along, across) / (along + across)
    assert left == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_noise_does_not_pass_for_curvature(seed):
    """A straight path of 32 positions in one of ten dimensions, 24 images each."""
    rng = np.random.default_rng(seed)
    position = np.repeat(np.linspace(-1.5, 1.5, 32), 24)
    z = rng.normal(size=(len(position), 10))
    z[:, 0] = position + 0.1 * z[:, 0]
    path = mean_by_value(z, position)
    naive = np.linalg.eigvalsh(np.cov(path.means.T))
    assert 1 - naive[-1] / naive.sum() > 0.25
    assert off_line(path) < 0.1


def complete_design(noise):
    """A circle of 39 orientations at six scales, which lie far apart in another dimension."""
    orientation, scale = np.tile(np.arange(39), 6), np.repeat(np.arange(6.0), 39)
    z = np.tile(circle(4, 39, dimensions=10), (6, 1))
    z[:, 2] = 2 * scale
    return z + noise * np.random.default_rng(0).normal(size=z.shape), orientation


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_in_a_complete_design_only_the_sampling_is_chance(noise):
    z, orientation = complete_design(noise)
    path = mean_by_value(z, orientation, scatter=np.full(10, noise**2))
    assert off_line(path) == pytest.approx(0.5, abs=0.1 if noise else 1e-9)
    naive = np.linalg.eigvalsh(np.cov(path.means.T))
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


# --- Sine curves ---


@pytest.mark.parametrize("turns", [0.5, 0.8, 1.3, 2.0])
def test_an_arc_is_a_sine_in_every_dimension(turns, rng):
    """Of a circle or an ellipse, anywhere in ten dimensions."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, 32)
    flat = np.stack([np.cos(angle), 0.4 * np.sin(angle)], axis=1)
    z = np.pad(flat, ((0, 0), (0, 8))) @ np.linalg.qr(rng.normal(size=(10, 10)))[0] + 3
    assert sine(trajectory(z)) == pytest.approx(1, abs=1e-3)


def test_a_line_is_nearly_half_a_period():
    """The share of a line's variance that lies in cos(pi s), in closed form: 96 / pi^4."""
    line = np.linspace(0, 1, 4_001)[:, np.newaxis] * [1.0, 2.0]
    assert sine(trajectory(line)) == pytest.approx(96 / np.pi**4, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_a_smooth_random_path_is_no_sine(seed):
    assert sine(trajectory(smooth_random_path(np.random.default_rng(seed)))) < 0.7


def test_two_sines_of_different_frequency_are_not_one():
    share = np.linspace(0, 1, 32)
    z = np.stack([np.cos(np.pi * share), np.cos(4 * np.pi * share)], axis=1)
    assert sine(trajectory(z)) < 0.7


def test_a_sine_counts_positions_by_their_images():
    """One image that is far off moves the mean of one position."""
    angle = np.linspace(0, 2 * np.pi, 32)
    z = np.repeat(np.stack([np.cos(angle), np.sin(angle)], axis=1), 50, axis=0)
    z, values = np.vstack([z, [[9.0, 9.0]]]), np.append(np.repeat(np.arange(32), 50), 32)
    assert sine(mean_by_value(z, values)) > 0.85
    assert sine(mean_by_value(z[::50], values[::50])) < 0.6


@pytest.mark.parametrize("turns", [0.5, 0.6, 0.75, 0.9])
def test_less_than_a_circle_is_less_circular(turns):
    """As the eye has it; sine curves follow all of these arcs as they follow the circle."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, 32)
    arc = trajectory(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    whole = trajectory(circle(1, 32))
    assert sine(arc) == pytest.approx(1, abs=1e-3)
    assert circularity(arc) < 0.97 * circularity(whole)
    assert circularity(whole) == pytest.approx(1, abs=0.05)


def test_a_half_circle_in_closed_form():
    """Variances 1/2 and 1/2 - 4/pi^2: a line leaves the smaller one."""
    angle = np.linspace(0, np.pi, 5_000)
    half = trajectory(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    left = (0.5 - 4 / np.pi**2) / (1 - 4 / np.pi**2)
    assert circularity(half) == pytest.approx(2 * left, abs=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_is_no_circle_and_neither_is_a_path_that_turns(seed):
    rng = np.random.default_rng(seed)
    line = np.linspace(0, 1, 32)[:, np.newaxis] * rng.normal(size=5)
    assert circularity(trajectory(line)) < 1e-9
    turning = trajectory(smooth_random_path(rng))
    assert off_line(turning) > 0.4  # as curved as a circle
    assert circularity(turning) < 0.7


def test_without_a_path_there_is_no_sine():
    assert np.isnan(sine(trajectory(np.ones((5, 2)))))
    assert np.isnan(sine(mean_by_value(np.ones((3, 2)), [1, 1, 1])))


# --- Directions ---


@pytest.mark.parametrize("degrees", [0, 30, 90, 150])
def test_the_angle_between_two_lines(degrees):
    """Whichever way along them the attribute grows."""
    share = np.linspace(-1, 1, 20)[:, np.newaxis]
    turned = np.radians(degrees)
    other = trajectory(-share * [np.cos(turned), np.sin(turned)] + 5)
    expected = min(degrees, 180 - degrees)
    assert angle_between(trajectory(share * [1.0, 0.0]), other) == pytest.approx(expected, abs=1e-4)


def test_what_leads_nowhere_has_no_angle(rng):
    still = mean_by_value(np.tile([[1.0, 0.0], [-1.0, 0.0]], (3, 1)), np.repeat([0, 1, 2], 2))
    assert np.isnan(angle_between(still, trajectory(rng.normal(size=(5, 2)))))


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


# --- In the plane ---


def test_a_circle_in_ten_dimensions_is_a_circle_in_its_plane(rng):
    rotated = circle(1, 39, dimensions=10) @ np.linalg.qr(rng.normal(size=(10, 10)))[0] + 3
    flat = plane(rotated)
    np.testing.assert_allclose(flat.shares, [0.5, 0.5])
    np.testing.assert_allclose(np.linalg.norm(flat.points, axis=1), 1)
    steps = np.linalg.norm(np.diff(flat.points, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * np.sin(np.pi / 39))


def test_two_dimensions_are_the_plane():
    means = np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 6.0]])
    flat = plane(means)
    np.testing.assert_array_equal(flat.points, means)
    np.testing.assert_allclose(flat.shares, [0.75, 0.25])


@pytest.mark.parametrize("shape", [(1, 5), (5, 1)])
def test_a_line_is_no_plane(shape):
    with pytest.raises(ValueError, match="do not span a plane"):
        plane(np.zeros(shape))


def test_the_plane_leaves_empty_bins_out():
    path = mean_by_value(circle(1, 40), np.arange(40))
    holed = path._replace(counts=np.where(np.arange(40) == 7, 0, 1))
    assert holed.in_plane.points.shape == (39, 2)


# --- In numbers ---


def test_spread_is_the_radius_of_a_circle():
    assert spread(3 * circle(1, 39)) == pytest.approx(3)


def test_a_circle_in_numbers():
    measures = path_measures(trajectory(2 * circle(1, 39, dimensions=5)))
    assert (measures["images"], measures["values"]) == (39, 39)
    assert measures["spread"] == pytest.approx(2)
    assert measures["off_line"] == pytest.approx(0.5)
    assert measures["sine"] == pytest.approx(1, abs=1e-3)
    assert measures["plane"] == measures["explained"] == pytest.approx(1)
