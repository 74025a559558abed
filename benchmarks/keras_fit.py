"""Training as this package did it by Keras's `fit`: what its engine is measured against.

The loss is computed by the model, Adam is Keras's, a `PyDataset` turns each batch into float32, and
the mean loss is read after every update, to stop where it is no longer a number.
"""

import keras
import numpy as np
from workload import Train, check_finite

from data_prep.reading import Column
from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.building import builders
from thesis_repro.models.losses import kl_term, reconstruction_term
from thesis_repro.models.spec import ModelSpec


def fitting(spec: ModelSpec, images: np.ndarray) -> Train:
    """Training of a VAE or VLAE, with fresh weights, by `fit`."""
    model = fitted(spec)

    def train(rows: np.ndarray) -> None:
        fit(model, ImageBatches(images, spec.batch_size.value, rows))

    return train


def fitted(spec: ModelSpec) -> "FittedAutoencoder":
    """A VAE or VLAE with fresh weights, ready for `fit`."""
    model = FittedAutoencoder(
        **{part: build() for part, build in builders(spec).items()},
        reconstruction_weight=spec.reconstruction_weight.value,
    )
    model.compile(optimizer=keras_adam(spec))
    return model


def fit(model: keras.Model, batches: "ImageBatches") -> list[float]:
    """One pass over the batches; the loss as `fit` gives it after each: the mean so far."""
    watch = _Watch()
    # Keras would shuffle the batches once more.
    model.fit(batches, shuffle=False, verbose=0, callbacks=[watch])
    return watch.losses


class FittedAutoencoder(VariationalAutoencoder):
    """A VAE or VLAE that computes its own loss, and means of its two terms."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model, reconstruction_weight: float):
        super().__init__(encoder, decoder, reconstruction_weight)
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction")
        self.kl_tracker = keras.metrics.Mean(name="kl")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean over the batch of reconstruction term plus KL term."""
        reconstruction = reconstruction_term(
            x, y_pred["reconstruction"], self.reconstruction_weight
        )
        kl = kl_term(y_pred["mu"], y_pred["log_var"])
        self.reconstruction_tracker.update_state(reconstruction)
        self.kl_tracker.update_state(kl)
        return keras.ops.mean(reconstruction + kl)


def keras_adam(spec: ModelSpec, beta_1: float = 0.9) -> keras.optimizers.Optimizer:
    """Keras's Adam with a model's learning rate and decay."""
    rate = spec.learning_rate.value
    if spec.decay.value:
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=1, decay_rate=spec.decay.value
        )
    return keras.optimizers.Adam(rate, beta_1=beta_1, epsilon=1e-7)


class ImageBatches(keras.utils.PyDataset):
    """Batches of float32 images in [0, 1] from uint8 images, in a given order."""

    def __init__(self, images: np.ndarray | Column, batch_size: int, order: np.ndarray):
        super().__init__()
        self.images = images
        self.batch_size = batch_size
        self.order = order

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return (self.images[rows].astype("float32") / 255,)


class _Watch(keras.callbacks.Callback):
    """Reads the loss after every update."""

    def __init__(self):
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        check_finite(np.asarray(logs["loss"]))
        self.losses.append(float(logs["loss"]))
