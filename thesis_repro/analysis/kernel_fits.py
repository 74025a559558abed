"""Gabor functions fitted to one network's first layer, by epoch, and what the fits say (4.1)."""

from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.gabor import fit_gabors, slices
from thesis_repro.analysis.gabor_shares import (
    CYCLES,
    Resemblance,
    orientation_strength,
    resemblance,
    share_with_interval,
)
from thesis_repro.analysis.statistics import Interval

EDGE = 8 / np.pi**2  # R2 of a sine over one period of a square wave: a plain edge's


class Course(NamedTuple):
    """The share of Gabor-like kernels after some epochs of a training."""

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
        rng: For the surrogates.
        starts: Of each fit.
        epochs: How many of them the course of training has, the first and the last among them.
    """
    fits = final_resemblance(by_epoch, rng, starts)
    return KernelFits(slices(by_epoch[-1]), fits, course(by_epoch, fits, starts, epochs))


def final_resemblance(by_epoch: np.ndarray, rng: np.random.Generator, starts: int) -> Resemblance:
    """The resemblance to Gabor functions of the kernels that a training ends with."""
    channels = by_epoch.shape[-2]
    return resemblance(slices(by_epoch[-1]), slices(by_epoch[0]), channels, rng, starts)


def course(by_epoch: np.ndarray, final: Resemblance, starts: int, epochs: int) -> Course:
    """The share of Gabor-like kernels by the nulls of the trained ones, from before training on."""
    last = len(by_epoch) - 1
    chosen = np.unique(np.linspace(0, last, epochs).round().astype(int)).tolist()
    known = {0: final.initial, last: final.fits}
    shares = []
    for epoch in chosen:
        fits = known.get(epoch) or fit_gabors(slices(by_epoch[epoch]), starts)
        shares.append(share_with_interval(final.among(fits), final.channels))
    return Course(chosen, shares)


def in_numbers(resemblance: Resemblance, confidence: float = 0.95) -> dict[str, float]:
    """A network's kernels in numbers; orientations and sizes are of the Gabor-like ones."""
    fits, chosen = resemblance.fits, resemblance.gabor_like
    initial, gaussian = resemblance.thresholds
    share = share_with_interval(chosen, resemblance.channels, confidence)
    return {
        "kernels": len(fits.r2),
        "median_r2": float(np.median(fits.r2)),
        "initial_95": initial,
        "surrogates_95": gaussian,
        "share_above_initial": resemblance.share(initial),
        "share_above_surrogates": resemblance.share(gaussian),
        "share_with_a_cycle": float((fits.cycles(resemblance.size) > CYCLES).mean()),
        "share": share.mean,
        "low": share.low,
        "high": share.high,
        "confidence": confidence,
        "share_above_an_edge": resemblance.share(EDGE),
        "orientation_strength": orientation_strength(fits.orientation[chosen]),
        "median_frequency": _median(fits.frequency[chosen]),
        "median_bandwidth": _median(fits.bandwidth[chosen]),
    }


def _median(values: np.ndarray) -> float:
    """The median; NaN of nothing."""
    return float(np.median(values)) if len(values) else np.nan
