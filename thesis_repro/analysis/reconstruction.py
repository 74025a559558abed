"""Reconstruction loss over subsets of a data set (Section 4.2, Table 3)."""

import keras
import numpy as np

from thesis_repro.models.losses import reconstruction_term
from thesis_repro.seeds import seed_noise
from thesis_repro.training.images import image_batches


def split_losses(
    encoder: keras.Model,
    decoder: keras.Model,
    images: np.ndarray,
    weight: float,
    splits: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Reconstruction term of ``splits`` random subsets of equal size, shape (splits,).

    The images (uint8, (n, height, width, channels)) are shuffled and cut into subsets of
    floor(n / splits); what is left over is not used, so 10,000 images give 24 subsets of 416.
    Each image is encoded to one sampled z, as in training (no average over samples). Subsets and
    noise both come from ``rng``: a model just trained gives the numbers that it gives once loaded.

    Raises:
        ValueError: fewer images than splits.
    """
    size = len(images) // splits
    if size == 0:
        raise ValueError(f"{len(images)} images cannot be split into {splits} subsets.")
    chosen = rng.permutation(len(images))[: size * splits]
    seed_noise(encoder, int(rng.integers(2**31)), "noise")
    losses = []
    for batch in image_batches(images, size, chosen):
        z = encoder(batch, training=False)
        term = reconstruction_term(batch, decoder(z, training=False), weight)
        losses.append(float(keras.ops.mean(term)))
    return np.array(losses)
