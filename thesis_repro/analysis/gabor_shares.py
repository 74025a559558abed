"""How many kernels are more like Gabor functions than kernels that cannot be (Section 4.1).

The thesis says by eye that Gabor wavelets emerge in many kernels of one network and in none of
the others. Two nulls put a number to it: the same network's kernels before training, which are
noise, and its trained kernels in random phases, which have the same frequencies but nothing that
holds a wave's stripes together in one place.
"""

from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.gabor import STARTS, Gabor, fit_gabors, phase_shuffled
from thesis_repro.analysis.statistics import Interval, wilson

QUANTILE = 0.95  # of a null's R2, which 5 % of kernels exceed by chance
_FEWEST_SHUFFLED = 100  # few kernels are shuffled several times


class Resemblance(NamedTuple):
    """Fits to n kernels, and the R2 of both nulls."""

    fits: Gabor
    initial_r2: np.ndarray
    shuffled_r2: np.ndarray

    @property
    def thresholds(self) -> tuple[float, float]:
        """The nulls' 95th percentiles: of initial and of phase-shuffled kernels."""
        return tuple(float(np.quantile(r2, QUANTILE)) for r2 in self[1:])

    @property
    def above(self) -> np.ndarray:
        """Which kernels exceed both percentiles, bool (n,)."""
        return self.fits.r2 > max(self.thresholds)

    def share(self, threshold: float, confidence: float = 0.95) -> Interval:
        """The share of kernels whose R2 exceeds a threshold, with Wilson's interval."""
        r2 = self.fits.r2
        return wilson(int((r2 > threshold).sum()), len(r2), confidence)


def resemblance(
    kernels: np.ndarray, initial: np.ndarray, rng: np.random.Generator, starts: int = STARTS
) -> Resemblance:
    """Fit kernels, trained and initial, both (n, height, width), and shuffles of the trained.

    Raises:
        ValueError: the kernels are too small for a Gabor function.
    """
    times = -(-_FEWEST_SHUFFLED // len(kernels))
    shuffled = phase_shuffled(np.tile(kernels, (times, 1, 1)), rng)
    fits, *nulls = (fit_gabors(each, starts) for each in (kernels, initial, shuffled))
    return Resemblance(fits, *(null.r2 for null in nulls))


def orientation_strength(orientations: np.ndarray) -> float:
    """How much orientations (n,), rad, have one direction in common: 0 none, 1 all are equal.

    The mean resultant length of the doubled angles, orientations being equal at 0 and pi.
    """
    return float(np.abs(np.mean(np.exp(2j * orientations)))) if len(orientations) else np.nan
