"""Training of VAE-GANs and VLAE-GANs: one compiled step per batch, three updates in it."""

from collections import defaultdict
from functools import partial
from itertools import chain

import keras
import numpy as np

from thesis_repro.models.adversarial import AdversarialAutoencoder
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import RunReport
from thesis_repro.seeds import epoch_order, seed_noise
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.gan_step import PARTS, AdversarialStep, validation_step
from thesis_repro.training.images import ImageBatches, ImageData
from thesis_repro.training.trainer import Trainer, build_optimizer, check_finite

BETA_1 = 0.5  # of Adam, in the code only: erratum E25


class AdversarialTrainer(Trainer):
    """Trains discriminator, decoder and encoder, each by its optimiser (erratum E30).

    Shuffled every epoch, one batch for all three updates (erratum E40). Only full batches, unless
    there are not even the images of one: then these are the batch.
    """

    headline = ("val_discriminator_loss", "val_feature_loss", "val_kl", "val_diversity")

    def __init__(self, spec: ModelSpec, model: AdversarialAutoencoder):
        super().__init__(spec, model)
        self.optimizers = {part: build_optimizer(spec, BETA_1) for part in PARTS}
        step = AdversarialStep(model, self.optimizers)
        for part, optimizer in self.optimizers.items():
            optimizer.build(step.trained[part])
        known = {id(variable) for variable in model.weights}
        noise = [variable for variable in model.variables if id(variable) not in known]
        self.train_step = CompiledStep(step, [*self.variables, *noise])
        self.validation_step = CompiledStep(
            partial(validation_step, model), [*model.weights, *noise]
        )

    @property
    def variables(self) -> list[keras.Variable]:
        """Weights, moving statistics and the state of the three optimisers."""
        states = (optimizer.variables for optimizer in self.optimizers.values())
        return [*self.model.weights, *chain.from_iterable(states)]

    def steps(self, data: ImageData) -> int:
        """Updates in an epoch."""
        return max(1, len(data.train) // self.batch_size)

    def epoch(self, data: ImageData, seed: int, epoch: int, report: RunReport) -> dict[str, float]:
        """One pass over the training images and one over the validation images.

        Raises:
            TrainingError: a loss is not finite.
        """
        steps = self.steps(data)
        order = epoch_order(seed, self.spec.id, epoch, len(data.train))
        order = order[: steps * self.batch_size]
        seed_noise(self.model, seed, self.spec.id, "training noise", epoch)
        trained = _Means()
        for update, (images,) in enumerate(ImageBatches(data.train, self.batch_size, order), 1):
            logs = _floats(self.train_step(images))
            check_finite(self.spec, logs, epoch, update)
            trained.add(logs, len(images))
            report.batch(trained.values()["encoder_loss"])
        seed_noise(self.model, seed, self.spec.id, "validation noise", epoch)
        validated = _Means()
        for (images,) in ImageBatches(data.validation, self.batch_size):
            validated.add(_floats(self.validation_step(images)), len(images))
        return trained.values() | {f"val_{k}": value for k, value in validated.values().items()}


class _Means:
    """Means over images of values that are means over batches."""

    def __init__(self):
        self.sums: dict[str, float] = defaultdict(float)
        self.images = 0

    def add(self, values: dict[str, float], images: int) -> None:
        for name, value in values.items():
            self.sums[name] += value * images
        self.images += images

    def values(self) -> dict[str, float]:
        return {name: total / self.images for name, total in self.sums.items()}


def _floats(logs: dict) -> dict[str, float]:
    return {name: float(np.asarray(value)) for name, value in sorted(logs.items())}
