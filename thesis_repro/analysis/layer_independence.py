"""Samples that stand for one latent layer, the others averaged out (Section 4.5, Algorithm 1).

A layer is fixed to a vector, the others are drawn from the prior again and again, and the decoded
images are averaged. What is left is the effect of the layer alone, and the error of the average.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from thesis_repro.models.decoding import Decode

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

    For every vector of every layer the other layers are drawn anew from N(0, I). All batches are of
    one size, so that the decoder is compiled once.

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
    means, variances = np.stack(moments, axis=1)
    return Representatives(means, variances, approximations)


def _moments(
    decode: Decode, fixed: Sequence[np.ndarray], layer: int, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Mean and variance over ``count`` images with this layer fixed: (2, samples, height, width).

    A batch is ``count`` images of each of some samples, at paper scale of one.
    """
    vectors = np.repeat(fixed[layer].astype("float32"), count, axis=0)
    size = min(max(1, AT_ONCE // count) * count, len(vectors))
    moments = []
    for start in range(0, len(vectors), size):
        some = vectors[start : start + size]
        z = [rng.standard_normal((size, v.shape[1]), dtype="float32") for v in fixed]
        z[layer] = np.resize(some, (size, some.shape[1]))
        images = np.asarray(decode(z), dtype="float64")[: len(some)].mean(axis=-1)
        of_samples = images.reshape(-1, count, *images.shape[1:])
        moments.append((of_samples.mean(axis=1), of_samples.var(axis=1, ddof=1)))
    return np.concatenate(moments, axis=1)


# === What a layer does by itself ===


class Effect(NamedTuple):
    """How much of the generated images one layer explains by itself, over all pixels."""

    spread: float  # SD of the images' expected intensity (0 to 1), root mean square over pixels
    main_effect: float  # share of the images' variance, its first-order Sobol index; 0 to 1
    noise: float  # share of the averages' variance that is the error of averaging; 0 to 1


def effects(samples: Representatives) -> list[Effect]:
    """The effect of each layer; its shares are NaN where float32 tells no images apart.

    The variance of images splits into that of their expectation, given the layer, and what is left
    (Sobol 1993). Averages vary more than expectations, by the error that is subtracted here.
    Without interactions the main effects of all layers add up to 1.
    """
    moments = zip(samples.means, samples.variances, strict=True)
    return [_effect(*of_layer, samples.approximations) for of_layer in moments]


def _effect(means: np.ndarray, variances: np.ndarray, approximations: int) -> Effect:
    left = variances.mean(axis=0).sum()
    between, error = means.var(axis=0, ddof=1).sum(), left / approximations
    explained = max(between - error, 0.0)
    rounding = means[0].size * (np.finfo("float32").eps * np.abs(means).max()) ** 2
    if explained + left <= rounding:
        return Effect(0.0, np.nan, np.nan)
    noise = float(min(error / between, 1)) if between else 1.0
    spread = float(np.sqrt(explained / means[0].size))
    return Effect(spread, float(explained / (explained + left)), noise)
