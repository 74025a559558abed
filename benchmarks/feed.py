"""The feed alone, on one core: images per second from the disk to the device.

Made-up images lie in prepared data sets as those of the thesis do: dSprites as bits, CelebA as
bytes. Rows in any order go through `thesis_repro.training.feed` ("feed": that far, as bytes), and
on to a step that divides them by 255 and adds up its batch ("ours": float32 batches). Keras's feed
gives the same batches to the same step: a `PyDataset` that Keras's `fit` reads (`keras_fit.py`).
Before the race both must find the same sums. Turns alternate, the best one counts; the worst is
shown beside it.

    python benchmarks/feed.py [--models ID,ID] [--rounds 5] [--json FILE]

The files, 36 and 402 MB, are in the memory that the system keeps of them. Above 5 % of the cores
for others, no goal is judged.
"""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click
import keras
import numpy as np
from keras import ops
from keras_fit import ImageBatches, fit
from rival_process import rival_process
from workload import Length, Speeds, Train, chosen_from, machine, race, timed

from data_prep import celeba, dsprites, dsprites_renderer
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.manifest import Feature
from data_prep.prepare import Dataset, prepare
from data_prep.reading import Column, load
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.allocator import keep_freed_memory
from thesis_repro.training.backend import make_deterministic
from thesis_repro.training.compiled import CompiledEpoch
from thesis_repro.training.feed import Feed

TOLERANCE = 1e-5  # of a batch's sum

Sums = Callable[[np.ndarray], np.ndarray]  # of the batches of these rows


class Kind(NamedTuple):
    """Made-up images of a data set.

    Attributes:
        count: More than are copied to the device once for the whole training.
        features: As the data set has them.
        draw: An image for each of some rows, uint8.
        goal: Images per second.
    """

    count: int
    features: dict[str, Feature]
    draw: Callable[[np.ndarray], np.ndarray]
    goal: float


def _sprites(rows: np.ndarray) -> np.ndarray:
    classes = dsprites_renderer.classes_of(10 * rows)  # every tenth of all
    return 255 * dsprites_renderer.render(classes)[..., np.newaxis]


def _slopes(rows: np.ndarray) -> np.ndarray:
    """Ramps over all pixels that begin at other values."""
    shape = celeba.FEATURES["image"].shape
    return np.add.outer(rows, np.arange(np.prod(shape)).reshape(shape)).astype("uint8")


KINDS = {
    "dsprites-vae": Kind(70_000, dsprites.FEATURES, _sprites, 100_000.0),
    "celeba-vae": Kind(8_192, celeba.FEATURES, _slopes, 25_000.0),
}
BLOCK = 1_024  # images that are drawn at once


