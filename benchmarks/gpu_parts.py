"""The parts of `benchmarks/gpu.py`, which starts each in a process of its own.

They add their rows to its file as they come.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np
from gpu_report import add
from gpu_speed import Keep, drawn, table, torch_table
from workload import as_data, digits, training

from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import model
from thesis_repro.training.backend import computing_in, make_deterministic
from thesis_repro.training.devices import (
    computes_on_gpu,
    device_name,
    prepare_devices,
    resident_bytes,
)
from thesis_repro.training.kept_programs import programs_kept_in
from thesis_repro.training.precision import FLOAT32
from thesis_repro.training.trainer import Trainer

rows_option = click.option("--rows", type=click.Path(path_type=Path), required=True)
seconds_option = click.option("--seconds", type=float, required=True, help="Until it is stopped.")
models_option = click.option("--models", required=True, help="Comma-separated.")


@click.group()
def main() -> None:
    """One part."""


def part(name: str, *options: Callable) -> Callable:
    """A command that is called with what keeps its rows, and when it is stopped at the latest.

    ``name`` is that of its rows in the report.
    """

    def decorated(function: Callable) -> Callable:
        def command(rows: Path, seconds: float, **others: Any) -> None:
            function(partial(add, rows, name), time.monotonic() + seconds, **others)

        for option in (rows_option, seconds_option, *options):
            command = option(command)
        return main.command(function.__name__, help=function.__doc__)(command)

    return decorated


# === Devices, digests, transfers ===


@part("devices", click.option("--label", required=True))
def devices(keep: Keep, end: float, label: str) -> None:
    """What the backend computes on, or why it does not."""
    job = {"job": label, "backend": keras.backend.backend()}
    try:
        make_deterministic()
        prepare_devices()
    except TrainingError as error:
        keep(**job, refused=str(error))
        return
    keep(
        **job,
        device=device_name(),
        gpu=computes_on_gpu(),
        resident_gib=resident_bytes() / 2**30,
        versions=", ".join(_versions()),
    )


def _versions() -> Iterator[str]:
    for package in ("keras", "jax", "tensorflow", "torch", "numpy"):
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            continue


@part(
    "digests",
    models_option,
    click.option("--label", required=True),
    click.option("--steps", type=int, required=True),
    click.option("--programs", type=click.Path(path_type=Path), required=True),
)
def digests(keep: Keep, end: float, models: str, label: str, steps: int, programs: Path) -> None:
    """The SHA-256 of all variables after some steps."""
    make_deterministic()
    prepare_devices()
    for spec in map(model, models.split(",")):
        with programs_kept_in(programs / spec.id):
            began = time.monotonic()
            digest = digest_after(spec, steps)
        keep(
            backend=keras.backend.backend(),
            model=spec.id,
            run=label,
            digest=digest,
            seconds=time.monotonic() - began,
        )


def digest_after(spec: ModelSpec, steps: int) -> str:
    """The SHA-256 (hex) of weights, moving statistics and optimisers' state after some steps."""
    keras.utils.set_random_seed(0)
    with computing_in(FLOAT32):
        trainer = Trainer(spec, build_model(spec), as_data(digits(spec)))
        training(trainer)(drawn(spec, steps))
    digest = hashlib.sha256()
    for variable in trainer.variables:
        digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)))
    return digest.hexdigest()


@part("transfers")
def transfers(keep: Keep, end: float) -> None:
    """Calls of compiled epochs in which JAX may not copy unasked, one way after the other."""
    import jax

    make_deterministic()
    prepare_devices()
    spec = model("mnist-vlae-factor-3")
    train = training(Trainer(spec, build_model(spec), as_data(digits(spec))))
    train(drawn(spec, 3))  # brings the images to the device, and compiles
    guards = {
        "host to device": jax.transfer_guard_host_to_device,
        "device to device": jax.transfer_guard_device_to_device,
        "device to host: the losses, once a call": jax.transfer_guard_device_to_host,
    }
    for direction, guard in guards.items():
        with guard("disallow"):
            try:
                train(drawn(spec, 3))
                found = "none"
            except jax.errors.JaxRuntimeError as error:
                found = str(error).splitlines()[0][:200]
        keep(direction=direction, found=found)


# === Speed and memory ===

for function in (table, torch_table):
    part("table", models_option)(function)


# === Table 3 ===


@part(
    "table_3",
    click.option("--data-dir", type=click.Path(path_type=Path), required=True),
    click.option("--runs-dir", type=click.Path(path_type=Path), required=True),
    click.option("--scale", required=True),
)
def table_3(keep: Keep, end: float, data_dir: Path, runs_dir: Path, scale: str) -> None:
    """The finished run's rows of Table 3, by the functions of Section 4.2."""
    from chapters.ch4_2 import deactivation, table_3_readings
    from thesis_repro.commands.workspace import workspace_of
    from thesis_repro.section.chapter import Chapter

    name = "mnist-vlae-factor-3"
    workspace = workspace_of(
        data_dir=data_dir,
        runs_dir=runs_dir,
        scale=scale,
        seed=0,
        precision=FLOAT32,
        stand_in=False,
    )
    if workspace.finished(name) is None:
        raise click.ClickException(f"{name} has not been trained to its end")
    chapter = Chapter("4.2", workspace)
    _, losses = deactivation(chapter, name)
    losses_by_epoch = [row["val_loss"] for row in chapter.trained(name).history]
    readings = table_3_readings({name: losses})[name]
    for reading, numbers in zip(("as written", "as run"), readings, strict=True):
        keep(
            model=name,
            reading=reading,
            **numbers,
            lowest_validation_loss=min(losses_by_epoch),
            in_epoch=int(np.argmin(losses_by_epoch)) + 1,
            last_validation_loss=losses_by_epoch[-1],
        )


if __name__ == "__main__":
    main()
