"""Global settings are as asked for within their block, and as before after it."""

import pytest
import tensorflow as tf

from thesis_repro.backend import full_float32


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
