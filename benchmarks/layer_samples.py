"""Algorithm 1 (Section 4.5): ours, batched and compiled, against one image after another.

The rival is the algorithm as printed: each image of each average is a call of the decoder. Both
sides run the decoder of MNIST-VLAE (Listing 8) in turns, the rival on fewer images; the best turn
counts. Before that their averages, of the same draws, are compared. The projection to all 90,000
images goes by CPU seconds, as if all cores were ours.

    python benchmarks/layer_samples.py [--samples 10] [--rounds 3]
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # as thesis_repro has it, which comes later

import time
from typing import NamedTuple

import click
import keras
import numpy as np
from workload import timed

from thesis_repro.analysis.layer_independence import (
    APPROXIMATIONS,
    SAMPLES,
    Decode,
    Representatives,
    layer_representatives,
    shared_vectors,
)
from thesis_repro.models.building import builders
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.backend import make_deterministic

MODEL = "mnist-vlae-factor-1"
GOAL_SECONDS = 60.0
ALL_IMAGES = SAMPLES * APPROXIMATIONS * 3
RIVAL = 1, 50  # samples and approximations of its turn
COMPARED = 2, 10
TOLERANCE = 1e-6  # of intensities in [0, 1]


class Speed(NamedTuple):
    """Of one turn: images/s on the wall, CPU seconds an image, share of the cores others took."""

    images: float
    cpu_seconds: float
    others: float


def in_one_call(decoder: keras.Model) -> Decode:
    """Ours: a compiled call for each batch."""
    return decoder.predict_on_batch


def one_by_one(decoder: keras.Model) -> Decode:
    """The rival: a call for each image."""

    def decode(z: list[np.ndarray]) -> np.ndarray:
        rows = range(len(z[0]))
        return np.concatenate([decoder([own[row : row + 1] for own in z]) for row in rows])

    return decode


def algorithm(decode: Decode, samples: int, approximations: int) -> Representatives:
    """Algorithm 1 with the same draws for every side."""
    rng = np.random.default_rng(0)
    fixed = shared_vectors(MODELS[MODEL].latent_dims.value, samples, rng)
    return layer_representatives(decode, fixed, approximations, rng)


def compare(decoder: keras.Model) -> None:
    """Print how far the averages of both sides are apart.

    Raises:
        click.ClickException: they differ.
    """
    ours, theirs = (algorithm(side(decoder), *COMPARED) for side in (in_one_call, one_by_one))
    worst = np.abs(ours.means - theirs.means).max()
    click.echo(f"largest difference of a pixel's average: {worst:.1e}")
    if not worst <= TOLERANCE:
        raise click.ClickException("the averages differ")


def turn(decode: Decode, samples: int, approximations: int) -> Speed:
    """One turn of a side."""
    images = 3 * samples * approximations
    cpu = time.process_time()
    speed, others = timed(lambda _: algorithm(decode, samples, approximations), np.arange(images))
    return Speed(speed, (time.process_time() - cpu) / images, others)


@click.command(help=__doc__.splitlines()[0])
@click.option("--samples", default=10, type=click.IntRange(1), show_default=True, help="Of a turn.")
@click.option("--rounds", default=3, type=click.IntRange(1), show_default=True)
def main(samples: int, rounds: int) -> None:
    """Compare, race, and print a line per side."""
    make_deterministic()
    keras.utils.set_random_seed(0)
    decoder = builders(MODELS[MODEL])["decoder"]()
    compare(decoder)
    algorithm(in_one_call(decoder), 1, APPROXIMATIONS)  # compiles the batch's size
    sides = {
        "ours": (in_one_call(decoder), samples, APPROXIMATIONS),
        "one by one": (one_by_one(decoder), *RIVAL),
    }
    turns: dict[str, list[Speed]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            turns[name].append(turn(*side))
    for name, speeds in turns.items():
        click.echo(
            f"{name:10} {max(s.images for s in speeds):6.1f} images/s "
            f"(worst {min(s.images for s in speeds):.1f}), "
            f"{min(s.cpu_seconds for s in speeds) * 1e3:6.2f} CPU ms an image, "
            f"others took {np.mean([s.others for s in speeds]):.0%} of the cores"
        )
    best = {name: max(own.images for own in speeds) for name, speeds in turns.items()}
    least = {name: min(own.cpu_seconds for own in speeds) for name, speeds in turns.items()}
    click.echo(
        f"ours is {best['ours'] / best['one by one']:.1f} times as fast as one by one in images/s, "
        f"{least['one by one'] / least['ours']:.1f} times in CPU time"
    )
    seconds = least["ours"] * ALL_IMAGES / (os.cpu_count() or 1)
    verdict = "met" if seconds < GOAL_SECONDS else "missed"
    click.echo(
        f"{ALL_IMAGES:,} images on this machine alone: {seconds:.0f} s (goal {GOAL_SECONDS:.0f}: "
        f"{verdict})"
    )


if __name__ == "__main__":
    main()
