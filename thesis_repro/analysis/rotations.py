"""Rotations of dSprites' shapes: circles of mean positions (Section 4.4.2, Figures 40, 41, 71-74).

After which angle do the codes of a shape that is turned repeat, how round is their path, and where
does it close? The thesis judges by eye; here each is a number.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist

from data_prep.dsprites_renderer import FACTOR_SIZES, FACTORS, SHAPES
from thesis_repro.analysis.factors import SYMMETRIES
from thesis_repro.analysis.trajectories import Trajectory, off_line, plane, spread

# Orientations that Figure 41 shows, by shape: a quarter or half of the 40 (erratum E60).
SHOWN_ORIENTATIONS = {"square": 10, "ellipse": 20, "heart": 20}
ORIENTATIONS = FACTOR_SIZES[FACTORS.index("orientation")] - 1  # different ones; the last is 2 pi
STEP = 360 / ORIENTATIONS  # degrees from one orientation to the next


class Period(NamedTuple):
    """The angle (degrees) after which a rotation repeats, and its ``share`` of the variance."""

    degrees: float
    share: float


class Closure(NamedTuple):
    """Where a path comes back nearest to its start: steps from it, and the gap that is left."""

    steps: float
    gap: float


# === The orientations that are shown ===


def shown_positions(path: Trajectory, shape: str) -> tuple[np.ndarray, np.ndarray]:
    """What Figure 41 shows of a shape's path: angles (b,) in degrees, and positions (b, 2).

    A quarter or half of the orientations, in the plane of their own means.
    """
    count = SHOWN_ORIENTATIONS[shape]
    return STEP * np.arange(count), plane(path.means[:count]).points


def half_circle(classes: np.ndarray, shape: str) -> np.ndarray:
    """Rows of a shape's first orientations, to half of those that Figure 41 shows.

    ``classes`` (n, 6) are of images that differ in their shape and orientation alone.
    """
    rows = np.flatnonzero(classes[:, FACTORS.index("shape")] == SHAPES.index(shape))
    turned = rows[np.argsort(classes[rows, FACTORS.index("orientation")])]
    return turned[: SHOWN_ORIENTATIONS[shape] // 2 + 1]


# === What a rotation is like ===


def rotation_measures(path: Trajectory, shape: str) -> dict[str, float]:
    """The path of a shape's rotation in numbers: when it closes, in degrees.

    ``period`` and ``period_share``: of its strongest harmonic over a whole turn; ``repeats``: of
    the pictures. ``gap`` is left after the orientations that Figure 41 shows and the one that would
    follow; among these, ``closes`` and ``closing_gap``: where it comes back nearest to its start.
    ``radius_sd``: how unlike a circle it is in the plane, the standard deviation of the positions'
    distances from their middle over the mean distance. A layer in which nothing moves has only its
    ``spread``, 0.
    """
    still = {"repeats": 360 / SYMMETRIES[SHAPES.index(shape)], "spread": spread(path.means)}
    shown = path.means[: SHOWN_ORIENTATIONS[shape] + 1]
    if not spread(shown):
        return still
    period = rotation_period(path)
    closes = closure(shown)
    flat = plane(shown)
    harmonics = harmonic_shares(path.means[:ORIENTATIONS])
    return {
        **still,
        "period": period.degrees,
        "period_share": period.share,
        "gap": gap(shown),
        "closes": STEP * closes.steps,
        "closing_gap": closes.gap,
        "off_line": off_line(path),
        "plane": flat.shares.sum(),
        "radius_sd": radius_sd(flat.points),
        **{f"harmonic_{number}": harmonics[number - 1] for number in (1, 2, 3, 4)},
    }


def gap(means: np.ndarray) -> float:
    """How far apart the ends of a path (b, dimensions) are, in shares of its diameter, 0 to 1.

    0 if it ends where it began, 1 if no two positions are farther apart than its ends. The 39
    orientations of dSprites miss a quarter turn by 2.3 degrees: a perfect circle of a square, from
    the first to the eleventh, has a gap of 0.08.
    """
    diameter = pdist(means).max()
    return float(np.linalg.norm(means[-1] - means[0]) / diameter) if diameter > 0 else 0.0


def closure(means: np.ndarray) -> Closure:
    """Where a path (b, dimensions) closes: nearest to its start, once it has been far from it.

    Far is nine tenths of the way to its farthest position: a path that goes round twice is as good
    as there in its first round. Between its positions the path is a line: circles close between two
    orientations, where both may be equally near. The gap is in shares of the path's diameter, 0 for
    a closed circle; a path that does not turn back ends where it ends.
    """
    away = np.linalg.norm(means - means[0], axis=1)
    far = int((away >= 0.9 * away.max()).argmax())
    starts, lines = means[far:-1], np.diff(means[far:], axis=0)
    lengths = np.maximum((lines**2).sum(axis=1), np.finfo(float).tiny)
    shares = np.clip(((means[0] - starts) * lines).sum(axis=1) / lengths, 0, 1)
    points = np.vstack([means[far], starts + shares[:, np.newaxis] * lines])
    nearest = int(np.linalg.norm(points - means[0], axis=1).argmin())
    if nearest == 0:
        return Closure(len(means) - 1, gap(means))
    steps = far + nearest - 1 + float(shares[nearest - 1])
    return Closure(steps, gap(np.vstack([means[: far + nearest], points[nearest]])))


def radius_sd(points: np.ndarray) -> float:
    """SD of the distances of points (b, 2) from their mean, over their mean; 0 for a circle."""
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    return float(away.std() / away.mean()) if away.any() else np.nan


# === Periods ===


def harmonic_shares(means: np.ndarray) -> np.ndarray:
    """Shares of a rotation's variance in its harmonics, (b // 2,): one turn first, then two...

    Args:
        means: (b, dimensions), evenly spaced over one whole turn, the end left out.

    Raises:
        ValueError: all positions are equal, or one is not finite.
    """
    power = (np.abs(np.fft.rfft(means - means.mean(axis=0), axis=0)) ** 2).sum(axis=1)
    power[1 : (len(means) + 1) // 2] *= 2  # all but Nyquist's stand for two
    total = power[1:].sum()
    if not 0 < total < np.inf:
        raise ValueError(f"Mean positions with a variation of {total} do not rotate.")
    return power[1:] / total


def rotation_period(trajectory: Trajectory) -> Period:
    """The angle after which the path of a rotation closes: that of its strongest harmonic.

    The pictures of a square repeat after 90 degrees, those of an ellipse after 180, of a heart
    after 360; the thesis sees the codes of a heart close before 180 (Figure 41).

    Args:
        trajectory: By the classes of orientation; the 40th, which is the first again, is not used.

    Raises:
        ValueError: an orientation is missing, or as `harmonic_shares`.
    """
    turns = np.arange(ORIENTATIONS)
    if missing := sorted(set(turns.tolist()) - set(trajectory.filled.values.tolist())):
        raise ValueError(f"There is no whole turn: no image has the orientations {missing}.")
    shares = harmonic_shares(trajectory.means[:ORIENTATIONS])
    strongest = int(shares.argmax())
    return Period(360 / (strongest + 1), float(shares[strongest]))
