"""What every way of training has in common: state that an epoch leaves behind, and an epoch.

With Adam as Keras 2.2.4 ran it.
"""

import math
from collections.abc import Mapping
from typing import Protocol

import keras

from thesis_repro.errors import TrainingError
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import RunReport
from thesis_repro.training.images import ImageData


class Trainer(Protocol):
    """One model in training.

    Nothing random outlives an epoch: the order of images and the noise of an epoch are functions of
    (seed, model, epoch). So ``variables`` after an epoch are all that a resumed run needs.

    Attributes:
        headline: The entries of an epoch's row that a line of progress shows.
    """

    headline: tuple[str, ...]

    def __init__(self, spec: ModelSpec, model: keras.Model):
        self.spec = spec
        self.model = model
        self.batch_size: int = spec.batch_size.value

    @property
    def variables(self) -> list[keras.Variable]:
        """All that an epoch leaves behind: weights, moving statistics and optimiser state."""

    def steps(self, data: ImageData) -> int:
        """Updates in an epoch."""

    def epoch(self, data: ImageData, seed: int, epoch: int, report: RunReport) -> dict[str, float]:
        """One pass over the training and the validation images; losses and metrics by name."""


def build_optimizer(spec: ModelSpec, beta_1: float = 0.9) -> keras.optimizers.Optimizer:
    """Adam with epsilon 1e-7 and learning rate lr / (1 + decay * updates).

    Section 3.4; the decay acts per update, not per epoch (erratum E05).
    """
    rate = spec.learning_rate.value
    if spec.decay.value:
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=1, decay_rate=spec.decay.value
        )
    return keras.optimizers.Adam(rate, beta_1=beta_1, epsilon=1e-7)


def check_finite(spec: ModelSpec, losses: Mapping[str, float], epoch: int, update: int) -> None:
    """Stop a run whose loss is no longer a number.

    Raises:
        TrainingError: a loss is not finite.
    """
    for name, loss in losses.items():
        if not math.isfinite(loss):
            raise not_finite(spec, f"the {name.replace('_', ' ')} is {loss}", epoch, update)


def not_finite(spec: ModelSpec, what: str, epoch: int, update: int) -> TrainingError:
    """The error of a run that has left the finite numbers."""
    return TrainingError(
        f"{spec.name}: {what} in epoch {epoch}, update {update}. "
        "The run stops here; its last whole epoch is kept, but starting it again repeats "
        "this. Try another --seed, or --precision float32 if it was lower; with data of "
        "your own, check that `thesis-repro data verify` passes."
    )
