"""Untrained controls: a run's own initial weights, and statistics worked out by hand."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import thesis_repro.training.untrained as module
from thesis_repro.models.building import build_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import derive_seed, epoch_order
from thesis_repro.training.images import ImageData
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load
from thesis_repro.training.untrained import untrained

VAE = MODELS["mnist-vae"]
BATCH = 8
SPEC = replace(VAE, batch_size=VAE.batch_size._replace(value=BATCH))
OPTIONS = TrainingOptions(Scale("smoke", epochs=1), seed=3)


def data_of(count):
    """Bright images, whose maps are far from mean 0 and variance 1."""
    shape = (count, *SPEC.input_shape.value)
    images = np.random.default_rng(0).integers(150, 256, shape, dtype=np.uint8)
    images[:, : shape[1] // 2] //= 4
    return ImageData(images, images[:BATCH], "noise", "fingerprint", True)


def normalizations(network):
    return [x for x in network.layers if isinstance(x, keras.layers.BatchNormalization)]


def begun():
    """The model that a run begins with, by the rule that training states."""
    keras.utils.set_random_seed(derive_seed(OPTIONS.seed, SPEC.id, "initial weights"))
    return build_model(SPEC)


def moments_by_hand(encoder, batch):
    """Mean and variance of what each normalising layer takes in, in float64, from the layers."""
    x, found = batch.astype("float32") / 255, []
    for layer in encoder.layers[1:]:
        if isinstance(layer, keras.layers.Flatten):
            return found
        if not isinstance(layer, keras.layers.BatchNormalization):
            x = np.asarray(layer(x))
            continue
        exact = x.astype(float)
        mean, variance = exact.mean(axis=(0, 1, 2)), exact.var(axis=(0, 1, 2))
        found.append((mean, variance))
        scaled = (exact - mean) / np.sqrt(variance + layer.epsilon)
        x = (scaled * np.asarray(layer.gamma) + np.asarray(layer.beta)).astype("float32")
    return found


def compare_statistics(network, data, batches):
    """The means over these batches are what the network remembers."""
    encoder = begun().encoder
    by_batch = [moments_by_hand(encoder, data.train[rows]) for rows in batches]
    layers = normalizations(network)
    assert len(layers) == len(by_batch[0]) > 1
    for number, layer in enumerate(layers):
        mean, variance = np.mean([moments[number] for moments in by_batch], axis=0)
        np.testing.assert_allclose(np.asarray(layer.moving_mean), mean, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(np.asarray(layer.moving_variance), variance, rtol=1e-3)


def test_statistics_are_the_mean_over_whole_batches_of_the_first_epoch():
    """20 images are two batches of 8, and four that are left over."""
    data = data_of(20)
    order = epoch_order(OPTIONS.seed, SPEC.id, 1, 20)
    compare_statistics(untrained(SPEC, data, OPTIONS), data, [order[:8], order[8:16]])


def test_images_that_fill_no_batch_are_one():
    data = data_of(5)
    compare_statistics(untrained(SPEC, data, OPTIONS), data, [np.arange(5)])


def test_no_more_batches_than_the_limit(monkeypatch):
    monkeypatch.setattr(module, "BATCHES", 1)
    data = data_of(20)
    order = epoch_order(OPTIONS.seed, SPEC.id, 1, 20)
    compare_statistics(untrained(SPEC, data, OPTIONS), data, [order[:8]])


def test_its_normalisation_works_in_inference():
    """As a trained network's does; built anew, a network's leaves its input as it is."""
    data = data_of(16)
    network = untrained(SPEC, data, OPTIONS)
    for encoder, works in ((network, True), (begun().encoder, False)):
        probe = keras.Model(encoder.input, normalizations(encoder)[0].output)
        maps = np.asarray(probe(data.train.astype("float32") / 255, training=False))
        is_normal = np.abs(maps.std(axis=(0, 1, 2)) - 1).max() < 0.3  # epsilon is a part of it
        assert is_normal == works


def test_weights_are_those_that_its_run_begins_with(tmp_path):
    data = data_of(16)
    network = untrained(SPEC, data, OPTIONS)
    for ours, theirs in zip(
        network.trainable_variables, begun().encoder.trainable_variables, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    run = train_or_load(SPEC, data, OPTIONS, tmp_path, TrainingProgress(quiet=True)).run
    first = next(x for x in network.layers if isinstance(x, keras.layers.Conv2D)).kernel
    np.testing.assert_array_equal(run.read_kernels()[0], first)
    assert np.abs(run.read_kernels()[1] - np.asarray(first)).max() > 0


def test_it_is_the_same_in_every_call_and_another_with_another_seed():
    data = data_of(16)
    networks = [
        untrained(SPEC, data, each) for each in (OPTIONS, OPTIONS, replace(OPTIONS, seed=4))
    ]
    first, second, other = ([np.asarray(w) for w in network.weights] for network in networks)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_only_the_network_that_takes_images_is_built(monkeypatch):
    encoder = module.builders(SPEC)["encoder"]
    others = {"encoder": encoder, "decoder": lambda: pytest.fail("a decoder was built")}
    monkeypatch.setattr(module, "builders", lambda spec: others)
    assert untrained(SPEC, data_of(8), OPTIONS).name == begun().encoder.name
