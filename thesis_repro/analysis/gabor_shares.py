"""How many kernels are more like Gabor functions than kernels that cannot be (Section 4.1).

The thesis says by eye that Gabor wavelets emerge in many kernels of one network and in none of
the others. Two nulls put a number to it: the same network's kernels before training, which are
noise, and surrogates of the trained ones, Gaussian fields that vary together from pixel to pixel as
these do, so that they are as smooth and as long in each direction, but hold no wave in one place.

What is smooth, round and alone in its kernel is explained well by a wave too slow to be seen. So a
kernel counts only where its wave goes through a whole cycle (`Gabor.cycles`).
"""

from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.gabor import STARTS, Gabor, fit_gabors
from thesis_repro.analysis.statistics import Interval, wilson

QUANTILE = 0.95  # of a null's R2, which 5 % of kernels exceed by chance
CYCLES = 1.05  # a whole one; the slowest wave that is fitted has 1 in all of the kernel
FEWEST_SURROGATES = 200  # for a percentile to stand on


class Resemblance(NamedTuple):
    """Fits to the n kernels of a network, to those of both nulls, and the kernels' size (px).

    So many kernels as images have channels are of one map.
    """

    fits: Gabor
    initial: Gabor
    surrogates: Gabor
    size: int
    channels: int

    @property
    def thresholds(self) -> tuple[float, float]:
        """The 95th percentiles of R2 in the nulls: of initial kernels and of surrogates."""
        nulls = (self.initial, self.surrogates)
        return tuple(float(np.quantile(null.r2, QUANTILE)) for null in nulls)

    @property
    def gabor_like(self) -> np.ndarray:
        """Which kernels are, bool (n,)."""
        return self.among(self.fits)

    def among(self, fits: Gabor) -> np.ndarray:
        """Which fits exceed both percentiles, with a whole cycle of their wave, bool (n,)."""
        return (fits.r2 > max(self.thresholds)) & (fits.cycles(self.size) > CYCLES)

    def share(self, threshold: float) -> float:
        """The share of kernels whose R2 exceeds a threshold, whatever their wave."""
        return float((self.fits.r2 > threshold).mean())


def resemblance(
    kernels: np.ndarray,
    initial: np.ndarray,
    channels: int,
    rng: np.random.Generator,
    starts: int = STARTS,
) -> Resemblance:
    """Fit kernels, trained and initial, both (n, height, width), and surrogates of the trained.

    Of n kernels, as many as there are channels belong to a map; n / channels maps.

    Raises:
        ValueError: the kernels are too small for a Gabor function.
    """
    null = surrogates(kernels, max(len(kernels), FEWEST_SURROGATES), rng)
    fits = (fit_gabors(each, starts) for each in (kernels, initial, null))
    return Resemblance(*fits, min(kernels.shape[1:]), channels)


def surrogates(kernels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian kernels (count, height, width) with the pooled pixel covariance of these (n, ...).

    A fit's R2 knows no offset, so each kernel enters without its own mean; a kernel's sign says
    nothing, so moments are about 0. Contrasts stay: where all kernels have one covariance, up to a
    factor of each, surrogates have it too, which they would not if each kernel had first been given
    the same contrast.

    Each surrogate is a sum of all kernels with normal weights, which has their moments whether or
    not there are more kernels than pixels: the covariance needs no regularisation. Where there are
    few kernels, surrogates look like them, and hardly a kernel can exceed them.
    """
    pixels = kernels.reshape(len(kernels), -1).astype(float)
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    weights = rng.normal(size=(count, len(kernels))) / np.sqrt(len(kernels))
    return (weights @ centred).reshape(count, *kernels.shape[1:])


def share_with_interval(chosen: np.ndarray, channels: int, confidence: float = 0.95) -> Interval:
    """The share of kernels that are chosen, with Wilson's interval over maps.

    A map's kernels, one for each channel of the image, see the same edges and become alike: they
    are no independent ones. A map counts by the share of its kernels, so that the interval is right
    where these are equal, and wider than it need be the less they are alike.

    Args:
        chosen: bool (maps * channels,), in any order.
        channels: Of the images.
        confidence: Of the interval.
    """
    maps = len(chosen) // channels
    return wilson(float(chosen.sum()) / channels, maps, confidence)


def orientation_strength(orientations: np.ndarray) -> float:
    """How much orientations (n,), rad, have one direction in common: 0 none, 1 all are equal.

    The mean resultant length of the doubled angles, orientations being equal at 0 and pi.
    """
    return float(np.abs(np.mean(np.exp(2j * orientations)))) if len(orientations) else np.nan
