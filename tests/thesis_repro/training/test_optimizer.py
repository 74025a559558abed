"""Adam as Keras 2.2.4 ran it: learning rates, and its updates against NumPy and Keras."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import BETA_1, MODELS
from thesis_repro.training.optimizer import Adam, build_optimizer

# --- Learning rates ---


@pytest.mark.parametrize("update", [0, 1, 469, 93_800])  # 469 an epoch, 200 epochs of MNIST
@pytest.mark.parametrize(
    ("model_id", "rate", "decay"),
    [
        ("celeba-vlae", 0.001, 0.01),  # Section 3.4.2
        ("mnist-vlae-factor-1", 0.0005, 0),  # erratum E04
        ("mnist-vae", 0.001, 0),
    ],
)
def test_learning_rate_is_that_of_keras_2(model_id, rate, decay, update):
    optimizer = build_optimizer(MODELS[model_id])
    optimizer.iterations.assign(update)
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert optimizer.epsilon == 1e-7
    assert float(optimizer.learning_rate) == pytest.approx(rate / (1 + decay * update), rel=1e-6)


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


# --- Updates ---


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


@pytest.mark.parametrize("model_id", ["celeba-vae-gan", "celeba-vlae-gan", "mnist-vae-gan"])
def test_adam_against_keras_2(model_id):
    spec, rng = MODELS[model_id], np.random.default_rng(0)
    weight = keras.Variable(rng.normal(size=20).astype("float32") * 1e-3)
    optimizer = build_optimizer(spec, BETA_1)
    optimizer.build([weight])
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


def gradients(step):
    rng = np.random.default_rng(step)
    sizes = np.logspace(-9, 2, 12).reshape(3, 4)  # far below and far above epsilon
    return [
        (rng.normal(size=(3, 4)) * sizes).astype("float32"),
        rng.normal(size=5).astype("float32"),
    ]


def after_50_steps(optimizer, forward=True):
    """The weights, and the way that each of them went, back and forth."""
    rng = np.random.default_rng(99)
    values = [(1e-3 * rng.normal(size=own.shape)).astype("float32") for own in gradients(0)]
    weights = [keras.Variable(value) for value in values]
    optimizer.build(weights)
    ways = [np.zeros(own.shape) for own in values]
    for step in range(50):
        tensors = [keras.ops.convert_to_tensor(gradient) for gradient in gradients(step)]
        order = slice(None, None, 1 if forward else -1)
        optimizer.apply(tensors[order], weights[order])
        after = [np.asarray(weight).copy() for weight in weights]
        ways = [way + np.abs(b - a) for way, a, b in zip(ways, values, after, strict=True)]
        values = after
    return values, ways


@pytest.mark.parametrize("beta_1", [0.9, 0.5])
@pytest.mark.parametrize("decay", [0, 0.02])
def test_one_operation_a_variable_is_keras_adam(monkeypatch, beta_1, decay):
    """To a part in 100,000 of the way that a weight went, and what 50 sums are rounded by."""
    rate = keras.optimizers.schedules.InverseTimeDecay(0.01, 1, decay) if decay else 0.01
    settings = {"learning_rate": rate, "beta_1": beta_1, "epsilon": 1e-7}
    keras_adam = keras.optimizers.Adam(**settings)
    expected, ways = after_50_steps(keras_adam)
    ours = Adam(**settings)
    with monkeypatch.context() as patch:
        patch.setattr(keras.optimizers.Adam, "apply", lambda *_: pytest.fail("it was not used"))
        weights, _ = after_50_steps(ours)
    for weight, value, way in zip(weights, expected, ways, strict=True):
        assert (np.abs(weight - value) <= 1e-5 * way + 5e-7 * np.abs(value)).all()
    assert int(ours.iterations.value) == int(keras_adam.iterations.value) == 50
    pairs = list(zip(ours.variables, keras_adam.variables, strict=True))
    for one, other in pairs:
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        # Keras takes 0.001 for 1 - beta_2, TensorFlow's operation 1 - 0.999 in float32, which is
        # 1.3e-5 smaller; as both correct the bias by the latter, theirs agrees with itself.
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1.5e-5)
    # Two moments a weight, the counter, and a learning rate that does not follow from it.
    assert len(pairs) == 2 * 2 + 1 + (not decay)


def test_variables_are_known_by_what_they_are_not_by_their_order():
    settings = {"learning_rate": 0.01, "epsilon": 1e-7}
    one, other = (after_50_steps(Adam(**settings), forward=way)[0] for way in (True, False))
    for weight, value in zip(one, other, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_where_xla_compiles_keras_updates(monkeypatch):
    """XLA joins the operations itself; Keras's Adam bit for bit."""
    monkeypatch.setattr("thesis_repro.training.optimizer.computes_on_gpu", lambda: True)
    settings = {"learning_rate": 0.01, "epsilon": 1e-7}
    weights, _ = after_50_steps(Adam(**settings))
    expected, _ = after_50_steps(keras.optimizers.Adam(**settings))
    for weight, value in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.parametrize("decay", [0, 1])
def test_whole_numbers_are_rates_too(decay):
    spec = replace(
        MODELS["mnist-vae"], learning_rate=Sourced(1, "mine"), decay=Sourced(decay, "mine")
    )
    optimizer = build_optimizer(spec)
    assert float(keras.ops.convert_to_numpy(optimizer.learning_rate)) == 1.0
