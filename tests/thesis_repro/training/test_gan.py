"""Training of GANs over epochs: rows, batches, optimisers, and that they learn."""

import math
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.training.gan import BETA_1, AdversarialTrainer
from thesis_repro.training.gan_step import PARTS
from thesis_repro.training.images import ImageData
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load
from thesis_repro.training.trainer import build_optimizer

SPEC = replace(MODELS["mnist-vae-gan"], batch_size=Sourced(8, "test"))
LOSSES = ("discriminator_loss", "decoder_loss", "encoder_loss", "kl", "feature_loss")
ACCURACIES = ("accuracy_real", "accuracy_reconstructed", "accuracy_sampled")
FEATURE_CONSTANT = 3136 * math.log(2 * math.pi)  # of the feature loss at 28 px


class Report:
    """Counts updates; ends the training at the one asked for, as Ctrl-C would."""

    def __init__(self, stop_after=None):
        self.losses, self.rows, self.stop_after = [], [], stop_after

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        self.headline = headline
        yield self

    def batch(self, loss):
        self.losses.append(loss)

    def epoch(self, epoch, row):
        self.rows.append(row)
        if epoch == self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture
def eager():
    """A step or two are sooner done than compiled."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def make_trainer(spec=SPEC) -> AdversarialTrainer:
    keras.utils.set_random_seed(0)
    return AdversarialTrainer(spec, build_model(spec))


# === Optimisers as in Keras 2.2.4 ===


class Keras2Adam:
    """Adam as Keras 2.2.4's documentation and source say, by NumPy in float64."""

    def __init__(self, rate, decay, beta_1):
        self.rate, self.decay, self.beta_1 = rate, decay, beta_1
        self.iterations, self.m, self.v = 0, 0.0, 0.0

    def update(self, weight, gradient):
        rate = self.rate / (1 + self.decay * self.iterations)
        self.iterations += 1
        t = self.iterations
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
        self.v = 0.999 * self.v + 0.001 * gradient**2
        step = rate * math.sqrt(1 - 0.999**t) / (1 - self.beta_1**t)
        return weight - step * self.m / (np.sqrt(self.v) + 1e-7)


@pytest.mark.parametrize(
    ("model_id", "expected"),  # at iterations 0, 1, 469 (an epoch of MNIST) and 93,800 (200 epochs)
    [
        ("celeba-vae-gan", [1e-3, 9.8039216e-4, 9.6339114e-5, 5.3276505e-7]),  # 0.001, decay 0.02
        ("celeba-vlae-gan", [1e-4, 9.9009901e-5, 1.7574692e-5, 1.0649627e-7]),  # 0.0001, 0.01
        ("dsprites-vlae-gan", [1e-4, 9.9009901e-5, 1.7574692e-5, 1.0649627e-7]),
        ("mnist-vae-gan", [1e-4, 1e-4, 1e-4, 1e-4]),
        ("dsprites-vae-gan", [1e-4, 1e-4, 1e-4, 1e-4]),
        ("mnist-vlae-gan", [1e-4, 1e-4, 1e-4, 1e-4]),
    ],
)
def test_learning_rate_after_so_many_updates(model_id, expected):
    optimizer = build_optimizer(MODELS[model_id], BETA_1)
    rates = []
    for iterations in (0, 1, 469, 93_800):
        optimizer.iterations.assign(iterations)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("model_id", ["celeba-vae-gan", "celeba-vlae-gan", "mnist-vae-gan"])
