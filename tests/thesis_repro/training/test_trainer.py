"""Epochs of any step: order, batches, means, what ends a run, and that all is a matter of state."""

import math
import re
from dataclasses import replace
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model
from thesis_repro.models.families import Objective
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.images import ImageData, with_channels
from thesis_repro.training.step import Step
from thesis_repro.training.trainer import STEPS, Trainer, check_finite, step_of

DIGITS = MODELS["digit-classifier"]  # in batches of 32 grey images
GAN = replace(MODELS["mnist-vae-gan"], batch_size=Sourced(8, "test"))
ACCURACIES = ("accuracy_real", "accuracy_reconstructed", "accuracy_sampled")
LOSSES = ("discriminator_loss", "decoder_loss", "encoder_loss", "kl", "feature_loss")
FEATURE_CONSTANT = 3136 * math.log(2 * math.pi)  # of the feature loss at 28 px


class Report:
    """What a run tells while it goes on: so many updates, and the mean loss so far."""

    def __init__(self):
        self.told = []

    def updates(self, count, loss):
        self.told.append((count, loss))


def state(trainer) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable).copy() for variable in trainer.variables]


def set_state(trainer, values) -> None:
    for variable, value in zip(trainer.variables, values, strict=True):
        variable.assign(value)


def assert_same_state(trainer, values) -> None:
    for one, other in zip(state(trainer), values, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


# === A step that shows what it is given ===


class Showing(Step):
    """Its loss is the mean of a number that is known of each image."""

    headline = ("loss", "val_loss")
    shown = "loss"
    seen = None  # the batches, where they are to be kept

    def __init__(self, spec, model):
        self.optimizers = []

    def known(self, known):
        return [np.asarray(known["label"]).astype("float32")]

    def update(self, vjp, images, labels):
        if self.seen is not None:
            self.seen.append((np.asarray(images), np.asarray(labels)))
        return {"loss": ops.mean(labels), "images": ops.sum(ops.ones_like(labels))}

    def validate(self, vjp, images, labels):
        return {"loss": 2 * ops.mean(labels)}


@pytest.fixture
def showing(monkeypatch):
    """Classifiers take this step."""

    class Fresh(Showing):
        pass

    monkeypatch.setitem(STEPS, Objective.CLASSIFICATION, Fresh)
    return Fresh


@pytest.fixture
def seen(showing):
    """The batches that it is given; eagerly, as they cannot be looked at within a graph."""
    showing.seen = []
    tf.config.run_functions_eagerly(True)
    yield showing.seen
    tf.config.run_functions_eagerly(False)


EAGER = pytest.mark.filterwarnings(
    "ignore:Even though the .tf.config.experimental_run_functions_eagerly"
)


def toy(channels=1):
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((2, 2, channels)), *layers])


