"""Epochs of a model on made-up images, timed as a training runs them."""

import time

import keras
import numpy as np

from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec
from thesis_repro.progress import TrainingProgress
from thesis_repro.training.backend import computing_in
from thesis_repro.training.images import ImageData
from thesis_repro.training.trainer import Trainer

_EPOCHS = 3  # the first one compiles


def time_of_epochs(spec: ModelSpec, images: int, precision: str) -> list[float]:
    """Seconds of each of `_EPOCHS` epochs of so many made-up images, as a training runs them.

    A batch of images is for validation. After `make_deterministic` and `prepare_devices`.
    """
    seconds = []
    with computing_in(precision):
        keras.utils.set_random_seed(0)
        trainer = Trainer(spec, build_model(spec), _made_up(spec, images))
        with TrainingProgress(quiet=True).run("", _EPOCHS, trainer.updates, 0, ()) as report:
            for epoch in range(1, _EPOCHS + 1):
                began = time.perf_counter()
                trainer.epoch(0, epoch, report)
                seconds.append(time.perf_counter() - began)
    return seconds


def _made_up(spec: ModelSpec, count: int) -> ImageData:
    """Ramps, each a little brighter than the one before; all of the first class."""

    def known(images: np.ndarray) -> dict[str, np.ndarray]:
        if spec.target is None:
            return {}
        columns = () if spec.target.column is None else (spec.target.column + 1,)
        return {spec.target.labels: np.zeros((len(images), *columns), "int64")}

    ramp = np.indices(spec.input_shape.value).sum(axis=0).astype("uint8")
    images = np.add.outer(np.arange(count).astype("uint8"), ramp)  # from 255 on to 0
    few = images[: spec.batch_size.value]
    return ImageData(images, few, "made up", "", True, known(images), known(few))
