"""Under KERAS_BACKEND=jax: ``jax_worker.py FOLDER WEIGHTS`` trains, resumes, and loads weights.

FOLDER holds images.npz; WEIGHTS are an encoder's, trained under TensorFlow. Prints JSON.
"""

import json
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from thesis_repro.models.building import build_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.training import train as training
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunConfig
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load

SPEC = MODELS["mnist-vlae-factor-3"]
OPTIONS = TrainingOptions(Scale("tiny", None, None, 2))


class StopAfterFirstEpoch:
    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        yield self

    def updates(self, count, loss):
        pass

    def epoch(self, epoch, row):
        raise KeyboardInterrupt


def train(data, folder, progress=None):
    return train_or_load(SPEC, data, OPTIONS, folder, progress or TrainingProgress(quiet=True))


def without_seconds(history):
    return [{key: row[key] for key in row if key != "seconds"} for row in history]


def main(folder, weights):
    training.CHECKPOINT_SECONDS = 0  # one an epoch
    stored = np.load(folder / "images.npz")
    data = ImageData(stored["train"], stored["validation"], "digits", "tiny", True)
    with suppress(KeyboardInterrupt):
        train(data, folder / "resumed", StopAfterFirstEpoch())
    resumed, whole = train(data, folder / "resumed"), train(data, folder / "whole")
    both = (resumed, whole)
    stores = [json.loads((run.run.path / "provenance.json").read_text()) for run in both]
    model = build_model(SPEC)
    model.encoder.load_weights(weights)
    mu = model.posterior(data.validation.astype("float32") / 255)["mu"]
    pairs = zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True)
    values = resumed.run.config.values
    result = {
        "first_epochs": [[s["first_epoch"] for s in store["sessions"]] for store in stores],
        "done": [run.run.is_done for run in both],
        "same_weights": all(np.array_equal(one, other) for one, other in pairs),
        "same_history": without_seconds(resumed.history) == without_seconds(whole.history),
        "history": resumed.history,
        "config": values,
        "run_id": resumed.run.config.run_id,
        "run_id_as_tensorflow": RunConfig(SPEC.id, {**values, "backend": "tensorflow"}).run_id,
        "mu": [np.asarray(layer).tolist() for layer in mu],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
