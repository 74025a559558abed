"""How the mean latent position moves with an attribute (Section 4.4.2).

Figures 37 and 75-77 for Morpho-MNIST's attributes, 42, 44 and 78-83 for dSprites' factors. The
thesis judges the paths by eye; here each property is a number. `rotations` has those of circles.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

BINS = 50  # Section 4.4.2: "divided into 50 evenly-sized bins"
FREQUENCIES = np.pi * np.linspace(1, 4, 61)  # rad over a whole path, of the sines held against it


class Plane(NamedTuple):
    """Positions ``points`` (b, 2) in a plane, and the ``shares`` (2,) of variance on its axes."""

    points: np.ndarray
    shares: np.ndarray


class Trajectory(NamedTuple):
    """Mean latent positions of one layer, in the order of an attribute's b values or bins."""

    values: np.ndarray  # (b,): the value, or the middle of the bin
    counts: np.ndarray  # (b,): codes
    means: np.ndarray  # (b, dimensions); NaN in an empty bin
    within: np.ndarray  # (dimensions, dimensions): covariance within a bin, pooled over the bins
    chance: np.ndarray  # the same shape: covariance that the means have by chance

    @property
    def filled(self) -> "Trajectory":
        """The same without its empty bins."""
        full = self.counts > 0
        parts = (part[full] for part in (self.values, self.counts, self.means))
        return Trajectory(*parts, self.within, self.chance)

    @property
    def in_plane(self) -> Plane:
        """The positions of the filled bins in their plane; see `plane`."""
        return plane(self.filled.means)


# === Mean positions ===


def mean_by_bin(z: np.ndarray, attribute: ArrayLike, bins: int = BINS) -> Trajectory:
    """Mean codes in bins of equal width between the attribute's extremes (Figures 37, 75-77).

    Of equal width, not of equal count: "Single bins can contain no values" (Section 4.4.2). A bin
    has its lower edge, and the last one its upper edge, too.

    Args:
        z: (n, dimensions).
        attribute: (n,).
        bins: How many.

    Raises:
        ValueError: an attribute that is not finite, or has one value only.
    """
    values = np.asarray(attribute, dtype="float64")
    low, high = values.min(), values.max()
    if not low < high or not np.isfinite([low, high]).all():
        raise ValueError(f"An attribute from {low} to {high} cannot be divided into {bins} bins.")
    edges = np.linspace(low, high, bins + 1)
    return _grouped(z, np.digitize(values, edges[1:-1]), (edges[:-1] + edges[1:]) / 2)


def mean_by_value(
    z: np.ndarray, attribute: ArrayLike, scatter: np.ndarray | None = None
) -> Trajectory:
    """Mean codes for each value of an attribute, in their order (Figures 41, 42, 44, 78-83).

    Args:
        z: (n, dimensions).
        attribute: (n,).
        scatter: Variances (dimensions,) of a code that are chance. None, for random images: what is
            found within the values. Where each value has the same images in all else, as in
            dSprites, their differences are no chance: zeros for mean codes, and for sampled ones
            the mean of the posteriors' variances.
    """
    values, group = np.unique(np.asarray(attribute), return_inverse=True)
    return _grouped(z, group, values, scatter)


def _grouped(
    z: np.ndarray, group: np.ndarray, values: np.ndarray, scatter: np.ndarray | None = None
) -> Trajectory:
    z = np.asarray(z, dtype="float64")
    counts = np.bincount(group, minlength=len(values))
    sums = np.zeros((len(values), z.shape[1]))
    np.add.at(sums, group, z)
    with np.errstate(invalid="ignore"):
        means = sums / counts[:, np.newaxis]
    inside = z - means[group]
    bins = np.count_nonzero(counts)
    within = inside.T @ inside / max(len(z) - bins, 1)  # 0 where no two codes share a bin
    chance = (bins - 1) / len(z) * (within if scatter is None else np.diag(scatter))
    return Trajectory(values, counts, means, within, chance)


# === What a path is like ===


def path_measures(path: Trajectory) -> dict[str, float]:
    """A path in numbers.

    ``spread``, ``off_line``, ``sine`` and ``circularity`` as the functions; ``plane``: the share of
    its variance that its first two components hold, chance included; ``explained``: the share of
    the layer's variance that goes with the attribute.
    """
    filled = path.filled
    return {
        "images": int(path.counts.sum()),
        "values": len(filled.values),
        "spread": spread(filled.means),
        "off_line": off_line(path),
        "sine": sine(path),
        "circularity": circularity(path),
        "plane": path.in_plane.shares.sum(),
        "explained": explained(path),
    }


