"""Building without values leaves the caller's Keras state alone."""

import keras
import pytest

from appendix_architectures.a1_vae import mnist_vae_encoder
from appendix_architectures.parameters import ParameterCountError, assert_parameters
from appendix_architectures.shapes import build_shapes


def test_weights_have_shapes():
    weights = build_shapes(mnist_vae_encoder).get_layer("encoder_conv_0").weights
    assert [tuple(weight.shape) for weight in weights] == [(3, 3, 3, 32), (32,)]


def test_callers_dtype_policy_and_name_counters_stay():
    before = keras.config.dtype_policy()
    name = keras.layers.Dense(1).name
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer = build_shapes(mnist_vae_encoder).get_layer("mu")
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy(before)
    assert layer.compute_dtype == "float32"
    assert keras.layers.Dense(1).name != name


def test_a_weight_made_afterwards_has_its_value():
    build_shapes(mnist_vae_encoder)
    assert keras.ops.convert_to_numpy(keras.Variable([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_builders_error_comes_through():
    def wrong():
        return assert_parameters(mnist_vae_encoder(), total=1, trainable=1, non_trainable=0)

    with pytest.raises(ParameterCountError, match="mnist_vae_encoder"):
        build_shapes(wrong)
