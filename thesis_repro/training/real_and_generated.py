"""What the sample discriminator judges: real images and those that a trained model generates.

Section 4.6.1 and Appendix I. Both kinds are uint8 on 0..255, so that no scale tells them apart
(erratum E13). Latent vectors come from the prior N(0, I), as the original code ran it; the text has
the estimated posterior (erratum E68).
"""

from dataclasses import replace

import numpy as np

from thesis_repro.models.decoding import grey
from thesis_repro.seeds import derive_seed
from thesis_repro.training.configuration import judged_identity
from thesis_repro.training.images import ImageData
from thesis_repro.training.trained_model import TrainedModel

REAL, GENERATED = 0, 1  # labels of the original code

_AT_ONCE = 500  # images decoded together


def judged_images(real: ImageData, generator: TrainedModel, seed: int) -> ImageData:
    """All real images and as many generated ones, in training as in validation data.

    "label" is 0 for real and 1 for generated images. What the generator is goes into the
    fingerprint, and so into the identity of a run on these data.
    """
    run_id = generator.run.config.run_id
    identity = judged_identity(real.identity(), generator.run.config, seed)
    return replace(
        real,
        train=_with_generated(real.train, generator, seed, "train"),
        validation=_with_generated(real.validation, generator, seed, "validation"),
        train_known={"label": _labels(len(real.train))},
        validation_known={"label": _labels(len(real.validation))},
        description=f"{real.description} and as many images that {generator.spec.name} (run "
        f"{run_id}) decodes from N(0, I)",
        fingerprint=identity.fingerprint,
    )


def _labels(count: int) -> np.ndarray:
    return np.repeat([REAL, GENERATED], count)


def _with_generated(
    images: np.ndarray, generator: TrainedModel, seed: int, split: str
) -> np.ndarray:
    rng = np.random.default_rng(derive_seed(seed, generator.spec.id, "judged images", split))
    return np.concatenate([images, _generated(generator, len(images), images.shape[-1], rng)])


def _generated(
    generator: TrainedModel, count: int, channels: int, rng: np.random.Generator
) -> np.ndarray:
    """uint8 images decoded from N(0, I); colour is averaged to grey where grey is wanted."""
    sizes = generator.spec.latent_dims.value
    z = [rng.standard_normal((count, size), dtype="float32") for size in sizes]
    parts = []
    for images in generator.decode_in_batches(z, _AT_ONCE):
        shown = grey(images) if channels < images.shape[-1] else images
        parts.append(np.rint(shown * 255).astype(np.uint8))
    return np.concatenate(parts)
