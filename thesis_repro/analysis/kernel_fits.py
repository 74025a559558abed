"""Gabor functions fitted to one network's first layer, by epoch, and what the fits say (4.1)."""

from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.gabor import fit_gabors, slices
from thesis_repro.analysis.gabor_shares import Resemblance, orientation_strength, resemblance
from thesis_repro.analysis.statistics import Interval, wilson

EDGE = 8 / np.pi**2  # R2 of a sine over one period of a square wave: a plain edge's


class Course(NamedTuple):
    """The share of kernels above both nulls after some epochs of a training."""

    epochs: list[int]
    shares: list[Interval]


class KernelFits(NamedTuple):
    """A network's trained kernels (n, height, width), their fits, and how these came about."""

    kernels: np.ndarray
    resemblance: Resemblance
    course: Course


def kernel_fits(
    by_epoch: np.ndarray, rng: np.random.Generator, starts: int, epochs: int
) -> KernelFits:
    """Fits to the kernels of a training, (epochs + 1, height, width, channels, maps).

    Args:
        by_epoch: The kernels before training, then after each epoch.
        rng: For the shuffled phases.
        starts: Of each fit.
        epochs: How many of them the course of training has, the first and the last among them.
    """
    fits = final_resemblance(by_epoch, rng, starts)
    return KernelFits(slices(by_epoch[-1]), fits, course(by_epoch, fits, starts, epochs))


def final_resemblance(by_epoch: np.ndarray, rng: np.random.Generator, starts: int) -> Resemblance:
    """The resemblance to Gabor functions of the kernels that a training ends with."""
    return resemblance(slices(by_epoch[-1]), slices(by_epoch[0]), rng, starts)


def course(by_epoch: np.ndarray, final: Resemblance, starts: int, epochs: int) -> Course:
    """The share of kernels above both nulls of the trained ones, from before training on."""
    last = len(by_epoch) - 1
    chosen = np.unique(np.linspace(0, last, epochs).round().astype(int)).tolist()
    known = {0: final.initial_r2, last: final.fits.r2}
    shares = []
    for epoch in chosen:
        r2 = known[epoch] if epoch in known else fit_gabors(slices(by_epoch[epoch]), starts).r2
        shares.append(wilson(int((r2 > max(final.thresholds)).sum()), len(r2)))
    return Course(chosen, shares)


def in_numbers(resemblance: Resemblance, confidence: float = 0.95) -> dict[str, float]:
    """A network's kernels in numbers; orientations and sizes are of those above both nulls."""
    fits, above = resemblance.fits, resemblance.above
    initial, shuffled = resemblance.thresholds
    share = resemblance.share(max(initial, shuffled), confidence)
    return {
        "kernels": len(fits.r2),
        "median_r2": float(np.median(fits.r2)),
        "initial_95": initial,
        "shuffled_95": shuffled,
        "share_above_initial": resemblance.share(initial).mean,
        "share_above_shuffled": resemblance.share(shuffled).mean,
        "share": share.mean,
        "low": share.low,
        "high": share.high,
        "confidence": confidence,
        "share_above_an_edge": resemblance.share(EDGE).mean,
        "orientation_strength": orientation_strength(fits.orientation[above]),
        "median_frequency": _median(fits.frequency[above]),
        "median_bandwidth": _median(fits.bandwidth[above]),
    }


def _median(values: np.ndarray) -> float:
    """The median; NaN of nothing."""
    return float(np.median(values)) if len(values) else np.nan