def test_adam_against_keras_2(model_id):
    spec, rng = MODELS[model_id], np.random.default_rng(0)
    weight = keras.Variable(rng.normal(size=20).astype("float32") * 1e-3)
    optimizer = build_optimizer(spec, BETA_1)
    expected = np.asarray(weight, float)
    keras_2 = Keras2Adam(spec.learning_rate.value, spec.decay.value, 0.5)
    start = expected
    for _ in range(50):
        gradient = (rng.normal(size=20) * np.logspace(-9, 2, 20)).astype("float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
        expected = keras_2.update(expected, gradient.astype(float))
    way = np.abs(expected - start)
    assert (np.abs(np.asarray(weight) - expected) <= 1e-4 * way + 1e-8).all()
    assert way.min() > 1e-7


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_each_part_has_an_optimizer_that_counts_its_own_updates(make_data):
    trainer = make_trainer()
    assert list(trainer.optimizers) == ["discriminator", "decoder", "encoder"]
    assert len({id(optimizer) for optimizer in trainer.optimizers.values()}) == 3
    trainer.epoch(make_data(train=16, validation=8), 0, 1, Report())
    for part, optimizer in trainer.optimizers.items():
        assert int(optimizer.iterations.value) == 2
        assert (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon) == (0.5, 0.999, 1e-7)
        trained = getattr(trainer.model, part).trainable_variables
        # Two moments a weight, the counter and the learning rate.
        assert len(optimizer.variables) == 2 * len(trained) + 2
    ids = [id(variable) for variable in trainer.variables]
    assert len(set(ids)) == len(ids)


# === Epochs ===


class Epochs(NamedTuple):
    """Two epochs: what they began with (and a third would), their rows, and the batches seen."""

    trainer: AdversarialTrainer
    data: ImageData
    states: list[list[np.ndarray]]
    rows: list[dict[str, float]]
    seen: list[np.ndarray]
    losses: list[float]


def state(trainer) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable).copy() for variable in trainer.variables]


def set_state(trainer, values) -> None:
    for variable, value in zip(trainer.variables, values, strict=True):
        variable.assign(value)


@pytest.fixture(scope="module")
def epochs(make_data):
    """Two epochs of 20 images in batches of 8, with 12 validation images."""
    trainer, data, report = make_trainer(), make_data(train=20, validation=12), Report()
    seen, states, rows = [], [state(trainer)], []
    step = trainer.train_step
    trainer.train_step = lambda images: seen.append(np.asarray(images)) or step(images)
    for epoch in (1, 2):
        rows.append(trainer.epoch(data, 0, epoch, report))
        states.append(state(trainer))
    trainer.train_step = step
    return Epochs(trainer, data, states, rows, seen, report.losses)


def test_a_row_has_every_loss_and_accuracy(epochs):
    expected = {*LOSSES, *ACCURACIES}
    for row in epochs.rows:
        names = {f"val_{name}" for name in (*expected, "diversity")}
        assert set(row) == expected | names
        assert all(isinstance(value, float) and math.isfinite(value) for value in row.values())
        assert all(0 <= row[name] <= 1 for name in row if "accuracy" in name)
        for prefix in ("", "val_"):
            kl, feature = row[f"{prefix}kl"], row[f"{prefix}feature_loss"]
            assert row[f"{prefix}encoder_loss"] == pytest.approx(10 * kl + feature, rel=1e-6)
            assert feature > FEATURE_CONSTANT
    assert set(AdversarialTrainer.headline) <= set(epochs.rows[0])


def test_batches_are_full_and_reshuffled(epochs):
    seen, data = epochs.seen, epochs.data
    assert epochs.trainer.steps(data) == 2
    assert [batch.shape for batch in seen] == [(8, 28, 28, 1)] * 4
    assert len(epochs.losses) == 4
    assert all(batch.dtype == np.float32 and 0 <= batch.min() < batch.max() <= 1 for batch in seen)
    stored = {(image.astype("float32") / 255).tobytes(): i for i, image in enumerate(data.train)}
    order = [[stored[image.tobytes()] for image in batch] for batch in seen]
    first, second = order[0] + order[1], order[2] + order[3]
    assert len(set(first)) == len(set(second)) == 16
    assert first != second
    assert sorted(first) != first


def test_training_losses_are_means_over_updates_and_validation_losses_over_images(
    epochs, monkeypatch
):
    trainer = epochs.trainer
    logs = iter([{"encoder_loss": 1.0}, {"encoder_loss": 5.0}])
    validation = iter([{"kl": 3.0}, {"kl": 9.0}])  # of 8 images and of 4
    monkeypatch.setattr(trainer, "train_step", lambda images: next(logs))
    monkeypatch.setattr(trainer, "validation_step", lambda images: next(validation))
    report = Report()
    row = trainer.epoch(epochs.data, 0, 3, report)
    assert row == {"encoder_loss": 3.0, "val_kl": 5.0}
    assert report.losses == [1.0, 3.0]


