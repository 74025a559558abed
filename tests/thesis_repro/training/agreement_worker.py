"""Train a few steps under KERAS_BACKEND: ``agreement_worker.py FOLDER NAME PLAN``.

FOLDER holds images.npy, uint8; PLAN is JSON, {model: [steps, batch size]}. Under TensorFlow, what a
step begins with (weights and optimisers) goes to FOLDER/MODEL-STEP.npz, and after the
last one what that has led to; JAX begins each step with what is there. Noise comes from a fixed
table at the place that the seed generators' states say, the same under both backends. Losses, one
row a step, go to FOLDER/NAME.json, with how far JAX's weights are after a step from TensorFlow's
as a share of the way that the step has moved these.
"""

import json
import math
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


def values_of(variables):
    return [ops.convert_to_numpy(variable) for variable in variables]


def assign(variables, file):
    with np.load(file) as stored:
        for index, variable in enumerate(variables):
            variable.assign(stored[f"arr_{index}"])


def share_of_the_way(weights, before, after):
    """Distance of the weights from those after TensorFlow's step, in shares of that step."""
    with np.load(before) as start, np.load(after) as end:
        here, way = (
            sum(np.square(one - end[f"arr_{i}"], dtype=float).sum() for i, one in enumerate(values))
            for values in (weights, [start[f"arr_{i}"] for i in range(len(weights))])
        )
    return math.sqrt(here / way)


def train(model_id, steps, batch, folder):
    """The losses of each step; an epoch is one batch, validated on the batch that follows it."""
    keras.utils.set_random_seed(0)
    spec = replace(MODELS[model_id], batch_size=Sourced(batch, "test"))
    model = build_model(spec)
    images = with_channels(np.load(folder / "images.npy"), spec.input_shape.value[-1])
    batches = [images[first * batch : (first + 1) * batch] for first in range(steps + 1)]
    trainer = Trainer(spec, model, ImageData(*batches[:2], "digits", "agreement", True))
    is_first = keras.backend.backend() == "tensorflow"
    states = [folder / f"{model_id}-{step}.npz" for step in range(steps + 1)]
    rows, shares = [], []
    for step in range(1, steps + 1):  # compiled once for all of them
        if is_first:
            np.savez(states[step - 1], *values_of(trainer.variables))
        else:
            assign(trainer.variables, states[step - 1])
        here = batches[step - 1 : step + 1]
        trainer._training, trainer._validation = (Feed([own]) for own in here)
        rows.append(trainer.epoch(0, step, NoReport()))
        if not is_first:
            weights = values_of(model.weights)
            shares.append(share_of_the_way(weights, states[step - 1], states[step]))
    if is_first:
        np.savez(states[steps], *values_of(trainer.variables))
    return {"rows": rows, "shares": shares, "paths": [weight.path for weight in model.weights]}


def main(folder, name, plan):
    keras.random.normal = normal
    results = {model: train(model, *steps, folder) for model, steps in plan.items()}
    (folder / f"{name}.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
