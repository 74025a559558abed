"""Whose images are farther from real ones, by the moments of their pixel values (Section 4.6).

The distance is the mean over the four moments of the Kolmogorov-Smirnov distance: 0 if all are
distributed alike, 1 if none overlaps.
"""

import numpy as np
from numpy.typing import NDArray

from thesis_repro.analysis.pixel_moments import Moments
from thesis_repro.analysis.statistics import Interval

_RESAMPLES = 300
_FEWEST = 2  # images with a moment: of fewer it has no distribution


def farther_by(
    first: Moments,
    second: Moments,
    real: Moments,
    rng: np.random.Generator,
    *,
    paired: tuple[bool, bool] = (False, False),
) -> Interval:
    """By how much the distance of the first from real images exceeds that of the second.

    With its 95 % percentile bootstrap interval, of 300 samples of images; both are held against the
    same real images, and so they are in each sample. Chance alone keeps few images apart, those
    most that are closest: the difference is too small rather than too large. A moment that none of
    the images has, constant as they are, counts as 1.

    Args:
        first: Moments of n images.
        second: Of m images.
        real: Of k real images.
        rng: For the bootstrap.
        paired: Whether an image of each stands in the row of the real one that it reconstructs;
            such images are drawn together.
    """
    ranks = [_ranks(*of_moment) for of_moment in zip(first, second, real, strict=True)]
    sizes = [len(images.mean) for images in (first, second, real)]

    def difference(rows: list[NDArray[np.intp]]) -> float:
        distances = [_distances(of_moment, rows) for of_moment in ranks]
        away, nearer = np.mean(distances, axis=0)
        return float(away - nearer)

    resampled = []
    for _ in range(_RESAMPLES):
        of_real = rng.integers(sizes[2], size=sizes[2])
        rows = [
            of_real if together else rng.integers(size, size=size)
            for size, together in zip(sizes[:2], paired, strict=True)
        ]
        resampled.append(difference([*rows, of_real]))
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Interval(difference([np.arange(size) for size in sizes]), float(low), float(high))


def _ranks(*sets: np.ndarray) -> list[NDArray[np.intp]]:
    """Each value's place among the different values of all sets, from 1; 0 for NaN."""
    everything = np.concatenate(sets)
    places = np.unique(everything[np.isfinite(everything)])
    return [np.where(np.isfinite(own), np.searchsorted(places, own) + 1, 0) for own in sets]


def _distances(ranks: list[NDArray[np.intp]], rows: list[NDArray[np.intp]]) -> list[float]:
    """The Kolmogorov-Smirnov distances of the first two sets, with these rows, from the third."""
    places = max(int(own.max(initial=0)) for own in ranks)
    *images, real = (
        np.bincount(own[chosen], minlength=places + 1)[1:].cumsum()
        for own, chosen in zip(ranks, rows, strict=True)
    )
    return [_distance(own, real) for own in images]


def _distance(counts: NDArray[np.intp], real: NDArray[np.intp]) -> float:
    """The distance of two distributions by how many values there are up to each place."""
    if not counts.size or min(counts[-1], real[-1]) < _FEWEST:
        return 1.0
    return float(np.abs(counts / counts[-1] - real / real[-1]).max())
