"""What the speed benchmarks share: the images, a turn's time, the race and its verdicts."""

import os
import platform
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import click
import keras
import numpy as np

from data_prep.mnist import read_packaged
from data_prep.parallel import available_cores
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.images import ImageData, with_channels
from thesis_repro.training.trainer import Trainer

Train = Callable[[np.ndarray], None]  # trains on the images in these rows, one update per batch

IMAGES = 1_797  # of `digits`
QUIET = 0.05  # share of the cores that other processes may take; more, and no goal is judged

# A turn takes about this long at least: an epoch has hundreds of updates for one start.
TURN_SECONDS = 4.0


class Turn(NamedTuple):
    """One contestant's go: its speed, and the share of the cores that others took meanwhile."""

    speed: float  # images/s
    others: float  # 0 to 1


Go = Callable[[np.ndarray], Turn]


@dataclass(frozen=True)
class Speeds:
    """Speeds of one model in images per second, by contestant and turn."""

    model: str
    turns: dict[str, list[float]]
    others: float  # share of the cores that other processes took meanwhile

    def best(self, *names: str) -> float:
        """Fastest turn of these contestants."""
        return max(speed for name in names for speed in self.turns[name])

    def verdict(self, value: float, goal: float | None) -> str:
        """A ratio, and whether it meets its goal where there is one."""
        if goal is None:
            return f"{value:.2f}"
        if self.others > QUIET:
            return f"{value:.2f} unclear"
        return f"{value:.2f} {'met' if value >= goal else 'MISSED'}"


class Length(NamedTuple):
    """How long a race is: rounds, and the least updates and seconds of a turn."""

    rounds: int
    steps: int
    seconds: float = TURN_SECONDS


def race(
    spec: ModelSpec,
    field: Mapping[str, Go],
    length: Length,
    rng: np.random.Generator,
    images: int = IMAGES,
) -> Speeds:
    """Turns of all contestants, one after the other; the one named "ours" sets their length.

    Their rows are drawn from so many images, with repetition.
    """

    def rows(steps: int) -> np.ndarray:
        return rng.integers(0, images, steps * spec.batch_size.value)

    for go in field.values():  # compilation, memory and kernels chosen at first use
        go(rows(2))
    speed = field["ours"](rows(length.steps)).speed
    steps = max(length.steps, round(speed * length.seconds / spec.batch_size.value))
    turns: dict[str, list[Turn]] = {name: [] for name in field}
    for _ in range(length.rounds):
        for name, go in field.items():
            turns[name].append(go(rows(steps)))
    return Speeds(
        spec.id,
        {name: [turn.speed for turn in taken] for name, taken in turns.items()},
        float(np.mean([turn.others for taken in turns.values() for turn in taken])),
    )


def machine() -> dict[str, str | int | bool]:
    """What the figures depend on."""
    information = Path("/proc/cpuinfo")
    text = information.read_text() if information.exists() else ""
    names = [line.split(":")[1].strip() for line in text.splitlines() if "model name" in line]
    return {
        "cpu": names[0] if names else platform.processor(),
        "cores": available_cores(),
        "avx512_bf16": "avx512_bf16" in text,
        "amx_bf16": "amx_bf16" in text,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
        "torch": version("torch") if find_spec("torch") else "none",
    }


def chosen_from(known: Collection[str]) -> Callable[..., list[str]]:
    """A callback of click's: model ids from a comma-separated list."""

    def chosen(context: click.Context, option: click.Parameter, value: str) -> list[str]:
        ids = value.split(",")
        unknown = [model_id for model_id in ids if model_id not in known]
        if unknown:
            raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}")
        return ids

    return chosen


class Clock(NamedTuple):
    """Seconds: on the wall, of work on all cores, and of this process's own work."""

    wall: float
    all_work: float
    own_work: float

    @classmethod
    def now(cls) -> "Clock":
        """Read the clocks; where there is no /proc/stat, nothing is known of other processes."""
        own = time.process_time()
        try:
            counts = [int(word) for word in Path("/proc/stat").read_text().split()[1:9]]
        except OSError:
            return cls(time.perf_counter(), own, own)
        work = sum(counts) - sum(counts[3:5])  # without idle and waiting for disks
        return cls(time.perf_counter(), work / os.sysconf("SC_CLK_TCK"), own)

    def others_since(self, before: "Clock") -> float:
        """Share of all cores that other processes took between two readings."""
        others = (self.all_work - before.all_work) - (self.own_work - before.own_work)
        return max(others, 0.0) / ((self.wall - before.wall) * (os.cpu_count() or 1))


def timed(train: Train, rows: np.ndarray) -> Turn:
    """Train on the images in these rows, and take the time."""
    before = Clock.now()
    train(rows)
    after = Clock.now()
    return Turn(len(rows) / (after.wall - before.wall), after.others_since(before))


def digits(spec: ModelSpec) -> np.ndarray:
    """The first `IMAGES` of MNIST, uint8, in the spec's size (nearest) and channels."""
    (batch,) = read_packaged().splits["train"].batches
    images = batch["image"][:IMAGES]
    size, _, channels = spec.input_shape.value
    nearest = np.arange(size) * images.shape[1] // size
    return with_channels(images[:, nearest][:, :, nearest], channels)


def as_data(images: np.ndarray, validation: int = 1) -> ImageData:
    """Images for training, the first few of them for validation, all of the first class."""

    def known(count: int) -> dict[str, np.ndarray]:
        return {"label": np.zeros(count, int), "classes": np.zeros((count, 6), int)}

    return ImageData(
        images,
        images[:validation],
        "digits",
        "",
        True,
        known(len(images)),
        known(validation),
    )


def training(trainer: Trainer) -> Train:
    """Training by this package's engine, on its data."""

    def train(rows: np.ndarray) -> None:
        for losses, _ in trainer.learn(rows):
            check_finite(losses[trainer.step.shown])

    return train


def check_finite(losses: np.ndarray) -> None:
    """Stop where a loss of some updates is no longer a number, as training does.

    Raises:
        FloatingPointError: one is not; a speed would mean nothing.
    """
    wrong = losses[~np.isfinite(losses)]
    if wrong.size:
        raise FloatingPointError(f"the loss became {wrong[0]}: its speed means nothing")
