"""Do pixels of two sets of images depend on each other, pixel by pixel? (Section 4.5).

Pearson's correlation is the thesis's. Distance correlation sees what is not linear too; of such
measures it needs no kernel width or number of neighbours, and has a test in closed form. What both
find by chance is known from permutations: the images of one set are paired with others of the other
set, so that neighbouring pixels stay as alike as they are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from thesis_repro.analysis.statistics import benjamini_hochberg

ALPHA = 0.05  # "a 95% confidence level", captions of Figures 46 and 47
HALF_A_LEVEL = 0.5 / 255  # below it, a pixel is black in a picture of 8 bits

_ROUNDING = 1e-9  # of distances, centred: less is no dependence
_PIXELS_AT_ONCE = 64  # 100 samples: 5 MB of distances each


class PixelMeasure(NamedTuple):
    """A measure of dependence for every pixel, its p-value, and what permutations give.

    Attributes:
        value: (pixels,); NaN where it was not tested.
        p: Adjusted for all pixels tested (Benjamini/Hochberg); NaN where it was not tested.
        strength: The mean over pixels of the value's size.
        null_strength: The same under each permutation, (permutations,).
        null_significant: Whether a pixel is significant under each permutation, (permutations,
            pixels).
    """

    value: NDArray[np.float64]
    p: NDArray[np.float64]
    strength: float
    null_strength: NDArray[np.float64]
    null_significant: NDArray[np.bool_]

    @property
    def significant(self) -> NDArray[np.bool_]:
        """Whether a pixel's p-value, adjusted, is below 5 %."""
        return self.p < ALPHA

    @property
    def tested(self) -> NDArray[np.bool_]:
        """Whether a pixel was tested."""
        return np.isfinite(self.p)

    @property
    def share(self) -> float:
        """The share of pixels tested that are significant; NaN where none was tested."""
        return self.share_of(self.tested)

    @property
    def null_share(self) -> NDArray[np.float64]:
        """The same under each permutation, (permutations,)."""
        return self.null_share_of(self.tested)

    def share_of(self, pixels: NDArray[np.bool_]) -> float:
        """The share of those of these pixels (bool) that were tested which are significant."""
        chosen = pixels & self.tested
        return float(self.significant[chosen].mean()) if chosen.any() else np.nan

    def null_share_of(self, pixels: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The same under each permutation, (permutations,)."""
        chosen = self.null_significant[:, pixels & self.tested]
        return chosen.mean(axis=1) if chosen.size else np.full(len(chosen), np.nan)

    def strength_of(self, pixels: NDArray[np.bool_]) -> float:
        """The mean of the value's size over those of these pixels that were tested."""
        chosen = self.value[pixels & self.tested]
        return float(np.abs(chosen).mean()) if chosen.size else np.nan

    @property
    def permutation_p(self) -> float:
        """How likely permuted images are as dependent as these, over all pixels; or NaN."""
        if np.isnan(self.strength):
            return np.nan
        exceeding = np.count_nonzero(self.null_strength >= self.strength)
        return (1 + exceeding) / (1 + len(self.null_strength))


# === Which pixels ===


def is_constant(values: np.ndarray) -> np.ndarray:
    """Whether pixels of images (n, pixels) differ by no more than float32 rounds: (pixels,)."""
    return np.ptp(values, axis=0) <= np.finfo("float32").eps * np.abs(values).max(axis=0)


def is_black(values: np.ndarray) -> np.ndarray:
    """Whether pixels of images (n, pixels) in [0, 1] would be black in 8 bits: (pixels,)."""
    return values.max(axis=0) < HALF_A_LEVEL


# === Measures: of every pixel, for every order of the first images ===


def correlations(first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Pearson's r of pixels of images (n, pixels) that are not constant: (orders, pixels).

    ``orders`` (orders, n) say which of the first images goes with each of the second.
    """
    a, b = _standardised(first), _standardised(second)
    r = [np.einsum("np,np->p", a[order], b) for order in orders]
    return np.clip(r, -1, 1)


def correlation_p(r: np.ndarray, n: int) -> np.ndarray:
    """Two-sided p of Pearson's r of n pairs, n > 2: that of `scipy.stats.pearsonr`."""
    half = n / 2 - 1
    return np.minimum(2 * special.betainc(half, half, (1 - np.abs(r)) / 2), 1)


def _standardised(values: np.ndarray) -> np.ndarray:
    centred = np.asarray(values, dtype="float64") - values.mean(axis=0, dtype="float64")
    return centred / np.linalg.norm(centred, axis=0)


def distance_correlations(first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Squared distance correlation, bias-corrected, of pixels as in `correlations`; n > 3.

    Székely and Rizzo (2014): 1 if one is a line of the other, about 0 (below it, too) if they are
    independent and, as n grows, only then; 0 by definition where the centred distances are all 0,
    as of a pixel that one image alone has.
    """
    rows, columns = np.triu_indices(first.shape[0], k=1)
    values = np.empty((len(orders), first.shape[1]))
    for start in range(0, first.shape[1], _PIXELS_AT_ONCE):
        pixels = slice(start, start + _PIXELS_AT_ONCE)
        a, b = _u_centred(first[:, pixels]), _u_centred(second[:, pixels])[rows, columns]
        for index, order in enumerate(orders):
            paired = a[order[rows], order[columns]]
            values[index, pixels] = 2 * np.einsum("kp,kp->p", paired, b)
    return np.clip(values, -1, 1)


def distance_correlation_p(value: np.ndarray, n: int) -> np.ndarray:
    """The p-value of `distance_correlations` of n pairs, against independence.

    The chi-square test of Shen, Panda and Vogelstein (2022): valid for levels up to 5 %, slightly
    conservative.
    """
    return stats.chi2.sf(n * value + 1, df=1)


def _u_centred(values: np.ndarray) -> np.ndarray:
    """Distances of pixels (n, pixels), centred and scaled to norm 1: float32 (n, n, pixels)."""
    values = np.asarray(values, dtype="float64")
    n = len(values)
    distances = np.abs(values[:, np.newaxis] - values)
    sums = distances.sum(axis=0)
    centred = distances - (sums[:, np.newaxis] + sums) / (n - 2)
    centred += sums.sum(axis=0) / ((n - 1) * (n - 2))
    centred[np.arange(n), np.arange(n)] = 0
    norm, whole = (np.linalg.norm(pairs, axis=(0, 1)) for pairs in (centred, distances))
    nothing = norm <= _ROUNDING * whole
    return np.where(nothing, 0, centred / np.where(nothing, 1, norm)).astype("float32")


# === All of it ===


class Dependence(NamedTuple):
    """How pixels of two sets of images depend on each other."""

    constant: np.ndarray  # (pixels,), in either set: these are not tested
    black: np.ndarray  # (pixels,), in either set: tested all the same, as in the thesis
    pearson: PixelMeasure
    distance: PixelMeasure


def dependence(
    first: np.ndarray, second: np.ndarray, permutations: int, rng: np.random.Generator
) -> Dependence:
    """Both measures for every pixel of images (n, pixels) in [0, 1], n > 3, pair by pair."""
    orders = _orders(len(first), permutations, rng)
    return Dependence(
        is_constant(first) | is_constant(second),
        is_black(first) | is_black(second),
        _pearson(first, second, orders),
        _distance(first, second, orders),
    )


def pearson(
    first: np.ndarray, second: np.ndarray, permutations: int, rng: np.random.Generator
) -> PixelMeasure:
    """Pearson's part of `dependence`."""
    return _pearson(first, second, _orders(len(first), permutations, rng))


def _orders(n: int, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """The images as they are, then their permutations: (1 + permutations, n)."""
    return np.stack([np.arange(n), *(rng.permutation(n) for _ in range(permutations))])


def _pearson(first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> PixelMeasure:
    tested = ~(is_constant(first) | is_constant(second))
    r = correlations(first[:, tested], second[:, tested], orders)
    return _summary(r, correlation_p(r, len(first)), np.abs(r), tested)


def _distance(first: np.ndarray, second: np.ndarray, orders: np.ndarray) -> PixelMeasure:
    tested = ~(is_constant(first) | is_constant(second))
    d = distance_correlations(first[:, tested], second[:, tested], orders)
    return _summary(d, distance_correlation_p(d, len(first)), d, tested)


def _summary(
    value: np.ndarray, p: np.ndarray, size: np.ndarray, tested: np.ndarray
) -> PixelMeasure:
    """A measure from rows of (1 + permutations, tested pixels), the unpermuted one first."""
    spread = np.full((2, len(tested)), np.nan)
    null_significant = np.zeros((len(p) - 1, len(tested)), bool)
    if not tested.any():
        return PixelMeasure(*spread, np.nan, np.full(len(p) - 1, np.nan), null_significant)
    adjusted = np.stack([benjamini_hochberg(of_order) for of_order in p])
    spread[:, tested] = value[0], adjusted[0]
    null_significant[:, tested] = adjusted[1:] < ALPHA
    strength, *null = size.mean(axis=1)
    return PixelMeasure(*spread, float(strength), np.array(null), null_significant)
