"""Lines from shape to shape in a latent space of dSprites (Section 4.3, Figures 27, 61 and 62)."""

import numpy as np
import pandas as pd

from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.decoded_images import overlaps
from thesis_repro.analysis.explorations import segment
from thesis_repro.analysis.path_length import is_empty
from thesis_repro.models.decoding import Decode

PAIRS = ((0, 1), (1, 2), (2, 0))  # square to ellipse, ellipse to heart, heart to square
LINES = tuple(f"{SHAPES[a]} to {SHAPES[b]}" for a, b in PAIRS)
POINTS = 21  # "21 evenly spaced points on the line segment"
SUDDEN = 4.0  # px between neighbouring points: half the width of the smallest object


def traversals(decode: Decode, z: np.ndarray) -> dict[str, np.ndarray]:
    """Images (points, height, width, 1) on the lines between the z (3, dimensions) of three shapes.

    By the line's name, "square to ellipse".
    """
    lines = [segment(z[a], z[b], POINTS) for a, b in PAIRS]
    return dict(zip(LINES, np.split(decode([np.concatenate(lines)]), 3), strict=True))


def changes(decode: Decode, z: np.ndarray) -> pd.DataFrame:
    """What happens on the lines of n triples of shapes that are alike in all else.

    Three rows per triple of z (n, 3, dimensions). ``ends_shown``: whether both ends show an object;
    ``empty_in_the_middle``: and the midpoint none. ``largest_move``: how far the centre of what is
    bright moves at most (px) between neighbouring points that both show something, 0 if no two do;
    the objects of both ends lie in one place. ``sudden``: both ends show an object, and it moves by
    more than `SUDDEN`, or something is there at one point and nothing at the next.
    """
    return pd.DataFrame(
        {"line": name, **_changes(images)}
        for of_triple in z
        for name, images in traversals(decode, of_triple).items()
    )


def told_apart(decode: Decode, z: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Whether the ends of the lines of `changes`, in its order, show two shapes: bool (3 n,).

    Each end overlaps more with its own image than with the other's. ``true``: the images of z,
    (n, 3, height, width, 1) in [0, 1].
    """
    images = decode([np.concatenate(z)]).reshape(true.shape)
    ends = [
        overlaps(images[:, one], true[:, one]) > overlaps(images[:, one], true[:, other])
        for pair in PAIRS
        for one, other in (pair, pair[::-1])
    ]
    return np.stack(ends, axis=1).reshape(-1, 2).all(axis=1)


def _changes(images: np.ndarray) -> dict[str, float | bool]:
    """A row of `changes`, of the images (points, height, width, 1) of one line."""
    shown = ~is_empty(images)
    neighbours = shown[1:] & shown[:-1]
    steps = np.linalg.norm(np.diff(_centres(images), axis=0), axis=1)
    largest = steps[neighbours].max(initial=0.0)
    ends_shown = bool(shown[0] and shown[-1])
    is_sudden = largest > SUDDEN or (shown[1:] != shown[:-1]).any()
    return {
        "ends_shown": ends_shown,
        "empty_in_the_middle": ends_shown and not shown[len(images) // 2],
        "largest_move": largest,
        "sudden": bool(ends_shown and is_sudden),
    }


def _centres(images: np.ndarray) -> np.ndarray:
    """Centres (row, column) of the pixels above 0.5 of images, (n, 2); 0 where there are none."""
    bright = images[..., 0] > 0.5
    counts = np.maximum(bright.sum(axis=(1, 2)), 1)
    places = np.indices(bright.shape[1:])
    return np.stack([(bright * place).sum(axis=(1, 2)) / counts for place in places], axis=1)
