"""Polygons to black-and-white pixels as a graphics card fills them, exactly and in bulk.

A card without anti-aliasing puts the corners on a grid of 1/256 px and turns a pixel on when its
centre is inside. A centre on a left or lower edge counts as inside, one on a right or upper edge
does not, so that polygons which share an edge leave no hole and no pixel is drawn twice (the
OpenGL specification's demand, section "Polygon Rasterization"). From the grid on, everything here
is integer arithmetic, hence exact. Overlaps follow the even-odd rule.

Coordinates are OpenGL's: the origin is the lower left corner of the image, and y points up.
"""

import numpy as np

SIZE = 64  # px, height and width of an image; a row of pixels is one 64-bit number
STEPS = 256  # per px; the grid of the corners

_CENTRES = (np.arange(SIZE)[::-1] * STEPS) + STEPS // 2  # of the image's rows, from the top, steps

# Entry c has the bits of columns c, c + 1, ..., 63: all pixels to the right of an edge.
_RIGHT_OF = np.array([(2**SIZE - 1) >> c << c for c in range(SIZE + 1)], np.uint64)


def snap(corners: np.ndarray) -> np.ndarray:
    """Corners in px to the nearest point of the card's grid, in steps of 1/256 px (int64)."""
    return np.rint(corners.astype(np.float64) * STEPS).astype(np.int64)


def fill_grid(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fill one polygon at every place of a grid of places.

    The places that share a row of the grid share their y, so that the rows of pixels which an edge
    crosses are found once per row of the grid.

    Args:
        x: (places across, corners) integer; the corners' x per column of the grid, steps.
        y: (places up, corners) integer; the corners' y per row of the grid, steps.

    Returns:
        (places up, places across, 64) uint64: a number per row of pixels from the top, whose bit c
        (the lowest is 0) is the pixel in column c; `unpack` makes pixels of it.
    """
    place, row, start = _crossings(y)
    end = (start + 1) % y.shape[1]
    height = (y[place, end] - y[place, start])[:, None]  # steps; never 0 where an edge crosses
    above = (_CENTRES[row] - y[place, start])[:, None]
    width = (x[:, end] - x[:, start]).T
    # The first column whose centre is not to the left of the edge: a quotient, rounded up.
    left = (x[:, start].T - STEPS // 2) * height + above * width
    column = -(-left // (STEPS * height))
    rows = np.zeros((len(y) * SIZE, len(x)), np.uint64)
    if len(row):
        pixel_row = place * SIZE + row
        first = np.flatnonzero(np.diff(pixel_row, prepend=-1))
        right_of = _RIGHT_OF[np.clip(column, 0, SIZE)]
        rows[pixel_row[first]] = np.bitwise_xor.reduceat(right_of, first)
    return rows.reshape(len(y), SIZE, len(x)).swapaxes(1, 2)


def unpack(rows: np.ndarray) -> np.ndarray:
    """Rows of pixels (..., 64) uint64 to images (..., 64, 64) uint8 of 0 and 1."""
    octets = np.ascontiguousarray(rows, "<u8")[..., None].view(np.uint8)
    return np.unpackbits(octets, axis=-1, bitorder="little")


def _crossings(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where an edge crosses the centres of a row of pixels: (place, row, edge), sorted by row."""
    above = y[:, None] > _CENTRES[:, None]
    return np.nonzero(above != np.roll(above, -1, axis=2))
