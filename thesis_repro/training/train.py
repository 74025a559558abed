"""Training of a model to the end of its run, resumable with the same weights bit for bit."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from thesis_repro import provenance
from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model, first_convolution
from thesis_repro.models.changed import way_to_train
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import derive_seed
from thesis_repro.training.allocator import keep_freed_memory
from thesis_repro.training.backend import computing_in, make_deterministic
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.devices import (
    check_precision,
    computes_on_gpu,
    device_name,
    prepare_devices,
)
from thesis_repro.training.images import ImageData
from thesis_repro.training.kept_programs import programs_kept_in
from thesis_repro.training.moving_statistics import cap_momentum
from thesis_repro.training.run_folder import Checkpoint, RunFolder
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.training.trainer import Trainer

_log = logging.getLogger(__name__)

# Between two checkpoints, at least; each is of a whole epoch. A kill costs about as much.
CHECKPOINT_SECONDS = 60.0


def train_or_load(
    spec: ModelSpec,
    data: ImageData,
    options: TrainingOptions,
    runs_dir: Path,
    progress: TrainingProgress,
) -> TrainedModel:
    """The finished run of this configuration: loaded if there is one, else trained to its end.

    Raises:
        TrainingError: a loss is not a finite number, a classifier's label is none of its classes,
            a file cannot be written, those of the finished run are damaged, or there is no
            GPU where one was promised or the precision wants one.
        data_prep.errors.DataError: images can no longer be read.
    """
    make_deterministic()
    prepare_devices()
    run = RunFolder(runs_dir, run_config(spec, data.identity(), options))
    if run.is_done:
        return load_run(spec, run)
    with run.lock():
        if run.is_done:  # the process that held it has ended it
            return load_run(spec, run)
        _log.debug("%s: train %s", spec.id, run.path)
        with _as_begun(spec, run) as model:
            check_precision(options.precision)
            if not computes_on_gpu():
                keep_freed_memory()
            with programs_kept_in(run.path / "compiled"):
                trainer = Trainer(spec, model, data, learns=options.scale.learns)
                _train(trainer, options, run, progress)
            return _loaded(spec, run, model)


def load_run(spec: ModelSpec, run: RunFolder) -> TrainedModel:
    """A model's finished run, from its folder alone: neither data nor leave to write are needed.

    Raises:
        TrainingError: a file of the run is damaged or missing, or there is no GPU where one was
            promised.
    """
    make_deterministic()
    prepare_devices()
    _log.debug("%s: load %s", spec.id, run.path)
    with _as_begun(spec, run) as model:  # without optimiser: AlexNet-VAE's would take 2.5 GB
        return _loaded(spec, run, model)


@contextmanager
def _as_begun(spec: ModelSpec, run: RunFolder) -> Iterator[keras.Model]:
    """The model as a run begins with it, to be used within, in the run's precision."""
    with computing_in(run.config.values["precision"]):
        # The literal builders take Keras's default initialisers, which draw from the global seed.
        seed = derive_seed(run.config.values["seed"], spec.id, "initial weights")
        keras.utils.set_random_seed(seed)
        yield build_model(spec)


def _loaded(spec: ModelSpec, run: RunFolder, model: keras.Model) -> TrainedModel:
    """The model with the weights of a finished run."""
    for part, network in FAMILIES[spec.family].networks(model).items():
        weights = run.verified_weights(part)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # of layers that keep initial weights
                network.load_weights(weights)
        except (ValueError, UserWarning) as error:  # they are whole: another network's
            made_by = ", ".join(run.recorded("commit")) or "unknown"
            raise TrainingError(
                f"{weights}: these weights are not those of the {part} that this version builds "
                f"for {spec.id}. Load them with the version that they were made with (commit "
                f"{made_by}), or train the model again: {way_to_train(spec.id)}."
            ) from error
    return TrainedModel(spec, run, run.read_history(), model)


def _train(
    trainer: Trainer, options: TrainingOptions, run: RunFolder, progress: TrainingProgress
) -> None:
    """Train from the last checkpoint, or from the start, to the end of the run."""
    spec, epochs, updates = trainer.spec, run.config.values["epochs"], trainer.updates
    family = FAMILIES[spec.family]
    parts = family.networks(trainer.model)
    kernel = first_convolution(parts[family.parts[0]]).kernel
    history, kernels = _restore(trainer, run.load_checkpoint(trainer.variables))
    kernels = kernels or [_copied(kernel)]
    kept = cap_momentum(parts.values(), epochs * updates)
    run.begin(
        {
            "started": provenance.now(),
            "first_epoch": len(history) + 1,
            "data": trainer.data.description,
            "device": device_name(),
            "commit": provenance.commit(),
            "versions": provenance.versions(),
            "constraints": provenance.constraints(),
            "settings": provenance.settings(),
        }
        | ({} if kept is None else {"batch_norm_momentum": kept})
    )
    title = f"{spec.id} ({options.scale.name})"
    saved = time.monotonic()
    with progress.run(title, epochs, updates, len(history), trainer.step.headline) as report:
        for epoch in range(len(history) + 1, epochs + 1):
            began = time.monotonic()
            row = {"epoch": epoch} | trainer.epoch(options.seed, epoch, report)
            row["seconds"] = round(time.monotonic() - began, 3)
            history.append(row)
            kernels.append(_copied(kernel))
            if epoch == epochs or time.monotonic() - saved >= CHECKPOINT_SECONDS:
                run.save_checkpoint(Checkpoint(trainer.variables, history, kernels))
                saved = time.monotonic()
            report.epoch(epoch, row)
    run.write_history(history)  # a kill can come between the last checkpoint and its history
    run.finish(parts, kernels)


def _restore(
    trainer: Trainer, checkpoint: Checkpoint | None
) -> tuple[list[dict], list[np.ndarray]]:
    """Put a checkpoint's values into model and optimiser; history and kernels up to it."""
    if checkpoint is None:
        return [], []
    for variable, value in zip(trainer.variables, checkpoint.arrays, strict=True):
        variable.assign(value)
    return list(checkpoint.history), list(checkpoint.kernels)


def _copied(variable: keras.Variable) -> np.ndarray:
    """A variable's value, which later updates leave alone."""
    return keras.ops.convert_to_numpy(variable).copy()