def spread(means: np.ndarray) -> float:
    """How far positions (b, dimensions) are from their mean: root of the mean square distance."""
    return float(np.sqrt(means.var(axis=0).sum()))


def off_line(trajectory: Trajectory) -> float:
    """The share of the mean positions' variance that the best straight line leaves, 0 to 1.

    0 for a straight path at any speed, 1/2 for a whole circle. Positions count by their images and
    their scatter is taken off, so that noise in other dimensions does not pass for curvature. NaN
    if the positions differ by no more than chance: there is no path.
    """
    between = _between(trajectory)
    variance = np.trace(between)
    if variance <= 0:
        return np.nan
    return float(np.clip(1 - np.linalg.eigvalsh(between)[-1] / variance, 0, 1))


def sine(trajectory: Trajectory) -> float:
    """The share of the mean positions' variance that sine curves of one frequency follow, 0 to 1.

    Each dimension is fitted by a + b sin(w s + c) for the share s of the way from the lowest value
    to the highest; w, the same in all dimensions, is what fits best of half a period to two: 1 for
    an arc of a circle or an ellipse at constant speed. (Less than half a period would be a line.) A
    line at constant speed has 0.99, so that `off_line` has to be asked, too. NaN if no position
    differs from another.
    """
    filled = trajectory.filled
    low, high = filled.values.min(), filled.values.max()
    if low == high or not np.ptp(filled.means, axis=0).any():
        return np.nan
    weights = np.sqrt(filled.counts / filled.counts.sum())[:, np.newaxis]
    centred = weights * (filled.means - weights[:, 0] ** 2 @ filled.means)
    total = (centred**2).sum()
    share = (filled.values - low) / (high - low)
    left = []
    for angle in np.outer(FREQUENCIES, share):
        curves = weights * np.stack([np.ones_like(share), np.sin(angle), np.cos(angle)], axis=1)
        fitted = curves @ np.linalg.lstsq(curves, centred, rcond=None)[0]
        left.append(((centred - fitted) ** 2).sum())
    return float(1 - min(left) / total)


def circularity(trajectory: Trajectory) -> float:
    """How much of a circle the mean positions go round, 0 to 1.

    The share that sine curves of one frequency follow (`sine`), times twice the share that a line
    leaves (`off_line`, a half for a circle), 1 at most: 1 for a whole circle at constant speed,
    0.32 for half of one, 0 for a line, and less than 1 for a path that turns without going round.
    NaN where there is no path.
    """
    return sine(trajectory) * np.minimum(1.0, 2 * off_line(trajectory))


def angle_between(first: Trajectory, second: Trajectory) -> float:
    """The angle between the best straight lines through two paths of a layer, 0 to 90 degrees.

    NaN if the positions of one differ by no more than chance: it leads nowhere.
    """
    directions = []
    for path in (first, second):
        variances, axes = np.linalg.eigh(_between(path))
        if variances[-1] <= 0:
            return np.nan
        directions.append(axes[:, -1])
    cosine = min(1.0, abs(float(np.dot(*directions))))
    return float(np.degrees(np.arccos(cosine)))


def explained(trajectory: Trajectory) -> float:
    """The share of a layer's variance, over all its dimensions, that goes with the attribute.

    1 if the attribute alone fixes the code, about 0 if the layer does not know it; chance is taken
    off, so that it can be a little below 0. NaN if all codes are equal.
    """
    between = np.trace(_between(trajectory))
    variance = between + np.trace(trajectory.within)
    return float(between / variance) if variance > 0 else np.nan


def _between(trajectory: Trajectory) -> np.ndarray:
    """Covariance of the means (dimensions, dimensions), by their counts; chance is taken off."""
    _, counts, means, _, chance = trajectory.filled
    centred = means - counts @ means / counts.sum()
    return (counts * centred.T) @ centred / counts.sum() - chance


def plane(means: np.ndarray) -> Plane:
    """The first two principal components of mean positions (b, dimensions), none of them NaN.

    PCA of the means, as in the original code, which takes each position once. Positions of two
    dimensions stay as they are (Figure 37).

    Raises:
        ValueError: positions of one dimension, or a single one.
    """
    if min(means.shape) < 2:
        raise ValueError(f"Positions of shape {means.shape} do not span a plane.")
    if means.shape[1] == 2:
        variances = means.var(axis=0)
        return Plane(means, variances / max(variances.sum(), np.finfo(float).tiny))
    model = PCA(n_components=2, svd_solver="full")
    points = model.fit_transform(means)
    return Plane(points, model.explained_variance_ratio_)
