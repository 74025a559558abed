"""How good reconstructions are, in numbers that compare between data sets (Section 4.8)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

BATCH_SIZE = 32  # AlexNet-VAE's reconstructions are 20 MB of it


class Quality(NamedTuple):
    """Reconstructions of some images against these.

    ``explained`` is the share of the variance over images, about each pixel's mean, that they
    explain: 1 is perfect, 0 no better than the mean image. ``sharpness`` is the energy of their
    edges (squared differences of neighbouring pixels) in units of the images'. NaN where the images
    are all alike, or flat.
    """

    explained: float
    sharpness: float


def reconstruction_quality(
    reconstruct: Callable[[np.ndarray], np.ndarray], images: np.ndarray
) -> Quality:
    """That of an autoencoder's reconstructions.

    Args:
        reconstruct: Makes images in [0, 1] of some of these: `TrainedModel.reconstruct`.
        images: uint8, (n, height, width, channels).
    """
    whole = images.mean(axis=0, dtype=np.float64) / 255
    errors = variance = edges = theirs = 0.0
    for start in range(0, len(images), BATCH_SIZE):
        pixels = images[start : start + BATCH_SIZE]
        batch = pixels.astype("float32") / 255
        made = reconstruct(pixels).astype(np.float64)
        errors += ((made - batch) ** 2).sum()
        variance += ((batch - whole) ** 2).sum()
        edges += _edges(made)
        theirs += _edges(batch.astype(np.float64))
    differ = bool((images != images[:1]).any())  # rounding would give equal ones a variance
    return Quality(
        float(1 - errors / variance) if differ else np.nan,
        float(edges / theirs) if theirs else np.nan,
    )


def _edges(images: np.ndarray) -> float:
    """The sum of squared differences between neighbouring pixels, along both axes."""
    return float(sum((np.diff(images, axis=axis) ** 2).sum() for axis in (1, 2)))
