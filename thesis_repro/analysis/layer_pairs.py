"""How generated images of two layers depend on each other, in numbers (Section 4.5)."""

import numpy as np
import pandas as pd

from thesis_repro.analysis.centre import central
from thesis_repro.analysis.pixel_dependence import Dependence, PixelMeasure


def in_numbers(dependence: Dependence, shape: tuple[int, int]) -> dict[str, float]:
    """The dependence of two layers' images of a shape (height, width).

    Shares are of the pixels tested: those that vary in both layers' samples. ``by_chance`` are
    means over permutations of the samples; ``p`` says how often these are as dependent, over all
    pixels. ``visible``: those that are not black. ``distance_only``: significant by distance
    correlation, not by Pearson's.
    """
    linear, distance, tested = dependence.pearson, dependence.distance, ~dependence.constant
    return {
        "pixels": len(tested),
        "constant": int(dependence.constant.sum()),
        "black": int((dependence.black & tested).sum()),
        **against_chance(linear),
        "significant": int(linear.significant.sum()),
        "positive": int((linear.significant & (linear.value > 0)).sum()),
        "share_of_visible": _share(linear.significant, tested & ~dependence.black),
        "share_in_the_centre": _share(linear.significant, tested & central(shape).ravel()),
        **{f"distance_{name}": number for name, number in against_chance(distance).items()},
        "distance_only": _share(distance.significant & ~linear.significant, tested),
    }


def against_chance(measure: PixelMeasure) -> dict[str, float]:
    """One measure over all pixels, and what permutations give."""
    return {
        "strength": measure.strength,
        "strength_by_chance": measure.null_strength.mean(),
        "share": measure.share,
        "share_by_chance": measure.null_share.mean(),
        "share_by_chance_95": np.quantile(measure.null_share, 0.95),
        "p": measure.permutation_p,
    }


def significant_share(pairs: pd.DataFrame) -> float:
    """The share of all pixels tested that are significant, in these rows of `in_numbers`."""
    tested = (pairs["pixels"] - pairs["constant"]).sum()
    return float(pairs["significant"].sum() / tested) if tested else np.nan


def _share(chosen: np.ndarray, of: np.ndarray) -> float:
    """The share of these pixels that are chosen; NaN where there are none."""
    return float(chosen[of].mean()) if of.any() else np.nan
