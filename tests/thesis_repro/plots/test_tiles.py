"""Images in one picture: each in its place, nothing between them but gaps."""

import numpy as np
import pytest

from thesis_repro.plots.tiles import tiled


@pytest.mark.parametrize("gap", [0, 1, 3])
@pytest.mark.parametrize(("count", "columns"), [(1, 1), (6, 3), (7, 3), (2, 5), (16, 4)])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_every_image_is_in_its_place(count, columns, gap, channels):
    images = np.random.default_rng(0).random((count, 4, 5, *channels))
    picture = tiled(images, columns, gap)
    rows = -(-count // columns)
    assert picture.shape == (rows * (4 + gap) - gap, columns * (5 + gap) - gap, *channels)
    for number, image in enumerate(images):
        top, left = number // columns * (4 + gap), number % columns * (5 + gap)
        np.testing.assert_array_equal(picture[top : top + 4, left : left + 5], image)
    assert np.isfinite(picture).sum() == images.size  # all else is NaN


def test_bytes_can_be_tiled():
    assert np.isnan(tiled(np.zeros((1, 3, 3), np.uint8), 2)[:, 3:]).all()
