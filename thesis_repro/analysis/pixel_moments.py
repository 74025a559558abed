"""Moments of the distribution of pixel values, and how generated images differ in them.

Section 4.6. The unit is an image (text, original code) or a pixel over images (captions of Figures
49 to 51, erratum E22); values are on 0..255.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from thesis_repro.analysis.rank_tests import (
    equivalence_p,
    ks_distance,
    mann_whitney_p,
    paired_comparison,
    paired_equivalence_p,
    superiority,
)
from thesis_repro.analysis.statistics import benjamini_hochberg

MOMENTS = ("mean", "sd", "skewness", "kurtosis")

Unit = Literal["image", "pixel"]

BINS = 50  # of histograms: 1,000 values in the original code's 100 bins are noise
SHOWN = (0.25, 99.75)  # percentiles of all values between which histograms reach

_GREY_LEVEL = 1.0  # of 0..255: values that span less are one value on a screen
_AT_ONCE = 2_000_000  # values whose powers are held at a time: 64 MB


class Moments(NamedTuple):
    """Moments of n distributions of pixel values on 0..255, each (n,).

    Skewness and excess kurtosis are NaN where all values of a distribution are the same.
    """

    mean: np.ndarray
    sd: np.ndarray  # population (ddof 0), as in the original code
    skewness: np.ndarray
    kurtosis: np.ndarray

    @property
    def constant(self) -> int:
        """How many of the distributions are constant, and so have no skewness nor kurtosis."""
        return int(np.isnan(self.skewness).sum())


def moments(images: np.ndarray, per: Unit = "image") -> Moments:
    """Moments of each image's values, or of each pixel's over all images.

    ``images``: (n, height, width, channels), uint8 or floats in [0, 1]. What spans less than one
    grey level counts as constant: a decoder's empty images differ in the eighth digit, and these
    would have a skewness.
    """
    return _over_rows(images, per, _GREY_LEVEL)


def moments_as_run(images: np.ndarray) -> Moments:
    """Those of each image as SciPy 1.2.1 gave them: only what is constant in every bit is so.

    Its skewness of a constant was 0 and its excess kurtosis -3.
    """
    values = _over_rows(images, "image", 0.0)
    return values._replace(
        skewness=np.nan_to_num(values.skewness, nan=0.0),
        kurtosis=np.nan_to_num(values.kurtosis, nan=-3.0),
    )


def _over_rows(images: np.ndarray, per: Unit, least_span: float) -> Moments:
    rows = images.reshape(len(images), -1)
    rows = rows if per == "image" else rows.T
    step = max(1, _AT_ONCE // rows.shape[1])
    parts = [
        _moments(on_255(rows[start : start + step]), least_span)
        for start in range(0, len(rows), step)
    ]
    return Moments(*map(np.concatenate, zip(*parts, strict=True)))


def on_255(values: np.ndarray) -> np.ndarray:
    """Pixel values as float64 on 0..255; floats are taken to be in [0, 1]."""
    return values.astype("float64") * (1 if values.dtype == np.uint8 else 255)


def _moments(values: np.ndarray, least_span: float) -> Moments:
    """Of each row, by SciPy; skewness and kurtosis are the biased ones, kurtosis is Fisher's."""
    span = np.ptp(values, axis=1)
    varies = (span >= least_span) & (span > 0)
    shape = np.full((2, len(values)), np.nan)
    if varies.any():
        shape[:, varies] = [of(values[varies], axis=1) for of in (stats.skew, stats.kurtosis)]
    return Moments(values.mean(axis=1), values.std(axis=1), *shape)


# === How two sets of images differ ===

Test = Callable[[np.ndarray, np.ndarray], float]


def differences(
    first: Moments, second: Moments, test: Test = mann_whitney_p, *, paired: bool = False
) -> pd.DataFrame:
    """A row per moment: `difference` of the first from the second, and their means.

    Distributions without skewness and kurtosis are left out of these two; ``undefined`` and
    ``undefined_in_second`` count them. Where images of both sets are ``paired``, as reconstructions
    are with what they are of, ``paired_p``, ``paired_low`` and ``paired_high`` are those of a test
    that knows it, else None; ``equivalence_p`` is of the test that belongs to them.
    """
    rows = []
    for name, ours, theirs in zip(MOMENTS, first, second, strict=True):
        has = np.isfinite(ours), np.isfinite(theirs)
        row = {"quantity": name, **difference(ours[has[0]], theirs[has[1]], test)}
        row |= {"undefined": int(np.sum(~has[0])), "undefined_in_second": int(np.sum(~has[1]))}
        row |= dict.fromkeys(("paired_p", "paired_low", "paired_high"))
        if paired:
            row |= _of_pairs(*(moment[np.logical_and(*has)] for moment in (ours, theirs)))
        rows.append(row)
    return pd.DataFrame(rows)


def _of_pairs(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """What tests say that know the pairs, both (n,)."""
    compared = paired_comparison(first, second)
    return {
        "paired_p": compared.p,
        "paired_low": compared.low,
        "paired_high": compared.high,
        "equivalence_p": paired_equivalence_p(first, second),
    }


def difference(first: np.ndarray, second: np.ndarray, test: Test = mann_whitney_p) -> dict:
    """How values (n,) differ from others (m,): p, how often they are larger, distances, means.

    ``equivalence_p``: of the test that they are the same within a margin. All NaN where either has
    fewer than two values.
    """
    sizes = {"n": len(first), "m": len(second)}
    if min(sizes.values()) < 2:
        names = ("p", "superiority", "low", "high", "equivalence_p", "ks_distance", "overlap")
        return sizes | dict.fromkeys((*names, "mean", "mean_of_second"), np.nan)
    larger = superiority(first, second)
    return sizes | {
        "p": test(first, second),
        "superiority": larger.probability,
        "low": larger.low,
        "high": larger.high,
        "equivalence_p": equivalence_p(first, second),
        "ks_distance": ks_distance(first, second),
        "overlap": overlap(first, second),
        "mean": first.mean(),
        "mean_of_second": second.mean(),
    }


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """How much area the histograms of values (n,) and (m,) have in common, 0 to 1."""
    edges = histogram_edges([first, second])
    inside = (np.clip(values, edges[0], edges[-1]) for values in (first, second))
    shares = [np.histogram(values, edges)[0] / len(values) for values in inside]
    return float(np.minimum(*shares).sum())


def histogram_edges(sets: Sequence[np.ndarray]) -> np.ndarray:
    """The common edges of histograms of several sets of values: see `BINS` and `SHOWN`."""
    values = np.concatenate(sets)
    low, high = np.percentile(values, SHOWN) if values.size else (0.0, 1.0)
    if low == high:  # as NumPy has it
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, BINS + 1)


def pixels_that_differ(first: np.ndarray, second: np.ndarray, alpha: float, test: Test) -> dict:
    """Of how many pixels the values differ between two sets of images, by a test of each.

    Original code. P-values are corrected (Benjamini, Hochberg) for a false discovery rate of
    ``alpha``; pixels of which all values of both sets are the same are left out.
    """
    flat = [on_255(images.reshape(len(images), -1)).T for images in (first, second)]
    p_values = [test(a, b) for a, b in zip(*flat, strict=True) if np.ptp(np.append(a, b)) > 0]
    rejected = benjamini_hochberg(p_values) < alpha if p_values else np.zeros(0, bool)
    return {
        "pixels": len(flat[0]),
        "tested": len(p_values),
        "false_discovery_rate": alpha,
        "differ": int(rejected.sum()),
    }
