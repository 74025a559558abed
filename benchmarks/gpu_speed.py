"""Speed and memory of training steps on this machine's device: the table of `benchmarks/gpu.py`."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import keras
import numpy as np
from workload import IMAGES, Train, as_data, digits, timed, training

from thesis_repro.models.building import build_model
from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import model
from thesis_repro.training.backend import computing_in, make_deterministic
from thesis_repro.training.devices import (
    check_precision,
    computes_on_gpu,
    device_name,
    prepare_devices,
)
from thesis_repro.training.precision import FLOAT32, MIXED_BFLOAT16, TENSOR_FLOAT_32
from thesis_repro.training.trainer import Trainer

Keep = Callable[..., None]  # writes a row

PRECISIONS = (MIXED_BFLOAT16, TENSOR_FLOAT_32, FLOAT32)  # by memory, of which the peak is read
TURNS, TURN_SECONDS = 2, 1.5  # of which the best counts
FEWEST_STEPS, MOST_STEPS = 4, 2_000  # of a turn

# TFLOP/s without sparsity. NVIDIA's datasheets of the H200, of the H100 (SXM) and of the A100.
PEAKS = {
    "NVIDIA H200": {FLOAT32: 67.0, TENSOR_FLOAT_32: 494.5, MIXED_BFLOAT16: 989.5},
    "NVIDIA H100 80GB HBM3": {FLOAT32: 67.0, TENSOR_FLOAT_32: 494.5, MIXED_BFLOAT16: 989.5},
    "NVIDIA A100-SXM4-80GB": {FLOAT32: 19.5, TENSOR_FLOAT_32: 156.0, MIXED_BFLOAT16: 312.0},
    "NVIDIA A100-SXM4-40GB": {FLOAT32: 19.5, TENSOR_FLOAT_32: 156.0, MIXED_BFLOAT16: 312.0},
}


def table(keep: Keep, end: float, models: str) -> None:
    """Ours in each precision."""
    make_deterministic()
    prepare_devices()
    engine = keras.backend.backend()
    for spec, precision in _each(models, keep, end):
        with _failures_kept(keep, spec, engine, precision), computing_in(precision):
            check_precision(precision)
            _keep_speed(keep, spec, engine, precision, partial(_ours, spec))


def _ours(spec: ModelSpec) -> Train:
    return training(Trainer(spec, build_model(spec), as_data(digits(spec))))


def torch_table(keep: Keep, end: float, models: str) -> None:
    """PyTorch's in each precision and memory format."""
    import torch
    from torch_gan import gan_loop
    from torch_rival import FORMATS, plain_loop

    device = "cuda" if torch.cuda.is_available() else "cpu"
    loops = {Objective.EVIDENCE: plain_loop, Objective.ADVERSARIAL: gan_loop}
    torch.backends.cudnn.benchmark = True
    for spec, precision in _each(models, keep, end):
        rounded = precision == TENSOR_FLOAT_32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = rounded
        loop = loops.get(FAMILIES[spec.family].objective)
        for layout in FORMATS if loop else ():
            half = precision == MIXED_BFLOAT16
            context = torch.autocast(device, torch.bfloat16) if half else nullcontext()
            with _failures_kept(keep, spec, f"torch {layout}", precision), context:
                build = partial(loop, layout, spec, digits(spec), device)
                _keep_speed(keep, spec, f"torch {layout}", precision, build)


def _each(models: str, keep: Keep, end: float) -> Iterator[tuple[ModelSpec, str]]:
    """Models and precisions, until the time is over."""
    for spec in map(model, models.split(",")):
        for precision in PRECISIONS:
            if time.monotonic() > end:
                keep(model=spec.id, precision=precision, note="no time was left")
                return
            keras.backend.clear_session()  # the policy of precision, too
            gc.collect()
            yield spec, precision


@contextmanager
def _failures_kept(keep: Keep, spec: ModelSpec, engine: str, precision: str) -> Iterator[None]:
    """Keep a row that says what went wrong, and go on."""
    try:
        yield
    except Exception as error:  # whatever a backend raises
        note = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        keep(model=spec.id, engine=engine, precision=precision, note=note)


def _keep_speed(
    keep: Keep, spec: ModelSpec, engine: str, precision: str, build: Callable[[], Train]
) -> None:
    """Time some turns of what is built, after what compiles and chooses kernels."""
    batch = spec.batch_size.value
    _reset_peak(engine)
    before = _peak(engine)
    train = build()
    began = time.monotonic()
    train(drawn(spec, 3))
    first = time.monotonic() - began
    trial = timed(train, drawn(spec, FEWEST_STEPS)).speed / batch
    steps = int(np.clip(TURN_SECONDS * trial, FEWEST_STEPS, MOST_STEPS))
    speed = max(timed(train, drawn(spec, steps)).speed for _ in range(TURNS))
    rate = 2e-12 * training_multiply_adds(spec) * speed
    peak = PEAKS.get(_gpu_name(engine), {}).get(precision)
    memory = _peak(engine)
    keep(
        model=spec.id,
        family=spec.family,
        engine=engine,
        precision=precision,
        ms_a_step=1e3 * batch / speed,
        images_a_second=speed,
        tflops=rate,
        share_of_peak=rate / peak if peak else None,
        # Where the peak of a larger network before it still stands, nothing is known of this one.
        peak_gib=memory if memory != before else None,
        first_3_steps_s=first,
    )


def drawn(spec: ModelSpec, steps: int) -> np.ndarray:
    """Rows of the digits for so many steps."""
    return np.random.default_rng(0).integers(0, IMAGES, steps * spec.batch_size.value)


def _gpu_name(engine: str) -> str:
    if not engine.startswith("torch"):
        return device_name()
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def _reset_peak(engine: str) -> None:
    """Forget the peak, where an engine can."""
    if not _on_gpu(engine):
        return
    if engine.startswith("torch"):
        import torch

        torch.cuda.reset_peak_memory_stats()
    elif engine == "tensorflow":
        from tensorflow.config import experimental

        experimental.reset_memory_stats("GPU:0")


def _peak(engine: str) -> float | None:
    """The most memory of the GPU (GiB) that has been in use; JAX's is that of the whole process."""
    if not _on_gpu(engine):
        return None
    if engine.startswith("torch"):
        import torch

        return torch.cuda.max_memory_allocated() / 2**30
    if engine == "tensorflow":
        from tensorflow.config import experimental

        return experimental.get_memory_info("GPU:0")["peak"] / 2**30
    import jax

    return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"] / 2**30


def _on_gpu(engine: str) -> bool:
    """Whether an engine of the table computes on a GPU."""
    return bool(_gpu_name(engine)) if engine.startswith("torch") else computes_on_gpu()
