"""The stripe index on made maps, of which the answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from thesis_repro.analysis.stripes import (
    SIDES,
    contrasts,
    negative_stripes,
    padding_contrast,
    quarter_stripes,
    stripe_shares,
)

TOP, BOTTOM, LEFT, RIGHT = range(4)


def blank(size=14):
    return np.zeros((size, size, 1))


def line_at(side, value=1.0, elsewhere=0.0):
    maps = np.full((14, 14, 1), elsewhere)
    index = {TOP: np.s_[0], BOTTOM: np.s_[-1], LEFT: np.s_[:, 0], RIGHT: np.s_[:, -1]}[side]
    maps[index] = value
    return maps


def contrast(maps):
    return contrasts(maps)[:, 0]


# --- The index ---


@pytest.mark.parametrize("side", range(4))
def test_a_line_at_one_side_is_a_stripe_there_alone(side):
    found = contrast(line_at(side))
    assert found[side] == 1
    assert (np.delete(found, side) == 0).all()  # its ends are corners, which count for no side


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize(("border", "centre", "expected"), [(3, 1, 0.5), (1, 1, 0), (1, 3, -0.5)])
def test_by_hand(side, border, centre, expected):
    assert contrast(line_at(side, border, centre))[side] == pytest.approx(expected)


def test_a_uniform_map_has_none():
    assert (contrast(np.full((14, 14, 1), 0.7)) == 0).all()


def test_a_blob_in_the_centre_is_the_opposite():
    maps = blank()
    maps[5:9, 5:9] = 1
    assert (contrast(maps) == -1).all()


def test_a_negative_stripe_counts_as_a_positive_one():
    """ "Around zero everywhere except for the location of the stripes": there strongly negative."""
    np.testing.assert_array_equal(
        contrast(line_at(BOTTOM, -5.0, 0.1)), contrast(line_at(BOTTOM, 5.0, -0.1))
    )
    assert contrast(line_at(BOTTOM, -5.0, 0.1))[BOTTOM] == pytest.approx(4.9 / 5.1)


def test_a_silent_map_has_none():
    assert (contrast(blank()) == 0).all()


def test_corners_belong_to_no_side():
    maps = blank()
    maps[[0, 0, -1, -1], [0, -1, 0, -1]] = 9
    assert (contrast(maps) == 0).all()


def test_only_the_outermost_line_counts():
    maps = blank()
    maps[1] = 1
    found = contrast(maps)
    assert found[TOP] == 0
    assert (found[[LEFT, RIGHT]] == 1).all()  # the second line reaches both sides


def test_images_and_maps_at_once():
    maps = np.random.default_rng(0).normal(size=(3, 7, 9, 5))
    found = contrasts(maps)
    assert found.shape == (3, 4, 5)
    for image in range(3):
        for one in range(5):
            np.testing.assert_allclose(found[image, :, one], contrast(maps[image][..., [one]]))


@pytest.mark.parametrize("shape", [(2, 14, 1), (14, 1, 1)])
def test_maps_without_a_border_beside_a_centre(shape):
    with pytest.raises(ValueError, match="take a layer with maps of 3 x 3 px"):
        contrasts(np.ones(shape))


MAPS = arrays(
    np.float64,
    st.tuples(st.integers(3, 9), st.integers(3, 9), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-6 else 0.0),  # no underflow
)


@given(MAPS)
def test_transposed_maps_swap_the_sides(maps):
    found = contrasts(maps)
    assert (np.abs(found) <= 1).all()
    turned = contrasts(maps.swapaxes(0, 1))
    np.testing.assert_allclose(turned, found[[LEFT, RIGHT, TOP, BOTTOM]], atol=1e-9)
    mirrored = contrasts(maps[::-1, ::-1])
    np.testing.assert_allclose(mirrored, found[[BOTTOM, TOP, RIGHT, LEFT]], atol=1e-9)


@given(MAPS, st.sampled_from([-4.0, 0.5, 1024.0]))
def test_scale_and_sign_do_not_matter(maps, factor):
    np.testing.assert_allclose(contrasts(maps * factor), contrasts(maps), atol=1e-9)


# --- Shares of a layer ---


def test_shares_of_a_layer():
    """Striped at the top, bottom, left, and top and right; a weak stripe, a blob, a silent map."""
    blob = blank()
    blob[5:9, 5:9] = 1
    maps = [line_at(TOP), line_at(BOTTOM, -1.0), line_at(LEFT), line_at(TOP) + line_at(RIGHT)]
    maps += [line_at(TOP, 2.9, 1.0), blob, blank(), blob]
    found = stripe_shares(np.concatenate(maps, axis=-1))
    assert found.top == 2 / 8
    assert (found.bottom, found.left, found.right) == (1 / 8, 1 / 8, 1 / 8)
    assert (found.horizontal, found.vertical, found.any) == (3 / 8, 2 / 8, 4 / 8)
    assert found.silent == 1 / 8


def test_sides_are_named_in_the_order_of_the_index():
    for index, side in enumerate(SIDES):
        found = stripe_shares(line_at(index))._asdict()
        assert [name for name in SIDES if found[name]] == [side]


# --- White and black against padding ---


def test_white_and_black_by_hand():
    """The lower left quarter has a stripe of 6 above 1, the lower right one nothing at all.

    Its outer lines are that stripe and, at the left, ones.
    """
    maps = blank()
    maps[7:, :7] = 1
    maps[-1, :7] = 6
    found = padding_contrast(maps)
    level = (42 + 42) / 14**2
    assert found.activity_of_white == pytest.approx((6 + 1) / 2 / level)
    assert found.activity_of_black == 0
    assert (found.striped_of_white, found.striped_of_black) == (1, 0)
    assert found.black_to_white == 0


def test_left_is_white_and_right_is_black():
    maps = blank()
    maps[-1, 7:] = -2
    found = padding_contrast(maps)
    assert (found.activity_of_white, found.striped_of_white) == (0, 0)
    assert found.activity_of_black > 0
    assert found.striped_of_black == 1
    assert np.isnan(found.black_to_white)


def test_a_vertical_stripe_at_the_bottom_of_the_right_side_counts():
    """A network whose stripes are vertical has them there; black answers as white would."""
    black, white = blank(), blank()
    black[7:, -1] = white[7:, 0] = -4
    found, mirrored = padding_contrast(black), padding_contrast(white)
    assert (found.striped_of_white, found.striped_of_black) == (0, 1)
    assert found.activity_of_black == mirrored.activity_of_white > found.activity_of_white == 0
    assert (mirrored.striped_of_white, mirrored.striped_of_black) == (1, 0)


def test_stripes_between_white_and_black_are_none_against_padding():
    maps = blank()
    maps[7:, 6:8] = 5
    maps[7, :] = 5
    assert padding_contrast(maps)[2:] == (0, 0)


def test_silent_maps_have_no_contrast():
    found = padding_contrast(blank())
    assert found == (0, 0, 0, 0)


def test_what_is_above_does_not_matter_to_stripes():
    maps = blank()
    maps[:7] = 100
    maps[-1, :7] = 1
    assert padding_contrast(maps).striped_of_white == 1


# --- The sign of stripes ---


def test_negative_stripes_are_counted_by_the_strongest_one():
    """Negative, positive, positive and a stronger negative, negative but weak, none."""
    both = line_at(TOP, 2.0, 0.1) + line_at(LEFT, -6.0)
    maps = [line_at(TOP, -5.0, 0.1), line_at(TOP, 5.0, 0.1), both, line_at(TOP, -2.0, 1.0), blank()]
    activity = np.concatenate(maps, axis=-1)
    assert negative_stripes(activity, np.abs(activity)) == 2 / 5


def test_activity_of_both_signs_in_a_stripe_counts_by_its_mean():
    """Its size says that there is a stripe, the mean over images and pixels which sign it has."""
    size = line_at(BOTTOM, 5.0, 0.1)
    assert negative_stripes(line_at(BOTTOM, 1.0, 0.0), size) == 0
    assert negative_stripes(line_at(BOTTOM, -1.0, 0.0), size) == 1


# --- Stripes by quarter ---


def quarter(row, column, side):
    """A map with a stripe along one outer side of a quarter, without corners."""
    maps = blank()
    outer = {"top": 0, "left": 0, "bottom": -1, "right": -1}
    along = {"top": slice(1, 6), "left": slice(1, 6), "bottom": slice(8, 13), "right": slice(8, 13)}
    if side in ("top", "bottom"):
        maps[outer[side], along[column]] = 1
    else:
        maps[along[row], outer[side]] = 1
    return maps


def test_stripes_in_one_lower_quarter():
    """At its bottom or at its outer side; not above, not in both, and not in none."""
    lower = [quarter("bottom", "left", "bottom"), quarter("bottom", "right", "right")]
    upper = [quarter("top", "left", "top"), quarter("top", "right", "right")]
    both = lower[0] + quarter("bottom", "right", "bottom")
    found = quarter_stripes(np.concatenate([*lower, *upper, both, blank()], axis=-1))
    assert found.striped == 5 / 6
    assert found.in_one_lower_quarter == 2 / 5


def test_without_stripes_there_is_no_quarter_to_speak_of():
    found = quarter_stripes(np.ones((14, 14, 3)))
    assert found.striped == 0
    assert np.isnan(found.in_one_lower_quarter)


def test_stripes_on_all_sides_are_in_no_quarter_alone():
    """As an untrained network's, which padding makes all around."""
    maps = blank()
    maps[[0, -1]] = 1
    maps[:, [0, -1]] = 1
    assert quarter_stripes(maps) == (1, 0)
