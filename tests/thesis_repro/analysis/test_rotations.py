"""Circles and periods of rotations whose answers are known."""

import numpy as np
import pytest

from data_prep.dsprites_renderer import FACTOR_SIZES, FACTORS, SHAPES, render
from thesis_repro.analysis.designs import Design, drawn_images
from thesis_repro.analysis.rotations import (
    ORIENTATIONS,
    SHOWN_ORIENTATIONS,
    STEP,
    closure,
    gap,
    half_circle,
    harmonic_shares,
    radius_sd,
    rotation_measures,
    rotation_period,
    shown_positions,
)
from thesis_repro.analysis.trajectories import mean_by_value

SYMMETRY = {"square": 4, "ellipse": 2, "heart": 1}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def circle(turns, count, dimensions=2):
    """Positions on a unit circle in the first two of so many dimensions."""
    angle = 2 * np.pi * turns * np.arange(count) / count
    flat = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.pad(flat, ((0, 0), (0, dimensions - 2)))


def whole_turn(turns):
    """Orientation by orientation, of which the 40th is the first again."""
    return np.vstack([around := circle(turns, ORIENTATIONS), around[:1]])


def trajectory(positions):
    """Each position once, without any scatter."""
    return mean_by_value(positions, np.arange(len(positions)))


# --- The orientations that are shown ---


def test_shown_orientations_are_a_quarter_or_half_by_count():
    assert {FACTOR_SIZES[3] // count for count in SHOWN_ORIENTATIONS.values()} == {4, 2}
    assert FACTOR_SIZES[3] // SHOWN_ORIENTATIONS["square"] == 4


def test_figure_41_shows_them_in_the_plane_of_their_own_means():
    angles, points = shown_positions(trajectory(circle(1, 40, dimensions=6)), "ellipse")
    np.testing.assert_allclose(angles, np.arange(20) * 360 / 39)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * np.sin(np.pi / 40))


def test_the_shapes_are_turned_by_half_a_circle_of_codes():
    middle = {"scale": 5, "x": 16, "y": 16}
    classes = drawn_images("turned", [Design(("shape", "orientation"), middle)]).known["classes"]
    assert len(classes) == 3 * 40
    degrees = []
    for index, shape in enumerate(SHAPES):
        turned = classes[half_circle(classes, shape)]
        orientations = turned[:, FACTORS.index("orientation")]
        np.testing.assert_array_equal(orientations, np.arange(len(turned)))
        assert set(turned[:, FACTORS.index("shape")]) == {index}
        degrees.append(STEP * (len(turned) - 1))
    assert degrees == pytest.approx([45, 90, 90], abs=2.5)


# --- Closure and roundness ---


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


def test_closure_is_sought_after_the_path_has_been_far():
    there_and_back = np.array([[0.0], [0.1], [1.0], [2.0], [1.0], [0.5], [0.9]])
    assert closure(there_and_back) == (5, 0.25)
    away = np.arange(5.0)[:, np.newaxis]
    assert closure(away) == (4, 1)
    twice = np.tile(whole_turn(3)[:13], (3, 1))[:21]  # farthest in the second round, by a rounding
    twice[20] *= 1.01
    assert closure(twice) == pytest.approx((13, 0), abs=1e-9)


def test_a_path_closes_between_two_orientations():
    """Pi is 19.5 steps of 39: steps 19 and 20 are equally near, and neither is where it closes."""
    steps, left = closure(whole_turn(2)[:21])
    assert STEP * steps == pytest.approx(180)
    assert left == pytest.approx((1 - np.cos(2 * np.pi / 39)) / 2, abs=2e-4)  # of a chord
    heart = rotation_measures(trajectory(whole_turn(2)), "heart")
    assert heart["closes"] == pytest.approx(180)
    early = closure(circle(2.1, ORIENTATIONS)[:21])
    assert STEP * early.steps == pytest.approx(360 / 2.1, abs=0.2)


def test_roundness():
    assert radius_sd(3 * circle(1, 39) + 5) == pytest.approx(0)
    square = np.array([(1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1.0)])
    away = np.array([1, np.sqrt(2)])
    assert radius_sd(square) == pytest.approx(away.std() / away.mean())
    assert np.isnan(radius_sd(np.ones((3, 2))))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rotation_closes_when_its_pictures_repeat(shape):
    measures = rotation_measures(trajectory(whole_turn(SYMMETRY[shape])), shape)
    assert measures["repeats"] == measures["period"] == 360 / SYMMETRY[shape]
    assert measures["period_share"] == pytest.approx(1)
    assert measures[f"harmonic_{SYMMETRY[shape]}"] == pytest.approx(1)
    assert measures["plane"] == pytest.approx(1)
    assert measures["off_line"] == pytest.approx(0.5, abs=0.02)
    assert measures["spread"] == pytest.approx(1, abs=0.02)
    if shape == "heart":  # its half circle ends where it is farthest
        assert (measures["gap"], measures["closing_gap"]) == pytest.approx((1, 1), abs=0.01)
    else:
        assert measures["closes"] == pytest.approx(360 / SYMMETRY[shape], abs=0.1)
        assert measures["closing_gap"] < 0.03
        assert measures["radius_sd"] < 0.1


def test_a_heart_that_closes_early_is_seen():
    """Three circles in a whole turn: after 120 degrees, 13 steps."""
    measures = rotation_measures(trajectory(whole_turn(3)), "heart")
    assert (measures["repeats"], measures["period"]) == (360, 120)
    assert (measures["closes"], measures["closing_gap"]) == pytest.approx((120, 0), abs=1e-9)
    assert measures["gap"] > 0.9


def test_a_layer_in_which_nothing_moves_has_no_period():
    measures = rotation_measures(trajectory(np.ones((40, 4))), "heart")
    assert measures == {"repeats": 360, "spread": 0}


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
    period = rotation_period(trajectory(z))
    assert period.degrees == pytest.approx(degrees)
    assert 0.5 < period.share < 1


@pytest.mark.parametrize(("shape", "degrees"), [("square", 90), ("ellipse", 180), ("heart", 360)])
def test_pictures_turn_with_the_periods_of_their_shapes(shape, degrees):
    """The pixels of dSprites themselves as codes, averaged over the scales as in Figure 41."""
    turns = np.arange(FACTOR_SIZES[3])
    classes = [
        (0, SHAPES.index(shape), scale, turn, 16, 16) for scale in range(6) for turn in turns
    ]
    pixels = render(np.array(classes)).reshape(len(classes), -1)
    path = mean_by_value(pixels, np.tile(turns, 6))
    assert rotation_period(path).degrees == pytest.approx(degrees)


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
