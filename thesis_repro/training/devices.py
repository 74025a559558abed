"""The device that this process computes on: one GPU where the backend sees any, else the CPU."""

import os
import sys
from collections.abc import Iterator
from ctypes import CDLL, byref, c_int, c_size_t
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from thesis_repro import provenance
from thesis_repro.errors import SettingsError, TrainingError, install_command
from thesis_repro.models import keras_settings
from thesis_repro.training.precision import FLOAT32, TENSOR_FLOAT_32

# Set by whoever starts a job that has been given a GPU (`thesis_repro.plan.gpus`).
PROMISE = "THESIS_REPRO_DEVICE"
GPU = "gpu"

_RESIDENT_ON_CPU = 2**28  # bytes; the images are in memory already, and a copy gains little
_RESIDENT_ON_GPU = 0.6  # of its memory
_RESIDENT_ON_HOST = 2**34  # bytes; all of it passes through this machine's memory at once

_TENSOR_FLOAT_32_FROM = (8, 0)  # compute capability: Ampere


class _Backend(NamedTuple):
    """Of a backend: its name, what brings CUDA, and by which packages one sees that it did."""

    name: str
    extra: str
    packages: tuple[str, ...]


_BACKENDS = {
    "jax": _Backend("JAX", "jax-gpu", ("jax-cuda12-plugin", "jax-cuda13-plugin")),
    "tensorflow": _Backend("TensorFlow", "gpu", ("nvidia-cudnn-cu12",)),
}


class _Gpu(NamedTuple):
    """The GPU that is computed on, with the memory (bytes) that the backend may take of it."""

    name: str
    capability: tuple[int, ...] | None  # (9, 0): NVIDIA's number for what it can do
    memory: int


def prepare_devices() -> None:
    """Take one GPU, the first that is visible, with memory on demand; leave all others alone.

    Before anything is computed in this process, and after `backend.make_deterministic`: JAX reads
    XLA's flags here. What CUDA_VISIBLE_DEVICES hides stays hidden. Products of float32 keep all
    their bits from here on; see `backend.computing_in`.

    Raises:
        TrainingError: a GPU was promised to this process (`PROMISE`), and the backend sees none.
        SettingsError: the environment leaves JAX no device.
    """
    _take_one_gpu()
    on_gpu = computes_on_gpu()
    if os.environ.get(PROMISE) == GPU and not on_gpu:
        raise TrainingError(_why_no_gpu())


def may_have_gpu() -> bool:
    """Whether this machine may have a GPU that a backend sees; asked of no backend, so at once.

    On Linux, drivers make files of their devices: NVIDIA's, AMD's, and Windows's for its guests.
    """
    files = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
    return sys.platform != "linux" or any(Path(file).exists() for file in files)


def computes_on_gpu() -> bool:
    """Whether the backend computes on a GPU."""
    return _gpu() is not None


def device_name() -> str:
    """What is computed on: "NVIDIA H200", or the CPU's name."""
    gpu = _gpu()
    return gpu.name if gpu else provenance.processor()


def resident_bytes() -> int:
    """Images that may lie on the device for the whole training (bytes)."""
    gpu = _gpu()
    return min(int(_RESIDENT_ON_GPU * gpu.memory), _RESIDENT_ON_HOST) if gpu else _RESIDENT_ON_CPU


def gpu_command() -> str:
    """What installs CUDA's libraries for the backend."""
    return install_command(_backend().extra)


def check_precision(precision: str) -> None:
    """Refuse to train in a precision that would be another one here.

    Raises:
        TrainingError: in TensorFloat-32 without a GPU that has it.
    """
    if precision != TENSOR_FLOAT_32:
        return
    gpu = _gpu() if may_have_gpu() else None
    if gpu is None or (gpu.capability or _TENSOR_FLOAT_32_FROM) < _TENSOR_FLOAT_32_FROM:
        raise TrainingError(
            f"--precision {TENSOR_FLOAT_32} wants an NVIDIA GPU of compute capability 8.0 or more "
            f"(A100, H100 and later), but {_backend().name} computes on "
            f"{gpu.name if gpu else provenance.processor()} here, with "
            f"all bits of float32. Train with --precision {FLOAT32}, or where there is such a GPU."
        )


