"""What batch normalisation remembers: frozen, in a short run, of several passes in an update."""

import contextlib

import keras
import numpy as np
import pytest

from thesis_repro.models.building import build_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.moving_statistics import cap_momentum, frozen, in_equal_shares


@pytest.fixture
def network():
    """Two layers, of which the second normalises; nothing of it is 0 or 1 by chance."""
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(4), keras.layers.BatchNormalization()]
    network = keras.Sequential([keras.Input((3,)), *layers])
    rng = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(rng.uniform(0.5, 2, weight.shape))
    return network


@pytest.fixture
def batches():
    rng = np.random.default_rng(1)
    return [rng.normal(k, k + 1, (6 + k, 3)).astype("float32") for k in range(3)]


def normalization(network):
    (layer,) = (x for x in network.layers if isinstance(x, keras.layers.BatchNormalization))
    return layer


def statistics(network):
    layer = normalization(network)
    return [np.asarray(layer.moving_mean).copy(), np.asarray(layer.moving_variance).copy()]


def batch_statistics(network, batch):
    """Mean and variance of what the normalising layer gets, in float64."""
    kernel, bias = (np.asarray(weight, float) for weight in network.layers[0].weights)
    maps = batch.astype(float) @ kernel + bias
    return [maps.mean(axis=0), maps.var(axis=0)]


# --- Frozen networks ---


def test_frozen_networks_normalise_with_batch_statistics_and_keep_theirs(network, batches):
    before = [np.asarray(weight).copy() for weight in network.weights]
    with frozen(network):
        answers = np.asarray(network(batches[0], training=True))
    for weight, value in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    inference = np.asarray(network(batches[0], training=False))
    training = np.asarray(network(batches[0], training=True))
    np.testing.assert_array_equal(answers, training)
    assert np.abs(answers - inference).max() > 1e-3
    changed = {
        weight.path.rsplit("/")[-1]
        for weight, value in zip(network.weights, before, strict=True)
        if not np.array_equal(weight, value)
    }
    assert changed == {"moving_mean", "moving_variance"}


def test_frozen_networks_are_given_back_after_an_error(network):
    layer = normalization(network)
    with contextlib.suppress(KeyError), frozen(network):
        assert layer.momentum == 1
        raise KeyError
    assert layer.momentum == 0.99


# --- Short runs ---


@pytest.mark.parametrize(
    ("epochs", "train", "kept"),
    [(40, 128 * 25, None), (200, 60_000, None), (20, 128 * 10, 0.9), (1, 128, 0.0)],
)
def test_moving_statistics_remember_a_20th_of_a_short_run(epochs, train, kept):
    """From 1,000 updates on the networks are Keras's and the thesis's; a shorter run's differ."""
    model = build_model(MODELS["mnist-vae"])
    updates = epochs * -(-train // 128)
    assert cap_momentum([model.encoder, model.decoder], updates) == pytest.approx(kept)
    layers = [layer for part in (model.encoder, model.decoder) for layer in part.layers]
    momenta = [x.momentum for x in layers if isinstance(x, keras.layers.BatchNormalization)]
    assert momenta == pytest.approx([0.99 if kept is None else kept] * 7)


def test_a_layer_that_remembers_less_already_stays_as_it_is(network):
    normalization(network).momentum = 0.4
    assert cap_momentum([network], 500) == 0.96
    assert normalization(network).momentum == 0.4


# --- Several passes in an update ---


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("passes", [1, 2, 3])
@pytest.mark.parametrize(("momentum", "updates"), [(0.0, 20), (0.4, 500)])
def test_passes_of_a_short_run_have_equal_shares(
    network, batches, momentum, updates, passes, compiled
):
    """Momentum times what was, and of the rest the mean over the passes, by hand."""
    layer, batches = normalization(network), batches[:passes]
    layer.momentum = 0.4
    cap_momentum([network], updates)
    assert layer.momentum == momentum

    def step(vjp, *batches):
        for batch in in_equal_shares(network, *batches):
            network(batch, training=True)
        return batches[0]

    expected = [
        momentum * before + (1 - momentum) * np.mean(seen, axis=0)
        for before, seen in zip(
            statistics(network),
            zip(*(batch_statistics(network, batch) for batch in batches), strict=True),
            strict=True,
        )
    ]
    run = CompiledStep(step, network.variables) if compiled else lambda *x: step(None, *x)
    run(*batches)
    for ours, value in zip(statistics(network), expected, strict=True):
        np.testing.assert_allclose(ours, value, rtol=1e-5)
    assert layer.momentum == momentum


def test_passes_of_any_other_run_are_remembered_one_by_one(network, batches):
    """Keras's rule: 0.99 of what was, at each pass."""
    assert cap_momentum([network], 1_000) is None
    expected = statistics(network)
    for batch in in_equal_shares(network, *batches):
        assert normalization(network).momentum == 0.99
        network(batch, training=True)
        seen = batch_statistics(network, batch)
        expected = [0.99 * old + 0.01 * new for old, new in zip(expected, seen, strict=True)]
    for ours, value in zip(statistics(network), expected, strict=True):
        np.testing.assert_allclose(ours, value, rtol=1e-5)


def test_momenta_are_given_back_after_an_error_within_a_pass(network, batches):
    cap_momentum([network], 40)

    def passes():
        for _ in in_equal_shares(network, *batches):
            raise KeyError

    with contextlib.suppress(KeyError):
        passes()
    assert normalization(network).momentum == 0.5
