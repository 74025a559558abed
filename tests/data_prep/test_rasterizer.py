"""The polygon fill, against edge functions in exact integers and squares worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest

from data_prep.rasterizer import SIZE, STEPS, fill_grid, snap, unpack

# Of the image's pixels, in steps, y up: (row, column).
CENTRE_Y, CENTRE_X = np.meshgrid(
    (np.arange(SIZE)[::-1] * 2 + 1) * STEPS // 2,
    (np.arange(SIZE) * 2 + 1) * STEPS // 2,
    indexing="ij",
)


def fill(corners) -> np.ndarray:
    """One polygon, (corners, 2) in steps, to one image of truth values."""
    x, y = np.asarray(corners).T
    return unpack(fill_grid(x[None], y[None]))[0, 0].astype(bool)


def triangle(a, b, c) -> np.ndarray:
    """The card's rule for a triangle: to the left of its edges, or on a left or lower one."""
    if np.linalg.det([b - a, c - a]) < 0:
        b, c = c, b
    inside = np.ones((SIZE, SIZE), bool)
    for (x0, y0), (x1, y1) in ((a, b), (b, c), (c, a)):
        side = (x1 - x0) * (CENTRE_Y - y0) - (y1 - y0) * (CENTRE_X - x0)
        is_left, is_lower = y1 < y0, y1 == y0 and x1 > x0
        inside &= (side > 0) | ((side == 0) & (is_left or is_lower))
    return inside


# Corners on pixels' centres and borders make ties; others come close to none.
@pytest.mark.parametrize("grid", [1, 7, STEPS // 2, STEPS])
@pytest.mark.parametrize("corners", [3, 4, 5, 9])
def test_polygons_against_the_edge_functions_of_their_triangles(grid, corners):
    rng = np.random.default_rng(corners)
    for _ in range(20):
        # Some corners lie outside the image; most of these polygons cross themselves.
        polygon = (
            rng.integers(-10 * STEPS // grid, (SIZE + 10) * STEPS // grid, (corners, 2)) * grid
        )
        expected = np.zeros((SIZE, SIZE), bool)
        for second, third in pairwise(polygon[1:]):
            expected ^= triangle(polygon[0], second, third)
        np.testing.assert_array_equal(fill(polygon), expected)


def test_a_square_by_hand():
    """From centre to centre: the left and the lower row of centres count, the others do not."""
    left, lower, right, upper = (np.array([10.5, 20.5, 13.5, 22.5]) * STEPS).astype(int)
    image = fill([(left, lower), (right, lower), (right, upper), (left, upper)])
    rows, columns = np.nonzero(image)
    assert sorted(set(rows)) == [63 - 21, 63 - 20]
    assert sorted(set(columns)) == [10, 11, 12]
    assert image.sum() == 6


def test_the_whole_image_and_nothing():
    beyond = 1_000 * STEPS
    assert fill([(-beyond, -beyond), (beyond, -beyond), (beyond, beyond), (-beyond, beyond)]).all()
    assert not fill([(beyond, 0), (beyond + 1, 0), (beyond, beyond)]).any()
    assert not fill([(0, 0), (5_000, 5_000), (0, 0)]).any()
    assert not fill([(0, beyond), (5_000, beyond), (0, beyond + 1)]).any()


def test_shared_edges_leave_no_hole_and_no_overlap():
    rng = np.random.default_rng(0)
    for _ in range(20):
        middle = rng.integers(1, 2 * SIZE, 2) * STEPS // 2
        ends = np.array([(0, 0), (SIZE, 0), (SIZE, SIZE), (0, SIZE)]) * STEPS
        parts = [fill([middle, ends[k], ends[(k + 1) % 4]]) for k in range(4)]
        assert (np.sum(parts, axis=0) == 1).all()


def test_a_grid_of_places_is_each_place_alone():
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, SIZE * STEPS, (places, 6)) for places in (5, 3))
    images = unpack(fill_grid(x, y))
    assert images.shape == (3, 5, SIZE, SIZE)
    for row in range(3):
        for column in range(5):
            alone = fill(np.stack([x[column], y[row]], axis=-1))
            np.testing.assert_array_equal(images[row, column], alone)


def test_snap_to_the_nearest_step():
    px = np.array([1, 1 + 0.4 / 256, 1 + 0.6 / 256, 1.5], np.float32)
    np.testing.assert_array_equal(snap(px), np.array([256, 256, 257, 384]), strict=True)


def test_unpack_puts_the_lowest_bit_left():
    rows = np.zeros(SIZE, np.uint64)
    rows[2] = 1 << 3 | 1 << 63
    assert np.argwhere(unpack(rows)).tolist() == [[2, 3], [2, 63]]
