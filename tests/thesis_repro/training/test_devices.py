"""What is computed on, with GPUs that are made up: no machine of these tests has one."""

import importlib.metadata
import subprocess
import sys
from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from thesis_repro import provenance
from thesis_repro.errors import SettingsError, TrainingError
from thesis_repro.training import devices
from thesis_repro.training.devices import (
    GPU,
    PROMISE,
    check_precision,
    computes_on_gpu,
    device_name,
    prepare_devices,
    resident_bytes,
)

GIB = 2**30
H200 = {"device_name": "NVIDIA H200", "compute_capability": (9, 0)}
V100 = {"device_name": "Tesla V100-SXM2-16GB", "compute_capability": (7, 0)}


@pytest.fixture(autouse=True)
def _unprepared(monkeypatch):
    """As in a process that has not looked for devices yet, and that nobody promised a GPU."""
    monkeypatch.delenv(PROMISE, raising=False)
    monkeypatch.setattr("thesis_repro.training.backend.set_full_float32", lambda: None)
    caches = (devices._gpu, devices._take_one_gpu)
    for own in caches:
        own.cache_clear()
    yield
    for own in caches:
        own.cache_clear()


@pytest.fixture
def make_gpus(monkeypatch):
    """TensorFlow on a machine with these GPUs; gives what is done to them."""

    def make(*details, memory=100 * GIB):
        gpus = [SimpleNamespace(name=f"/physical_device:GPU:{n}") for n in range(len(details))]
        done = SimpleNamespace(visible=gpus, on_demand=[])

        def set_visible(chosen, kind):
            assert kind == "GPU"
            done.visible = chosen

        config, experimental = tf.config, tf.config.experimental
        monkeypatch.setattr(config, "list_physical_devices", lambda kind: gpus)
        monkeypatch.setattr(config, "get_visible_devices", lambda kind: done.visible)
        monkeypatch.setattr(config, "set_visible_devices", set_visible)
        monkeypatch.setattr(
            experimental, "set_memory_growth", lambda gpu, on: done.on_demand.append((gpu.name, on))
        )
        monkeypatch.setattr(
            experimental, "get_device_details", lambda gpu: details[gpus.index(gpu)]
        )
        monkeypatch.setattr(devices, "_memory_of_first_gpu", lambda: memory)
        monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
        return done

    return make


@pytest.fixture
def make_jax(monkeypatch):
    """JAX that finds this device, ``None`` for the CPU; gives its settings."""
    jax = pytest.importorskip("jax")

    def make(device=None):
        settings = {"jax_cuda_visible_devices": "all"}
        cpu = SimpleNamespace(platform="cpu", device_kind="cpu")
        monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
        monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
        monkeypatch.setattr(jax, "local_devices", lambda: [device or cpu])
        monkeypatch.setattr(
            jax, "config", SimpleNamespace(read=settings.get, update=settings.__setitem__)
        )
        monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "")  # so that it is put back
        monkeypatch.delenv("XLA_PYTHON_CLIENT_PREALLOCATE")
        return settings

    return make


def jax_gpu(capability="9.0", memory=100 * GIB):
    return SimpleNamespace(
        platform="gpu",
        device_kind="NVIDIA H200",
        compute_capability=capability,
        memory_stats=lambda: memory and {"bytes_limit": memory},
    )


# --- Which device ---


def test_on_a_cpu():
    prepare_devices()
    assert not computes_on_gpu()
    assert device_name() == provenance.processor() != ""
    assert resident_bytes() == 2**28


def test_one_gpu_is_taken_and_the_others_left_alone(make_gpus):
    done = make_gpus(H200, V100, V100)
    for _ in range(2):
        prepare_devices()
    assert [gpu.name for gpu in done.visible] == ["/physical_device:GPU:0"]
    assert done.on_demand == [("/physical_device:GPU:0", True)]
    assert computes_on_gpu()
    assert device_name() == "NVIDIA H200"
    assert resident_bytes() == 16 * GIB


@pytest.mark.parametrize(("memory", "resident"), [(10, 6), (100, 16), (0, 0)])
def test_images_may_take_a_share_of_the_gpu_and_of_this_machine(memory, resident, monkeypatch):
    gpu = devices._Gpu("NVIDIA H200", (9, 0), memory * GIB)
    monkeypatch.setattr(devices, "_gpu", lambda: gpu)
    assert resident_bytes() == resident * GIB


def test_one_gpu_is_taken_by_jax(make_jax, monkeypatch):
    settings = make_jax(jax_gpu())
    prepare_devices()
    assert settings["jax_cuda_visible_devices"] == "0"
    assert devices.os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"
    assert computes_on_gpu()
    assert device_name() == "NVIDIA H200"
    assert resident_bytes() == 16 * GIB


