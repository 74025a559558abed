"""One update of a classifier on a batch: the AlexNet classifier and the three helper networks.

Images are on 0..1 wherever a classifier is trained or applied; the original code had the digits
on 0..255 for both (errata E13 and E69).
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from data_prep.reading import Column
from thesis_repro.errors import TrainingError
from thesis_repro.models.losses import binary_cross_entropy, categorical_cross_entropy
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.compiled import Vjp
from thesis_repro.training.optimizer import build_optimizer
from thesis_repro.training.step import Step

_LOSSES = {"binary": binary_cross_entropy, "categorical": categorical_cross_entropy}


class ClassifierStep(Step):
    """Descends the cross-entropy of a network's answers with the labels of the images."""

    headline = ("loss", "val_loss", "val_accuracy")
    shown = "loss"

    def __init__(self, spec: ModelSpec, model: keras.Model):
        self.spec = spec
        self.model = model
        self.trained = model.trainable_variables
        self.outputs: int = model.output_shape[-1]
        self.optimizers = [build_optimizer(spec)]
        self.optimizers[0].build(self.trained)

    def known(self, known: Mapping[str, np.ndarray | Column]) -> list[np.ndarray]:
        """The labels, int32 (n,).

        Raises:
            TrainingError: a label is none of the network's classes.
        """
        target = self.spec.target
        labels = np.asarray(known[target.labels])
        labels = labels if target.column is None else labels[:, target.column]
        classes = max(self.outputs, 2)
        wrong = labels[(labels < 0) | (labels >= classes)]
        if wrong.size:
            raise TrainingError(
                f"{self.spec.name}: an image is labelled {wrong[0]}, but the network's classes are "
                f"0 to {classes - 1}. Prepare the data set {self.spec.dataset.value} again "
                "(`thesis-repro data prepare`), or correct the labels of data of your own."
            )
        return [labels.astype("int32")]

    def update(self, vjp: Vjp, images, labels) -> dict[str, Any]:
        """One update of all layers; loss and accuracies by name."""
        loss, logs, pullback = vjp(lambda: self._loss(images, labels, True), [], self.trained)
        self.optimizers[0].apply(pullback(ops.ones_like(loss))[1], self.trained)
        return {"loss": loss, **logs}

    def validate(self, vjp: Vjp, images, labels) -> dict[str, Any]:
        """Loss and accuracies of a batch in inference."""
        loss, logs = self._loss(images, labels, training=False)
        return {"loss": loss, **logs}

    def _loss(self, images, labels, training: bool) -> tuple[Any, dict[str, Any]]:
        answers = ops.cast(self.model(images, training=training), "float32")
        if self.outputs == 1:
            targets = ops.cast(labels[:, None], "float32")
        else:
            targets = ops.one_hot(labels, self.outputs, dtype="float32")
        loss = ops.mean(_LOSSES[self.spec.target.cross_entropy](targets, answers))
        return loss, self._accuracies(answers, labels)

    def _accuracies(self, answers, labels) -> dict[str, Any]:
        if self.outputs == 1:
            right = ops.equal(ops.cast(answers[:, 0] > 0.5, "int32"), labels)
            return {"accuracy": ops.mean(ops.cast(right, "float32"))}
        return {
            "accuracy" if k == 1 else f"top_{k}_accuracy": ops.mean(in_top(answers, labels, k))
            for k in self.spec.target.top
        }


def in_top(answers, labels, k: int) -> Any:
    """How likely each label (n,) is among the k highest of answers (n, classes), (n,).

    1 or 0, or between them where it ties with others for the last places, which then are drawn by
    lot: a network that answers the same for each of 1,000 classes is right in 0.1 %, not always.
    """
    own = ops.take_along_axis(answers, ops.expand_dims(labels, 1), axis=1)
    above = ops.sum(ops.cast(answers > own, "float32"), axis=1)
    tied = ops.sum(ops.cast(ops.equal(answers, own), "float32"), axis=1)
    return ops.clip((k - above) / tied, 0.0, 1.0)
