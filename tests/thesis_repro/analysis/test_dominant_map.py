"""The most active map: its share by hand, and what it resembles."""

import numpy as np
import pytest

from thesis_repro.analysis.artificial_images import artificial_images
from thesis_repro.analysis.dominant_map import dominant_map, one_map

IMAGE = artificial_images()["i"]


def checkered(sign=1.0):
    """What image (i) is at 14 x 14 px: bright at the top right and at the bottom left."""
    row, column = np.indices((14, 14)) < 7
    return sign * np.where(row != column, 1.0, 0.0)


def test_share_by_hand():
    """Of 49 of 14 x 14 px of 1 each, twice, a map with 98 and one of negative 0.5 everywhere."""
    maps = np.stack([np.full((14, 14), -0.5), 3 * checkered()], axis=-1)
    assert dominant_map(maps) == 1
    assert one_map(maps, IMAGE, 1).share == pytest.approx(3 * 98 / (3 * 98 + 98))
    assert one_map(maps, IMAGE, 0).share == pytest.approx(98 / (3 * 98 + 98))


@pytest.mark.parametrize(("sign", "expected"), [(1.0, 1), (-1.0, -1)])
def test_resemblance_is_the_correlation_with_the_image(sign, expected):
    maps = np.stack([checkered(sign), np.zeros((14, 14))], axis=-1)
    assert one_map(maps, IMAGE, 0).resemblance == pytest.approx(expected)


def test_a_coloured_image_counts_by_its_brightness():
    image = np.zeros((28, 28, 3), np.uint8)
    image[:, :14] = (255, 0, 30)
    maps = np.zeros((7, 7, 1))
    maps[:, :3] = 1
    maps[:, 3] = 0.5  # half of its pixels are bright
    assert one_map(maps, image, 0).resemblance == pytest.approx(1)


def test_noise_resembles_nothing():
    maps = np.random.default_rng(0).normal(size=(14, 14, 50))
    found = one_map(maps, IMAGE, dominant_map(maps))
    assert found.share < 0.03
    assert abs(found.resemblance) < 0.3


def test_what_is_undefined():
    flat = one_map(np.ones((14, 14, 2)), IMAGE, 1)
    assert flat.share == 0.5
    assert np.isnan(flat.resemblance)
    assert np.isnan(one_map(np.zeros((14, 14, 2)), IMAGE, 0)).all()
    assert np.isnan(one_map(checkered()[..., np.newaxis], np.zeros_like(IMAGE), 0).resemblance)
