"""Training of a model to the end of its run, resumable with the same weights bit for bit."""

import json
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from thesis_repro import provenance
from thesis_repro.models.building import build_model, first_convolution
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import derive_seed
from thesis_repro.training.backend import dtype_policy, make_deterministic
from thesis_repro.training.classifier import ClassifierTrainer
from thesis_repro.training.fitted import FittedTrainer
from thesis_repro.training.gan import AdversarialTrainer
from thesis_repro.training.images import Identity, ImageData
from thesis_repro.training.run_folder import Checkpoint, RunConfig, RunFolder
from thesis_repro.training.scale import Scale
from thesis_repro.training.schedule import schedule
from thesis_repro.training.trainer import Trainer, not_finite

_log = logging.getLogger(__name__)

TRAINERS: dict[Objective, type[Trainer]] = {
    Objective.EVIDENCE: FittedTrainer,
    Objective.ADVERSARIAL: AdversarialTrainer,
    Objective.CLASSIFICATION: ClassifierTrainer,
}

# Part of every run's id. Raise it whenever a change here, in the losses or in the networks makes
# the same configuration end with other weights.
TRAINING_VERSION = 3

# Batch normalisation's moving statistics keep 0.99 of what they were at each update, so that a run
# of a few hundred updates would end with much of their initial values, or of the huge variances of
# first updates that explode. Such a run keeps less: its updates are twenty times as many as the
# moving statistics remember. Any other is Keras's and the thesis's.
_SHORT_RUN = 1_000  # updates
_MEMORIES = 20


@dataclass(frozen=True)
class TrainingOptions:
    """What a user chooses about a run, besides the model and its data."""

    scale: Scale
    seed: int = 0
    precision: str = "float32"


class TrainedModel(NamedTuple):
    """A finished run: spec, folder, history by epoch, and the model with its weights."""

    spec: ModelSpec
    run: RunFolder
    history: list[dict[str, float]]
    model: keras.Model


def run_config(spec: ModelSpec, data: Identity, options: TrainingOptions) -> RunConfig:
    """What the run is; equal configurations are the same run."""
    values = {
        "spec": spec.values(),
        "scale": options.scale.name,
        "epochs": schedule(spec, options.scale).epochs,
        "data": data._asdict(),
        "seed": options.seed,
        "precision": options.precision,
        "backend": keras.backend.backend(),
        "training_version": TRAINING_VERSION,
    }
    return RunConfig(spec.id, json.loads(json.dumps(values)))


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
            a file cannot be written, or those of the finished run are damaged.
        data_prep.errors.DataError: images can no longer be read.
    """
    make_deterministic()
    run = RunFolder(runs_dir, run_config(spec, data.identity(), options))
    _log.debug("%s: %s %s", spec.id, "load" if run.is_done else "train", run.path)
    with run.lock(), dtype_policy(options.precision):
        # The literal builders take Keras's default initialisers, which draw from the global seed.
        keras.utils.set_random_seed(derive_seed(options.seed, spec.id, "initial weights"))
        model = build_model(spec)
        if not run.is_done:  # the optimiser of a loaded AlexNet-VAE would take 2.5 GB for nothing
            _train(trainer_of(spec)(spec, model), data, options, run, progress)
        for part, network in FAMILIES[spec.family].networks(model).items():
            network.load_weights(run.verified_weights(part))
    return TrainedModel(spec, run, run.read_history(), model)


def trainer_of(spec: ModelSpec) -> type[Trainer]:
    """What trains a model."""
    return TRAINERS[FAMILIES[spec.family].objective]


def _train(
    trainer: Trainer,
    data: ImageData,
    options: TrainingOptions,
    run: RunFolder,
    progress: TrainingProgress,
) -> None:
    """Train from the last checkpoint, or from the start, to the end of the run."""
    spec = trainer.spec
    epochs = run.config.values["epochs"]
    family = FAMILIES[spec.family]
    parts = family.networks(trainer.model)
    kernel = first_convolution(parts[family.parts[0]]).kernel
    history, kernels = _restore(trainer, run.load_checkpoint(trainer.variables))
    kernels = kernels or [_copied(kernel)]
    run.begin(
        {
            "started": provenance.now(),
            "first_epoch": len(history) + 1,
            "data": data.description,
            "commit": provenance.commit(),
            "versions": provenance.versions(),
        }
    )
    title, steps = f"{spec.id} ({options.scale.name})", trainer.steps(data)
    _limit_memory(parts.values(), epochs * steps)
    with progress.run(title, epochs, steps, len(history), trainer.headline) as report:
        for epoch in range(len(history) + 1, epochs + 1):
            began = time.perf_counter()
            row = {"epoch": epoch} | trainer.epoch(data, options.seed, epoch, report)
            row["seconds"] = round(time.perf_counter() - began, 3)
            history.append(row)
            if not all(np.isfinite(variable).all() for variable in trainer.variables):
                raise not_finite(spec, "a weight is no longer a finite number", epoch, steps)
            kernels.append(_copied(kernel))
            run.save_checkpoint(Checkpoint(trainer.variables, history, kernels))
            report.epoch(epoch, row)
    run.write_history(history)  # a kill can come between the last checkpoint and its history
    run.finish(parts, kernels)


def _limit_memory(networks: Iterable[keras.Model], updates: int) -> None:
    """Let the moving statistics of a short run remember a 20th of its updates at most."""
    if updates >= _SHORT_RUN:
        return
    for layer in (layer for network in networks for layer in network.layers):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, max(0.0, 1 - _MEMORIES / max(updates, 1)))


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
