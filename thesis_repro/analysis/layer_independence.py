"""Samples that stand for one latent layer, the others averaged out (Section 4.5, Algorithm 1).

A layer is fixed to a vector, the others are drawn from the prior again and again, and the decoded
images are averaged. What is left is the layer's own effect, and the error of the average.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.decoding import Decode

SAMPLES, APPROXIMATIONS = 100, 300  # numSamples and numApproximations, Section 4.5.1
AT_ONCE = 300  # images in a batch; CPUs are equally fast from 100 to 600


class Representatives(NamedTuple):
    """Layer-representative samples of each layer, in [0, 1], and how sure their averages are.

    Attributes:
        means: (layers, samples, height, width), the average of the decoded images.
        variances: The same shape: of the images that an average was taken over.
        approximations: How many these were.
    """

    means: np.ndarray
    variances: np.ndarray
    approximations: int


def shared_vectors(
    latent_dims: Sequence[int], samples: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """One v ~ N(0, I) per sample that every layer is fixed to: (samples, dimensions) each.

    Line 5 of Algorithm 1; that line 18 draws another is erratum E47. Where layers differ in size,
    smaller ones take the first dimensions of v.
    """
    v = rng.standard_normal((samples, max(latent_dims)))
    return [v[:, :size] for size in latent_dims]


def layer_representatives(
    decode: Decode, fixed: Sequence[np.ndarray], approximations: int, rng: np.random.Generator
) -> Representatives:
    """Algorithm 1: for each layer and each vector that it is fixed to, the average image.

    Every vector of every layer has draws of its own from N(0, I) for the other layers. All batches
    are of one size, so that the decoder is compiled once.

    Args:
        decode: Images (n, height, width, channels) of one float32 array (n, dimensions) per layer;
            channels are averaged.
        fixed: The vectors of each layer, (samples, dimensions).
        approximations: Images that an average is taken over, 2 or more.
        rng: For the draws.
    """
    if approximations < 2:
        raise ValueError(f"An average over {approximations} images has no error; pass 2 or more.")
    moments = [_moments(decode, fixed, layer, approximations, rng) for layer in range(len(fixed))]
    means, variances = (np.stack(own) for own in zip(*moments, strict=True))
    return Representatives(means, variances, approximations)


def _moments(
    decode: Decode, fixed: Sequence[np.ndarray], layer: int, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances (samples, height, width) over ``count`` images with this layer fixed.

    Moments of each batch are merged (Chan et al. 1983): sums of squares would lose small variances.
    """
    samples = len(fixed[layer])
    owners = np.repeat(np.arange(samples), count)
    size = min(AT_ONCE, len(owners))
    seen = np.zeros((samples, 1, 1))
    means = squares = 0.0
    for start in range(0, len(owners), size):
        own = owners[start : start + size]
        z = _drawn(fixed, layer, np.resize(own, size), rng)
        images = np.asarray(decode(z), dtype="float64")[: len(own)].mean(axis=-1)
        added, mean, square = _of_batch(images, own, samples)
        total = np.maximum(seen + added, 1)
        change = mean - means
        squares = squares + square + np.where(added > 0, change**2 * seen * added / total, 0)
        means = means + np.where(added > 0, change * added / total, 0)
        seen += added
    return means, squares / (count - 1)


def _drawn(
    fixed: Sequence[np.ndarray], layer: int, owners: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """Inputs of the decoder: this layer's vectors of these samples, new draws for the others."""
    z = [rng.standard_normal((len(owners), own.shape[1]), dtype="float32") for own in fixed]
    z[layer] = fixed[layer][owners].astype("float32")
    return z


def _of_batch(
    images: np.ndarray, owners: np.ndarray, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each sample's images in a batch: how many, their mean and sum of squared deviations.

    ``owners`` (n,) are in rising order; (samples, 1, 1) and twice (samples, height, width).
    """
    present, starts, sizes = np.unique(owners, return_index=True, return_counts=True)
    counts = np.zeros((samples, 1, 1))
    means, squares = np.zeros((2, samples, *images.shape[1:]))
    counts[present, 0, 0] = sizes
    means[present] = np.add.reduceat(images, starts) / counts[present]
    squares[present] = np.add.reduceat((images - means[owners]) ** 2, starts)
    return counts, means, squares


# === What a layer does by itself ===


class Effect(NamedTuple):
    """How much of the generated images one layer explains by itself, over all pixels."""

    main_effect: float  # share of the images' variance, its first-order Sobol index; 0 to 1
    noise: float  # share of the averages' variance that is the error of averaging; 0 to 1


def effects(found: Representatives) -> list[Effect]:
    """The effect of each layer; NaN where all images are the same.

    The variance of images splits into that of their expectation, given the layer, and what is left
    (Sobol 1993). Averages vary more than expectations, by the error that is subtracted here.
    Without interactions the main effects of all layers add up to 1.
    """
    return [_effect(*own, found.approximations) for own in zip(*found[:2], strict=True)]


def _effect(means: np.ndarray, variances: np.ndarray, approximations: int) -> Effect:
    left = variances.mean(axis=0).sum()
    between, error = means.var(axis=0, ddof=1).sum(), left / approximations
    own = max(between - error, 0.0)
    if not own + left:
        return Effect(np.nan, np.nan)
    return Effect(float(own / (own + left)), float(min(error / between, 1)) if between else 1.0)
