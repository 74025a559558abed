"""A plan as a table: what is done, what is to do, and what that costs on this machine."""

import csv
import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

from tabulate import tabulate

from thesis_repro.models import zoo
from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.plan.jobs import Job
from thesis_repro.progress import duration

_CALIBRATION = 1.0  # s


def render(jobs: Mapping[str, Job], runs_dir: Path) -> str:
    """The plan, a job a line, and the sums of what is to do."""
    speed, source = training_speed(runs_dir)
    rows = []
    for job in jobs.values():
        passes = f"{job.image_passes:,}" if job.image_passes else ""
        taken = duration(job.multiply_adds / speed) if job.image_passes else ""
        memory = f"{job.memory / 2**30:.1f} GiB" if job.memory else ""
        rows.append((job.name, _state(job, jobs), passes, taken, memory))
    table = tabulate(
        rows,
        ("job", "state", "image passes", "time", "memory"),
        tablefmt="plain",
        colalign=("left", "left", "right", "right", "right"),
        disable_numparse=True,
    )
    left = [job for job in jobs.values() if not job.is_done]
    total = duration(sum(job.multiply_adds for job in left) / speed)
    most = max((job.memory for job in left), default=0) / 2**30
    return (
        f"{table}\n\n"
        f"{len(left)} of {len(jobs)} jobs to do: about {total} of training one after another, "
        f"{most:.1f} GiB at most.\n"
        f"Times at {speed / 1e9:,.0f} G multiply-adds/s, {source}. At paper scale, a data set has "
        "to be prepared before its passes are known."
    )


def _state(job: Job, jobs: Mapping[str, Job]) -> str:
    if job.is_done:
        return "done"
    if job.problem:
        return job.problem
    first, *others = [name for name in job.needs if not jobs[name].is_done] or [""]
    if not first:
        return "ready"
    return f"after {first} and {len(others)} more" if others else f"after {first}"


def training_speed(runs_dir: Path) -> tuple[float, str]:
    """Multiply-adds per second of training, and where the number is from.

    The median over the finished runs, or, where there is none, a second of convolutions here.
    """
    recorded = [speed for path in runs_dir.glob("*/*/DONE") if (speed := _recorded(path.parent))]
    if recorded:
        return statistics.median(recorded), f"the median of {len(recorded)} finished runs"
    return _calibrated(), "measured for a second on convolutions"


def _recorded(run: Path) -> float | None:
    """The speed of a finished run, validation included; None if its folder does not say."""
    try:
        spec = zoo.MODELS[run.parent.name]
        images = json.loads((run / "config.json").read_text())["data"]["train_images"]
        with (run / "history.csv").open(newline="") as file:
            seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
        return images * training_multiply_adds(spec) * len(seconds) / sum(seconds)
    except (OSError, ValueError, KeyError, ZeroDivisionError):
        return None


def _calibrated() -> float:
    import keras
    import numpy as np

    layer = keras.layers.Conv2D(128, 4, padding="same")
    images = np.zeros((32, 32, 32, 128), "float32")
    network = keras.Sequential([keras.Input(images.shape[1:]), layer])
    network.predict_on_batch(images)  # compilation
    began, batches = time.perf_counter(), 0
    while (taken := time.perf_counter() - began) < _CALIBRATION:
        network.predict_on_batch(images)
        batches += 1
    return batches * images[..., 0].size * layer.kernel.shape[0] ** 2 * 128 * 128 / taken
