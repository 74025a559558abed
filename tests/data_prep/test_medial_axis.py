"""Medial axes and distances against definitions, SciPy and scikit-image."""

import numpy as np
import pytest
from scipy import ndimage

from data_prep.medial_axis import medial_axes, squared_distances

SHAPE = (21, 34)  # px


def masks(rng: np.random.Generator, count: int) -> np.ndarray:
    """Blobs of all sizes, from single pixels to almost everything, touching borders too."""
    noise = ndimage.gaussian_filter(rng.normal(size=(count, *SHAPE)), (0, 1.5, 1.5))
    levels = np.quantile(noise, np.linspace(0.02, 0.98, count), axis=(1, 2)).diagonal()
    result = noise > levels[:, np.newaxis, np.newaxis]
    assert result.any(axis=(1, 2)).all()
    return result


def drawn(rows: list[str]) -> np.ndarray:
    return np.array([[letter == "#" for letter in row] for row in rows])


def test_distances_equal_scipys():
    batch = masks(np.random.default_rng(3), 60)
    expected = [ndimage.distance_transform_edt(mask) ** 2 for mask in batch]
    np.testing.assert_array_equal(squared_distances(batch), np.rint(expected))


def test_one_background_pixel_in_a_corner():
    mask = np.ones((1, 300, 260), bool)
    mask[0, 0, 0] = False
    y, x = np.indices(mask.shape[1:])
    np.testing.assert_array_equal(squared_distances(mask)[0], y**2 + x**2)


def test_equals_scikit_image(monkeypatch):
    morphology = pytest.importorskip("skimage.morphology", reason="scikit-image is not installed")
    # Versions up to 0.18 broke ties with this generator; later ones take any.
    monkeypatch.setattr(np.random, "default_rng", lambda _: np.random.RandomState(0))
    batch = masks(np.random.Generator(np.random.PCG64(4)), 25)
    skeleton, distance = medial_axes(batch)
    for number, mask in enumerate(batch):
        expected = morphology.medial_axis(mask, return_distance=True)
        np.testing.assert_array_equal(skeleton[number], expected[0])
        np.testing.assert_array_equal(distance[number], expected[1])


def test_rectangle_keeps_middle_line_and_diagonals():
    mask = np.zeros((1, 9, 15), bool)
    mask[0, 2:7, 2:13] = True
    expected = [
        "...............",
        "...............",
        "..#.........#..",
        "...#.......#...",
        "....#######....",
        "...#.......#...",
        "..#.........#..",
        "...............",
        "...............",
    ]
    np.testing.assert_array_equal(medial_axes(mask).skeleton[0], drawn(expected))


def test_nothing_is_parted_or_lost():
    touching = np.ones((3, 3))  # by sides or corners
    batch = masks(np.random.default_rng(5), 40)
    for mask, skeleton in zip(batch, medial_axes(batch).skeleton, strict=True):
        assert not (skeleton & ~mask).any()
        parts, count = ndimage.label(mask, touching)
        assert ndimage.label(skeleton, touching)[1] == count
        assert len(np.unique(parts[skeleton])) == count


@pytest.mark.parametrize("line", [["....", ".##.", "...."], ["#...", ".#..", "..#."], ["..", ".#"]])
def test_thin_lines_stay(line):
    mask = drawn(line)[np.newaxis]
    np.testing.assert_array_equal(medial_axes(mask).skeleton, mask)


def test_independent_of_the_batch():
    batch = masks(np.random.default_rng(6), 12)
    together = medial_axes(batch).skeleton
    alone = np.concatenate([medial_axes(mask[np.newaxis]).skeleton for mask in batch])
    np.testing.assert_array_equal(together, alone)


def test_nothing_in_nothing_out():
    assert not medial_axes(np.zeros((2, 5, 6), bool)).skeleton.any()
    assert medial_axes(np.zeros((0, 5, 6), bool)).distance.shape == (0, 5, 6)


def test_no_background():
    with pytest.raises(ValueError, match="without background"):
        medial_axes(np.ones((1, 5, 6), bool))
