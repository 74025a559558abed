"""What both sides of the speed benchmark share: the images, and a turn's time."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.digits import read_stand_in
from thesis_repro.images import with_channels
from thesis_repro.spec import ModelSpec

Train = Callable[[np.ndarray], None]  # trains on the images in these rows, one update per batch


class Turn(NamedTuple):
    """One contestant's go: its speed, and the share of the cores that others took meanwhile."""

    speed: float  # images/s
    others: float  # 0 to 1


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
    """The MNIST stand-in's images in the spec's size (nearest neighbour) and channels, uint8."""
    splits = read_stand_in().splits.values()
    images = np.concatenate([batch["image"] for split in splits for batch in split.batches])
    size, _, channels = spec.input_shape.value
    nearest = np.arange(size) * images.shape[1] // size
    return with_channels(images[:, nearest][:, :, nearest], channels)
