"""A calibration: a few updates of a family's networks, timed on made-up images, and remembered.

Keras is imported where something is timed; what is remembered needs none.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from thesis_repro.errors import SettingsError
from thesis_repro.files import write_json
from thesis_repro.models import keras_settings, zoo
from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.spec import ModelSpec
from thesis_repro.plan import work
from thesis_repro.plan.rates import Measured, Work, fit
from thesis_repro.plan.work import training_work
from thesis_repro.training.configuration import TRAINING_VERSION
from thesis_repro.training.devices import computes_on_gpu, prepare_devices

_log = logging.getLogger(__name__)

FILE = "calibrations.json"  # in the folder of runs

_FEW, _SOME = 4, 32  # images in a batch: steps alone show, and computing begins to
_STEP_AT_MOST = 2.0  # s; a step that is expected to take longer is not timed
_STEPS, _STEPS_ON_GPU = 3, 128  # of a timed epoch: GPUs run 64 steps a call


class Machine(NamedTuple):
    """What rates hold for."""

    device: str
    backend: str
    precision: str


class Calibration(msgspec.Struct, frozen=True):
    """What was timed of a family, with which of its models, and what that holds for."""

    family: str
    machine: Machine
    version: str
    models: list[str]
    measured: list[Measured]


def calibration(
    family: str, machine: Machine, runs_dir: Path, tell: Callable[[str], None]
) -> Calibration | None:
    """That of a family on this machine: the one remembered, else one made now.

    None, and a warning in the log, where the family cannot be timed, as on a GPU whose memory is in
    use.

    Raises:
        SettingsError: with this environment, nothing can be computed here.
    """
    path, package = runs_dir / FILE, _version()
    remembered = _read(path)
    for known in remembered:
        if (known.family, known.machine, known.version) == (family, machine, package):
            return known
    tell(f"Timing a few updates of a {family.upper()} on {machine.device}; this is done once.")
    try:
        models, measured = _calibrate(family, machine.precision)
    except SettingsError:
        raise
    except Exception as error:  # whatever a backend raises; a plan without some times is one still
        _log.warning("The family %s cannot be timed here: %s", family, error)
        return None
    made = Calibration(family, machine, package, models, measured)
    try:
        write_json(path, msgspec.to_builtins([*remembered, made]))
    except OSError as error:
        _log.warning("%s: the calibration cannot be kept: %s", path, error)
    return made


def _version() -> str:
    """Of all that a calibration depends on besides the machine."""
    return f"{version('thesis-repro')}, training {TRAINING_VERSION}, work {work.VERSION}"


def _read(path: Path) -> list[Calibration]:
    """The calibrations in a file but those that are damaged; none where the file is."""
    known = []
    with suppress(OSError, ValueError, msgspec.MsgspecError):
        for entry in msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw]):
            with suppress(ValueError, msgspec.MsgspecError):
                each = msgspec.json.decode(entry, type=Calibration)
                fit(each.measured)
                known.append(each)
    return known


def _calibrate(family: str, precision: str) -> tuple[list[str], list[Measured]]:
    """Time the family's smallest network, then what is the most that the device soon has done.

    A fast device needs more work for multiply-adds to show beside steps: a larger batch, or the
    family's middle-sized network.
    """
    keras_settings.import_keras()
    from thesis_repro.training.backend import make_deterministic

    make_deterministic()
    prepare_devices()
    specs = [spec for spec in zoo.MODELS.values() if spec.family == family]
    small, *_ = ordered = sorted(specs, key=training_multiply_adds)
    middle = ordered[len(ordered) // 2]
    rungs = [_with_batch(small, _FEW), _with_batch(small, _SOME), small, middle]
    rung, models, measured = rungs[0], {}, []
    while rung:
        measured += _timed(rung, precision)
        models[rung.id] = None
        rates, reached = fit(measured), _step(rung).multiply_adds
        bearable = [each for each in rungs if rates.seconds(_step(each)) <= _STEP_AT_MOST]
        larger = [each for each in bearable if _step(each).multiply_adds > reached]
        rung = max(larger, key=lambda each: _step(each).multiply_adds, default=None)
    return [*models], measured


def _with_batch(spec: ModelSpec, images: int) -> ModelSpec:
    return replace(spec, batch_size=spec.batch_size._replace(value=images))


def _step(spec: ModelSpec) -> Work:
    """The work of a step."""
    return training_work(spec, spec.batch_size.value, 0, 1, starts=0)


def _timed(spec: ModelSpec, precision: str) -> list[Measured]:
    """An epoch with its compilation, and one without."""
    from thesis_repro.plan.timed_epochs import time_of_epochs

    batch = spec.batch_size.value
    images = batch * (_STEPS_ON_GPU if computes_on_gpu() else _STEPS)
    first, *others = time_of_epochs(spec, images, precision)
    return [
        Measured(training_work(spec, images, batch, 1, starts=1), first),
        Measured(training_work(spec, images, batch, 1, starts=0), min(others)),
    ]