def test_an_epoch_is_a_function_of_seed_number_and_state(epochs):
    """Another trainer makes the same rows and states, in another order; another seed others."""
    keras.utils.set_random_seed(5)
    other = AdversarialTrainer(SPEC, build_model(SPEC))
    for epoch in (2, 1):
        set_state(other, epochs.states[epoch - 1])
        assert other.epoch(epochs.data, 0, epoch, Report()) == epochs.rows[epoch - 1]
        for value, expected in zip(state(other), epochs.states[epoch], strict=True):
            np.testing.assert_array_equal(value, expected)
    set_state(other, epochs.states[0])
    assert other.epoch(epochs.data, 1, 1, Report()) != epochs.rows[0]


def test_fewer_images_than_a_batch_are_one(make_data, monkeypatch):
    trainer, seen = make_trainer(), []
    monkeypatch.setattr(trainer, "train_step", lambda images: seen.append(images.shape) or {})
    monkeypatch.setattr(trainer, "validation_step", lambda images: {})
    monkeypatch.setattr("thesis_repro.training.gan._Means.values", lambda _: {"encoder_loss": 0.0})
    data = make_data(train=7, validation=8)
    assert trainer.steps(data) == 1
    trainer.epoch(data, 0, 1, Report())
    assert seen == [(7, 28, 28, 1)]


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("setting", "value"),
    # The second: the discriminator's update is too much for the decoder's.
    [("feature_weight", float("nan")), ("learning_rate", 1e30)],
)
def test_a_run_stops_where_numbers_end(make_data, tmp_path, setting, value):
    spec = replace(SPEC, **{setting: Sourced(value, "test")})
    options = TrainingOptions(Scale("tiny", None, None, 1))
    with pytest.raises(TrainingError) as caught:
        train_or_load(spec, make_data(16, 8), options, tmp_path, TrainingProgress(quiet=True))
    message = str(caught.value)
    for part in ("MNIST-VAE-GAN", "decoder loss is nan", "epoch 1, update 1.", "--seed"):
        assert part in message
    assert not list(tmp_path.rglob("DONE"))
    assert not list(tmp_path.rglob("*.npz"))


# === Whole runs ===


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_history_and_weights_of_a_run(make_data, tmp_path):
    """The rows come back as they were from CSV and from a checkpoint; the weights are loaded."""
    data, options = make_data(16, 8), TrainingOptions(Scale("tiny", None, None, 2))
    reports = Report(stop_after=1), Report()
    with pytest.raises(KeyboardInterrupt):
        train_or_load(SPEC, data, options, tmp_path, reports[0])
    trained = train_or_load(SPEC, data, options, tmp_path, reports[1])  # goes on from a checkpoint
    assert [len(report.losses) for report in reports] == [2, 2]
    assert trained.history == reports[0].rows + reports[1].rows
    names = {f"{part}.weights.h5" for part in PARTS}
    assert {path.name for path in trained.run.path.glob("*.h5")} == names

    loaded = train_or_load(SPEC, data, options, tmp_path, None)
    assert loaded.history == trained.history
    for one, other in zip(loaded.model.weights, trained.model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.slow
def test_a_short_training_on_digits_improves(make_data):
    """200 updates with batches of 8; the first and the last 40 of them.

    Validation uses the moving statistics, which are far from the batches' for the first hundred
    updates or two: until then its losses rise and all sampled images are alike.
    """
    trainer, data = make_trainer(), make_data(train=320, validation=128)
    first, *_, last = [trainer.epoch(data, 0, epoch, Report()) for epoch in range(1, 6)]
    for name, share in (("feature_loss", 0.9), ("val_feature_loss", 0.8)):
        before, after = (row[name] - FEATURE_CONSTANT for row in (first, last))
        assert 0 < after < share * before  # 4.3 of 5.6 and 4.2 of 7.3 when this was written
    assert last["val_diversity"] > 0.01  # 0.037; 0.00017 after the first 40
    assert last["val_diversity"] > 10 * first["val_diversity"]
