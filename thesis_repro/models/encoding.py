"""Posteriors of images, encoded batch by batch (Sections 4.3 and 4.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data_prep.reading import Column

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 512


@dataclass(frozen=True, eq=False)
class Posterior:
    """The Gaussian posterior of one latent layer for n images.

    Attributes:
        mu: Its means, float32 (n, dimensions).
        log_var: The logarithms of its variances, float32 (n, dimensions).
    """

    mu: np.ndarray
    log_var: np.ndarray

    @property
    def sd(self) -> np.ndarray:
        """The standard deviations that z is sampled with, (n, dimensions)."""
        return standard_deviation(self.log_var)

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """One z per image, float32 (n, dimensions)."""
        noise = rng.standard_normal(self.mu.shape, dtype="float32")
        return self.mu + self.sd * noise


@dataclass(frozen=True, eq=False)
class SampledPosterior(Posterior):
    """A posterior, and one z per image that was sampled from it: float32 (n, dimensions)."""

    z: np.ndarray

    @classmethod
    def of(cls, posterior: Posterior, rng: np.random.Generator) -> "SampledPosterior":
        """The posterior with a sample of it."""
        return cls(posterior.mu, posterior.log_var, posterior.sample(rng))


def posteriors(network: "keras.Model", images: np.ndarray | Column) -> list[Posterior]:
    """The posterior of each latent layer, the lowest first.

    ``network`` gives "mu" and "log_var" of each layer, as ``posterior`` of a VAE, VLAE or one of
    their GANs does; ``images`` are as of `float_batches`.
    """
    batches = []
    for batch in float_batches(images, BATCH_SIZE):
        outputs = network.predict_on_batch(batch)
        batches.append(list(zip(outputs["mu"], outputs["log_var"], strict=True)))
    layers = [zip(*layer, strict=True) for layer in zip(*batches, strict=True)]
    return [Posterior(np.concatenate(mu), np.concatenate(log_var)) for mu, log_var in layers]


def float_batches(images: np.ndarray | Column, size: int) -> Iterator[np.ndarray]:
    """Images in batches as networks take them: float32 in [0, 1], (size, height, width, channels).

    The images are uint8, or floats in [0, 1] already; they are read batch by batch, and the last
    batch is smaller.
    """
    for start in range(0, len(images), size):
        batch = np.asarray(images[start : start + size])
        pixels = batch.astype("float32")
        yield pixels / 255 if batch.dtype == np.uint8 else pixels


def standard_deviation(log_var: np.ndarray) -> np.ndarray:
    """exp(log_var / 2), continued as the models sample (erratum E81), in the shape given."""
    from appendix_architectures.sampling import variance_of  # with Keras

    return variance_of(log_var, 0.5, np)