# === What the backends see ===


def _backend() -> _Backend:
    return _BACKENDS[keras_settings.backend()]


@cache
def _take_one_gpu() -> None:
    from thesis_repro.training.backend import set_full_float32

    set_full_float32()
    if _backend().name == "JAX":
        import jax

        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        if jax.config.read("jax_cuda_visible_devices") == "all":
            jax.config.update("jax_cuda_visible_devices", "0")
        return
    from tensorflow import config

    gpus = config.list_physical_devices("GPU")[:1]
    config.set_visible_devices(gpus, "GPU")
    for gpu in gpus:
        config.experimental.set_memory_growth(gpu, True)


@cache
def _gpu() -> _Gpu | None:
    """The GPU that the backend computes on, if any."""
    return _gpu_of_jax() if _backend().name == "JAX" else _gpu_of_tensorflow()


def _gpu_of_jax() -> _Gpu | None:
    import jax

    try:
        device, *_ = jax.local_devices()
    except (RuntimeError, AssertionError) as error:  # of the latter it says nothing
        cause = str(error).partition("\n")[0].rstrip(".") or "none of these is here"
        raise SettingsError(
            f"JAX has no device to compute on ({_shown_settings()}): {cause}. Set "
            "JAX_PLATFORMS=cpu to compute on the CPU; on a GPU, leave it unset."
        ) from error
    if device.platform != "gpu":
        return None
    capability = getattr(device, "compute_capability", None)  # "9.0"
    numbers = tuple(int(number) for number in capability.split(".")) if capability else None
    limit = (device.memory_stats() or {}).get("bytes_limit", 0)
    return _Gpu(device.device_kind, numbers, limit)


def _gpu_of_tensorflow() -> _Gpu | None:
    from tensorflow import config

    gpus = config.get_visible_devices("GPU")
    if not gpus:
        return None
    details = config.experimental.get_device_details(gpus[0])
    name = details.get("device_name", gpus[0].name)
    return _Gpu(name, details.get("compute_capability"), _memory_of_first_gpu())


def _memory_of_first_gpu() -> int:
    """The memory (bytes) of CUDA's first visible device, which TensorFlow does not tell.

    0 where CUDA's driver does not tell it either.
    """
    device, size = c_int(), c_size_t()
    try:
        cuda = CDLL("libcuda.so.1")
        failed = cuda.cuInit(0) or cuda.cuDeviceGet(byref(device), 0)
        failed = failed or cuda.cuDeviceTotalMem_v2(byref(size), device)
    except (OSError, AttributeError):
        return 0
    return 0 if failed else size.value


# === Why there is no GPU ===


def _why_no_gpu() -> str:
    """One line: the backend, what was looked for, and what to do."""
    backend = _backend()
    installed = list(_installed(backend.packages))
    if not installed:
        reason = f"{' or '.join(backend.packages)} is not installed"
        fix = f"`{gpu_command()}` brings CUDA's libraries"
    else:
        reason = f"{', '.join(installed)} is installed, but finds no GPU"
        fix = "Check that `nvidia-smi` lists it and that the driver is new enough"
    return (
        f"This job was given a GPU, but {backend.name} sees none ({_shown_settings()})"
        f": {reason}. {fix}; without a GPU, leave --gpus away."
    )


def _shown_settings() -> str:
    """What the environment says of devices."""
    names = ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS")
    settings = (f"{name}={os.environ[name]!r}" for name in names if name in os.environ)
    return ", ".join(settings) or "nothing hides it"


def _installed(packages: tuple[str, ...]) -> Iterator[str]:
    """Those of the packages that are here, with their versions."""
    for package in packages:
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            continue
