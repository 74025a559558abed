"""Train a few steps under KERAS_BACKEND: ``agreement_worker.py FOLDER NAME PLAN [SEED]``.

FOLDER holds images.npy, uint8; PLAN is JSON, {model: [steps, batch size]}. A model starts with the
weights in FOLDER/MODEL.npz; where there are none, the model's are written there. Noise comes
from a fixed table at the place that the seed generators' states say, the same under every backend.
With a SEED, each starting weight is moved by about a unit of its last digit: what rounding may do.
Losses, one row a step, go to FOLDER/NAME.json, weights after all steps to FOLDER/MODEL-NAME.npz.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from keras import ops

from thesis_repro.models.building import build_model
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.feed import Feed
from thesis_repro.training.images import ImageData, with_channels
from thesis_repro.training.trainer import Trainer

NOISE = np.random.default_rng(0).normal(size=(997, 32, 2)).astype("float32")


class NoReport:
    def updates(self, count, loss):
        pass


def normal(shape, dtype="float32", seed=None):
    """Standard normal values by the state of a seed generator, which goes on by one."""
    state = ops.cast(seed.next(), "int32")  # seeds have 31 bits
    place = ops.mod(ops.mod(state[0], 997) + 31 * state[1], 997)
    return ops.take(ops.convert_to_tensor(NOISE), place, axis=0)[: shape[0]]


def start(model, file, rng):
    """Set the model's weights; with random numbers, each a 1e-7th of it away or so."""
    if not file.exists():
        np.savez(file, *[ops.convert_to_numpy(weight) for weight in model.weights])
    with np.load(file) as stored:
        for index, weight in enumerate(model.weights):
            value = stored[f"arr_{index}"]
            if rng is not None:
                value = value * (1 + 1e-7 * rng.standard_normal(value.shape))
            weight.assign(value.astype("float32"))


def train(model_id, steps, batch, folder, name, rng):
    """The losses of each step; an epoch is one batch, validated on the batch that follows it."""
    keras.utils.set_random_seed(0)
    spec = replace(MODELS[model_id], batch_size=Sourced(batch, "test"))
    model = build_model(spec)
    start(model, folder / f"{model_id}.npz", rng)
    images = with_channels(np.load(folder / "images.npy"), spec.input_shape.value[-1])
    batches = [images[first * batch : (first + 1) * batch] for first in range(steps + 1)]
    trainer = Trainer(spec, model, ImageData(*batches[:2], "digits", "agreement", True))
    rows = []
    for step in range(1, steps + 1):  # compiled once for all of them
        here = batches[step - 1 : step + 1]
        trainer._training, trainer._validation = (Feed([own]) for own in here)
        rows.append(trainer.epoch(0, step, NoReport()))
    weights = [ops.convert_to_numpy(weight) for weight in model.weights]
    np.savez(folder / f"{model_id}-{name}.npz", *weights)
    return {"rows": rows, "paths": [weight.path for weight in model.weights]}


def main(folder, name, plan, *seed):
    keras.random.normal = normal
    rng = np.random.default_rng(int(*seed)) if seed else None
    results = {model: train(model, *steps, folder, name, rng) for model, steps in plan.items()}
    (folder / f"{name}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), *sys.argv[4:])
