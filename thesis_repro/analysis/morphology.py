"""How forms of generated digits are distributed, beside those of real ones (Section 4.7).

The thesis reads from violins that a distribution "resembles" another, that one is "less smooth",
and that digits "with a small width" are missing; here each is a number.
"""

from typing import NamedTuple

import numpy as np
from matplotlib.cbook import boxplot_stats
from scipy import stats

from data_prep.morphometry import UNITS, measure, measure_all
from thesis_repro.analysis.statistics import Interval, mean_sd, wilson

LEAST_CONTRAST = 0.5  # between the darkest and the brightest pixel, of 0 to 1

_FEW = 500  # images that one process measures sooner than two have started
_GRID = 400  # places at which a density is looked at
_BEYOND = 3  # bandwidths beyond the outermost values
_RESAMPLES = 300
_UNKNOWN = Interval(np.nan, np.nan, np.nan)
_DESCRIBED = ("mean", "sd", "skewness", "median", "quartile_1", "quartile_3", "low", "high")


def measured(images: np.ndarray, workers: int) -> np.ndarray:
    """The six morphometrics of images in [0, 1], (n, height, width, 1): float64 (n, 6).

    The images are rounded to the 256 levels of real ones first. A row of NaN for an image without
    strokes to measure: its contrast is below `LEAST_CONTRAST`. Each image is measured by its own
    range of levels (`data_prep.morphometry.measure`), so that grey ones, whose pixels differ by a
    hundredth as those of an untrained decoder do, would have a thickness and a slant, too.
    """
    levels = np.rint(images[..., 0] * 255).astype(np.uint8)
    forms = measure(levels) if len(levels) <= _FEW else measure_all(levels, workers)
    forms[np.ptp(images[..., 0], axis=(1, 2)) < LEAST_CONTRAST] = np.nan
    return forms


def with_form(rows: np.ndarray) -> np.ndarray:
    """Those rows of morphometrics (n, 6) that could be measured."""
    return rows[np.isfinite(rows).all(axis=1)]


def described(values: np.ndarray) -> dict[str, float]:
    """What a violin and its marks show of values (n,).

    Besides mean, standard deviation and skewness: median, quartiles, and the extremes within 1.5
    interquartile ranges of them. Of no values: NaN.
    """
    if not len(values):
        return {"images": 0} | dict.fromkeys(_DESCRIBED, np.nan)
    box = boxplot_stats(values)[0]
    return {
        "images": len(values),
        **mean_sd(values)._asdict(),
        "skewness": stats.skew(values) if _differ(values) else np.nan,
        "median": box["med"],
        "quartile_1": box["q1"],
        "quartile_3": box["q3"],
        "low": box["whislo"],
        "high": box["whishi"],
    }


def _differ(values: np.ndarray) -> bool:
    """Whether values (n,) differ by more than rounding: else there is no shape to speak of."""
    return len(values) > 0 and np.ptp(values) > 1e-9 * np.abs(values).max()


# === Distances ===


def distance(values: np.ndarray, reference: np.ndarray, rng: np.random.Generator) -> Interval:
    """How far values (n,) lie from the reference (m,), in its standard deviations.

    Wasserstein's distance: how far the values have to be moved on average, so that a shift of all
    by a tenth of a standard deviation is 0.1. The interval is of a bootstrap of the values (300
    samples, percentiles); the reference is what they are held against, and fixed. NaN of no values,
    or where the reference has none that differ.
    """
    if not len(values) or not _differ(reference):
        return _UNKNOWN
    spread = np.std(reference)
    places, n_th = np.unique(np.concatenate([values, reference]), return_inverse=True)
    sample, population = n_th[: len(values)], n_th[len(values) :]
    gaps = np.diff(places) / spread

    def cumulative(ranks: np.ndarray) -> np.ndarray:
        return np.bincount(ranks, minlength=len(places)).cumsum()[:-1] / len(ranks)

    expected = cumulative(population)

    def away(ranks: np.ndarray) -> float:
        return float(np.abs(cumulative(ranks) - expected) @ gaps)

    resampled = [away(rng.choice(sample, len(sample))) for _ in range(_RESAMPLES)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Interval(away(sample), float(low), float(high))


def described_beside(
    forms: np.ndarray, reference: np.ndarray, rng: np.random.Generator
) -> list[dict[str, str | float]]:
    """A row per attribute: what a violin of Figure 53 shows of forms, how far and how smooth it is.

    Both (n, 6), rows of NaN for images without form; the reference is at no distance from itself.
    """
    values, others = with_form(forms), with_form(reference)
    rows = []
    for column, (attribute, unit) in enumerate(UNITS.items()):
        away = _UNKNOWN._replace(mean=0.0)
        if forms is not reference:
            away = distance(values[:, column], others[:, column], rng)
        rows.append(
            {
                "attribute": attribute,
                "unit": unit,
                "not_measured": len(forms) - len(values),
                **described(values[:, column]),
                "distance": away.mean,
                "distance_low": away.low,
                "distance_high": away.high,
                "ups_and_downs": ups_and_downs(values[:, column]),
            }
        )
    return rows


# === Smoothness ===


def ups_and_downs(values: np.ndarray) -> float:
    """How often and far the density of values (n,) goes up and down: 1 for a single peak.

    The total variation of the density over twice its highest value: a second peak adds the share by
    which it rises from the valley before it. The density is that of a violin, a Gaussian kernel
    estimate with Scott's bandwidth; NaN if there are none that differ.
    """
    if not _differ(values):
        return np.nan
    density = stats.gaussian_kde(values)
    margin = _BEYOND * np.sqrt(density.covariance[0, 0])
    places = np.linspace(values.min() - margin, values.max() + margin, _GRID)
    heights = density(places)
    return float(np.abs(np.diff(heights, prepend=0, append=0)).sum() / (2 * heights.max()))


# === Small widths ===


class Cut(NamedTuple):
    """The width (px) below which a digit counts as narrow.

    Attributes:
        below: Where ones part best from other digits: the mean of the two shares is highest.
        ones: The share of ones below it.
        others: The share of other digits not below it.
    """

    below: float
    ones: float
    others: float


def narrow_cut(widths: np.ndarray, is_one: np.ndarray) -> Cut:
    """The cut that tells ones (bool, (n,)) from other digits by their width (n,) alone.

    NaN where there are no ones, or nothing else.
    """
    if is_one.all() or not is_one.any():
        return Cut(np.nan, np.nan, np.nan)
    places = np.unique(widths)
    ones = np.searchsorted(np.sort(widths[is_one]), places) / is_one.sum()
    others = 1 - np.searchsorted(np.sort(widths[~is_one]), places) / (~is_one).sum()
    best = int(np.argmax(ones + others))
    return Cut(float(places[best]), float(ones[best]), float(others[best]))


def narrow(widths: np.ndarray, cut: Cut) -> dict[str, float]:
    """How many widths (n,) are narrow, and their share with its interval.

    NaN of no widths, or where no cut tells which are narrow.
    """
    count = int((widths < cut.below).sum())
    share = wilson(count, len(widths)) if np.isfinite(cut.below) else _UNKNOWN
    return {
        "images": len(widths),
        "narrow": count,
        "share": share.mean,
        "low": share.low,
        "high": share.high,
    }
