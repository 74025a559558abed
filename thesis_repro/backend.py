"""Keras's global settings: determinism and precision."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


def make_deterministic() -> None:
    """Have the backend's operations give the same bits for the same inputs.

    TensorFlow needs to be asked, for the whole process. JAX is deterministic on CPUs and TPUs; on
    GPUs it takes ``XLA_FLAGS=--xla_gpu_deterministic_ops=true`` in the environment, which nothing
    can set once the process has begun.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Build networks in ``float32`` or ``mixed_bfloat16``; the global policy stays as it was."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute with all of float32's bits: GPUs may round factors to TensorFloat-32's ten.

    For what is compiled within: JAX takes this when it traces, TensorFlow when it runs.
    """
    if keras.backend.backend() == "jax":
        import jax

        with jax.default_matmul_precision("highest"):
            yield
        return
    from tensorflow.config import experimental

    before = experimental.tensor_float_32_execution_enabled()
    experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        experimental.enable_tensor_float_32_execution(before)
