"""The step of classifiers: labels, losses by NumPy, learning, wrong labels."""

import re
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from data_prep.dsprites_renderer import classes_of, render
from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model
from thesis_repro.models.losses import binary_cross_entropy, categorical_cross_entropy
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import seed_noise
from thesis_repro.training.backend import computing_in
from thesis_repro.training.classifier_step import ClassifierStep, in_top
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.images import ImageData, with_channels
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load
from thesis_repro.training.trainer import Trainer

DIGITS, ALEXNET = MODELS["digit-classifier"], MODELS["alexnet-classifier"]
SHAPES, JUDGE = MODELS["feature-extraction"], MODELS["sample-discriminator"]
QUIET = TrainingProgress(quiet=True)
NOBODY = SimpleNamespace(updates=lambda count, loss: None)


def toy(classes, *between, channels=1):
    """A network on images of 2 by 2 pixels; with one class, a sigmoid."""
    keras.utils.set_random_seed(1)
    dense = keras.layers.Dense(classes, activation="softmax" if classes > 1 else "sigmoid")
    images = keras.Input((2, 2, channels))
    return keras.Sequential([images, keras.layers.Flatten(), *between, dense])


def toy_data(classes, train=90, validation=50, known="label", channels=1):
    """Images whose first pixel is their label, the others noise; labels 0 and 1 for one class."""
    rng = np.random.default_rng(3)

    def split(count):
        images = rng.integers(0, 256, (count, 2, 2, 1), dtype=np.uint8)
        labels = rng.integers(0, min(max(classes, 2), 256), count)
        images[:, 0, 0, 0] = labels
        return with_channels(images, channels), {known: labels}

    (train, train_known), (validation, validation_known) = split(train), split(validation)
    return ImageData(train, validation, "toy", "toy", True, train_known, validation_known)


@pytest.fixture(scope="module")
def digits(tiny_images):
    """Make an ImageData of so many of scikit-learn's digits, 28 by 28, with their labels."""
    labels = load_digits().target.astype("int64")

    def make(train, validation):
        images, end = tiny_images, train + validation
        known = [{"label": part} for part in (labels[:train], labels[train:end])]
        return ImageData(images[:train], images[train:end], "digits", "digits", True, *known)

    return make


# --- Labels ---


