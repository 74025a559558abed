"""Global settings are as asked for within their block, and as before after it."""

import pytest
import tensorflow as tf

from thesis_repro.training.backend import full_float32, make_deterministic


def test_gradients_are_added_in_pairs():
    """TensorFlow adds three and more tensors in an order that depends on timing."""
    make_deterministic()

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = sum(tf.sin(x * factor) for factor in (1.0, 2.0, 3.0, 4.0))
        return tape.gradient(y, x)

    x = tf.constant([0.3, 2.0])
    operations = gradient.get_concrete_function(x).graph.get_operations()
    sums = [len(operation.inputs) for operation in operations if operation.type == "AddN"]
    assert sums == [2, 2, 2]
    expected = sum(factor * tf.cos(factor * x) for factor in (1.0, 2.0, 3.0, 4.0))
    tf.debugging.assert_near(gradient(x), expected)


def test_additions_in_a_row_are_not_joined():
    make_deterministic()
    assert tf.config.optimizer.get_experimental_options()["arithmetic_optimization"] is False


@pytest.mark.parametrize("before", [True, False])
def test_full_float32_switches_tensor_float_32_off_and_back(before):
    experimental = tf.config.experimental
    default = experimental.tensor_float_32_execution_enabled()
    experimental.enable_tensor_float_32_execution(before)
    try:
        with full_float32():
            assert not experimental.tensor_float_32_execution_enabled()
        assert experimental.tensor_float_32_execution_enabled() is before
    finally:
        experimental.enable_tensor_float_32_execution(default)