def prepared(spec: ModelSpec, data_dir: Path) -> Column:
    """The model's data set, made up and prepared in a folder: its training images."""
    kind, name = KINDS[spec.id], spec.dataset.value

    def batch(rows: np.ndarray) -> dict[str, np.ndarray]:
        others = {
            key: np.zeros((len(rows), *feature.shape), feature.dtype)
            for key, feature in kind.features.items()
            if key != "image"
        }
        return {"image": kind.draw(rows), **others}

    def split(count: int) -> SplitContent:
        rows = np.array_split(np.arange(count), -(-count // BLOCK))
        return SplitContent(count, map(batch, rows))

    def make(options: ReadOptions) -> Content:
        splits = {"train": split(kind.count), "validation": split(1)}
        return Content("made up", kind.features, splits, ())

    prepare(name, data_dir, stand_in=True, datasets={name: Dataset(name, make, make)})
    return images_in(data_dir, spec)


def images_in(data_dir: Path, spec: ModelSpec) -> Column:
    """The training images of a model's data set that was made up in a folder."""
    return load(spec.dataset.value, data_dir, stand_in=True).train.images


def ours(spec: ModelSpec, images: Column) -> Sums:
    """Through the feed of our training."""
    feed, size = Feed([images]), spec.batch_size.value
    compiled = CompiledEpoch(_sum, [])

    def sums(rows: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [
                logs["sum"]
                for arrays, here in feed.pieces(rows.reshape(-1, size))
                for logs in compiled(arrays, here)
            ]
        )

    return sums


def _sum(vjp, images) -> dict:
    return {"sum": ops.sum(ops.cast(images, "float32") / 255)}


def alone(spec: ModelSpec, images: Column) -> Train:
    """Through the feed of our training to the device, where nothing is done with them."""
    feed, size = Feed([images]), spec.batch_size.value

    def bring(rows: np.ndarray) -> None:
        for _ in feed.pieces(rows.reshape(-1, size)):
            pass

    return bring


def keras_fit(spec: ModelSpec, images: Column) -> Sums:
    """Through a `PyDataset` and Keras's `fit`."""
    model = _Sum()
    model.compile()

    return lambda rows: np.array(fit(model, ImageBatches(images, spec.batch_size.value, rows)))


class _Sum(keras.Model):
    """Adds up each batch, and learns nothing."""

    def train_step(self, data):
        """The batch's sum in place of a loss."""
        (images,) = data
        return {"loss": ops.sum(images)}


def race_both(spec: ModelSpec, data_dir: Path, length: Length, rng: np.random.Generator) -> Speeds:
    """Both feeds, in turns; Keras's in a process of its own.

    Raises:
        click.ClickException: they bring different images.
    """
    images = prepared(spec, data_dir)
    feed = ours(spec, images)
    rows = rng.integers(0, len(images), 4 * spec.batch_size.value)
    if not np.allclose(feed(rows), keras_fit(spec, images)(rows), rtol=TOLERANCE, atol=0):
        raise click.ClickException(f"{spec.id}: the feeds bring different images")
    there, backend = partial(images_in, data_dir), keras.backend.backend()
    with rival_process(spec, {"keras_fit": keras_fit}, backend, there) as rival:
        field = {
            "ours": partial(timed, feed),
            "feed": partial(timed, alone(spec, images)),
            "keras_fit": partial(rival.turn, "keras_fit"),
        }
        return race(spec, field, length, rng, len(images))


def line(speeds: Speeds) -> str:
    """A row of the table: best turns, the worst in brackets, and the goal of either length."""

    def turns(name: str) -> str:
        return f"{max(speeds.turns[name]):9,.0f} ({min(speeds.turns[name]):7,.0f})"

    def against(name: str) -> str:
        return speeds.verdict(speeds.best(name) / goal, 1.0)

    goal = KINDS[speeds.model].goal
    return (
        f"{speeds.model:<14} {turns('feed'):>20} {turns('ours'):>20} {turns('keras_fit'):>20} "
        f"{speeds.best('ours') / speeds.best('keras_fit'):5.2f} {goal:9,.0f}: "
        f"{against('feed'):<12} {against('ours'):<12} {speeds.others:6.0%}"
    )


HEADER = (
    f"{'model':<14} {'feed':>20} {'ours':>20} {'keras_fit':>20} ratio      "
    f"goal, {'feed':<12} {'ours':<10} others"
)


@click.command(help=__doc__.splitlines()[0])
@click.option(
    "--models", default=",".join(KINDS), callback=chosen_from(KINDS), help="Comma-separated."
)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all turns here.")
def main(models: list[str], rounds: int, json_file: Path | None) -> None:
    """Run the race and print the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # for threads that start from here
    make_deterministic()
    keep_freed_memory()  # as training does
    rng = np.random.default_rng(0)
    here = machine()
    click.echo(", ".join(f"{name} {value}" for name, value in here.items()))
    click.echo(f"images/s of the best turn (of the worst)\n{HEADER}")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for model_id in models:
            spec = MODELS[model_id]
            results.append(race_both(spec, Path(folder), Length(rounds, 64), rng))
            click.echo(line(results[-1]))
    if json_file:
        record = {"machine": here, "results": [asdict(result) for result in results]}
        json_file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
