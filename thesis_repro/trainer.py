"""What every way of training has in common: state that an epoch leaves behind, and an epoch."""

import math
from collections.abc import Mapping
from typing import Protocol

import keras

from thesis_repro.errors import TrainingError
from thesis_repro.images import ImageData
from thesis_repro.progress import RunReport
from thesis_repro.spec import ModelSpec


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
