"""The feature map of a layer that has most of its activity (Section 4.8, Figure 56)."""

from typing import NamedTuple

import numpy as np
from PIL import Image


class DominantMap(NamedTuple):
    """The most active of a layer's maps: its number, share and resemblance.

    ``share`` is its part of the layer's |activity|, NaN of a silent layer; ``resemblance`` its
    correlation (Pearson's) with the brightness of the image, NaN where either is constant.
    """

    map: int
    share: float
    resemblance: float


def dominant_map(maps: np.ndarray, image: np.ndarray) -> DominantMap:
    """The most active of maps (height, width, maps), of an image (any size, channels)."""
    sums = np.abs(maps).sum(axis=(0, 1), dtype=np.float64)
    number, total = int(sums.argmax()), sums.sum()
    share = float(sums[number] / total) if total else np.nan
    height, width = maps.shape[:2]
    brightness = Image.fromarray(image.mean(axis=-1).astype(np.float32))
    small = np.asarray(brightness.resize((width, height), Image.Resampling.BOX))
    return DominantMap(number, share, _correlation(maps[..., number], small))


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's; NaN where either is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
