"""Keras's global settings: determinism and precision."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce

import keras


def make_deterministic() -> None:
    """Have the backend's operations give the same bits for the same inputs.

    TensorFlow needs to be asked, for the whole process. JAX is deterministic on CPUs and TPUs; on
    GPUs it wants ``XLA_FLAGS=--xla_gpu_deterministic_ops=true`` in the environment before anything
    is compiled, which is left to the user.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
        _add_in_pairs()


def _add_in_pairs() -> None:
    """Have TensorFlow add three and more tensors in an order that does not depend on timing.

    Its operation for sums, AddN, begins with the tensor whose memory is free first, so that on a
    busy machine sums of three and more differ in the last bit; of two, they cannot. Gradients of
    what is used three times are such sums, and so are additions in a row once its optimiser of
    arithmetic has joined them. Neither `enable_op_determinism` nor any other public setting
    reaches the gradients'.
    """
    from tensorflow.config import optimizer
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager import backprop

    optimizer.set_experimental_options({"arithmetic_optimization": False})
    add = backprop._default_vspace.aggregate_fn
    pywrap_tfe.TFE_Py_RegisterVSpace(
        backprop._default_vspace._replace(
            aggregate_fn=lambda gradients: reduce(lambda a, b: add([a, b]), gradients)
        )
    )


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
