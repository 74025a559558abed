"""Many images in one picture."""

import numpy as np


def tiled(images: np.ndarray, columns: int, gap: int = 0) -> np.ndarray:
    """Images (n, height, width, ...) side by side in rows of so many, in their order: float64.

    The gaps (px) between them, and places after the last, are NaN.
    """
    count, height, width, *channels = images.shape
    rows = -(-count // columns)
    down, across = height + gap, width + gap
    places = np.full((rows * columns, down, across, *channels), np.nan)
    places[:count, :height, :width] = images
    grid = places.reshape(rows, columns, down, across, *channels).swapaxes(1, 2)
    picture = grid.reshape(rows * down, columns * across, *channels)
    return picture[: rows * down - gap, : columns * across - gap]
