"""What becomes of decoded images: many positions decoded at once, images shrunk, held against true.

Section 4.4.2's explorations and attribute arithmetic.
"""

from collections.abc import Hashable, Mapping

import numpy as np

from thesis_repro.models.decoding import Decode


def decoded_together(decode: Decode, positions: Mapping[Hashable, np.ndarray]) -> dict:
    """The images of several sets of positions (n, dimensions) in a single layer, by their names.

    Decoded together: a batch of each size is compiled anew.
    """
    ends = np.cumsum([len(z) for z in positions.values()])
    images = decode([np.concatenate([*positions.values()])])
    return dict(zip(positions, np.split(images, ends[:-1]), strict=True))


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Square images (n, height, height, channels) at a side that divides theirs, by block means."""
    count, height, _, channels = images.shape
    block = height // side
    return images.reshape(count, side, block, side, block, channels).mean(axis=(2, 4))


def overlap_measures(images: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """How well images of a path overlap with the true ones; the path's ends do not count.

    ``overlap_of_ends``: how well with the true picture of the nearer end, which a path without a
    transition would show all the way. ``overlap_of_one``: how well one and the same picture would
    overlap with the true ones, their mean, which is object where half of them are.
    """
    overlap = overlaps(images, true)[1:-1]
    mean = true[1:-1].mean(axis=0, keepdims=True)
    nearer = np.where(np.arange(len(true)) < len(true) / 2, 0, len(true) - 1)
    return {
        "images": len(overlap),
        "overlap": overlap.mean(),
        "lowest_overlap": overlap.min(),
        "overlap_of_ends": overlaps(images, true[nearer])[1:-1].mean(),
        "overlap_of_one": overlaps(mean, true[1:-1]).mean(),
    }


def overlaps(images: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Common over joint area of objects in images (n, height, width, 1), in [0, 1]: (n,).

    1 if they are the same, 0 if they do not touch or a picture is empty; a pixel belongs to the
    object from 0.5 on.
    """
    seen, is_true = images >= 0.5, true >= 0.5
    joint = (seen | is_true).sum(axis=(1, 2, 3))
    return (seen & is_true).sum(axis=(1, 2, 3)) / np.maximum(joint, 1)
