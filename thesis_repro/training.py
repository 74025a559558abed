"""Training of VAEs and VLAEs to the end of a run, resumable with the same weights bit for bit.

Nothing random outlives an epoch: the order of images and the noise of an epoch are functions of
(seed, model, epoch). So weights and optimiser state after an epoch are all that a resumed run
needs.
"""

import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from thesis_repro import provenance
from thesis_repro.autoencoder import VariationalAutoencoder
from thesis_repro.backend import dtype_policy, make_deterministic
from thesis_repro.errors import TrainingError
from thesis_repro.images import ImageBatches, ImageData
from thesis_repro.networks import build_autoencoder
from thesis_repro.progress import TrainingProgress
from thesis_repro.runs import Checkpoint, RunConfig, RunFolder
from thesis_repro.scale import Scale
from thesis_repro.seeds import derive_seed, seed_noise
from thesis_repro.spec import ModelSpec

_log = logging.getLogger(__name__)

# Part of every run's id. Raise it whenever a change here, in the losses or in the networks makes
# the same configuration end with other weights.
TRAINING_VERSION = 1


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
    model: VariationalAutoencoder


def run_config(spec: ModelSpec, data: ImageData, options: TrainingOptions) -> RunConfig:
    """What the run is; equal configurations are the same run."""
    values = {
        "spec": spec.values(),
        "scale": options.scale.values(),
        "data": data.identity(),
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
        TrainingError: the model's family has no training yet, a loss is not a finite number, or
            the weights of the finished run are damaged.
    """
    if spec.family not in ("vae", "vlae"):
        raise TrainingError(
            f"{spec.name} is a {spec.family}; this version trains VAEs and VLAEs only. "
            "`thesis-repro models` shows each model's family."
        )
    make_deterministic()
    run = RunFolder(runs_dir, run_config(spec, data, options))
    _log.debug("%s: %s %s", spec.id, "load" if run.is_done else "train", run.path)
    with run.lock(), dtype_policy(options.precision):
        # The literal builders take Keras's default initialisers, which draw from the global seed.
        keras.utils.set_random_seed(derive_seed(options.seed, spec.id, "initial weights"))
        model = build_autoencoder(spec)
        if not run.is_done:
            _train(model, spec, data, options, run, progress)
        for part in ("encoder", "decoder"):
            getattr(model, part).load_weights(run.verified_weights(part))
    return TrainedModel(spec, run, run.read_history(), model)


def _train(
    model: VariationalAutoencoder,
    spec: ModelSpec,
    data: ImageData,
    options: TrainingOptions,
    run: RunFolder,
    progress: TrainingProgress,
) -> None:
    """Train from the last checkpoint, or from the start, to the end of the run."""
    model.compile(optimizer=build_optimizer(spec))
    model.optimizer.build(model.trainable_variables)
    epochs = options.scale.epochs_of(spec.epochs.value)
    history = _restore(model, run.load_checkpoint())
    run.begin(
        {
            "started": provenance.now(),
            "first_epoch": len(history) + 1,
            "data": data.description,
            "commit": provenance.commit(),
            "versions": provenance.versions(),
        }
    )
    batch_size = spec.batch_size.value
    steps = math.ceil(len(data.train) / batch_size)
    with progress.run(f"{spec.id} ({options.scale.name})", epochs, steps, len(history)) as report:
        for epoch in range(len(history) + 1, epochs + 1):
            began = time.perf_counter()
            row = _epoch(model, spec, data, options.seed, epoch, _Watch(spec, epoch, report))
            row["seconds"] = round(time.perf_counter() - began, 3)
            history.append(row)
            arrays = _variables(model)
            if not all(np.isfinite(array).all() for array in arrays):
                raise _not_finite(spec, "a weight is no longer a finite number", epoch, steps)
            run.save_checkpoint(Checkpoint(arrays, history))
            report.epoch(epoch, row)
    run.write_history(history)  # a kill can come between the last checkpoint and its history
    run.finish({"encoder": model.encoder, "decoder": model.decoder})


def _epoch(
    model: VariationalAutoencoder,
    spec: ModelSpec,
    data: ImageData,
    seed: int,
    epoch: int,
    watch: keras.callbacks.Callback,
) -> dict[str, float]:
    """One pass over the training images and one over the validation images; the losses of both."""
    batch_size = spec.batch_size.value
    order = np.random.default_rng(derive_seed(seed, spec.id, "order", epoch))
    batches = ImageBatches(data.train, batch_size, order.permutation(len(data.train)))
    seed_noise(model, seed, spec.id, "training noise", epoch)
    # Keras would shuffle the batches once more, with Python's global generator.
    trained = model.fit(batches, shuffle=False, verbose=0, callbacks=[watch]).history
    seed_noise(model, seed, spec.id, "validation noise", epoch)
    validated = model.evaluate(
        ImageBatches(data.validation, batch_size), return_dict=True, verbose=0
    )
    row = {"epoch": epoch} | {name: float(values[-1]) for name, values in trained.items()}
    return row | {f"val_{name}": float(value) for name, value in validated.items()}


def build_optimizer(spec: ModelSpec) -> keras.optimizers.Optimizer:
    """Adam as Keras 2.2.4 ran it: epsilon 1e-7, learning rate lr / (1 + decay * updates).

    Section 3.4; the decay acts per update, not per epoch (erratum E05).
    """
    rate = spec.learning_rate.value
    if spec.decay.value:
        rate = keras.optimizers.schedules.InverseTimeDecay(
            rate, decay_steps=1, decay_rate=spec.decay.value
        )
    return keras.optimizers.Adam(rate, epsilon=1e-7)


class _Watch(keras.callbacks.Callback):
    """Moves the progress bar, and stops a run whose loss is no longer a number."""

    def __init__(self, spec: ModelSpec, epoch: int, report):
        super().__init__()
        self.spec = spec
        self.epoch = epoch
        self.report = report

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = logs["loss"]
        if not math.isfinite(loss):
            raise _not_finite(self.spec, f"the loss is {loss}", self.epoch, batch + 1)
        self.report.batch(loss)


def _not_finite(spec: ModelSpec, what: str, epoch: int, update: int) -> TrainingError:
    return TrainingError(
        f"{spec.name}: {what} in epoch {epoch}, update {update}. "
        "The run stops here; its last whole epoch is kept, but starting it again repeats "
        "this. Try another --seed, or --precision float32 if it was lower; with data of "
        "your own, check that `thesis-repro data verify` passes."
    )


def _restore(model: VariationalAutoencoder, checkpoint: Checkpoint | None) -> list[dict]:
    """Put a checkpoint's values into model and optimiser; the history up to it."""
    if checkpoint is None:
        return []
    variables = [*model.weights, *model.optimizer.variables]
    for variable, value in zip(variables, checkpoint.arrays, strict=True):
        variable.assign(value)
    return list(checkpoint.history)


def _variables(model: VariationalAutoencoder) -> list[np.ndarray]:
    """All that an epoch leaves behind: weights, moving statistics and optimiser state."""
    variables = [*model.weights, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]
