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


def error_of_own(made: np.ndarray, images: np.ndarray) -> float:
    """Squared error of reconstructions against their own images, in units of that against any.

    0 is perfect; at 1 they tell nothing of which image they are of. `Quality.explained` would take
    sharp images that are a little off, as a GAN makes them, for no better than a blurred mean.

    Args:
        made: Reconstructions in [0, 1], (n, height, width, channels).
        images: Of these images, in their order, uint8, of the same shape.

    Returns:
        The ratio of the means, the second over all n * n pairs; NaN where that is 0.
    """
    made = made.reshape(len(made), -1).astype(np.float64)
    images = images.reshape(len(images), -1) / 255
    own = ((made - images) ** 2).mean()
    # Over all pairs, the mean of (a - b)^2 is that of a^2 and of b^2 less twice the means' product.
    product = (made.mean(axis=0) * images.mean(axis=0)).mean()
    of_any = (made**2).mean() + (images**2).mean() - 2 * product
    return float(own / of_any) if of_any > 0 else np.nan


def _edges(images: np.ndarray) -> float:
    """The sum of squared differences between neighbouring pixels, along both axes."""
    return float(sum((np.diff(images, axis=axis) ** 2).sum() for axis in (1, 2)))
