"""How generated images of two layers depend on each other, in numbers (Section 4.5)."""

import numpy as np
import pandas as pd

from thesis_repro.analysis.centre import central, frame
from thesis_repro.analysis.pixel_dependence import Dependence, PixelMeasure

FRAME = 4  # px around MNIST's digits, which fill 20 x 20 of 28 x 28 px


def in_numbers(dependence: Dependence, images: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """The dependence of two layers' images, each (n, height, width).

    Shares are of the pixels tested: those that vary in both layers' samples. ``by_chance`` are
    means over permutations of the samples; ``p`` says how often these are as dependent, over all
    pixels. ``visible``: those that are not black. ``distance_only``: significant by distance
    correlation, not by Pearson's. The frame is what is within 4 px of a border: how many of all its
    pixels are significant, and its highest intensity as a share of the image's.
    """
    shape = images[0].shape[1:]
    centre, outside = central(shape).ravel(), frame(shape, FRAME).ravel()
    linear, distance, tested = dependence.pearson, dependence.distance, ~dependence.constant
    return {
        "pixels": len(tested),
        "constant": int(dependence.constant.sum()),
        "black": int((dependence.black & tested).sum()),
        **against_chance(linear, centre),
        "significant": int(linear.significant.sum()),
        "positive": int((linear.significant & (linear.value > 0)).sum()),
        "share_of_visible": linear.share_of(~dependence.black),
        "strength_in_the_centre": linear.strength_of(centre),
        "significant_in_the_frame": float(linear.significant[outside].mean()),
        "brightness_of_the_frame": brightness(images, outside),
        **{f"distance_{name}": number for name, number in against_chance(distance, centre).items()},
        "distance_only": _share(distance.significant & ~linear.significant, tested),
    }


def against_chance(measure: PixelMeasure, centre: np.ndarray) -> dict[str, float]:
    """One measure over all pixels and over those of the centre, and what permutations give."""
    return {
        "strength": measure.strength,
        "strength_by_chance": measure.null_strength.mean(),
        "share": measure.share,
        "share_by_chance": measure.null_share.mean(),
        "share_by_chance_95": np.quantile(measure.null_share, 0.95),
        "share_in_the_centre": measure.share_of(centre),
        "share_in_the_centre_by_chance_95": np.quantile(measure.null_share_of(centre), 0.95),
        "p": measure.permutation_p,
    }


def brightness(images: tuple[np.ndarray, np.ndarray], pixels: np.ndarray) -> float:
    """The highest intensity of these pixels (bool, flat) over that of all; NaN of black images."""
    flat = np.concatenate([of_layer.reshape(len(of_layer), -1) for of_layer in images])
    return float(flat[:, pixels].max() / flat.max()) if flat.any() else np.nan


def significant_share(pairs: pd.DataFrame) -> float:
    """The share of all pixels tested that are significant, in these rows of `in_numbers`."""
    tested = (pairs["pixels"] - pairs["constant"]).sum()
    return float(pairs["significant"].sum() / tested) if tested else np.nan


def _share(chosen: np.ndarray, of: np.ndarray) -> float:
    """The share of these pixels that are chosen; NaN where there are none."""
    return float(chosen[of].mean()) if of.any() else np.nan
