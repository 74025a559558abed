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
