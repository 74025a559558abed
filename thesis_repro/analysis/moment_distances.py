"""Whose images are farther from real ones, by the moments of their pixel values (Section 4.6).

The distance is the mean over the four moments of the Kolmogorov-Smirnov distance: 0 if all are
distributed alike, 1 if none overlaps.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thesis_repro.analysis.pixel_moments import Moments
from thesis_repro.analysis.statistics import Interval

_RESAMPLES = 300
_FEWEST = 2  # images with a moment: of fewer it has no distribution

_Rows = list[NDArray[np.intp]]


def farther_by(
    first: Moments,
    second: Moments,
    real: Moments,
    rng: np.random.Generator,
    *,
    paired: bool = False,
) -> Interval:
    """By how much the distance of the first from real images exceeds that of the second.

    With its 95 % percentile bootstrap interval, of 300 samples of images; both are held against the
    same real images, and so they are in each sample. Chance alone keeps few images apart, those
    most that are closest: the difference is too small rather than too large. A moment that none of
    the images has, constant as they are, counts as 1.

    From the images that they are of, good reconstructions are at no distance at all, not even by
    chance, while any samples are (about 0.04 of 1,000 images from 1,000). So those of every other
    image are held against the images between, and these the other way round, and so are the first:
    the difference is the mean of both.

    Args:
        first: Moments of n images.
        second: Of m images.
        real: Of k real images.
        rng: For the bootstrap.
        paired: Whether the second are reconstructions of the real images, row by row; they are
            drawn together.
    """
    ranks = [_ranks(*of_moment) for of_moment in zip(first, second, real, strict=True)]
    parts = 2 if paired else 1
    rows = [_parts(len(images.mean), parts) for images in (first, second, real)]

    def difference(rows: list[_Rows]) -> float:
        of_first, of_second, of_real = rows
        against = of_real[::-1]  # the other part, if there are two
        distances = [
            _distances(of_moment, together)
            for together in zip(of_first, of_second, against, strict=True)
            for of_moment in ranks
        ]
        away, nearer = np.mean(distances, axis=0)
        return float(away - nearer)

    resampled = []
    for _ in range(_RESAMPLES):
        of_first, of_second, of_real = (
            [rng.choice(part, len(part)) for part in parts_of] for parts_of in rows
        )
        resampled.append(difference([of_first, of_real if paired else of_second, of_real]))
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Interval(difference(rows), float(low), float(high))


def _parts(count: int, parts: int) -> _Rows:
    """The rows of so many images, in turn to each part."""
    return [np.arange(start, count, parts) for start in range(parts)]


def _ranks(*sets: np.ndarray) -> list[NDArray[np.intp]]:
    """Each value's place among the different values of all sets, from 1; 0 for NaN."""
    everything = np.concatenate(sets)
    places = np.unique(everything[np.isfinite(everything)])
    return [np.where(np.isfinite(each), np.searchsorted(places, each) + 1, 0) for each in sets]


def _distances(ranks: _Rows, rows: Sequence[NDArray[np.intp]]) -> list[float]:
    """The Kolmogorov-Smirnov distances of the first two sets, with these rows, from the third.

    From ranks, which resampling does not change: SciPy would sort each of the resamples anew.
    """
    places = max(int(of_set.max(initial=0)) for of_set in ranks)
    *images, real = (
        np.bincount(of_set[chosen], minlength=places + 1)[1:].cumsum()
        for of_set, chosen in zip(ranks, rows, strict=True)
    )
    return [_distance(counts, real) for counts in images]


def _distance(counts: NDArray[np.intp], real: NDArray[np.intp]) -> float:
    """The distance of two distributions by how many values there are up to each place."""
    if not counts.size or min(counts[-1], real[-1]) < _FEWEST:
        return 1.0
    return float(np.abs(counts / counts[-1] - real / real[-1]).max())
