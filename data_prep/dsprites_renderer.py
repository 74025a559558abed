"""The images of dSprites, drawn anew from their six factors.

The official images were drawn with LÖVE, a framework for games on top of OpenGL (README of
deepmind/dsprites-dataset); the program is not public. What it did was recovered from 55,013 of the
official images: the outlines are polygons with round constants, and OpenGL's float32 arithmetic
decides the corners that lie between two points of the graphics card's grid. Of those images 55,012
come out bit for bit, and the one other differs in one pixel. The order of the roundings was chosen
by a handful of those images, and 8 differ with float64 instead. Of 9,959 other official images,
compared once, one differs in one pixel, too (docs/data.md): among the images that were never
compared, about one in 10,000 may.
"""

from typing import NamedTuple

import numpy as np

from data_prep.rasterizer import SIZE, fill_grid, snap, unpack

FACTORS = ("color", "shape", "scale", "orientation", "x", "y")
FACTOR_SIZES = (1, 3, 6, 40, 32, 32)
SHAPES = ("square", "ellipse", "heart")
COUNT = 737_280

# The official `latents_values`; colour and shape count from 1.
_SCALES = np.linspace(0.5, 1, 6)
_ORIENTATIONS = np.linspace(0, 2 * np.pi, 40)  # rad; the first and the last are the same
_POSITIONS = np.linspace(0, 1, 32)  # of the middle half of the image
_VALUES = (
    np.array([1.0]),
    np.array([1.0, 2.0, 3.0]),
    _SCALES,
    _ORIENTATIONS,
    _POSITIONS,
    _POSITIONS,
)

# Recovered from the official images; with any other number of corners that was tried (50 to 200),
# more than 5 % of the ellipses or hearts differ.
_HALF = 0.15 * SIZE  # px; half the side of the largest square, half the width of the heart
_ELLIPSE_CORNERS = 100
_ELLIPSE_STRETCH = 1.33  # the half axes are _HALF times this and _HALF divided by this
_HEART_CORNERS = 150
_HEART_HEIGHT = 14.5  # this many of the curve's own units are _HALF long
_HEART_LIFT = -0.15 * _HALF  # px; y (down) of the curve's origin, before it is turned


class _Outline(NamedTuple):
    """A shape at scale 1, not turned; float32, px, y down."""

    corners: np.ndarray  # (corners, 2), x and y
    lift: np.float32  # added to y, but by a matrix of its own


def classes_of(index: np.ndarray) -> np.ndarray:
    """Rows of the official file (n,) to the classes of the six factors (n, 6) int64.

    Raises:
        ValueError: A row below 0 or from 737,280 on.
    """
    return np.stack(np.unravel_index(index, FACTOR_SIZES), axis=-1)


def values_of(classes: np.ndarray) -> np.ndarray:
    """Classes (n, 6) to values (n, 6) float64, equal bit for bit to the official ones.

    Raises:
        ValueError: Classes that are not six integers per image, each below its factor's size.
    """
    classes = _checked(classes)
    return np.stack([v[column] for v, column in zip(_VALUES, classes.T, strict=True)], axis=-1)


def render(classes: np.ndarray) -> np.ndarray:
    """Draw images; those that differ in position only are drawn together, which is fast.

    Args:
        classes: (n, 6) integer, in any order.

    Returns:
        (n, 64, 64) uint8 of 0 and 1, like the official `imgs`.

    Raises:
        ValueError: Classes that are not six integers per image, each below its factor's size.
    """
    classes = _checked(classes)
    images = np.empty((len(classes), SIZE, SIZE), np.uint8)
    figure = np.ravel_multi_index(classes[:, 1:4].T, FACTOR_SIZES[1:4])
    order = np.argsort(figure, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(figure[order])) + 1):
        if len(members):
            images[members] = _draw(classes[members])
    return images


def _checked(classes: np.ndarray) -> np.ndarray:
    classes = np.asarray(classes)
    if classes.ndim != 2 or classes.shape[1] != len(FACTORS):
        raise ValueError(f"classes have the shape {classes.shape}, not (n, {len(FACTORS)})")
    if not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(f"classes are {classes.dtype}, not integers")
    for name, size, column in zip(FACTORS, FACTOR_SIZES, classes.T, strict=True):
        if ((column < 0) | (column >= size)).any():
            raise ValueError(f"a class of {name} is outside 0 to {size - 1}")
    return classes.astype(np.int64)


def _draw(classes: np.ndarray) -> np.ndarray:
    """Draw images of one shape, scale and orientation: (n, 6) to (n, 64, 64)."""
    _, shape, scale, orientation, _, _ = classes[0]
    across, column = np.unique(classes[:, 4], return_inverse=True)
    down, row = np.unique(classes[:, 5], return_inverse=True)
    outline = _OUTLINES[shape]
    matrix = _matrix(_SCALES[scale], _ORIENTATIONS[orientation])
    x = _place(outline, matrix[0], _POSITIONS[across])
    y = _place(outline, matrix[1], _POSITIONS[down])
    half = SIZE // 2
    rows = fill_grid(snap(half + x * half), snap(half - y * half))  # OpenGL's y points up
    return unpack(rows[row, column])


def _matrix(scale: float, orientation: float) -> np.ndarray:
    """Scale and turn by minus the orientation (rad): (2, 2) float32."""
    # Computed in float64 and then rounded: float32 cosines differ between processors.
    angle = np.float64(np.float32(-orientation))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn.astype(np.float32) * np.float32(scale)


def _place(outline: _Outline, matrix_row: np.ndarray, position: np.ndarray) -> np.ndarray:
    """One coordinate of the corners at each position: -1 to 1 across the image, y down.

    Every product and sum is rounded to float32, in the order of LÖVE's and OpenGL's matrices.

    Args:
        outline: The shape.
        matrix_row: (2,) float32, of the coordinate wanted.
        position: (places,) 0 to 1.

    Returns:
        (places, corners) float32.
    """
    by_x, by_y = matrix_row
    half = np.float32(SIZE / 2)
    origin = (SIZE * (0.25 + 0.5 * position)).astype(np.float32) + by_y * outline.lift
    x, y = (outline.corners / half).T
    return (by_x * x + by_y * y) + (origin / half - 1)[:, None]


def _circle(corners: int) -> np.ndarray:
    """Angles (rad) of equally spaced corners."""
    return np.arange(corners) * 2 * np.pi / corners


def _square() -> _Outline:
    return _outline(np.array([-1, 1, 1, -1]), np.array([-1, -1, 1, 1]))


def _ellipse() -> _Outline:
    t = _circle(_ELLIPSE_CORNERS)
    return _outline(_ELLIPSE_STRETCH * np.cos(t), np.sin(t) / _ELLIPSE_STRETCH)


def _heart() -> _Outline:
    """The heart curve of sines and cosines in Weisstein's MathWorld, "Heart Curve"."""
    t = _circle(_HEART_CORNERS)
    up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return _outline(np.sin(t) ** 3, -up / _HEART_HEIGHT, _HEART_LIFT)


def _outline(x: np.ndarray, y: np.ndarray, lift: float = 0.0) -> _Outline:
    return _Outline((np.stack([x, y], axis=-1) * _HALF).astype(np.float32), np.float32(lift))


_OUTLINES = (_square(), _ellipse(), _heart())  # in the order of SHAPES