def test_jax_settings_of_the_user_stay(make_jax, monkeypatch):
    settings = make_jax(jax_gpu())
    settings["jax_cuda_visible_devices"] = "2"
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "true")
    prepare_devices()
    assert settings["jax_cuda_visible_devices"] == "2"
    assert devices.os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] == "true"


def test_jax_on_a_cpu(make_jax):
    make_jax()
    prepare_devices()
    assert not computes_on_gpu()
    assert device_name() == provenance.processor()


@pytest.mark.parametrize("promise", [None, GPU])
@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (
            RuntimeError("Unknown backend: 'cuda'.\nMore"),
            "Unknown backend: 'cuda'. S",
        ),
        (AssertionError(), "none of these is here. S"),
    ],
)
def test_jax_without_a_device_is_a_setting_to_mend(make_jax, monkeypatch, promise, error, cause):
    """As by JAX_PLATFORMS=cuda where there is no GPU."""

    def none():
        raise error

    make_jax()
    monkeypatch.setattr("jax.local_devices", none)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if promise:
        monkeypatch.setenv(PROMISE, promise)
    with pytest.raises(SettingsError) as refused:
        prepare_devices()
    message = str(refused.value)
    assert message.startswith(f"JAX has no device to compute on (JAX_PLATFORMS='cuda'): {cause}")
    assert message.endswith("JAX_PLATFORMS=cpu to compute on the CPU; on a GPU, leave it unset.")
    assert "\n" not in message


def test_a_gpu_that_does_not_tell_its_memory(make_jax):
    make_jax(jax_gpu(memory=None))
    assert resident_bytes() == 0


def test_cudas_driver_is_not_needed():
    assert devices._memory_of_first_gpu() >= 0


# --- A GPU that was promised ---


def test_a_promised_gpu_that_is_there(make_gpus, monkeypatch):
    monkeypatch.setenv(PROMISE, GPU)
    make_gpus(H200)
    prepare_devices()


@pytest.fixture
def installed(monkeypatch):
    """Packages with their versions, in place of those that are installed."""
    packages = {}

    def version(name):
        if name not in packages:
            raise importlib.metadata.PackageNotFoundError(name)
        return packages[name]

    monkeypatch.setattr(devices, "version", version)
    return packages


def refusal(monkeypatch):
    monkeypatch.setenv(PROMISE, GPU)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    for _ in range(2):  # not only the first time
        with pytest.raises(TrainingError) as refused:
            prepare_devices()
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_tensorflow_without_cudas_libraries(make_gpus, monkeypatch, installed):
    make_gpus()
    message = refusal(monkeypatch)
    assert "TensorFlow sees none (CUDA_VISIBLE_DEVICES='3')" in message
    assert "nvidia-cudnn-cu12 is not installed. `pip install -e '.[gpu]'`" in message


def test_jax_without_its_plugin(make_jax, monkeypatch, installed):
    make_jax()
    message = refusal(monkeypatch)
    assert "JAX sees none (CUDA_VISIBLE_DEVICES='3')" in message
    assert "jax-cuda12-plugin or jax-cuda13-plugin is not installed" in message
    assert "`pip install -e '.[jax-gpu]'`" in message


def test_libraries_that_find_no_gpu(make_jax, monkeypatch, installed):
    make_jax()
    installed["jax-cuda12-plugin"] = "0.10.2"
    message = refusal(monkeypatch)
    assert "jax-cuda12-plugin 0.10.2 is installed, but finds no GPU" in message
    assert "`nvidia-smi`" in message


# --- Precision ---


@pytest.mark.parametrize("details", [H200, {"device_name": "AMD Instinct MI300X"}])
@pytest.mark.parametrize("precision", ["float32", "tensorfloat32", "mixed_bfloat16"])
def test_every_precision_on_a_gpu_that_has_them(make_gpus, details, precision):
    make_gpus(details)
    check_precision(precision)


def test_tensor_float_32_wants_a_gpu_that_has_it(make_gpus):
    make_gpus(V100)
    with pytest.raises(TrainingError, match=r"TensorFlow computes on Tesla V100-SXM2-16GB here"):
        check_precision("tensorfloat32")


def test_tensor_float_32_of_jax(make_jax):
    make_jax(jax_gpu("8.0"))
    check_precision("tensorfloat32")
    devices._gpu.cache_clear()
    make_jax(jax_gpu("7.5"))
    with pytest.raises(TrainingError, match=r"JAX computes on NVIDIA H200 here"):
        check_precision("tensorfloat32")


def test_tensor_float_32_is_refused_on_cpus():
    with pytest.raises(TrainingError, match=r"Train with --precision float32, or where there is"):
        check_precision("tensorfloat32")
    for precision in ("float32", "mixed_bfloat16"):
        check_precision(precision)


# --- Who only starts jobs ---


def test_nothing_heavy_is_imported_for_the_promise():
    code = "import sys; from thesis_repro.training.devices import PROMISE; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"keras", "tensorflow", "jax", "numpy"} & set(done.stdout.split())
