"""How fast each family of models trains here: by its finished runs, else by a calibration."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from thesis_repro import provenance
from thesis_repro.errors import TrainingError
from thesis_repro.models import keras_settings, zoo
from thesis_repro.plan.calibration import Machine, calibration
from thesis_repro.plan.jobs import Job
from thesis_repro.plan.rates import Measured, Rates, Work, fit
from thesis_repro.plan.work import training_work
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.configuration import TRAINING_VERSION
from thesis_repro.training.devices import device_name, may_have_gpu, prepare_devices
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.words import counted

# What reading the files of a damaged run folder raises.
_DAMAGE = (TrainingError, OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error)

_FEWEST_EPOCHS = 2  # of a run that counts, besides those that it was started in


class Timing(NamedTuple):
    """The rates of a family, and what they are from, in words."""

    rates: Rates
    source: str


def seconds_of(job: Job, timings: Mapping[str, Timing]) -> float:
    """Of the whole job, whatever a run has done of it; 0 where it is done, or nothing is known."""
    if job.is_done or not job.image_passes or job.family not in timings:
        return 0.0
    return timings[job.family].rates.seconds(
        Work(starts=1, steps=job.steps, bytes=job.bytes, multiply_adds=job.multiply_adds)
    )


def machine_of(precision: str) -> Machine:
    """This process's device and backend, which is only asked where there may be a GPU."""
    if not may_have_gpu():
        return Machine(provenance.processor(), keras_settings.backend(), precision)
    keras_settings.import_keras()
    from thesis_repro.training.backend import make_deterministic

    make_deterministic()
    prepare_devices()
    return Machine(device_name(), keras_settings.backend(), precision)


def timings(
    families: Iterable[str], machine: Machine, workspace: Workspace, tell: Callable[[str], None]
) -> dict[str, Timing]:
    """How fast models of these families train; without those that can't be timed.

    Args:
        families: Of models that are to be trained.
        machine: What the rates are to hold for.
        workspace: Whose runs of the same scale count, and whose folder of runs keeps calibrations.
        tell: Called with a line for each calibration that has to be made.
    """
    runs_dir, scale = workspace.runs_dir, workspace.options.scale.name
    known = {}
    for family in sorted(set(families)):
        runs = measured_runs(family, scale, machine, runs_dir)
        if runs:
            source = counted(len(runs), "finished run")
            known[family] = Timing(fit([part for run in runs for part in run]), source)
        elif made := calibration(family, machine, runs_dir, tell):
            source = f"calibrated on {' and '.join(made.models)}"
            known[family] = Timing(fit(made.measured), source)
    return known


def measured_runs(
    family: str, scale: str, machine: Machine, runs_dir: Path
) -> list[list[Measured]]:
    """The measured parts of each finished run of a family, at a scale, on a machine alone.

    A run whose folder is damaged, does not name its device, or is of another version of the
    training, does not count. Nor does one of few epochs but those in which it was started, as at
    smoke scale: it tells of starting, and by noise of training.
    """
    runs = (_measured(done.parent, family, scale, machine) for done in runs_dir.glob("*/*/DONE"))
    return [run for run in runs if run]


def _measured(folder: Path, family: str, scale: str, machine: Machine) -> list[Measured]:
    """The epochs in which a run was started or started again, in which it compiled; the others."""
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        run = RunFolder(folder.parents[1], RunConfig(folder.parent.name, values))
        spec = zoo.MODELS[run.config.model]
        names = ("scale", "backend", "precision", "training_version")
        conditions = (spec.family, *(values[name] for name in names))
        wanted = (family, scale, machine.backend, machine.precision, TRAINING_VERSION)
        if conditions != wanted or run.path != folder:
            return []
        made = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        if {session["device"] for session in made["sessions"]} != {machine.device}:
            return []
        seconds = {row["epoch"]: row["seconds"] for row in run.read_history()}
        started = {session["first_epoch"] for session in made["sessions"]} & seconds.keys()
        if len(seconds) - len(started) < _FEWEST_EPOCHS:
            return []
        images = values["data"]["train_images"], values["data"]["validation_images"]
        parts = [
            Measured(
                training_work(spec, *images, len(epochs), starts),
                sum(seconds[epoch] for epoch in epochs),
            )
            for epochs, starts in ((started, len(started)), (seconds.keys() - started, 0))
        ]
    except _DAMAGE:
        return []
    return [part for part in parts if math.isfinite(part.seconds) and part.seconds > 0]
