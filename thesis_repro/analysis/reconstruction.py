"""Reconstructions, and their loss over subsets of a data set (Section 4.2, Table 3)."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import keras
import numpy as np

from appendix_architectures.sampling import Sampling
from thesis_repro.models.losses import reconstruction_term
from thesis_repro.seeds import seed_noise
from thesis_repro.training.images import image_batches

BATCH_SIZE = 250


def split_losses(
    encoder: keras.Model,
    decoder: keras.Model,
    images: np.ndarray,
    weight: float,
    splits: int,
    rng: np.random.Generator,
    *,
    uneven: bool = False,
) -> np.ndarray:
    """Reconstruction term of ``splits`` random subsets of equal size, shape (splits,).

    The images (uint8, (n, height, width, channels)) are shuffled and cut into subsets of
    floor(n / splits); what is left over is not used, so 10,000 images give 24 subsets of 416. Where
    they are ``uneven``, it is: some subsets have one more (erratum E50).
    Each image is encoded to one sampled z, as in training (no average over samples). Subsets and
    noise both come from ``rng``: a model just trained gives the numbers that it gives once loaded.

    Raises:
        ValueError: fewer images than splits.
    """
    size = len(images) // splits
    if size == 0:
        raise ValueError(f"{len(images)} images cannot be split into {splits} subsets.")
    order = rng.permutation(len(images))
    subsets = np.array_split(order if uneven else order[: size * splits], splits)
    batches = chain.from_iterable(image_batches(images, len(rows), rows) for rows in subsets)
    losses = []
    for batch, made in _reconstructed(encoder, decoder, batches, rng):
        losses.append(float(keras.ops.mean(reconstruction_term(batch, made, weight))))
    return np.array(losses)


def reconstructions(
    encoder: keras.Model, decoder: keras.Model, images: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The images (uint8, (n, height, width, channels)) as the model makes them anew, in [0, 1].

    Of one sampled z each, as for the losses.
    """
    batches = image_batches(images, BATCH_SIZE)
    made = [images for _, images in _reconstructed(encoder, decoder, batches, rng)]
    return np.concatenate([keras.ops.convert_to_numpy(images) for images in made])


def of_mean_values(encoder: keras.Model) -> keras.Model:
    """The encoder with mean values for its codes, not sampled z (erratum E51); shares weights."""

    def call(layer, inputs, **kwargs):
        return inputs[0] if isinstance(layer, Sampling) else layer(inputs, **kwargs)

    return keras.models.clone_model(encoder, clone_function=lambda layer: layer, call_function=call)


def _reconstructed(
    encoder: keras.Model,
    decoder: keras.Model,
    batches: Iterator[np.ndarray],
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, Any]]:
    """Batches of images in [0, 1], and what becomes of them; the noise comes from ``rng``."""
    seed_noise(encoder, int(rng.integers(2**31)), "noise")
    for batch in batches:
        yield batch, decoder(encoder(batch, training=False), training=False)
