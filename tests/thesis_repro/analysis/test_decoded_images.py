"""Decoded images whose sizes, colours and overlaps are known."""

import numpy as np
import pytest

from thesis_repro.analysis.decoded_images import (
    decoded_together,
    overlap_measures,
    overlaps,
    shrunk,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_parts_are_decoded_together_and_come_apart(rng):
    parts = {"a": rng.normal(size=(3, 2)), ("b", 1): rng.normal(size=(120, 2))}
    sizes = []

    def decode(layers):
        (z,) = layers
        sizes.append(len(z))
        return z[:, np.newaxis, np.newaxis] * np.ones((1, 4, 4, 1))

    images = decoded_together(decode, parts)
    assert sizes == [123]  # in one call, which decodes in batches
    for name, z in parts.items():
        np.testing.assert_allclose(images[name][:, 0, 0], z, rtol=1e-6)


def test_images_shrink_by_block_means(rng):
    images = rng.random((2, 8, 8, 3))
    small = shrunk(images, 4)
    np.testing.assert_allclose(small[1, 2, 3], images[1, 4:6, 6:8].mean(axis=(0, 1)))
    np.testing.assert_array_equal(shrunk(images, 8), images)


def test_overlaps():
    images = np.zeros((4, 2, 4, 1))
    images[:2, 0] = 1
    true = np.zeros_like(images)
    true[0, 0], true[1, :, :2], true[2, 0] = 1, 1, 1
    np.testing.assert_allclose(overlaps(images, true), [1, 2 / 6, 0, 0])


def test_the_ends_of_a_path_do_not_count():
    true = np.ones((4, 2, 2, 1))
    images = true.copy()
    images[2, 0] = 0.4
    expected = {"images": 2, "overlap": 0.75, "lowest_overlap": 0.5, "overlap_of_ends": 0.75}
    expected["overlap_of_one"] = 1  # all are the same
    assert overlap_measures(images, true) == expected
    images[[0, -1]] = 0
    assert overlap_measures(images, true) == expected


def test_what_moves_is_nearer_to_the_way_than_to_its_ends():
    """A bar of two pixels that moves by one pixel a step: neighbours share one of three."""
    true = np.zeros((5, 1, 6, 1))
    for index in range(5):
        true[index, 0, index : index + 2] = 1
    moving = overlap_measures(true, true)
    assert (moving["overlap"], moving["overlap_of_ends"]) == pytest.approx((1, 2 / 9))
    jumping = overlap_measures(true[[0, 0, 0, 4, 4]], true)
    assert (jumping["overlap"], jumping["overlap_of_ends"]) == pytest.approx((2 / 9, 1))


def test_one_picture_for_all_is_what_half_of_them_have():
    """Three bars between the ends: columns 1-2, 2-3 and 3-4, of which two share 2 and two share 3.

    The picture of columns 2 and 3 has one of three, two of two and one of three in common.
    """
    true = np.zeros((5, 1, 6, 1))
    for index in range(5):
        true[index, 0, index : index + 2] = 1
    expected = (1 / 3 + 1 + 1 / 3) / 3
    for images in (true, true[[0, 0, 0, 4, 4]]):  # whatever is decoded
        assert overlap_measures(images, true)["overlap_of_one"] == pytest.approx(expected)
