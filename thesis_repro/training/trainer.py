"""A model in training: its epochs, and all that they leave behind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import keras
import numpy as np
from keras import ops

from thesis_repro.errors import TrainingError
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import RunReport
from thesis_repro.seeds import epoch_order, seed_noise
from thesis_repro.training.classifier_step import ClassifierStep
from thesis_repro.training.compiled import CompiledEpoch, CompiledStep, Vjp, without_slopes
from thesis_repro.training.evidence_step import EvidenceStep
from thesis_repro.training.feed import Feed
from thesis_repro.training.gan_step import AdversarialStep
from thesis_repro.training.images import ImageData
from thesis_repro.training.step import Step

STEPS: dict[Objective, type[Step]] = {
    Objective.EVIDENCE: EvidenceStep,
    Objective.ADVERSARIAL: AdversarialStep,
    Objective.CLASSIFICATION: ClassifierStep,
}


def step_of(spec: ModelSpec) -> type[Step]:
    """What trains a model, batch by batch."""
    return STEPS[FAMILIES[spec.family].objective]


def decaying_per_update(spec: ModelSpec, updates: int) -> ModelSpec:
    """A spec whose decay is what optimisers take: per update, of which an epoch has so many.

    That of a model of the thesis is so already (erratum E05).
    """
    if spec.decay_unit is None or spec.decay_unit.value == "update":
        return spec
    return replace(spec, decay=spec.decay._replace(value=spec.decay.value / updates))


class Trainer:
    """One model in training on its data.

    Nothing random outlives an epoch: the order of images and the noise of an epoch are functions of
    (seed, model, epoch). So ``variables`` after an epoch are all that a resumed run needs.

    One that learns nothing makes the same passes, but no update has a slope to follow: weights stay
    as they are, and only the statistics of batch normalisation move.
    """

    def __init__(self, spec: ModelSpec, model: keras.Model, data: ImageData, learns: bool = True):
        self.spec = spec
        self.model = model
        self.data = data
        self._kind = step_of(spec)
        self.step = self._kind(decaying_per_update(spec, self.updates), model)
        known = {id(variable) for variable in model.weights}
        noise = [variable for variable in model.variables if id(variable) not in known]
        update = self.step.update if learns else _without_learning(self.step.update)
        self._update = CompiledEpoch(self._scaled(update), [*self.variables, *noise])
        self._validate = CompiledEpoch(self._scaled(self.step.validate), [*model.weights, *noise])
        self._all_finite = CompiledStep(partial(_all_finite, self.variables), self.variables)
        self._training = Feed([data.train, *self.step.known(data.train_known)])
        self._validation = Feed([data.validation, *self.step.known(data.validation_known)])

    @property
    def variables(self) -> list[keras.Variable]:
        """All that an epoch leaves behind: weights, moving statistics and optimisers' state."""
        states = (optimizer.variables for optimizer in self.step.optimizers)
        return [*self.model.weights, *chain.from_iterable(states)]

    @property
    def updates(self) -> int:
        """In an epoch."""
        return sum(len(rows) for rows in self._batches(np.arange(len(self.data.train))))

    def epoch(self, seed: int, epoch: int, report: RunReport) -> dict[str, float]:
        """One pass over the training and the validation images; losses and metrics by name.

        Means over the images of what each batch gave.

        Raises:
            TrainingError: a loss, or a weight, is not finite.
            data_prep.errors.DataError: images can no longer be read.
        """
        order = epoch_order(seed, self.spec.id, epoch, len(self.data.train))
        seed_noise(self.model, seed, self.spec.id, "training noise", epoch)
        trained = _Means()
        for logs, batch in self.learn(order):
            check_finite(self.spec, logs, epoch, trained.steps)
            trained.add(logs, batch)
            report.updates(len(logs[self.step.shown]), trained.of(self.step.shown))
        seed_noise(self.model, seed, self.spec.id, "validation noise", epoch)
        validated = _Means()
        rows = _cut(np.arange(len(self.data.validation)), self._batch_size)
        for logs, batch in self._logs(self._validate, self._validation, rows):
            validated.add(logs, batch)
        if not self._all_finite():
            what = "a weight is no longer a finite number"
            raise not_finite(self.spec, what, epoch, self.updates)
        return trained.values() | {f"val_{k}": value for k, value in validated.values().items()}

    def learn(self, order: np.ndarray) -> Iterator[tuple[dict[str, np.ndarray], int]]:
        """Update on the training images in this order.

        What each step gave (float32 arrays by name), some steps at a time, and their batch size.
        """
        return self._logs(self._update, self._training, self._batches(order))

    @property
    def _batch_size(self) -> int:
        return self.spec.batch_size.value

    def _batches(self, order: np.ndarray) -> list[np.ndarray]:
        whole, *rest = _cut(order, self._batch_size)
        return [whole] if self._kind.whole_batches else [whole, *rest]

    def _scaled(self, step: Callable) -> Callable:
        """The step of uint8 images, in any number of equal channels."""
        channels = self.spec.input_shape.value[-1]

        def scaled(vjp, images, *known):
            images = ops.cast(images, "float32") / 255
            images = ops.broadcast_to(images, (*images.shape[:-1], channels))
            return step(vjp, images, *known)

        return scaled

    def _logs(
        self, compiled: CompiledEpoch, feed: Feed, batches: list[np.ndarray]
    ) -> Iterator[tuple[dict[str, np.ndarray], int]]:
        """What every step gave, of some steps at a time, and their batch size."""
        for rows in batches:
            for arrays, here in feed.pieces(rows):
                for logs in compiled(arrays, here):
                    yield logs, rows.shape[1]


