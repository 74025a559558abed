"""Lines from shape to shape in a latent space of dSprites (Section 4.3, Figures 27, 61 and 62)."""

import numpy as np

from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.explorations import segment
from thesis_repro.models.decoding import Decode, decoded

PAIRS = ((0, 1), (1, 2), (2, 0))  # square to ellipse, ellipse to heart, heart to square
POINTS = 21  # "21 evenly spaced points on the line segment"


def traversals(decode: Decode, z: np.ndarray) -> dict[str, np.ndarray]:
    """Images (points, height, width, 1) on the lines between the z (3, dimensions) of three shapes.

    By the line's name, "square to ellipse".
    """
    return {
        f"{SHAPES[a]} to {SHAPES[b]}": decoded(decode, [segment(z[a], z[b], POINTS)])
        for a, b in PAIRS
    }


def midpoints(z: np.ndarray) -> np.ndarray:
    """Midpoints of the lines of n triples of shapes, z (n, 3, dimensions): (3 * n, dimensions)."""
    return np.concatenate([(z[:, a] + z[:, b]) / 2 for a, b in PAIRS])
