"""Size and power of what Sections 4.5 to 4.7 test, by simulation: tables in docs/rules.md.

Reconstructions and their originals (Tables 5 and 6): pairs of a given correlation, whose
distributions are the same or apart. Layers (Section 4.5): decoders that add up an image for each
layer, so that no layer shares anything with another, and decoders whose layers share a part of it.
Classes (Section 4.7): intervals of how many images had to show another digit.

    python benchmarks/image_nulls.py [--pairs 2000] [--decoders 200] [--classes 2000]
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
import pandas as pd

from chapters.ch4_5 import (
    DRAWN,
    PAIRS,
    SampleSizes,
    layer_effects,
    layer_pairs,
    layers_of_two_models,
    measurements,
    pixels,
)
from thesis_repro.analysis.class_distribution import moved, moved_interval
from thesis_repro.analysis.layer_independence import SAMPLES, Representatives
from thesis_repro.analysis.pixel_dependence import Dependence, pearson
from thesis_repro.analysis.rank_tests import mann_whitney_p, paired_comparison, superiority
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import judge

ALPHA = 0.05
IMAGES = 1_000  # of each kind, as in Table 6
SIDE = 28  # px
CLAIM = "4.5-not-independent"
SHARED = (0, 0.5, 0.7, 0.9)  # of the variance of what a layer adds to an image


# === Pairs ===


def pairs(correlation: float, shift: float, count: int, rng: np.random.Generator) -> dict:
    """How often both tests reject and their intervals hold 0.5, by so many made data sets.

    Normal moments, shifted by so many of their standard deviations.
    """
    lines = []
    for _ in range(count):
        z = rng.normal(size=(2, IMAGES))
        x, y = z[0] + shift, correlation * z[0] + np.sqrt(1 - correlation**2) * z[1]
        paired, apart = paired_comparison(x, y), superiority(x, y)
        lines.append(
            {
                "U test rejects": mann_whitney_p(x, y) < ALPHA,
                "its interval holds 0.5": apart.low <= 0.5 <= apart.high,
                "test of pairs rejects": paired.p < ALPHA,
                "its interval holds 0.5 too": paired.low <= 0.5 <= paired.high,
            }
        )
    return pd.DataFrame(lines).mean().to_dict()


# === Layers ===


class AnyScale:
    """What Section 4.5 asks a chapter for, without models."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def at_scale(self, _) -> SampleSizes:
        """Few permutations: their size is known."""
        return SampleSizes(SAMPLES, 2, 20)

    def rng(self, *_) -> np.random.Generator:
        """Random numbers, whatever for."""
        return self._rng


def layers(shared: float, vectors: np.ndarray, rng: np.random.Generator) -> Representatives:
    """Samples of three layers, each of a smooth image that bends smoothly with its vector.

    ``shared`` of its variance all layers have in common, in half of the columns with the other
    sign. Averages over the other layers add a constant to each.
    """
    common = smooth_images(vectors, rng)
    sign = np.where(np.arange(SIDE) < SIDE // 2, 1, -1)
    independent = [smooth_images(vectors, rng) for _ in range(3)]
    turned = (common * sign**layer for layer in range(3))
    images = [
        np.sqrt(shared) * part + np.sqrt(1 - shared) * alone
        for part, alone in zip(turned, independent, strict=True)
    ]
    means = 1 / (1 + np.exp(-np.array(images)))
    return Representatives(means, np.full_like(means, 0.05), 2)


def smooth_images(vectors: np.ndarray, rng: np.random.Generator, waves: int = 16) -> np.ndarray:
    """Smooth functions of vectors (n, d): images (n, SIDE, SIDE) with a standard deviation of 1."""
    places = np.indices((SIDE, SIDE)).reshape(2, -1) / SIDE
    basis = np.cos(2 * np.pi * rng.normal(size=(waves, 2)) @ places + rng.uniform(0, 7, (waves, 1)))
    weights = np.tanh(vectors @ rng.normal(size=(vectors.shape[1], waves)))
    images = (weights @ basis).reshape(-1, SIDE, SIDE)
    return images / images.std()


def judged(shared: float, dims: int, rng: np.random.Generator) -> dict[str, bool]:
    """Which checks of "not independent" hold of four made decoders, two for each data set."""
    vectors = rng.normal(size=(SAMPLES, dims))
    samples = {name: layers(shared, vectors, rng) for name in DRAWN}
    nothing = np.zeros(SIDE**2, bool)
    dependences = {}
    for name in samples:
        for pair in PAIRS:
            of_pair = pearson(*(pixels(samples, name, layer) for layer in pair), 20, rng)
            dependences[name, *pair] = Dependence(nothing, nothing, of_pair, of_pair)
    chapter = AnyScale(rng)
    tables = (
        layer_pairs(chapter, None, samples, dependences),
        layer_effects(chapter, None, samples),
        layers_of_two_models(chapter, None, samples),
    )
    measured = {each.claim_id: each for each in measurements(*tables)}
    (claim,) = (claim for claim in load_claims("4.5") if claim.id == CLAIM)
    origin = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "made"}
    checks = judge(claim, measured[CLAIM], **origin).checks
    return {check.name: check.holds for check in checks}