def _without_learning(update: Callable) -> Callable:
    """The update with all slopes 0, which none has to be computed for."""

    def passes(vjp, images, *known):
        return update(without_slopes, images, *known)

    return passes


def _cut(order: np.ndarray, batch: int) -> list[np.ndarray]:
    """Rows as (steps, batch), and what is left over as one step of a smaller batch."""
    whole = len(order) // batch * batch
    parts = [order[:whole].reshape(-1, batch), order[np.newaxis, whole:]]
    return [part for part in parts if part.size]


def _all_finite(variables: Sequence[keras.Variable], vjp: Vjp) -> Any:
    floats = [variable for variable in variables if "float" in variable.dtype]
    return ops.all(ops.stack([ops.all(ops.isfinite(variable.value)) for variable in floats]))


class _Means:
    """Means over images of values that are means over batches."""

    def __init__(self):
        self.sums: dict[str, float] = {}
        self.images = 0
        self.steps = 0

    def add(self, logs: dict[str, np.ndarray], batch: int) -> None:
        """Values of some steps, each of a batch of this size."""
        for name, values in logs.items():
            total = float(values.sum(dtype="float64")) * batch
            self.sums[name] = self.sums.get(name, 0.0) + total
        steps = len(next(iter(logs.values())))
        self.images += steps * batch
        self.steps += steps

    def of(self, name: str) -> float:
        return self.sums[name] / self.images

    def values(self) -> dict[str, float]:
        return {name: self.of(name) for name in self.sums}


def check_finite(
    spec: ModelSpec, losses: dict[str, np.ndarray], epoch: int, before: int = 0
) -> None:
    """Stop a run whose loss is no longer a number.

    Args:
        spec: The model's.
        losses: Of some updates, by name.
        epoch: The updates'.
        before: Updates of the epoch that came before these.

    Raises:
        TrainingError: a loss is not finite; the first update that gave one is named.
    """
    wrong = {
        name: int(np.argmin(np.isfinite(values)))
        for name, values in losses.items()
        if not np.isfinite(values).all()
    }
    if wrong:
        name = min(wrong, key=wrong.get)
        what = f"the {name.replace('_', ' ')} is {losses[name][wrong[name]]}"
        raise not_finite(spec, what, epoch, before + wrong[name] + 1)


def not_finite(spec: ModelSpec, what: str, epoch: int, update: int) -> TrainingError:
    """The error of a run that has left the finite numbers."""
    return TrainingError(
        f"{spec.name}: {what} in epoch {epoch}, update {update}. "
        "The run stops here; its last checkpoint is kept, but starting it again repeats "
        "this. Try another --seed, or --precision float32 if it was lower; with data of "
        "your own, check that `thesis-repro data verify` passes."
    )
