"""The sampling layer: distribution, seeds, gradients, precision, saving, the other backend."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from appendix_architectures.a2_mnist_vlae import mnist_vlae_factor_3_encoder
from appendix_architectures.sampling import EXPLODED, Sampling, variance_of

ROOT = Path(__file__).parents[2]


def draw(layer, mu, log_var, **kwargs):
    inputs = [np.asarray(mu, np.float32), np.asarray(log_var, np.float32)]
    return keras.ops.convert_to_numpy(layer(inputs, **kwargs))


@pytest.fixture
def mixed_bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def value_and_slope(log_var, power):
    log_var = tf.constant(log_var, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(log_var)
        value = variance_of(log_var, power)
    return value.numpy(), tape.gradient(value, log_var).numpy()


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_variances_are_exponentials_bit_for_bit(power):
    log_var = np.linspace(-120, EXPLODED - 0.01, 5_001).astype("float32")
    value, slope = value_and_slope(log_var, power)
    expected = tf.exp(power * tf.constant(log_var)).numpy()
    np.testing.assert_array_equal(value, expected)
    np.testing.assert_array_equal(slope, np.float32(power) * expected)


@pytest.mark.parametrize("power", [1.0, 0.5])
def test_from_an_explosion_on_they_are_a_line(power):
    """Continuous, as steep as the exponential where it begins, and Adam can square its slope."""
    log_var = np.float32([EXPLODED + 1, 100, 1_000])
    value, slope = value_and_slope(log_var, power)
    start = np.exp(power * EXPLODED)
    np.testing.assert_allclose(value, start * (1 + power * (log_var - EXPLODED)), rtol=1e-5)
    np.testing.assert_allclose(slope, power * start, rtol=1e-5)
    assert np.isfinite((50 * slope) ** 2).all()  # of a weight whose inputs sum to 50


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.5, 0.5), (-4.0, 3.0)])
def test_draws_have_mean_mu_and_deviation_sigma(mean, deviation):
    n = 40_000
    log_var = np.full((n, 1), 2 * np.log(deviation))
    z = draw(Sampling(seed=7), np.full((n, 1), mean), log_var)
    assert abs(z.mean() - mean) < 4 * deviation / np.sqrt(n)
    assert abs(z.std() - deviation) < 4 * deviation / np.sqrt(2 * n)


def test_every_element_has_noise_of_its_own():
    z = draw(Sampling(seed=1), np.zeros((20_000, 2)), np.zeros((20_000, 2)))
    assert abs(np.corrcoef(z.T)[0, 1]) < 4 / np.sqrt(20_000)
    assert abs(np.corrcoef(z[:-1, 0], z[1:, 0])[0, 1]) < 4 / np.sqrt(20_000)


def test_same_seed_same_draw_and_the_next_draw_differs():
    first, second, other = Sampling(seed=3), Sampling(seed=3), Sampling(seed=4)
    zeros = np.zeros((5, 2))
    z = draw(first, zeros, zeros)
    np.testing.assert_array_equal(z, draw(second, zeros, zeros))
    assert not np.array_equal(z, draw(first, zeros, zeros))
    assert not np.array_equal(z, draw(other, zeros, zeros))


def test_it_samples_in_inference_too():
    model = keras.Sequential([keras.Input((2,)), mnist_head()])
    x = np.ones((4, 2), np.float32)
    assert not np.array_equal(model(x, training=False), model(x, training=False))


def mnist_head():
    """A model of one input with two heads and the sampling layer, to stand in a chain."""
    x = keras.Input((2,))
    heads = [keras.layers.Dense(2, name=name)(x) for name in ("mu", "log_var")]
    return keras.Model(x, Sampling(seed=11, name="z")(heads))


def test_without_variance_it_returns_mu():
    mu = np.array([[0.25, -3.0]])
    np.testing.assert_array_equal(draw(Sampling(), mu, np.full((1, 2), -500.0)), mu)


def test_gradients_reach_both_heads():
    mu, log_var = tf.Variable([[0.5, -1.0]]), tf.Variable([[0.2, 1.4]])
    with tf.GradientTape() as tape:
        z = Sampling(seed=5)([mu, log_var])
    by_mu, by_log_var = tape.gradient(z, [mu, log_var])
    np.testing.assert_allclose(by_mu, np.ones((1, 2)))
    np.testing.assert_allclose(
        by_log_var, (z - mu) / 2, rtol=1e-5
    )  # d/dv exp(v/2) e = exp(v/2) e/2


@pytest.mark.usefixtures("mixed_bfloat16")
def test_noise_stays_float32_under_a_mixed_policy():
    z = draw(Sampling(seed=2), np.zeros((5000, 1)), np.zeros((5000, 1)))
    assert z.dtype == np.float32
    in_16_bits = keras.ops.convert_to_numpy(
        keras.ops.cast(keras.ops.cast(z, "bfloat16"), "float32")
    )
    assert len(np.unique(z)) > 4900 > len(np.unique(in_16_bits))


def test_config_round_trip():
    layer = Sampling(seed=21, name="z_1_latent")
    clone = Sampling.from_config(layer.get_config())
    assert (clone.seed, clone.name, clone.compute_dtype) == (21, "z_1_latent", "float32")
    zeros = np.zeros((3, 2))
    np.testing.assert_array_equal(draw(layer, zeros, zeros), draw(clone, zeros, zeros))


def test_model_loads_from_a_keras_file_in_safe_mode(tmp_path):
    model = mnist_vlae_factor_3_encoder()
    image = np.random.default_rng(0).random((3, 28, 28, 1), dtype=np.float32)
    model.save(tmp_path / "encoder.keras")
    loaded = keras.models.load_model(tmp_path / "encoder.keras", safe_mode=True)
    assert isinstance(loaded.get_layer("z_2_latent"), Sampling)
    mu, loaded_mu = (
        keras.Model(m.input, m.get_layer("mu_2").output)(image) for m in (model, loaded)
    )
    np.testing.assert_array_equal(mu, loaded_mu)
    assert [tuple(z.shape) for z in loaded(image)] == [(3, 2)] * 3


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_a_listing_checks_and_runs_on_jax():
    code = """
import numpy, keras
from appendix_architectures.a2_mnist_vlae import mnist_vlae_factor_3_encoder as builder
from appendix_architectures.check import check_listing
assert keras.backend.backend() == "jax"
assert check_listing(11).ok
z = builder()(numpy.zeros((4, 28, 28, 1), "float32"))
assert [x.shape for x in z] == [(4, 2)] * 3
assert len(numpy.unique(numpy.asarray(z[0]))) == 8
"""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
