"""What each latent layer does to generated images: layers drawn anew, one at a time (Section 4.4).

"z_2 has a far weaker influence than z_3" is about images, not about codes: a layer that knows the
digit may still be overruled when an image is made.
"""

from collections.abc import Sequence

import numpy as np

from thesis_repro.analysis.statistics import Interval, wilson

Layers = list[np.ndarray]  # positions (n, dimensions) of each latent layer, the lowest first


def redrawn(dimensions: Sequence[int], count: int, rng: np.random.Generator) -> list[Layers]:
    """Draws from the prior, and the same with one layer drawn anew, for each layer.

    The first of the list are the draws, of ``count`` positions; then those with z_1 drawn anew, ...
    """
    first, anew = (
        [rng.standard_normal((count, size), dtype="float32") for size in dimensions]
        for _ in range(2)
    )
    return [
        first,
        *([*first[:layer], anew[layer], *first[layer + 1 :]] for layer in range(len(dimensions))),
    ]


def changed(before: np.ndarray, after: np.ndarray) -> Interval:
    """The share of images whose class (n,) is another once a layer is drawn anew; Wilson's."""
    return wilson(int(np.count_nonzero(before != after)), len(before))


def total_effect(before: np.ndarray, after: np.ndarray) -> float:
    """The share of the variance of a measure (n,) that would be gone if a layer were known last.

    Sobol's total effect index by Jansen's estimator (1999): half of the mean square by which the
    measure changes, over its variance. 0 for a layer without effect, 1 for the only one with any.
    Images that have no such measure (NaN) are left out; NaN of fewer than two, or without variance.
    """
    known = np.isfinite(before) & np.isfinite(after)
    before, after = before[known], after[known]
    variance = np.concatenate([before, after]).var() if len(before) > 1 else 0.0
    if not variance:
        return np.nan
    return float(np.square(before - after).mean() / (2 * variance))
