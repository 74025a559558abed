"""Perceptual path length (Table 4): ours against one step after another, on this machine.

The rival is the straightforward loop: for each step it decodes one point, then the other, each with
a call of the decoder and one of the feature network. Both sides measure the same steps of the same
networks (Listings 4 and 38) in turns; the best one counts. Before that their distances are
compared, and float32 with float64. The projection to all of Table 4 goes by CPU seconds, as if all
cores were ours.

    python benchmarks/path_length.py [--decoder FILE] [--features FILE] [--rounds 3]

Without files of weights, the networks are fresh: equally fast, but with nearly equal images.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import keras
import numpy as np
from workload import timed

from thesis_repro.analysis.path_length import (
    EPSILON,
    FEATURE_LAYER,
    STEPS_AT_ONCE,
    Paths,
    draw,
    feature_probe,
    measure,
    slerp,
)
from thesis_repro.models.building import builders
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.backend import make_deterministic

GOAL_MINUTES = 6.0
ALL_STEPS = 5 * 50 * 100  # models, seeds, steps
RIVAL_STEPS = 20  # of a turn; ours has twice STEPS_AT_ONCE
COMPARED_STEPS = 20
TOLERANCE = 0.01  # of the mean distance

Steps = Callable[[np.ndarray], object]  # does the steps in these rows


class Speed(NamedTuple):
    """Of one turn: steps/s on the wall, CPU seconds of a step, share of the cores others took."""

    steps: float
    cpu_seconds: float
    others: float


def network(model_id: str, part: str, weights: Path | None) -> keras.Model:
    """A network of Table 2, with these weights or fresh ones."""
    built = builders(MODELS[model_id])[part]()
    if weights:
        built.load_weights(weights)
    return built


def one_by_one(decoder: keras.Model, features: keras.Model, paths: Paths) -> np.ndarray:
    """The rival: distances of these steps, shape (n,)."""
    distances = []
    for row in range(len(paths.t)):
        start, end, t = (values[row : row + 1] for values in paths)
        before = features(decoder(slerp(start, end, t).astype("float32")))
        after = features(decoder(slerp(start, end, t + EPSILON).astype("float32")))
        distances.append(float(keras.ops.mean((after - before) ** 2)) / EPSILON**2)
    return np.array(distances)


def taken(paths: Paths, rows: np.ndarray) -> Paths:
    """The paths in these rows."""
    return Paths(*(values[rows] for values in paths))


def compare(name: str, found: np.ndarray, truth: np.ndarray) -> None:
    """Print the means of distances and how far single ones are apart.

    Raises:
        click.ClickException: the means differ.
    """
    worst = np.abs(found - truth).max() / truth.mean()
    click.echo(
        f"ours against {name:20} mean {found.mean():.6g} against {truth.mean():.6g}; "
        f"largest difference of a step {worst:.1e} of the mean"
    )
    if abs(found.mean() / truth.mean() - 1) > TOLERANCE:
        raise click.ClickException(f"{name}: the distances differ")


def turn(work: Steps, count: int) -> Speed:
    """One turn of so many steps."""
    cpu = time.process_time()
    steps, others = timed(work, np.arange(count))
    return Speed(steps, (time.process_time() - cpu) / count, others)


def race(sides: dict[str, tuple[Steps, int]], rounds: int) -> dict[str, list[Speed]]:
    """All sides in turns of their numbers of steps; a short turn first, for compilation."""
    for work, _ in sides.values():
        work(np.arange(STEPS_AT_ONCE // 10))
        work(np.arange(STEPS_AT_ONCE // 10))
    turns: dict[str, list[Speed]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, (work, count) in sides.items():
            turns[name].append(turn(work, count))
    return turns


@click.command(help=__doc__.splitlines()[0])
@click.option("--decoder", "decoder_weights", type=click.Path(path_type=Path), help="Weights.")
@click.option("--features", "feature_weights", type=click.Path(path_type=Path), help="Weights.")
@click.option("--rounds", default=3, type=click.IntRange(1), show_default=True)
def main(decoder_weights: Path | None, feature_weights: Path | None, rounds: int) -> None:
    """Compare, race, and print a line per side."""
    make_deterministic()
    keras.utils.set_random_seed(0)
    decoder = network("dsprites-vae", "decoder", decoder_weights)
    classifier = network("feature-extraction", "classifier", feature_weights)
    features = keras.Model(classifier.input, classifier.get_layer(FEATURE_LAYER).output)
    probe = feature_probe(decoder, classifier)
    paths = draw(0, 2 * STEPS_AT_ONCE, decoder.input.shape[1])

    few = taken(paths, np.arange(COMPARED_STEPS))
    ours = measure(probe, [few], slerp).distances[0]
    compare("one by one", ours, one_by_one(decoder, features, few))
    exact = feature_probe(decoder, classifier, "float64")
    compare("networks in float64", ours, measure(exact, [few], slerp).distances[0])
    for epsilon in (1e-3, 1e-2):  # no judge: the path bends meanwhile
        mean = measure(probe, [few], slerp, epsilon).distances.mean()
        click.echo(f"{f'ours in steps of {epsilon:g}':33} mean {mean:.6g}")

    z = np.concatenate([paths.start, paths.end]).astype("float32")
    turns = race(
        {
            "ours": (lambda rows: measure(probe, [taken(paths, rows)], slerp), len(paths.t)),
            "bare forward pass": (
                lambda rows: [
                    probe.predict_on_batch(z[first : first + 2 * STEPS_AT_ONCE])
                    for first in range(0, 2 * len(rows), 2 * STEPS_AT_ONCE)
                ],
                len(paths.t),
            ),
            "one by one": (
                lambda rows: one_by_one(decoder, features, taken(paths, rows)),
                RIVAL_STEPS,
            ),
        },
        rounds,
    )
    for name, speeds in turns.items():
        click.echo(
            f"{name:18} {max(s.steps for s in speeds):6.1f} steps/s "
            f"(worst {min(s.steps for s in speeds):.1f}), "
            f"{min(s.cpu_seconds for s in speeds) * 1e3:6.1f} CPU ms a step, "
            f"others took {np.mean([s.others for s in speeds]):.0%} of the cores"
        )
    best = {name: max(speed.steps for speed in speeds) for name, speeds in turns.items()}
    least = min(speed.cpu_seconds for speed in turns["ours"])
    minutes = least * ALL_STEPS / (os.cpu_count() or 1) / 60
    verdict = "met" if minutes < GOAL_MINUTES else "missed"
    click.echo(f"ours is {best['ours'] / best['one by one']:.1f} times as fast as one by one")
    click.echo(f"Table 4 alone on this machine: {minutes:.1f} min (goal {GOAL_MINUTES}: {verdict})")


if __name__ == "__main__":
    main()
