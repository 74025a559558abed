"""Images of latent positions, decoded batch by batch (Sections 4.3 to 4.7, Appendix I)."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 100

# Images of one array (n, dimensions) per layer: `TrainedModel.decode`, or a network `compiled`.
Decode = Callable[[list[np.ndarray]], np.ndarray]


def compiled(decoder: "keras.Model") -> Decode:
    """What decodes by this network, in one compiled call for all positions."""
    return lambda z: decoder.predict_on_batch(z if len(z) > 1 else z[0])


def in_batches(
    decode: Decode, layers: Sequence[np.ndarray], size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """The images of positions (n, dimensions) in each layer, so many at a time.

    Float32 (size, height, width, channels), the last ones fewer. A batch of each size is compiled
    anew, so that the last one is filled up with zeros.
    """
    count = len(layers[0])
    size = min(size, count)
    for start in range(0, count, size):
        rows = min(size, count - start)
        filling = (0, size - rows), (0, 0)
        z = [np.pad(layer[start : start + rows].astype("float32"), filling) for layer in layers]
        yield np.asarray(decode(z), "float32")[:rows]


def grey(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width, channels) with one channel: MNIST-VAE makes three (erratum E01)."""
    return images.mean(axis=-1, keepdims=True)
