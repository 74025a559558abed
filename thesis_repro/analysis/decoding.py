"""Images of latent positions, decoded batch by batch (Sections 4.4 to 4.7)."""

from collections.abc import Callable, Sequence

import numpy as np

BATCH_SIZE = 100

Decode = Callable[[list[np.ndarray]], np.ndarray]


def decoded(decode: Decode, layers: Sequence[np.ndarray], batch: int = BATCH_SIZE) -> np.ndarray:
    """The images of these positions, (n, height, width, channels), decoded batch by batch.

    ``decode`` takes one float32 array (n, dimensions) per layer. A batch of each size is compiled
    anew, so that the last one is filled up with zeros.
    """
    count = len(layers[0])
    size = min(batch, count)
    parts = []
    for start in range(0, count, size):
        some = [own[start : start + size].astype("float32") for own in layers]
        missing = size - len(some[0])
        full = [np.pad(own, ((0, missing), (0, 0))) for own in some]
        parts.append(np.asarray(decode(full))[: size - missing])
    return np.concatenate(parts)


def grey(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width, channels) with one channel: MNIST-VAE makes three (erratum E01)."""
    return images.mean(axis=-1, keepdims=True)
