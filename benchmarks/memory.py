"""Peak resident memory of one update and one validation batch, at the thesis's batch size.

Each model has a process of its own and goes through an epoch of one batch each, by the code that
`thesis-repro train` runs. The peak (`ru_maxrss`) is of the whole process, and about 0.8 GiB of
it are Python and the backend. The images are digits of MNIST, in the network's size.

    python benchmarks/memory.py [--models ID,ID] [--precision float32]

All models take many minutes and, for the largest, 13 GiB. GPU memory is not counted.
"""

import os
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click

from thesis_repro.models.zoo import MODELS

# Of `ru_maxrss`: kibibytes but on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


class Peak(NamedTuple):
    """Peak memory (bytes) before a model was built, and after an update and a validation batch."""

    start: int
    end: int


def peak(model_id: str, precision: str, batch_size: int | None = None) -> Peak:
    """Train this process's first model; memory is never handed back, so it serves only one.

    Keras is imported in here, so that the driver stays smaller than any process that it starts: a
    child of Linux inherits the peak of its parent.
    """
    import keras
    from workload import as_data, digits

    from thesis_repro.models.building import build_model
    from thesis_repro.progress import TrainingProgress
    from thesis_repro.training.allocator import keep_freed_memory
    from thesis_repro.training.backend import computing_in, make_deterministic
    from thesis_repro.training.trainer import Trainer

    make_deterministic()
    keep_freed_memory()  # as training does
    keras.utils.set_random_seed(0)
    spec = MODELS[model_id]
    if batch_size:
        spec = replace(spec, batch_size=spec.batch_size._replace(value=batch_size))
    count = spec.batch_size.value
    data = as_data(digits(spec)[:count], count)
    start = _used()
    with computing_in(precision):
        trainer = Trainer(spec, build_model(spec), data)
        with TrainingProgress(quiet=True).run(model_id, 1, 1, 0, ()) as report:
            trainer.epoch(0, 1, report)
    return Peak(start, _used())


def _used() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def measured(model_id: str, precision: str, batch_size: int | None = None) -> Peak:
    """The peaks of a process that trains this model."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(peak, model_id, precision, batch_size).result()


def chosen(context: click.Context, option: click.Parameter, value: str) -> list[str]:
    """Model ids from a comma-separated list; not from `workload`, which imports Keras."""
    ids = value.split(",")
    unknown = [model_id for model_id in ids if model_id not in MODELS]
    if unknown:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(MODELS)}")
    return ids


@click.command(help=__doc__.splitlines()[0])
@click.option("--models", default=",".join(MODELS), callback=chosen, help="Comma-separated.")
@click.option(
    "--precision",
    default="float32",
    show_default=True,
    type=click.Choice(["float32", "mixed_bfloat16"]),
)
def main(models: list[str], precision: str) -> None:
    """Print a row per model."""
    click.echo(f"{'model':<28} {'batch':>5} {'peak GiB':>9} {'before the model':>17}")
    for model_id in models:
        found = measured(model_id, precision)
        start, end = (value / 2**30 for value in found)
        batch = MODELS[model_id].batch_size.value
        click.echo(f"{model_id:<28} {batch:>5} {end:>9.2f} {start:>17.2f}")


if __name__ == "__main__":
    main()
