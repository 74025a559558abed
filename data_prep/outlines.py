"""Smooth outlines from a few points, and mixed colours: what the stand-in faces are drawn with."""

from collections.abc import Sequence
from functools import cache

import numpy as np

Colour = tuple[int, int, int]
Points = np.ndarray | Sequence[tuple[float, float]]

CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 25)[:-1]) for f in (np.cos, np.sin)], axis=-1)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two, `share` of it the second."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def loop(points: Points) -> np.ndarray:
    """An outline with its corners rounded."""
    return _cutting(len(points), True) @ points


def line(points: Points) -> np.ndarray:
    """A line with its corners rounded and its ends kept."""
    return _cutting(len(points), False) @ points


def mirrored(points: Points) -> np.ndarray:
    """Points on the other side, the last one first."""
    return np.multiply(points, (-1, 1))[::-1]


def symmetric(right: Points) -> np.ndarray:
    """The rounded outline whose right half is given from top to bottom."""
    return loop([*right, *mirrored(right)])


def oval(x: float, y: float, width: float, height: float) -> np.ndarray:
    """An ellipse of 24 points; `width` and `height` are half axes."""
    return np.add((x, y), CIRCLE * (width, height))


@cache
def _cutting(count: int, closed: bool) -> np.ndarray:
    """The matrix that makes `count` points a smooth curve: corners cut off three times.

    G. Chaikin, An algorithm for high speed curve generation, 1974.
    """
    curve = np.eye(count)
    for _ in range(3):
        after = np.roll(curve, -1, axis=0)
        cut = np.stack([0.75 * curve + 0.25 * after, 0.25 * curve + 0.75 * after], axis=1)
        cut = cut.reshape(-1, count)
        curve = cut if closed else np.concatenate([curve[:1], cut[1:-3], curve[-1:]])
    return curve
