"""Training of classifiers: the AlexNet classifier and the three helper networks.

Images are on 0..1 wherever a classifier is trained or applied; the original code had the digits
on 0..255 for both (errata E13 and E69).
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np

from data_prep.reading import Column
from thesis_repro.errors import TrainingError
from thesis_repro.models.losses import binary_cross_entropy, categorical_cross_entropy
from thesis_repro.training.fitted import FittedTrainer
from thesis_repro.training.images import ImageBatches, ImageData
from thesis_repro.training.trainer import build_optimizer

_LOSSES = {"binary": binary_cross_entropy, "categorical": categorical_cross_entropy}


class ClassifierTrainer(FittedTrainer):
    """Trains a classifier on images and their labels, which are read batch by batch."""

    headline = ("loss", "val_loss", "val_accuracy")

    def compile(self) -> None:
        """Give the model its optimiser, its loss and its accuracies."""
        loss = _LOSSES[self.spec.target.cross_entropy]
        self.model.compile(build_optimizer(self.spec), loss=loss, metrics=self._metrics())

    def train_batches(self, data: ImageData, seed: int, epoch: int) -> "LabelledBatches":
        """The training images in the epoch's order, with their targets."""
        order = super().train_batches(data, seed, epoch).order
        return self._batches(data.train, data.train_known, order)

    def validation_batches(self, data: ImageData) -> "LabelledBatches":
        """The validation images in file order, with their targets."""
        return self._batches(data.validation, data.validation_known)

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """One-hot float32 targets, (n, classes); of a network with one output, (n, 1) of 0 or 1.

        Raises:
            TrainingError: a label is none of the network's classes.
        """
        outputs = self.model.output_shape[-1]
        classes = max(outputs, 2)
        wrong = labels[(labels < 0) | (labels >= classes)]
        if wrong.size:
            raise TrainingError(
                f"{self.spec.name}: an image is labelled {wrong[0]}, but the network's classes are "
                f"0 to {classes - 1}. Prepare the data set {self.spec.dataset.value} again "
                "(`thesis-repro data prepare`), or correct the labels of data of your own."
            )
        if outputs == 1:
            return labels[:, np.newaxis].astype("float32")
        return np.eye(outputs, dtype="float32")[labels]

    def _batches(
        self,
        images: np.ndarray | Column,
        known: Mapping[str, np.ndarray | Column],
        order: np.ndarray | None = None,
    ) -> "LabelledBatches":
        target = self.spec.target
        column = known[target.labels]

        def targets_of(rows: np.ndarray) -> np.ndarray:
            labels = np.asarray(column[rows])
            return self.targets(labels if target.column is None else labels[:, target.column])

        return LabelledBatches(images, self.batch_size, targets_of, order)

    def _metrics(self) -> list[keras.metrics.Metric]:
        if self.model.output_shape[-1] == 1:
            return [keras.metrics.BinaryAccuracy(name="accuracy")]
        return [
            keras.metrics.TopKCategoricalAccuracy(k, name=f"top_{k}_accuracy")
            if k > 1
            else keras.metrics.CategoricalAccuracy(name="accuracy")
            for k in self.spec.target.top
        ]


class LabelledBatches(ImageBatches):
    """Batches of images in [0, 1] with their targets, in a given order."""

    def __init__(
        self,
        images: np.ndarray | Column,
        batch_size: int,
        targets_of: Callable[[np.ndarray], np.ndarray],
        order: np.ndarray | None = None,
    ):
        super().__init__(images, batch_size, order)
        self.targets_of = targets_of

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The images in these rows, and their targets."""
        return *super().batch(rows), self.targets_of(rows)