def toy_data(train=90, validation=50, channels=1):
    """Images whose first pixel is their label, 0 to 9, the others noise."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (train + validation, 2, 2, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, train + validation)
    images[:, 0, 0, 0] = labels
    images = with_channels(images, channels)
    known = [{"label": own} for own in (labels[:train], labels[train:])]
    return ImageData(images[:train], images[train:], "toy", "toy", True, *known)


def of_batches(size, channels=1):
    """The spec of a classifier on toy images."""
    shape = Sourced((2, 2, channels), "test")
    return replace(DIGITS, batch_size=Sourced(size, "test"), input_shape=shape)


# --- Batches ---


@EAGER
@pytest.mark.parametrize("chunk", [None, 1, 200])
def test_labels_follow_their_images_through_the_shuffle(seen, monkeypatch, chunk):
    """Whether all images lie on the device or come in chunks."""
    if chunk:
        monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
        monkeypatch.setattr("thesis_repro.training.feed.CHUNK_BYTES", chunk)
    data = toy_data()
    trainer = Trainer(DIGITS, toy(), data)
    orders = []
    for seed, epoch in ((5, 1), (5, 2), (5, 1), (6, 1)):
        seen.clear()
        trainer.epoch(seed, epoch, Report())
        assert [len(labels) for _, labels in seen] == [32, 32, 26]
        images, labels = (np.concatenate(part) for part in zip(*seen, strict=True))
        assert images.dtype == np.float32
        assert 0 <= images.min() < images.max() <= 1
        pixels = np.rint(images * 255).astype(np.uint8)
        np.testing.assert_array_equal(images, pixels.astype("float32") / 255)
        np.testing.assert_array_equal(pixels[:, 0, 0, 0], labels)
        assert sorted(own.tobytes() for own in pixels) == sorted(
            own.tobytes() for own in data.train
        )
        orders.append(pixels)
    one, other_epoch, again, other_seed = orders
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other_epoch)
    assert not np.array_equal(one, other_seed)
    assert not np.array_equal(one, data.train)


@EAGER
def test_validation_is_in_file_order(seen, showing):
    showing.validate = showing.update
    data = toy_data()
    Trainer(DIGITS, toy(), data).epoch(0, 1, Report())
    images, labels = (np.concatenate(part) for part in zip(*seen[3:], strict=True))
    np.testing.assert_array_equal(np.rint(images * 255), data.validation)
    np.testing.assert_array_equal(labels, data.validation_known["label"])


@EAGER
@pytest.mark.parametrize("is_resident", [True, False])
def test_repeated_grey_images_are_trained_on_in_all_their_channels(seen, monkeypatch, is_resident):
    if not is_resident:
        monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
    data = toy_data(channels=3)
    assert data.train.strides[-1] == 0  # a view
    Trainer(of_batches(32, channels=3), toy(channels=3), data).epoch(0, 1, Report())
    assert [images.shape for images, _ in seen] == [(n, 2, 2, 3) for n in (32, 32, 26)]
    for images, labels in seen:
        np.testing.assert_array_equal(np.rint(images[:, 0, 0] * 255), labels[:, None] * [1, 1, 1])
        np.testing.assert_array_equal(images[..., 0], images[..., 2])


@EAGER
@pytest.mark.parametrize(
    ("whole", "images", "batches"),
    [
        (False, 20, [8, 8, 4]),
        (False, 16, [8, 8]),
        (False, 7, [7]),
        (True, 20, [8, 8]),
        (True, 16, [8, 8]),
        (True, 7, [7]),  # fewer than a batch are one
    ],
)
def test_what_is_left_over_is_a_batch_unless_the_step_takes_whole_ones(
    seen, showing, whole, images, batches
):
    showing.whole_batches = whole
    trainer = Trainer(of_batches(8), toy(), toy_data(train=images))
    trainer.epoch(0, 1, Report())
    assert [len(labels) for _, labels in seen] == batches
    assert trainer.updates == len(batches)
    chosen = np.concatenate([images for images, _ in seen])
    assert len({own.tobytes() for own in chosen}) == sum(batches)


# --- Decay ---


@pytest.mark.parametrize(("unit", "rate"), [("update", 0.1 / (1 + 0.5 * 6)), ("epoch", 0.05)])
def test_learning_rates_decay_by_updates_or_by_epochs(unit, rate):
    """After two epochs of three updates (erratum E05); 0.1 at first, decay 0.5."""
    values = {"learning_rate": 0.1, "decay": 0.5, "decay_unit": unit}
    spec = replace(
        of_batches(8), **{name: Sourced(value, "test") for name, value in values.items()}
    )
    trainer = Trainer(spec, toy(), toy_data(train=20))
    assert trainer.updates == 3
    (optimizer,) = trainer.step.optimizers
    optimizer.iterations.assign(2 * 3)
    assert float(optimizer.learning_rate) == pytest.approx(rate)
    assert trainer.spec is spec


# --- Means ---


@pytest.mark.usefixtures("showing")
def test_losses_are_means_over_images_of_the_batches_means():
    data = toy_data(train=90, validation=50)
    data.train_known["label"][:] = np.arange(90)
    report = Report()
    row = Trainer(DIGITS, toy(), data).epoch(0, 1, report)
    assert list(row) == ["loss", "images", "val_loss"]
    assert row["loss"] == pytest.approx(np.arange(90).mean(), rel=1e-6)
    assert row["images"] == pytest.approx((32 * 64 + 26 * 26) / 90)
    assert row["val_loss"] == pytest.approx(2 * data.validation_known["label"].mean(), rel=1e-6)
    assert all(isinstance(value, float) for value in row.values())


@pytest.mark.parametrize("seconds", [0.0, 1e6])
@pytest.mark.usefixtures("showing")
def test_the_mean_so_far_is_shown_with_every_call(monkeypatch, seconds):
    monkeypatch.setattr("thesis_repro.training.compiled.CALL_SECONDS", seconds)
    data, report = toy_data(train=90), Report()
    row = Trainer(of_batches(8), toy(), data).epoch(0, 1, report)
    counts = [count for count, _ in report.told]
    assert counts == ([1, 10, 1] if seconds else [1] * 12)
    assert report.told[-1][1] == pytest.approx(row["loss"])
    assert report.told[0][1] != report.told[-1][1]


# --- What ends a run ---


def test_finite_losses_pass():
    check_finite(DIGITS, {"loss": np.float32([1, 2]), "kl": np.float32([0, 3e38])}, 1)


@pytest.mark.parametrize(
    ("losses", "before", "said"),
    [
        ({"loss": [1, 2, np.nan, 4]}, 0, "the loss is nan in epoch 7, update 3."),
        ({"loss": [1, 2, np.nan, np.inf]}, 65, "the loss is nan in epoch 7, update 68."),
        ({"loss": [1, 1, np.nan], "kl": [1, np.inf, 1]}, 0, "the kl is inf in epoch 7, update 2."),
        ({"feature_loss": [-np.inf]}, 1, "the feature loss is -inf in epoch 7, update 2."),
    ],
)
def test_the_first_update_with_a_loss_that_is_no_number_is_named(losses, before, said):
    losses = {name: np.float32(values) for name, values in losses.items()}
    with pytest.raises(TrainingError, match=re.escape(f"{DIGITS.name}: {said} ")) as error:
        check_finite(DIGITS, losses, 7, before)
    for part in ("its last checkpoint is kept", "another --seed", "--precision", "data verify"):
        assert part in str(error.value)


@pytest.mark.parametrize("place", [0, 5, 40, 89])
@pytest.mark.usefixtures("showing")
def test_an_update_amid_a_call_is_named(monkeypatch, place):
    """Of 90 updates in two calls of 1 and 64 and one of 25."""
    monkeypatch.setattr("thesis_repro.training.compiled.CALL_SECONDS", 1e6)
    data = toy_data(train=90)
    trainer, report = Trainer(of_batches(1), toy(), data), Report()
    trainer.epoch(0, 1, report)
    assert [count for count, _ in report.told] == [1, 64, 25]
    monkeypatch.setattr("thesis_repro.training.trainer.epoch_order", lambda *_: np.arange(90))
    labels = data.train_known["label"].astype(float)
    labels[place] = np.nan
    data = replace(data, train_known={"label": labels})
    trainer, report = Trainer(of_batches(1), toy(), data), Report()
    with pytest.raises(TrainingError, match=rf"the loss is nan in epoch 4, update {place + 1}\."):
        trainer.epoch(0, 4, report)
    assert sum(count for count, _ in report.told) <= place


@pytest.mark.usefixtures("showing")
def test_a_weight_that_is_no_number_ends_the_run():
    """Though every loss is one; the last update is named."""
    model = toy()
    trainer = Trainer(DIGITS, model, toy_data())
    trainer.epoch(0, 1, Report())
    model.weights[0].assign(np.full(model.weights[0].shape, np.inf))
    expected = "a weight is no longer a finite number in epoch 2, update 3."
    with pytest.raises(TrainingError, match=re.escape(expected)):
        trainer.epoch(0, 2, Report())


# === True steps ===


def test_every_objective_has_a_step():
    assert step_of(GAN).whole_batches
    assert not step_of(DIGITS).whole_batches
    assert step_of(MODELS["celeba-vlae"]) is step_of(MODELS["mnist-vae"])


def test_training_is_the_same_bit_for_bit_however_images_come(monkeypatch):
    """All on the device, or in chunks of 1, 2 and 64 steps, of which the last is filled up."""
    data, results = toy_data(channels=3), []
    for chunk in (None, 1, 8 * 2 * (4 + 4), 2**28):
        with monkeypatch.context() as patch:
            if chunk:
                patch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
                patch.setattr("thesis_repro.training.feed.CHUNK_BYTES", chunk)
            trainer = Trainer(of_batches(8, channels=3), toy(channels=3), data)
            rows = [trainer.epoch(0, epoch, Report()) for epoch in (1, 2)]
            results.append((rows, state(trainer)))
    (rows, expected), *others = results
    for other_rows, values in others:
        assert other_rows == rows
        for one, other in zip(values, expected, strict=True):
            np.testing.assert_array_equal(one, other, strict=True)
    assert rows[1]["loss"] != rows[0]["loss"]


def test_training_is_the_same_bit_for_bit_however_steps_are_cut_into_calls(monkeypatch):
    results = []
    for seconds in (0.0, 1e6):
        monkeypatch.setattr("thesis_repro.training.compiled.CALL_SECONDS", seconds)
        trainer, report = Trainer(of_batches(8), toy(), toy_data()), Report()
        rows = [trainer.epoch(0, epoch, report) for epoch in (1, 2)]
        results.append((rows, state(trainer), len(report.told)))
    (rows, values, calls), (other_rows, other_values, fewer) = results
    assert (calls, fewer) == (24, 5)
    assert rows == other_rows
    for one, other in zip(values, other_values, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


class Epochs(NamedTuple):
    """Two epochs: what they began with (and a third would), and their rows."""

    trainer: Trainer
    data: ImageData
    states: list[list[np.ndarray]]
    rows: list[dict[str, float]]
    updates: int


@pytest.fixture(scope="module")
def epochs(make_data):
    """Two epochs of a VAE-GAN on 20 images in batches of 8, with 12 validation images."""
    keras.utils.set_random_seed(0)
    data, report = make_data(train=20, validation=12), Report()
    trainer = Trainer(GAN, build_model(GAN), data)
    states, rows = [state(trainer)], []
    for epoch in (1, 2):
        rows.append(trainer.epoch(0, epoch, report))
        states.append(state(trainer))
    return Epochs(trainer, data, states, rows, sum(count for count, _ in report.told))


def test_a_gans_row_has_every_loss_and_accuracy(epochs):
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
    assert {*epochs.trainer.step.headline, epochs.trainer.step.shown} <= set(epochs.rows[0])
    assert epochs.updates == 2 * epochs.trainer.updates == 4


def test_an_epoch_is_a_function_of_seed_number_and_state(epochs):
    """Another trainer makes the same rows and states, in another order; another seed others."""
    keras.utils.set_random_seed(5)
    other = Trainer(GAN, build_model(GAN), epochs.data)
    for epoch in (2, 1):
        set_state(other, epochs.states[epoch - 1])
        assert other.epoch(0, epoch, Report()) == epochs.rows[epoch - 1]
        assert_same_state(other, epochs.states[epoch])
    set_state(other, epochs.states[0])
    assert other.epoch(1, 1, Report()) != epochs.rows[0]


def test_no_variable_is_kept_twice(epochs):
    """Weights, moving statistics and the state of three optimisers."""
    ids = [id(variable) for variable in epochs.trainer.variables]
    assert len(set(ids)) == len(ids)
    of_optimizers = sum(len(own.variables) for own in epochs.trainer.step.optimizers)
    assert len(ids) == len(epochs.trainer.model.weights) + of_optimizers


# --- Without learning ---


def forbidden(*arguments, **options):
    raise AssertionError("a gradient was asked for")


@pytest.mark.slow
@pytest.mark.parametrize("spec", [GAN, MODELS["mnist-vlae-factor-3"], DIGITS])
def test_without_learning_an_epoch_is_one_of_a_learning_rate_of_0(make_data, monkeypatch, spec):
    """The same row and weights, batch normalisation moved alike, and no gradient was computed."""
    is_toy = spec is DIGITS
    data = toy_data() if is_toy else make_data(train=20, validation=12)
    spec = replace(spec, batch_size=Sourced(8, "test"))
    still = replace(spec, learning_rate=Sourced(0.0, "test"))
    rows, states = [], []
    for chosen, learns in ((still, True), (spec, False)):
        keras.utils.set_random_seed(0)
        model = toy() if is_toy else build_model(chosen)
        if not learns:
            monkeypatch.setattr(tf, "GradientTape", forbidden)
        trainer = Trainer(chosen, model, data, learns=learns)
        began = [np.asarray(weight) for weight in model.trainable_weights]
        rows.append(trainer.epoch(0, 1, Report()))
        for weight, initial in zip(model.trainable_weights, began, strict=True):
            np.testing.assert_array_equal(np.asarray(weight), initial)
        states.append([np.asarray(weight) for weight in model.weights])
    assert rows[0] == pytest.approx(rows[1], rel=1e-5)
    for one, other in zip(*states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
