"""The step of VAEs and VLAEs: its losses by NumPy, and its updates against Keras's `fit`."""

from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from appendix_architectures.sampling import Sampling
from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.losses import kl_term, reconstruction_term
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.seeds import epoch_order, seed_noise
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.evidence_step import EvidenceStep
from thesis_repro.training.images import ImageData
from thesis_repro.training.trainer import Trainer

MODEL_IDS = ["mnist-vae", "mnist-vlae-factor-3"]  # one latent layer with BatchNorm; three without
TERMS = ("loss", "reconstruction", "kl")
NOBODY = SimpleNamespace(updates=lambda count, loss: None)


@pytest.fixture
def eager():
    """A step or two are sooner done than compiled."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def variables(step):
    return [*step.model.variables, *step.optimizers[0].variables]


# --- Networks of the thesis ---


@pytest.fixture(scope="module", params=MODEL_IDS)
def step(request) -> EvidenceStep:
    keras.utils.set_random_seed(0)
    spec = MODELS[request.param]
    return EvidenceStep(spec, build_model(spec))


@pytest.fixture
def images(step, tiny_images):
    few = tiny_images[:8].astype("float32") / 255
    return few.repeat(step.model.encoder.input_shape[-1], axis=-1)


def expected_terms(model, images):
    out = keras.tree.map_structure(ops.convert_to_numpy, model(images, training=False))
    squares = (images.astype(float) - out["reconstruction"]) ** 2
    reconstruction = model.reconstruction_weight * squares.reshape(len(images), -1).mean(axis=1)
    kl = np.zeros(len(images))
    for mu, log_var in zip(out["mu"], out["log_var"], strict=True):
        mu, log_var = mu.astype(float), log_var.astype(float)
        kl += 0.5 * (np.exp(log_var) + mu**2 - 1 - log_var).sum(axis=1)
    return reconstruction, kl


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_loss_and_its_terms_against_the_outputs(step, images):
    seed_noise(step.model, 2)
    reconstruction, kl = expected_terms(step.model, images)
    seed_noise(step.model, 2)
    losses = CompiledStep(step.validate, step.model.variables)(images)
    assert list(losses) == list(TERMS)
    losses = {name: float(np.asarray(value)) for name, value in losses.items()}
    assert losses["reconstruction"] == pytest.approx(reconstruction.mean(), rel=1e-5)
    # Its addends are near 1, however small they leave the divergence: one rounding of float32.
    assert losses["kl"] == pytest.approx(kl.mean(), rel=1e-5, abs=2**-24)
    assert losses["loss"] == pytest.approx((reconstruction + kl).mean(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_validation_changes_no_weight_and_an_update_every_one_that_is_trained(step, images):
    model = step.model
    learned = [weight for weight in model.weights if "moving_" not in weight.path]
    before = [ops.convert_to_numpy(weight).copy() for weight in model.weights]

    def unchanged(weights):
        values = dict(zip((weight.path for weight in model.weights), before, strict=True))
        return [w.path for w in weights if np.array_equal(np.asarray(w), values[w.path])]

    CompiledStep(step.validate, model.variables)(images)
    assert len(unchanged(model.weights)) == len(model.weights)
    CompiledStep(step.update, variables(step))(images)
    assert unchanged(model.weights) == []
    # MNIST-VAE: kernel and bias (or gamma and beta) of 11 layers, and of 7 BatchNormalizations;
    # MNIST-VLAE: of 12 layers in the encoder and 8 in the decoder.
    assert len(learned) == (2 * (11 + 7) if len(model.encoder.outputs) == 1 else 2 * (12 + 8))
    assert int(step.optimizers[0].iterations.value) == 1


# --- A toy against Keras ---

SPEC = replace(
    MODELS["mnist-vae"],
    **{
        name: Sourced(value, "test")
        for name, value in {
            "input_shape": (4, 4, 1), "batch_size": 16, "learning_rate": 0.01, "decay": 0.02,
        }.items()
    },
)  # fmt: skip


class Fitted(VariationalAutoencoder):
    """The same model for Keras's `fit`: it computes its loss itself."""

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.trackers = [keras.metrics.Mean(name=name) for name in TERMS[1:]]

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        terms = (
            reconstruction_term(x, y_pred["reconstruction"], self.reconstruction_weight),
            kl_term(y_pred["mu"], y_pred["log_var"]),
        )
        for tracker, term in zip(self.trackers, terms, strict=True):
            tracker.update_state(term)
        return ops.mean(sum(terms))


