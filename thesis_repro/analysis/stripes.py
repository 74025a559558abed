"""Stripes along the borders of feature maps, in numbers (Section 4.8).

The thesis finds them by eye. Here a map is striped at a side if the line of pixels there is far
more active than the map's centre. Activity is taken without its sign, and as a mean over images,
in which the images' content averages out and what the network does at its borders is left.
"""

from typing import NamedTuple

import numpy as np

from thesis_repro.analysis.centre import central

SIDES = ("top", "bottom", "left", "right")
STRIPED = 0.5  # contrast above which there is a stripe: a border three times the centre
SMALLEST = 3  # px; a line without its corners needs a pixel


class StripeShares(NamedTuple):
    """Of a layer's maps, the share that is striped, by side; and that of maps that are silent.

    ``horizontal`` is at the top or the bottom, ``vertical`` on the left or the right, ``any`` at
    any side. A silent map is zero everywhere.
    """

    top: float
    bottom: float
    left: float
    right: float
    horizontal: float
    vertical: float
    any: float
    silent: float


def contrasts(activity: np.ndarray) -> np.ndarray:
    """Contrast of border and centre, (..., 4, maps) in [-1, 1], in the order of `SIDES`.

    That is (b - c) / (b + c), with b the mean |activity| of the side's outermost line without its
    corners, which belong to two sides, and c that of the centre, the middle half along both axes.
    It is 0 where both are 0: a silent map has no stripe.

    Args:
        activity: (..., height, width, maps), of any sign.

    Raises:
        ValueError: maps are smaller than 3 x 3 px.
    """
    height, width = activity.shape[-3:-1]
    if min(height, width) < SMALLEST:
        raise ValueError(
            f"Maps of {height} x {width} px have no border beside a centre; "
            f"take a layer with maps of {SMALLEST} x {SMALLEST} px or more."
        )
    size = np.abs(activity.astype(np.float64))
    border = _borders(size)
    centre = size[..., central((height, width)), :].mean(axis=-2)[..., np.newaxis, :]
    total = border + centre
    return np.divide(border - centre, total, out=np.zeros_like(total), where=total > 0)


def stripe_shares(activity: np.ndarray) -> StripeShares:
    """Shares of striped maps in the mean |activity| of a layer, (height, width, maps)."""
    top, bottom, left, right = contrasts(activity) > STRIPED
    horizontal, vertical = top | bottom, left | right
    silent = ~activity.any(axis=(0, 1))
    masks = (top, bottom, left, right, horizontal, vertical, horizontal | vertical, silent)
    return StripeShares(*(float(mask.mean()) for mask in masks))


def negative_stripes(activity: np.ndarray, size: np.ndarray) -> float:
    """The share of a layer's maps that have a stripe, the strongest of which is negative.

    Args:
        activity: The mean activity, (height, width, maps).
        size: The mean |activity|, of the same shape.
    """
    index = contrasts(size)
    strongest = index.argmax(axis=0)[np.newaxis]
    of_strongest = np.take_along_axis(_borders(activity), strongest, axis=0)[0]
    return float(((index.max(axis=0) > STRIPED) & (of_strongest < 0)).mean())


def _borders(values: np.ndarray) -> np.ndarray:
    """The means of the outermost lines without their corners, (..., 4, maps), as in `SIDES`."""
    inner = slice(1, -1)
    lines = (
        values[..., 0, inner, :],
        values[..., -1, inner, :],
        values[..., inner, 0, :],
        values[..., inner, -1, :],
    )
    return np.stack([line.mean(axis=-2) for line in lines], axis=-2)


# === Test image (i): white and black against padding ===


class PaddingContrast(NamedTuple):
    """What a layer does at the bottom of test image (i), which is white on the left, black right.

    ``activity_of_*`` is the mean |activity| of the outermost lines of that lower quarter of the
    maps, at the bottom and at its side, without their corners, in units of the whole layer's;
    ``striped_of_*`` the share of maps that are striped along one of them, against the quarter's
    centre. "The bottom of the right side" has both: stripes of one network run in one direction.
    """

    activity_of_white: float
    activity_of_black: float
    striped_of_white: float
    striped_of_black: float

    @property
    def black_to_white(self) -> float:
        """Activity of black against padding in units of white against padding; NaN without it."""
        return self.activity_of_black / self.activity_of_white if self.activity_of_white else np.nan


def padding_contrast(activity: np.ndarray) -> PaddingContrast:
    """The contrast of white and of black with the padding, from maps (height, width, maps).

    Raises:
        ValueError: a quarter of the maps is smaller than 3 x 3 px.
    """
    size = np.abs(activity)
    level = float(size.mean()) or 1.0
    quarters = _quarters(size)
    lower = [("bottom", side) for side in ("left", "right")]
    striped = [_striped_outside(quarters[sides], sides) for sides in lower]
    lines = [_at(sides, _borders(quarters[sides])) for sides in lower]
    return PaddingContrast(
        *(float(both.mean()) / level for both in lines), *(float(maps.mean()) for maps in striped)
    )


class QuarterStripes(NamedTuple):
    """Where maps of test image (i), of which each quarter sees one colour, have stripes.

    ``striped`` is the share of maps with a stripe along an outer side of a quarter, against that
    quarter's centre; ``in_one_lower_quarter`` the share of these that have them in the lower left
    or in the lower right one and nowhere else, NaN where no map is striped.
    """

    striped: float
    in_one_lower_quarter: float


def quarter_stripes(activity: np.ndarray) -> QuarterStripes:
    """Stripes by quarter, from maps (height, width, maps).

    Raises:
        ValueError: a quarter of the maps is smaller than 3 x 3 px.
    """
    striped = {
        sides: _striped_outside(maps, sides) for sides, maps in _quarters(np.abs(activity)).items()
    }
    quarters = np.sum([*striped.values()], axis=0)
    lower = striped["bottom", "left"] | striped["bottom", "right"]
    count = int((quarters > 0).sum())
    alone = int((lower & (quarters == 1)).sum())
    return QuarterStripes(count / activity.shape[-1], alone / count if count else np.nan)


def _quarters(maps: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """The quarters of maps (height, width, maps), by the two sides that are the maps' own."""
    height, width = maps.shape[0] // 2, maps.shape[1] // 2
    rows = {"top": maps[:height], "bottom": maps[-height:]}
    return {
        (row, column): quarter
        for row, half in rows.items()
        for column, quarter in (("left", half[:, :width]), ("right", half[:, -width:]))
    }


def _striped_outside(quarter: np.ndarray, sides: tuple[str, str]) -> np.ndarray:
    """Which maps of a quarter have a stripe along one of these sides, bool (maps,)."""
    return (_at(sides, contrasts(quarter)) > STRIPED).any(axis=0)


def _at(sides: tuple[str, str], values: np.ndarray) -> np.ndarray:
    """Of values (4, maps), as in `SIDES`, those at these sides, (2, maps)."""
    return values[[SIDES.index(side) for side in sides]]
