"""Training by Keras's `fit`: VAEs, VLAEs and classifiers."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import RunReport
from thesis_repro.seeds import epoch_order, seed_noise
from thesis_repro.training.images import ImageBatches, ImageData
from thesis_repro.training.trainer import Trainer, build_optimizer, check_finite


class FittedTrainer(Trainer):
    """Trains a VAE or VLAE on the loss it computes: shuffled every epoch, last batch included."""

    headline = ("loss", "val_loss", "val_reconstruction", "val_kl")

    def __init__(self, spec: ModelSpec, model: keras.Model):
        super().__init__(spec, model)
        self.compile()
        model.optimizer.build(model.trainable_variables)

    def compile(self) -> None:
        """Give the model its optimiser; it computes its loss itself."""
        self.model.compile(optimizer=build_optimizer(self.spec))

    @property
    def variables(self) -> list[keras.Variable]:
        """Weights, moving statistics and optimiser state."""
        return [*self.model.weights, *self.model.optimizer.variables]

    def steps(self, data: ImageData) -> int:
        """Updates in an epoch."""
        return len(ImageBatches(data.train, self.batch_size))

    def train_batches(self, data: ImageData, seed: int, epoch: int) -> ImageBatches:
        """The training images in the epoch's order."""
        order = epoch_order(seed, self.spec.id, epoch, len(data.train))
        return ImageBatches(data.train, self.batch_size, order)

    def validation_batches(self, data: ImageData) -> ImageBatches:
        """The validation images in file order."""
        return ImageBatches(data.validation, self.batch_size)

    def epoch(self, data: ImageData, seed: int, epoch: int, report: RunReport) -> dict[str, float]:
        """One pass over the training images and one over the validation images.

        Raises:
            TrainingError: the loss is not finite, or a label is none of the network's classes.
            data_prep.errors.DataError: images can no longer be read.
        """
        training, validation = self.train_batches(data, seed, epoch), self.validation_batches(data)
        watch = _Watch(self.spec, epoch, report)
        with _error_of_reading(training, validation):
            seed_noise(self.model, seed, self.spec.id, "training noise", epoch)
            # Keras would shuffle the batches once more, with Python's global generator.
            trained = self.model.fit(training, shuffle=False, verbose=0, callbacks=[watch]).history
            seed_noise(self.model, seed, self.spec.id, "validation noise", epoch)
            validated = self.model.evaluate(validation, return_dict=True, verbose=0)
        row = {name: float(values[-1]) for name, values in trained.items()}
        return row | {f"val_{name}": float(value) for name, value in validated.items()}


@contextmanager
def _error_of_reading(*datasets: ImageBatches) -> Iterator[None]:
    """Raise what reading a batch raised, not what TensorFlow makes of it from the second batch."""
    try:
        yield
    except Exception as error:
        cause = next((batches.error for batches in datasets if batches.error), error)
        if cause is error:
            raise
        raise cause from error


class _Watch(keras.callbacks.Callback):
    """Moves the progress bar, and stops a run whose loss is no longer a number."""

    def __init__(self, spec: ModelSpec, epoch: int, report: RunReport):
        super().__init__()
        self.spec = spec
        self.epoch = epoch
        self.report = report

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        check_finite(self.spec, {"loss": logs["loss"]}, self.epoch, batch + 1)
        self.report.batch(logs["loss"])
