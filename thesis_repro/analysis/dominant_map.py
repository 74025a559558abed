"""The feature map of a layer that has most of its activity (Section 4.8, Figure 56)."""

from typing import NamedTuple

import numpy as np
from PIL import Image


class OneMap(NamedTuple):
    """One of a layer's maps beside an image.

    ``share`` is its part of the layer's |activity|, NaN of a silent layer; ``resemblance`` its
    correlation (Pearson's) with the brightness of the image, NaN where either is constant.
    """

    share: float
    resemblance: float


def dominant_map(maps: np.ndarray) -> int:
    """The number of the most active of maps (height, width, maps); 0 of a silent layer."""
    return int(_sums(maps).argmax())


def one_map(maps: np.ndarray, image: np.ndarray, number: int) -> OneMap:
    """The map of that number, of maps (height, width, maps) of an image (any size, channels)."""
    sums = _sums(maps)
    share = float(sums[number] / sums.sum()) if sums.any() else np.nan
    height, width = maps.shape[:2]
    brightness = Image.fromarray(image.mean(axis=-1).astype(np.float32))
    small = np.asarray(brightness.resize((width, height), Image.Resampling.BOX))
    return OneMap(share, _correlation(maps[..., number], small))


def _sums(maps: np.ndarray) -> np.ndarray:
    """The |activity| of each map, (maps,)."""
    return np.abs(maps).sum(axis=(0, 1), dtype=np.float64)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's; NaN where either is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
