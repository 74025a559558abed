"""Medial axes of many binary images at once, pixel for pixel those of scikit-image up to 0.18.

The medial axis is what is left when a shape's pixels are taken away from the edge inwards, each
only where that neither parts nor shortens what remains. Equally deep pixels are taken in an order
that a fixed permutation decides. The published morphometrics of MNIST depend on that order, so it
is part of the definition (Castro et al., Morpho-MNIST, JMLR 20(178), 2019, and its toolbox).
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

# The nine pixels of a 3 x 3 neighbourhood, row by row, have the bits 0 to 8 of its code.
CENTRE = 1 << 4
# From a pixel's place, its neighbours see it point-mirrored: the top left one at the bottom right.
BIT_SEEN_BY_NEIGHBOUR = (1 << np.arange(9)[::-1]).astype(np.uint16)
CODES = np.arange(1 << 9)


class MedialAxes(NamedTuple):
    """Skeletons and distances of a batch of binary images.

    Attributes:
        skeleton: bool (n, height, width).
        distance: float64 (n, height, width): px to the nearest background pixel.
    """

    skeleton: np.ndarray
    distance: np.ndarray


def medial_axes(masks: np.ndarray) -> MedialAxes:
    """The medial axes of binary images, bool (n, height, width).

    Outside an image is neither foreground nor, for the distance, background.

    Raises:
        ValueError: An image is all foreground, so that its distances are not defined.
    """
    if masks.all(axis=(1, 2)).any():
        raise ValueError("an image without background has no medial axis")
    squared = squared_distances(masks)
    codes = _neighbourhood_codes(masks)
    order, sizes = _peeling_order(masks, squared, codes)
    _peel(codes, order, sizes)
    skeleton = codes[:, 1:-1, 1:-1] & CENTRE > 0
    return MedialAxes(skeleton, np.sqrt(squared))


def squared_distances(masks: np.ndarray) -> np.ndarray:
    """Each pixel's squared Euclidean distance to the nearest background pixel, exactly.

    The nearest in its own column first, then from all columns the best, nearest columns first,
    until none farther away can be better.

    Args:
        masks: bool (n, height, width), each with some background.

    Returns:
        int32 of the same shape, px^2; 0 at background pixels.
    """
    width = masks.shape[2]
    result = _squared_distances_in_columns(masks)
    in_columns = result.ravel().copy()
    places = np.flatnonzero(masks)
    columns = places % width
    best = in_columns[places]
    step = 1
    while len(places := places[(live := best > step**2)]):
        columns, best = columns[live], best[live]
        # Clipped at the border: there the same pixels are compared again, with a longer way.
        left = in_columns[places - np.minimum(step, columns)]
        right = in_columns[places + np.minimum(step, width - 1 - columns)]
        best = np.minimum(best, np.minimum(left, right) + step**2)
        result.ravel()[places] = best
        step += 1
    return result


def _squared_distances_in_columns(masks: np.ndarray) -> np.ndarray:
    """Squared distance to the nearest background above or below; px^2, int32 like `masks`."""
    _, height, width = masks.shape
    foreground = masks.astype(np.int32)
    steps = foreground.copy()
    steps[:, 0] *= height
    for row in range(1, height):
        steps[:, row] *= steps[:, row - 1] + 1
    for row in range(height - 2, -1, -1):
        np.minimum(steps[:, row], steps[:, row + 1] + 1, out=steps[:, row])
    # A column without background: farther away than any pixel of the image can be.
    return np.where(steps >= height, height**2 + width**2, steps**2).astype(np.int32)


def _neighbourhood_codes(masks: np.ndarray) -> np.ndarray:
    """Code of each pixel's 3 x 3 neighbourhood: uint16 (n, height + 2, width + 2), border 0."""
    padded = np.pad(masks.astype(np.uint16), ((0, 0), (1, 1), (1, 1)))
    in_row = padded[:, :, :-2] + (padded[:, :, 1:-1] << 1) + (padded[:, :, 2:] << 2)
    codes = in_row[:, :-2] + (in_row[:, 1:-1] << 3) + (in_row[:, 2:] << 6)
    return np.pad(codes, ((0, 0), (1, 1), (1, 1)))


@cache
def _removable() -> np.ndarray:
    """Whether a pixel may go, by its neighbourhood's code: bool (512,).

    It may where it has two neighbours or more, and these hang together (by sides or corners)
    without it. An end of a line has one neighbour and stays; so does a link between two parts.
    """
    bits = CODES[:, np.newaxis] >> np.arange(9) & 1
    without = np.where(np.arange(9) == 4, 0, bits).reshape(-1, 3, 3)
    parts = np.array([ndimage.label(ring, np.ones((3, 3)))[1] for ring in without])
    return (bits[:, 4] == 1) & (parts == 1) & (without.sum(axis=(1, 2)) >= 2)


def _peeling_order(
    masks: np.ndarray, squared: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Order the foreground pixels of each image: shallow ones first, corners last among equals.

    Returns:
        Places in the flattened `codes`, int64 (most pixels of an image, n), images with most
        pixels first, and the number of pixels of each, int64 (n,), falling.
    """
    # Only a fresh generator of this kind and seed draws the published permutations.
    generator = np.random.RandomState()
    corner_scores = 9 - np.bitwise_count(CODES).astype(np.int64)
    sizes = masks.sum(axis=(1, 2))
    by_size = np.argsort(-sizes)
    order = np.zeros((len(masks), sizes.max(initial=0)), np.int64)
    for row, image in zip(order, by_size, strict=True):
        around = codes[image].ravel()
        places = np.flatnonzero(around & CENTRE)
        corners = corner_scores[around[places]]
        depths = squared[image][masks[image]].astype(np.int64)
        generator.seed(0)
        keys = (depths * 9 + corners) * len(places) + generator.permutation(len(places))
        row[: len(places)] = places[np.argsort(keys)] + image * around.size
    return np.ascontiguousarray(order.T), sizes[by_size]


def _peel(codes: np.ndarray, order: np.ndarray, sizes: np.ndarray) -> None:
    """Take pixels away in order, the k-th of every image at the same time; changes `codes`."""
    flat = codes.reshape(-1)
    removable = _removable()
    width = codes.shape[2]
    neighbours = (np.arange(-1, 2)[:, np.newaxis] * width + np.arange(-1, 2)).ravel()
    busy = np.searchsorted(-sizes, -np.arange(len(order)))  # images with more than k pixels
    for places, count in zip(order, busy, strict=True):
        places = places[:count]
        gone = places[removable[flat[places]]]
        # Nine different places per image: no place is changed twice. The border's codes, which
        # nobody reads, wrap around.
        flat[gone[:, np.newaxis] + neighbours] -= BIT_SEEN_BY_NEIGHBOUR
