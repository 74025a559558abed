"""Pictures per second of the CelebA and ImageNet readers, against Keras's `load_img`.

    python benchmarks/picture_preparation.py [--pictures 1024] [--rounds 3]

Official pictures where THESIS_REPRO_REAL_DATA names a folder with `celeba/img_align_celeba/*.jpg`
and `imagenet/original/<wnid>/*.JPEG`, else JPEGs made here in their sizes. Both sides decode,
resize by Lanczos and fill uint8 arrays; the speed per core is counted in processor seconds, which
other work on the machine hardly touches. The speed on all cores is what the clock on the wall says,
the start of the worker processes included.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click
import numpy as np
from PIL import Image

from data_prep import celeba, imagenet
from data_prep.content import ReadOptions
from data_prep.parallel import available_cores
from data_prep.pictures import BATCH, PictureFile, Size, picture_batches

MADE = 32  # different pictures, where there are no official ones


class Case(NamedTuple):
    """A data set: where its sample is, its usual picture (px), the size wanted, the whole count."""

    title: str
    pattern: str
    usual: tuple[int, int]
    size: Size
    complete: int


CASES = (
    Case("CelebA", "celeba/img_align_celeba/*.jpg", (178, 218), celeba.SIZE, celeba.OFFICIAL.count),
    Case(
        "ImageNet",
        "imagenet/original/*/*.JPEG",
        (500, 375),  # the median of the official ones
        imagenet.SIZE,
        imagenet.TRAIN_COUNT + imagenet.VALIDATION_COUNT,
    ),
)


class Speeds(NamedTuple):
    """Pictures per processor second, and per second of the clock on the wall."""

    core: float
    wall: float


def sample(case: Case, scratch: Path) -> tuple[str, list[Path]]:
    """Official pictures if they are at hand, or made ones; and the words for which it is."""
    real = os.environ.get("THESIS_REPRO_REAL_DATA")
    paths = sorted(Path(real).glob(case.pattern)) if real else []
    if paths:
        return f"{len(paths):,} official pictures", paths
    rng = np.random.default_rng(0)
    width, height = case.usual
    for number in range(MADE):
        coarse = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize(case.usual, Image.Resampling.BICUBIC)
        image.save(scratch / f"{case.title}-{number:02}.jpg", quality=90)
    return f"{MADE} made pictures", sorted(scratch.glob(f"{case.title}-*.jpg"))


def ours(paths: list[Path], size: Size, count: int, workers: int) -> Iterator[np.ndarray]:
    """The pictures, over and over up to `count`, in batches, as `data prepare` reads them."""
    pictures = (PictureFile(path.parent, path.name) for path in islice(cycle(paths), count))
    for batch in picture_batches(pictures, {}, size, ReadOptions(workers), []):
        yield batch["image"]


def theirs(paths: list[Path], size: Size, count: int) -> Iterator[np.ndarray]:
    """The same, loaded one by one with Keras."""
    import keras  # not at the top: every worker process imports this script, and Keras takes 4 s

    target = (size.height, size.width)
    chosen = islice(cycle(paths), count)
    while chunk := list(islice(chosen, BATCH)):
        images = np.empty((len(chunk), *target, 3), np.uint8)
        for row, path in enumerate(chunk):
            images[row] = keras.utils.load_img(path, target_size=target, interpolation="lanczos")
        yield images


def speeds(batches: Iterator[np.ndarray]) -> Speeds:
    """Run through the batches and take the times."""
    wall, core = time.perf_counter(), time.process_time()
    count = sum(len(images) for images in batches)
    return Speeds(count / (time.process_time() - core), count / (time.perf_counter() - wall))


def check_same(paths: list[Path], size: Size) -> None:
    """Make sure that both sides do the same work.

    Raises:
        click.ClickException: They give different pictures.
    """
    count = min(len(paths), 4 * BATCH)
    both = zip(ours(paths, size, count, 1), theirs(paths, size, count), strict=True)
    if not all(np.array_equal(one, other) for one, other in both):
        raise click.ClickException("the pictures differ from Keras's: speeds would mean nothing")


def race(case: Case, paths: list[Path], count: int, rounds: int) -> tuple[float, float, float]:
    """Best speeds: ours per core, Keras's per core, ours on all cores."""
    check_same(paths, case.size)
    turns = [
        (
            speeds(ours(paths, case.size, count, 1)).core,
            speeds(theirs(paths, case.size, count)).core,
            speeds(ours(paths, case.size, count, available_cores())).wall,
        )
        for _ in range(rounds)
    ]
    own, keras_own, together = (max(column) for column in zip(*turns, strict=True))
    return own, keras_own, together


@click.command(help=__doc__.splitlines()[0])
@click.option("--pictures", default=1024, type=click.IntRange(1), show_default=True)
@click.option("--rounds", default=3, type=click.IntRange(1), show_default=True)
def main(pictures: int, rounds: int) -> None:
    """Run the race and print a line per data set."""
    cores = available_cores()
    click.echo(f"best of {rounds} turns of {pictures:,} pictures; {cores} cores at hand")
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            words, paths = sample(case, Path(scratch))
            own, rival, together = race(case, paths, pictures, rounds)
            click.echo(
                f"{case.title} ({words}): {own:.0f}/s per core, Keras {rival:.0f}/s, ratio "
                f"{own / rival:.2f}; {cores} cores {together:.0f}/s, so {case.complete:,} pictures "
                f"in {case.complete / together / 60:.0f} min"
            )


if __name__ == "__main__":
    main()
