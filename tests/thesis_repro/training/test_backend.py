"""Global settings are as asked for within their block, and as before after it."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from thesis_repro.training.backend import (
    XLA_FLAG,
    computing_in,
    full_float32,
    make_deterministic,
    set_full_float32,
)
from thesis_repro.training.precision import PRECISIONS

JAX_WORKER = Path(__file__).with_name("jax_settings_worker.py")

# What XLA does with its flags is known by one that it does not have: it ends the process.
COMPILES = """
import sys
import keras
from thesis_repro.training import backend
from thesis_repro.training.devices import prepare_devices
backend.XLA_FLAG = sys.argv[1]
backend.make_deterministic()
prepare_devices()
if keras.backend.backend() == "jax":
    import jax
    compiled = jax.jit(lambda x: x @ x)
else:
    import tensorflow
    compiled = tensorflow.function(lambda x: x @ x, jit_compile=True)
print(float(compiled(keras.ops.ones((4, 4)))[0, 0]))
"""


def with_backend(name, *arguments, **environment):
    if name == "jax":
        pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": name, "JAX_PLATFORMS": "cpu", **environment}
    environment.setdefault("XLA_FLAGS", "")
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- Determinism ---


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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, XLA_FLAG),
        ("", XLA_FLAG),
        ("--xla_dump_to=/x  --a=1", f"--xla_dump_to=/x --a=1 {XLA_FLAG}"),
        (f"--a=1 {XLA_FLAG}", f"--a=1 {XLA_FLAG}"),
        ("--xla_gpu_exclude_nondeterministic_ops=false --a=1",) * 2,  # the user's own
        ("--xla_gpu_exclude_nondeterministic_ops",) * 2,
        ("/home/me/flags.txt",) * 2,  # a file of flags: XLA's other form
    ],
)
def test_xlas_flag_is_added_to_the_users(monkeypatch, before, after):
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    if before is not None:
        monkeypatch.setenv("XLA_FLAGS", before)
    for _ in range(2):
        make_deterministic()
        assert os.environ["XLA_FLAGS"] == after


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_xla_knows_the_flag(backend):
    done = with_backend(backend, "-c", COMPILES, XLA_FLAG)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "4.0"


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_xla_reads_the_flag_that_is_set_in_python(backend):
    done = with_backend(backend, "-c", COMPILES, "--xla_no_such_flag=true")
    assert done.returncode != 0
    assert "Unknown flag in XLA_FLAGS: --xla_no_such_flag=true" in done.stderr


def test_the_users_variables_change_no_number_and_end_no_import():
    """But those that say where is computed; JAX has a hundred others."""
    code = "import json, os, thesis_repro; print(json.dumps(dict(os.environ)))"
    theirs = {
        "JAX_THREEFRY_PARTITIONABLE": "0",  # other noise
        "JAX_DEFAULT_PRNG_IMPL": "rbg",
        "JAX_RANDOM_SEED_OFFSET": "1",
        "JAX_DISABLE_JIT": "1",  # other last digits
        "JAX_ENABLE_X64": "1",
        "JAX_NUMPY_RANK_PROMOTION": "nonsense",  # no import
        "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",  # float32 of fewer bits
        "KERAS_NNX_ENABLED": "1",
        "SOURCE_DATE_EPOCH": "abc",
    }
    kept = {"JAX_CUDA_VISIBLE_DEVICES": "1", "KERAS_HOME": "/home/me", "XLA_FLAGS": "--a=1"}
    done = with_backend("jax", "-c", code, **theirs, **kept, TF_ENABLE_ONEDNN_OPTS="0")
    found = json.loads(done.stdout)
    assert theirs.keys().isdisjoint(found)
    assert found.items() >= kept.items() | {("TF_ENABLE_ONEDNN_OPTS", "1")}
    assert (found["KERAS_BACKEND"], found["JAX_PLATFORMS"]) == ("jax", "cpu")


@pytest.mark.slow
def test_jax_is_used_without_tensorflow():
    """Which takes ten seconds, and in whose import a signal would be lost."""
    code = (
        "import sys; from thesis_repro.models.keras_settings import import_keras; import_keras(); "
        "import keras; keras.utils.set_random_seed(3); print('tensorflow' in sys.modules)"
    )
    done = with_backend("jax", "-c", code)
    assert done.stdout.split() == ["False"], done.stderr


# --- Precision ---


@pytest.fixture
def tensor_float_32():
    """Whether TensorFlow may round to TensorFloat-32, to be set; put back afterwards."""
    experimental = tf.config.experimental
    before = experimental.tensor_float_32_execution_enabled()
    yield experimental
    experimental.enable_tensor_float_32_execution(before)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("precision", "policy", "rounded"),
    [
        ("float32", "float32", False),
        ("tensorfloat32", "float32", True),
        ("mixed_bfloat16", "mixed_bfloat16", False),
    ],
)
def test_computing_in_a_precision(tensor_float_32, precision, policy, rounded, before):
    tensor_float_32.enable_tensor_float_32_execution(before)
    with computing_in(precision):
        assert keras.config.dtype_policy().name == policy
        assert tensor_float_32.tensor_float_32_execution_enabled() is rounded
        with computing_in("float32"):
            assert keras.config.dtype_policy().name == "float32"
            assert not tensor_float_32.tensor_float_32_execution_enabled()
        assert keras.config.dtype_policy().name == policy
        assert tensor_float_32.tensor_float_32_execution_enabled() is rounded
    assert keras.config.dtype_policy().name == "float32"
    assert tensor_float_32.tensor_float_32_execution_enabled() is before


def test_the_precision_is_put_back_after_a_failure(tensor_float_32):
    tensor_float_32.enable_tensor_float_32_execution(True)
    with suppress(KeyError), computing_in("mixed_bfloat16"):
        raise KeyError
    assert keras.config.dtype_policy().name == "float32"
    assert tensor_float_32.tensor_float_32_execution_enabled()


def test_an_unknown_precision_is_a_mistake():
    with pytest.raises(ValueError, match="'float16' is none of float32, tensorfloat32, mixed_bf"):
        computing_in("float16").__enter__()
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("before", [True, False])
def test_full_float32_switches_tensor_float_32_off_and_back(tensor_float_32, before):
    tensor_float_32.enable_tensor_float_32_execution(before)
    with full_float32():
        assert not tensor_float_32.tensor_float_32_execution_enabled()
    assert tensor_float_32.tensor_float_32_execution_enabled() is before
    set_full_float32()
    assert not tensor_float_32.tensor_float_32_execution_enabled()


@pytest.mark.slow
def test_precision_under_jax():
    """Of a product and of a convolution, as JAX hands them to its compiler."""
    done = with_backend("jax", JAX_WORKER, "precision")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    full, rounded = ["HIGHEST"] * 2, ["HIGH"] * 2
    assert found.pop("before") == ["DEFAULT"] * 2
    assert found.pop("full_float32") == found.pop("set_full_float32") == full
    assert found.keys() == PRECISIONS.keys()
    assert found == {"float32": full, "tensorfloat32": rounded, "mixed_bfloat16": full}