def of_decoders(shared: float, dims: int, count: int, rng: np.random.Generator) -> dict:
    """How often each check holds, all but the control of two models, and all."""
    lines = pd.DataFrame(judged(shared, dims, rng) for _ in range(count))
    control = "more strongly than layers that share nothing"
    together = {"all but this": lines.drop(columns=control).all(axis=1), "all": lines.all(axis=1)}
    return lines[[control]].assign(**together).mean().to_dict()


# === Classes ===


def of_classes(true: list[float], images: int, count: int, rng: np.random.Generator) -> dict:
    """How often the interval holds the true distance from even classes, and how wide it is."""
    even = np.full(len(true), 1 / len(true))
    distance = moved(np.array(true), even)
    intervals = [
        moved_interval(interval, even) for interval in rng.multinomial(images, true, count)
    ]
    return {
        "moved": distance,
        "holds it": np.mean([interval.low <= distance <= interval.high for interval in intervals]),
        "mean width": np.mean([interval.high - interval.low for interval in intervals]),
    }


CLASSES = {
    "as expected": [0.1] * 10,
    "one class half as frequent": [0.05] + [0.95 / 9] * 9,
    "one class only, but for 1 %": [0.99] + [0.01 / 9] * 9,
}


@click.command(help=__doc__.splitlines()[0])
@click.option("--pairs", "of_pairs", default=2_000, type=click.IntRange(1), show_default=True)
@click.option("--decoders", default=200, type=click.IntRange(1), show_default=True)
@click.option("--classes", default=2_000, type=click.IntRange(1), show_default=True)
@click.option("--seed", default=0, type=click.IntRange(0), show_default=True)
def main(of_pairs: int, decoders: int, classes: int, seed: int) -> None:
    """Print the three tables."""
    rng = np.random.default_rng(seed)
    show(
        {
            "correlation": correlation,
            "shift (SD)": shift,
            **pairs(correlation, shift, of_pairs, rng),
        }
        for correlation in (0, 0.5, 0.97)
        for shift in (0, 0.03)
    )
    rng = np.random.default_rng(seed)
    show(
        {"shared": shared, "dimensions": dims, **of_decoders(shared, dims, decoders, rng)}
        for dims in (2, 4)
        for shared in SHARED
    )
    rng = np.random.default_rng(seed)
    show(
        {"classes": name, "images": images, **of_classes(true, images, classes, rng)}
        for name, true in CLASSES.items()
        for images in (200, 10_000)
    )


def show(lines) -> None:
    """Print a table."""
    click.echo(pd.DataFrame(lines).to_markdown(index=False, floatfmt=".3g") + "\n")


if __name__ == "__main__":
    main()
