"""Settings of Keras, its backend and XLA that hold for whole processes: determinism, precision."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce

import keras

from thesis_repro.models import keras_settings
from thesis_repro.training.precision import FLOAT32, PRECISIONS, TENSOR_FLOAT_32

# Of several algorithms on a GPU, XLA takes none whose bits depend on timing. With it, the XLA of
# TensorFlow 2.21 and JAX 0.10 does not measure which algorithm is fastest either, which could end
# otherwise in each process: it takes the first (openxla/xla, docs/determinism.md, and
# `select_first_config` in xla/service/gpu/autotuning/autotuner_pass.cc).
XLA_FLAG = "--xla_gpu_exclude_nondeterministic_ops=true"

# === Determinism ===


def make_deterministic() -> None:
    """Have the backend's operations give the same bits for the same inputs.

    The user's own settings of Keras are put aside, too. For the whole process, and before anything
    is computed: JAX reads XLA's flags when it looks for devices, TensorFlow when XLA first
    compiles.

    Raises:
        thesis_repro.errors.SettingsError: Keras runs on another backend.
    """
    keras_settings.use_defaults()
    _add_xla_flag(XLA_FLAG)
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        # For XLA, too: it is then compiled with xla_gpu_deterministic_ops, which includes our flag
        # (tensorflow/compiler/jit, GetExecutableBuildOptions).
        tensorflow.config.experimental.enable_op_determinism()
        _add_in_pairs()
    else:
        import jax

        # Its defaults, also where it has read variables of the user's before this package came.
        jax.config.update("jax_threefry_partitionable", True)
        jax.config.update("jax_default_prng_impl", "threefry2x32")


def _add_xla_flag(flag: str) -> None:
    """Add a flag to those of XLA; one that the user has set stays as it is."""
    flags = os.environ.get("XLA_FLAGS", "").split()
    if flags and not flags[0].startswith("-"):
        return  # the name of a file that holds the flags
    if flag.partition("=")[0] not in [own.partition("=")[0] for own in flags]:
        os.environ["XLA_FLAGS"] = " ".join([*flags, flag])


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


# === Precision ===


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Build and run networks in one of `PRECISIONS`; afterwards all is as it was.

    Products of what is float32 keep all bits of their factors, but in ``tensorfloat32``. For what
    is compiled within: JAX takes this when it traces, TensorFlow when it runs.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"{precision!r} is none of {', '.join(PRECISIONS)}.")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(FLOAT32 if precision == TENSOR_FLOAT_32 else precision)
    try:
        with _products(rounded=precision == TENSOR_FLOAT_32):
            yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def full_float32() -> Iterator[None]:
    """Compute products of float32 with all bits of their factors, as in `computing_in`."""
    with _products(rounded=False):
        yield


def set_full_float32() -> None:
    """Do so for the whole process, where `computing_in` does not say otherwise.

    Both backends let GPUs round factors to TensorFloat-32's ten bits where nothing is said.
    """
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")
    else:
        from tensorflow.config import experimental

        experimental.enable_tensor_float_32_execution(False)


@contextmanager
def _products(*, rounded: bool) -> Iterator[None]:
    """Products of matrices and convolutions with factors rounded to TensorFloat-32, or as are."""
    if keras.backend.backend() == "jax":
        import jax

        with jax.default_matmul_precision("tensorfloat32" if rounded else "highest"):
            yield
        return
    from tensorflow.config import experimental

    before = experimental.tensor_float_32_execution_enabled()
    experimental.enable_tensor_float_32_execution(rounded)
    try:
        yield
    finally:
        experimental.enable_tensor_float_32_execution(before)
