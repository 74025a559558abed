"""Training speed: ours against a plain PyTorch rendering of the same network, on this CPU.

For each model, before any timing, the rival gets our weights and one batch: parameter counts, loss
and reconstruction must be equal, so that both sides do the same work. Then four or five contestants
train in turns of some updates each: ours in float32 and, on a CPU that computes in it, in
mixed_bfloat16, Keras's `fit` (`keras_fit.py`), the rival in PyTorch's two memory formats. The last
two have processes of their own, which sleep while others work; all may use all cores, and short
turns let slow spells of the machine hit every side. A contestant's speed is that of its best turn,
since all noise is slowness; the worst turn is shown beside it.

    python benchmarks/train_throughput.py [--models ID,ID] [--rounds 5] [--steps 20] [--json FILE]

Needs PyTorch (`pip install .[benchmark]`) and a machine with nothing else to do: PyTorch's threads
wait for each other and lose up to ten times as much as TensorFlow's where other processes take a
core. So the share of the cores that others took is measured, and above 5 % no goal is judged.
"""

import json
import math
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import click
import keras
import numpy as np
from keras_fit import fitting
from rival_process import rival_process
from torch_rival import FORMATS, by_format, compare, plain_loop
from workload import (
    Length,
    Speeds,
    Train,
    as_data,
    chosen_from,
    digits,
    machine,
    race,
    timed,
    training,
)

from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.allocator import keep_freed_memory
from thesis_repro.training.backend import computing_in, make_deterministic
from thesis_repro.training.trainer import Trainer

GOALS = {  # of PyTorch's speed
    "mnist-vae": 1.0,
    "mnist-vlae-factor-1": 1.5,
    "mnist-vlae-factor-2": 1.5,
    "mnist-vlae-factor-3": 1.5,
    "dsprites-vae": 1.0,
}
GOALS_KERAS_FIT = {"mnist-vlae-factor-3": 1.2}  # of the speed by Keras's `fit`
GOAL_BFLOAT16 = 1.4  # times our own float32


class Result(Speeds):
    """Speeds of one model, and how they compare."""

    @property
    def ratio(self) -> float:
        """Ours over the better memory format of the rival."""
        return self.best("ours") / self.best(*FORMATS)

    @property
    def keras_fit_ratio(self) -> float:
        """Ours over Keras's `fit`."""
        return self.best("ours") / self.best("keras_fit")

    @property
    def bfloat16_ratio(self) -> float:
        """Our mixed_bfloat16 over our float32; NaN where it did not run."""
        return self.best("bfloat16") / self.best("ours") if "bfloat16" in self.turns else math.nan


def ours(spec: ModelSpec, images: np.ndarray) -> dict[str, Train]:
    """Training as `thesis-repro train` does it; in bfloat16 too, where the CPU computes in it.

    Where it does not, bfloat16 has a tenth of float32's speed, and its turns take most of the time.
    """
    contestants = {"ours": _in_precision("float32", spec, images)}
    here = machine()
    if here["avx512_bf16"] or here["amx_bf16"]:
        contestants["bfloat16"] = _in_precision("mixed_bfloat16", spec, images)
    return contestants


def _in_precision(precision: str, spec: ModelSpec, images: np.ndarray) -> Train:
    def train(rows: np.ndarray) -> None:
        with computing_in(precision):
            run(rows)

    with computing_in(precision):
        run = training(Trainer(spec, build_model(spec), as_data(images)))
    return train


def race_all(spec: ModelSpec, length: Length, rng: np.random.Generator) -> Result:
    """All contestants of a model.

    Raises:
        click.ClickException: the rival turns out to be another network.
    """
    images = digits(spec)
    agreement = compare(spec, images[: spec.batch_size.value])
    if not agreement.holds:
        raise click.ClickException(
            f"{spec.id}: the PyTorch rendering is another network ({agreement}); speeds would mean "
            "nothing. Correct benchmarks/torch_rival.py."
        )
    with (
        rival_process(spec, {"keras_fit": fitting}, keras.backend.backend()) as keras_fit,
        rival_process(spec, by_format(plain_loop), "torch") as rival,
    ):
        field = {name: partial(timed, train) for name, train in ours(spec, images).items()}
        field["keras_fit"] = partial(keras_fit.turn, "keras_fit")
        field |= {layout: partial(rival.turn, layout) for layout in FORMATS}
        return Result(**vars(race(spec, field, length, rng)))


HEADER = (
    f"{'model':<20} {'ours':>13} {'torch':>13} {'format':<13} {'ratio':<12} {'keras_fit':>13} "
    f"{'ratio':<12} {'bf16':>13} {'bf16/fp32':<12} others"
)


def line(result: Result) -> str:
    """A row of the table: best turns, the worst in brackets, and the goals."""

    def speeds(name: str) -> str:
        if name not in result.turns:
            return "-"
        return f"{max(result.turns[name]):6.0f} ({min(result.turns[name]):4.0f})"

    layout = max(FORMATS, key=result.best)
    ratio = result.bfloat16_ratio
    bfloat16 = "-" if math.isnan(ratio) else result.verdict(ratio, GOAL_BFLOAT16)
    return (
        f"{result.model:<20} {speeds('ours'):>13} {speeds(layout):>13} {layout:<13} "
        f"{result.verdict(result.ratio, GOALS[result.model]):<12} {speeds('keras_fit'):>13} "
        f"{result.verdict(result.keras_fit_ratio, GOALS_KERAS_FIT.get(result.model)):<12} "
        f"{speeds('bfloat16'):>13} "
        f"{bfloat16:<12} {result.others:6.0%}"
    )


@click.command(help=__doc__.splitlines()[0])
@click.option(
    "--models",
    default=",".join(GOALS),
    callback=chosen_from(GOALS),
    help="Comma-separated.",
)
@click.option("--rounds", default=5, type=click.IntRange(1), show_default=True)
@click.option("--steps", default=20, type=click.IntRange(2), show_default=True, help="At least.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all turns here.")
def main(models: list[str], rounds: int, steps: int, json_file: Path | None) -> None:
    """Run the race and print the table."""
    make_deterministic()
    keep_freed_memory()  # as training does
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    here = machine()
    click.echo(", ".join(f"{name} {value}" for name, value in here.items()))
    click.echo(f"images/s of the best turn (of the worst)\n{HEADER}")
    results = []
    for model_id in models:
        results.append(race_all(MODELS[model_id], Length(rounds, steps), rng))
        click.echo(line(results[-1]))
        if json_file:
            record = {"machine": here, "results": [asdict(result) for result in results]}
            json_file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
