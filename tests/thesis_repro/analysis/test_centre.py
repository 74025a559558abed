"""The middle half of images, and what is near their borders."""

import numpy as np
import pytest

from thesis_repro.analysis.centre import central, frame


def test_the_centre_is_the_middle_half():
    mask = central((8, 8))
    assert mask[2:6, 2:6].all()
    assert mask.sum() == 16
    assert central((28, 28)).sum() == 14**2


@pytest.mark.parametrize(
    ("size", "inside"), [(3, [1]), (4, [1, 2]), (7, [2, 3, 4]), (14, [*range(3, 11)])]
)
def test_what_a_quarter_does_not_divide(size, inside):
    """Centres of pixels, 0.5, 1.5, ..., from a quarter of the size to three, both included."""
    assert np.flatnonzero(central((size, 12)).any(axis=1)).tolist() == inside


@pytest.mark.parametrize("shape", [(5, 6), (7, 9), (13, 14), (1, 2)])
def test_it_is_symmetric_and_never_empty(shape):
    mask = central(shape)
    np.testing.assert_array_equal(mask, mask[::-1, ::-1])
    np.testing.assert_array_equal(mask, central(shape[::-1]).T)
    assert mask.any()


def test_the_frame_is_as_wide_as_it_is_said():
    mask = frame((28, 28), 4)
    assert not mask[4:24, 4:24].any()
    assert mask.sum() == 28**2 - 20**2
    assert frame((6, 9), 2)[:, 2:7].sum() == 4 * 5
    assert frame((5, 5), 3).all()
    assert not frame((5, 5), 0).any()
