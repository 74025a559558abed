"""The parts of an image that are far from its borders and near them (Sections 4.5 and 4.8)."""

import numpy as np


def central(shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels of images (height, width) have their centre in the middle half of both axes.

    As many are left out at the start of an axis as at its end, whatever its size.
    """
    inside = [np.abs(np.arange(size) + 0.5 - size / 2) <= size / 4 for size in shape]
    return np.logical_and.outer(*inside)


def frame(shape: tuple[int, ...], width: int) -> np.ndarray:
    """Which pixels of images (height, width) are fewer than so many pixels from a border."""
    inside = [np.minimum(np.arange(size), np.arange(size)[::-1]) >= width for size in shape]
    return ~np.logical_and.outer(*inside)