def test_the_shape_is_the_second_factor_of_dsprites():
    classes = classes_of(np.arange(0, 737_280, 20_000))
    (labels,) = ClassifierStep(SHAPES, toy(3)).known({"classes": classes})
    third = 737_280 // 3  # the official file goes through shapes slowest
    np.testing.assert_array_equal(labels, [index // third for index in range(0, 737_280, 20_000)])
    assert labels.dtype == np.int32


def test_one_output_takes_labels_0_and_1():
    """Of answers p: -ln(1 - p) for label 0, -ln(p) for 1; right above and below one half."""
    model = toy(1)
    step, images = ClassifierStep(JUDGE, model), toy_data(1, train=4).train.astype("float32") / 255
    p = model.predict(images, verbose=0).astype(float)[:, 0]
    logs = CompiledStep(step.validate, model.variables)(images, np.int32([0, 1, 1, 0]))
    expected = -np.log([1 - p[0], p[1], p[2], 1 - p[3]]).mean()
    assert float(logs["loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(logs["accuracy"]) == np.mean([p[0] < 0.5, p[1] > 0.5, p[2] > 0.5, p[3] < 0.5])


# --- Losses and accuracies ---


def test_losses_by_hand():
    targets = np.float32([[0, 1, 0], [1, 0, 0]])
    probabilities = np.float32([[0.25, 0.5, 0.25], [0.1, 0.2, 0.7]])
    expected = [np.log(2), np.log(10)]
    np.testing.assert_allclose(
        categorical_cross_entropy(targets, probabilities), expected, rtol=1e-6
    )
    # of a 0: -ln(1 - p); of a 1: -ln(p)
    expected = [
        (np.log(2) - 2 * np.log(0.75)) / 3,
        (np.log(10) - np.log(0.8) - np.log(0.3)) / 3,
    ]
    np.testing.assert_allclose(binary_cross_entropy(targets, probabilities), expected, rtol=1e-6)


def test_losses_end_where_those_of_keras_2_did():
    wrong, right = np.float32([[0, 1]]), np.float32([[1, 0]])
    for loss in (categorical_cross_entropy, binary_cross_entropy):
        assert float(loss(right, wrong)[0]) == pytest.approx(-np.log(1e-7), rel=0.02)
        assert float(loss(right, right)[0]) == pytest.approx(1e-7, rel=0.3)


@pytest.mark.parametrize(
    ("spec", "classes", "loss"),
    [
        (ALEXNET, 8, "categorical"),
        (SHAPES, 3, "categorical"),
        (DIGITS, 10, "binary"),
        (JUDGE, 1, "one output"),
    ],
    ids=lambda value: getattr(value, "id", str(value)),
)
def test_an_epochs_row_against_numpy(spec, classes, loss):
    """Of the weights after an epoch, on all validation images at once; a batch is cut short."""
    known, channels = spec.target.labels, spec.input_shape.value[-1]
    data = toy_data(classes, known=known, channels=channels)
    if known == "classes":
        columns = [np.stack([4 * x[known], x[known], x[known] + 1], axis=1) for x in
                   (data.train_known, data.validation_known)]  # fmt: skip
        data = replace(data, train_known={known: columns[0]}, validation_known={known: columns[1]})
    model = toy(classes, channels=channels)
    row = Trainer(spec, model, data).epoch(0, 1, NOBODY)
    probabilities = model.predict(data.validation.astype("float32") / 255, verbose=0).astype(float)
    labels = data.validation[:, 0, 0, 0].astype(int)
    if classes == 1:
        probabilities = np.concatenate([1 - probabilities, probabilities], axis=1)
    right = np.arange(max(classes, 2)) == labels[:, np.newaxis]
    if loss != "binary":
        expected = -np.log(probabilities[right]).mean()
    else:
        expected = -np.log(np.where(right, probabilities, 1 - probabilities)).mean()
    assert row["val_loss"] == pytest.approx(expected, rel=1e-4)
    rank = (probabilities > probabilities[right][:, np.newaxis]).sum(
        axis=1
    )  # how many classes seem likelier
    assert row["val_accuracy"] == pytest.approx((rank < 1).mean())
    names = {"loss", "accuracy", "val_loss", "val_accuracy"}
    if spec is ALEXNET:
        names |= {"top_5_accuracy", "val_top_5_accuracy"}
        assert row["val_accuracy"] < row["val_top_5_accuracy"] == pytest.approx((rank < 5).mean())
    assert set(row) == names


@pytest.mark.parametrize(("spec", "classes"), [(ALEXNET, 8), (DIGITS, 10), (JUDGE, 1)])
def test_accuracies_of_answers_in_bfloat16(spec, classes):
    """TensorFlow's own metric takes no bfloat16, which has too few bits to count images, too."""
    with computing_in("mixed_bfloat16"):
        model, data = toy(classes), toy_data(classes)
        images, labels = data.validation.astype("float32") / 255, data.validation_known["label"]
        answers = np.asarray(model(images)).astype("float32")
        logs = CompiledStep(ClassifierStep(spec, model).validate, model.variables)(
            images, labels.astype("int32")
        )
    assert model.layers[-1].compute_dtype == "bfloat16"
    if classes == 1:
        answers = np.concatenate([1 - answers, answers], axis=1)
    for name, k in (("accuracy", 1), ("top_5_accuracy", 5)):
        if name in logs:
            expected = np.asarray(in_top(answers, labels.astype("int32"), k)).mean()
            assert float(logs[name]) == pytest.approx(expected, rel=1e-5)
    assert ("top_5_accuracy" in logs) == (spec is ALEXNET)


@pytest.mark.parametrize("classes", [10, 1])
def test_a_saturated_network_has_a_finite_loss_that_leaves_the_logits_alone(classes):
    """TensorFlow would find logits of 1e6 behind the last activation, and lose 1e6 for them."""
    model = toy(classes)
    kernel, bias = model.layers[-1].weights
    kernel.assign(np.zeros(kernel.shape))
    bias.assign([1e6] + [0] * (classes - 1))
    spec = ALEXNET if classes > 1 else JUDGE
    images = toy_data(classes).validation.astype("float32") / 255
    wrong = np.full(50, int(classes > 1), "int32")
    row = CompiledStep(ClassifierStep(spec, model).validate, model.variables)(images, wrong)
    row = {name: float(value) for name, value in row.items()}
    assert row["loss"] == pytest.approx(-np.log(1e-7), rel=0.02)
    assert row["accuracy"] == 0


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([[0.2] * 5] * 5, [0.4] * 5),  # all alike: two of five places by lot
        ([[5, 4, 3, 2, 1]] * 5, [1, 1, 0, 0, 0]),
        ([[5, 3, 3, 3, 1]] * 5, [1, 1 / 3, 1 / 3, 1 / 3, 0]),  # three for the second place
        ([[3, 3, 2, 1, 0]] * 5, [1, 1, 0, 0, 0]),
    ],
)
def test_tied_answers_are_right_as_often_as_lots_would_make_them(answers, expected):
    """By hand, for the two highest of five; each label once."""
    found = in_top(np.array(answers, "float32"), np.arange(5, dtype="int32"), 2)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-6)


def test_a_network_that_answers_alike_for_all_classes_guesses():
    answers = np.full((1_000, 1_000), 0.001, "float32")
    labels = np.arange(1_000, dtype="int32")
    for k in (1, 5):
        assert np.asarray(in_top(answers, labels, k)).mean() == pytest.approx(k / 1_000)


# --- Learning ---


def test_digits_are_learnt(digits, tmp_path):
    """Held-out digits too, given the batch's statistics: the moving ones lag 100 updates."""
    data = digits(1_200, 400)
    options = TrainingOptions(Scale("tiny", None, None, 2))
    trained = train_or_load(DIGITS, data, options, tmp_path, QUIET)
    first, last = trained.history
    assert last["loss"] < first["loss"]
    assert last["accuracy"] > 0.9  # chance: 0.1
    images = data.validation.astype("float32") / 255
    guesses = np.asarray(trained.model(images, training=True)).argmax(axis=1)
    assert (guesses == data.validation_known["label"]).mean() > 0.8
    files = {path.name for path in trained.run.path.glob("*.h5")}
    assert files == {"classifier.weights.h5"}


@pytest.mark.long
def test_shapes_are_learnt(tmp_path):
    """Large upright sprites near the middle, and a learning rate that suits a few dozen updates."""
    rng = np.random.default_rng(4)
    zeros, columns = np.zeros(240, int), rng.integers(12, 20, (2, 240))
    classes = np.stack([zeros, rng.integers(0, 3, 240), zeros + 5, zeros, *columns], axis=1)
    images = render(classes).reshape(-1, 64, 64, 1) * np.uint8(255)
    known = [{"classes": part} for part in (classes[:192], classes[192:])]
    data = ImageData(images[:192], images[192:], "sprites", "sprites", True, *known)
    changed = {"learning_rate": 0.001, "batch_size": 16, "epochs": 3}
    spec = replace(SHAPES, **{name: Sourced(value, "test") for name, value in changed.items()})
    options = TrainingOptions(Scale("tiny", None, None, None))
    trained = train_or_load(spec, data, options, tmp_path, QUIET)
    assert trained.history[-1]["accuracy"] > 0.85  # chance: 0.33


# --- The same bits ---


def test_an_epoch_depends_on_nothing_that_was_drawn_before():
    """Dropout too: a trainer that takes up the state after one epoch goes on as the first did."""
    data = toy_data(10)

    def trainer():
        return Trainer(DIGITS, toy(10, keras.layers.Dropout(0.5)), data)

    whole, resumed = trainer(), trainer()
    whole.epoch(0, 1, NOBODY)
    state = [np.asarray(variable).copy() for variable in whole.variables]
    expected = whole.epoch(0, 2, NOBODY)
    for variable, value in zip(resumed.variables, state, strict=True):
        variable.assign(value)
    resumed.model(data.train[:3].astype("float32"), training=True)  # draws from the dropout's noise
    assert resumed.epoch(0, 2, NOBODY) == expected
    for one, other in zip(resumed.variables, whole.variables, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_dropout_of_alexnet_is_seeded():
    model = build_model(ALEXNET)
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    assert len(states) == 2  # Listing 35: two Dropout layers
    features = keras.random.uniform((2, 4096), seed=1)
    drop = [model.get_layer(name) for name in ("dropout_1", "dropout_2")]
    drawn = []
    for epoch in (1, 2, 1):
        seed_noise(model, 0, ALEXNET.id, "training noise", epoch)
        drawn.append([np.array(layer(features, training=True)) for layer in drop])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    for layer in (0, 1):
        assert not np.array_equal(drawn[0][layer], drawn[1][layer])
        assert (drawn[0][layer] == 0).mean() == pytest.approx(0.3, abs=0.02)  # Section 3.4.5
    assert not np.array_equal(drawn[0][0] == 0, drawn[0][1] == 0)


# --- What stops a run ---


@pytest.mark.parametrize("position", [0, 60], ids=["first batch", "later batch"])
@pytest.mark.parametrize(
    ("spec", "classes", "label"),
    [(DIGITS, 10, 10), (DIGITS, 10, -1), (ALEXNET, 1000, 1000), (JUDGE, 1, 2)],
    ids=lambda value: getattr(value, "id", str(value)),
)
def test_a_label_out_of_range_is_named(spec, classes, label, position):
    data = toy_data(min(max(classes, 2), 10), validation=100)
    data.validation_known["label"][position] = label
    expected = f"{spec.name}: an image is labelled {label}, but the network's classes are 0 to "
    with pytest.raises(
        TrainingError, match=re.escape(expected) + str(max(classes, 2) - 1)
    ) as error:
        Trainer(spec, toy(classes), data)
    assert f"data set {spec.dataset.value} again" in str(error.value)


def test_a_loss_that_is_no_number_stops_the_run():
    model = toy(10)
    model.layers[-1].weights[1].assign([np.nan] + [0] * 9)
    with pytest.raises(TrainingError, match="the loss is nan in epoch 4, update 1"):
        Trainer(DIGITS, model, toy_data(10)).epoch(0, 4, NOBODY)
