"""Latent dimensions of dSprites in numbers: their shape, and what they encode (Section 4.3)."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from data_prep.dsprites_renderer import FACTORS, SHAPES
from thesis_repro.analysis.normality import count_peaks, departures, variance_explained
from thesis_repro.analysis.posteriors import Posterior, kl_divergences
from thesis_repro.analysis.tables import rows

SHAPE, SCALE = FACTORS.index("shape"), FACTORS.index("scale")  # columns of the classes
SCALES = ("0.5", "0.6", "0.7", "0.8", "0.9", "1.0")  # by class


def in_numbers(posteriors: Mapping[str, Posterior], classes: np.ndarray) -> pd.DataFrame:
    """Per model and dimension (from 1): departure from a normal distribution, peaks, KL divergence.

    ``by_shape``, ``by_scale`` and ``by_both`` are the shares of the dimension's variance that these
    factors explain; ``classes`` (n, factors) are those of the n images.
    """
    factors = {"by_shape": [SHAPE], "by_scale": [SCALE], "by_both": [SHAPE, SCALE]}
    table_rows = []
    for name, posterior in posteriors.items():
        kl = kl_divergences(posterior.mu, posterior.log_var).mean(axis=0)
        for dimension, departure in enumerate(departures(posterior.z)):
            z = posterior.z[:, dimension]
            row = {"model": name, "dimension": dimension + 1, "departure": departure}
            row |= {"peaks": count_peaks(z), "kl_nats": kl[dimension]}
            shares = {key: variance_explained(z, classes[:, use]) for key, use in factors.items()}
            table_rows.append(row | shares)
    return pd.DataFrame(table_rows)


def least_normal(dimensions: pd.DataFrame, model: str) -> pd.Series:
    """The row of the model's dimension that departs most from a normal distribution."""
    of_model = rows(dimensions, model=model)
    return of_model.loc[of_model["departure"].idxmax()]


def next_departure(dimensions: pd.DataFrame, model: str) -> float:
    """How far the model's dimension that is second to the least normal one departs."""
    return rows(dimensions, model=model)["departure"].nlargest(2).iloc[-1]


def nongaussian(dimensions: pd.DataFrame, models: Sequence[str]) -> dict[str, float | list[float]]:
    """The least normal dimension of the first model, and the largest departure of each."""
    least = least_normal(dimensions, models[0])
    return {
        "departure": least["departure"],
        "twice_the_next_departure": 2 * next_departure(dimensions, models[0]),
        "peaks": int(least["peaks"]),
        "explained_by_both": least["by_both"],
        "explained_by_one": max(least["by_shape"], least["by_scale"]),
        "departures": [least_normal(dimensions, model)["departure"] for model in models],
    }


def by_shape(z: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    """The z (n, dimensions) of images with each shape; ``classes`` is (n, factors)."""
    return {name: z[classes[:, SHAPE] == index] for index, name in enumerate(SHAPES)}


def by_scale(z: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    """The z of images with each scale, as `by_shape`."""
    return {f"scale {name}": z[classes[:, SCALE] == index] for index, name in enumerate(SCALES)}


def smallest_by_shape(z: np.ndarray, classes: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """The z of the smallest images with each shape, as `by_shape`, under the scale's name."""
    smallest = classes[:, SCALE] == 0
    return {f"scale {SCALES[0]}": by_shape(z[smallest], classes[smallest])}
