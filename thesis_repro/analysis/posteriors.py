"""Posteriors of images, and how far they are from the prior (Sections 4.3 and 4.4)."""

from typing import NamedTuple

import keras
import numpy as np

from appendix_architectures.sampling import variance_of
from data_prep.reading import Column

BATCH_SIZE = 512


class Posterior(NamedTuple):
    """The posterior of one latent layer for n images, each float32 of shape (n, dimensions)."""

    mu: np.ndarray
    log_var: np.ndarray
    z: np.ndarray  # one sample per image

    @property
    def sd(self) -> np.ndarray:
        """The standard deviation that z was sampled with, (n, dimensions)."""
        return standard_deviation(self.log_var)


def posteriors(
    posterior: keras.Model, images: np.ndarray | Column, rng: np.random.Generator
) -> list[Posterior]:
    """The posterior of each latent layer, the lowest first, with one sampled z per image.

    ``posterior`` gives "mu" and "log_var" of each layer, as that of a VAE, VLAE or one of their
    GANs does; ``images`` are uint8 (n, height, width, channels), read batch by batch.
    """
    batches = []
    for start in range(0, len(images), BATCH_SIZE):
        batch = np.asarray(images[start : start + BATCH_SIZE]).astype("float32") / 255
        outputs = posterior.predict_on_batch(batch)
        batches.append(list(zip(outputs["mu"], outputs["log_var"], strict=True)))
    layers = [zip(*layer, strict=True) for layer in zip(*batches, strict=True)]
    return [_sampled(np.concatenate(mu), np.concatenate(log_var), rng) for mu, log_var in layers]


def _sampled(mu: np.ndarray, log_var: np.ndarray, rng: np.random.Generator) -> Posterior:
    noise = rng.standard_normal(mu.shape, dtype="float32")
    return Posterior(mu, log_var, mu + standard_deviation(log_var) * noise)


def standard_deviation(log_var: np.ndarray) -> np.ndarray:
    """exp(log_var / 2), continued as the models sample (erratum E81), in the shape given."""
    return variance_of(log_var, 0.5, np)


def kl_divergences(mu: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """KL divergence of N(mu, exp(log_var)) from N(0, 1) in nats, per image and dimension.

    Closed form (Section 2.5.1), in float64, the variance continued as in the models' objective
    (erratum E81); all of shape (n, dimensions).
    """
    mu, log_var = mu.astype("float64"), log_var.astype("float64")
    return 0.5 * (variance_of(log_var, ops=np) + mu**2 - 1 - log_var)