def toy(kind=VariationalAutoencoder):
    """A VAE on images of 4 by 4 pixels, with normalisation and noise."""
    keras.utils.set_random_seed(0)
    images = keras.Input((4, 4, 1))
    x = keras.layers.Dense(12, activation="tanh")(keras.layers.Flatten()(images))
    x = keras.layers.BatchNormalization()(x)
    mu, log_var = (keras.layers.Dense(2, name=name)(x) for name in ("mu", "log_var"))
    encoder = keras.Model(images, Sampling(name="z")([mu, log_var]))
    z = keras.Input((2,))
    pixels = keras.layers.Dense(16, activation="sigmoid")(keras.layers.Dense(8)(z))
    decoder = keras.Model(z, keras.layers.Reshape((4, 4, 1))(pixels))
    return kind(encoder, decoder, reconstruction_weight=100.0)


@pytest.fixture(scope="module")
def data(tiny_images):
    """100 images for training, six whole batches and a part, and 20; their middles differ most."""
    small = tiny_images[:120, 2:26:6, 2:26:6]
    return ImageData(small[:100], small[100:], "toy", "toy", True)


def fitted(data, optimizer):
    """Three epochs by `fit`, in the order and with the noise of a Trainer; rows and model."""
    model, rows = toy(Fitted), []
    model.compile(optimizer=optimizer)
    train, validation = (own.astype("float32") / 255 for own in (data.train, data.validation))
    for epoch in (1, 2, 3):
        order = epoch_order(0, SPEC.id, epoch, len(train))
        seed_noise(model, 0, SPEC.id, "training noise", epoch)
        trained = model.fit(train[order], batch_size=16, shuffle=False, verbose=0).history
        seed_noise(model, 0, SPEC.id, "validation noise", epoch)
        validated = model.evaluate(validation, batch_size=16, verbose=0, return_dict=True)
        row = {name: values[-1] for name, values in trained.items()}
        rows.append(row | {f"val_{name}": value for name, value in validated.items()})
    return rows, model


def test_three_epochs_against_keras_fit(data):
    """Losses and the way that weights went to 2e-5: Adam's rounding, mostly."""
    rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, 0.02)
    expected, theirs = fitted(data, keras.optimizers.Adam(rate, epsilon=1e-7))
    model = toy()
    start = [ops.convert_to_numpy(weight).copy() for weight in model.weights]
    trainer = Trainer(SPEC, model, data)
    rows = [trainer.epoch(0, epoch, NOBODY) for epoch in (1, 2, 3)]
    assert trainer.updates == 7
    for ours, row in zip(rows, expected, strict=True):
        assert set(ours) == {prefix + term for prefix in ("", "val_") for term in TERMS}
        assert ours == pytest.approx(row, rel=2e-5)
    assert rows[-1]["loss"] < 0.95 * rows[0]["loss"]
    columns = zip(model.weights, theirs.weights, start, strict=True)
    ours, theirs, start = (
        [np.asarray(own) for own in column] for column in zip(*columns, strict=True)
    )
    for one, other, old in zip(ours, theirs, start, strict=True):  # up to 8e-6 as this was written
        assert np.linalg.norm(one - other) < 2e-5 * np.linalg.norm(other - old)


def test_an_epochs_terms_are_means_over_images_not_over_batches(data):
    """Three images in batches of two; the KL has no noise."""
    spec = replace(SPEC, batch_size=Sourced(2, "test"))
    data = replace(data, validation=data.validation[:3])
    trainer = Trainer(spec, toy(), data)
    row = trainer.epoch(0, 1, NOBODY)
    _, kl = expected_terms(trainer.model, data.validation.astype("float32") / 255)
    assert row["val_kl"] == pytest.approx(kl.mean(), rel=1e-5)
    assert row["val_kl"] != pytest.approx((kl[:2].mean() + kl[2]) / 2, rel=1e-3)
