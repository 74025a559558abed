"""Latent dimensions of dSprites in numbers: their shape, and what they encode (Section 4.3)."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from data_prep.dsprites_renderer import FACTORS, SHAPES
from thesis_repro.analysis.normality import count_peaks, negentropy, overlap, variance_explained
from thesis_repro.analysis.posteriors import kl_divergences
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.models.encoding import SampledPosterior

SHAPE, SCALE = FACTORS.index("shape"), FACTORS.index("scale")  # columns of the classes
SCALES = ("0.5", "0.6", "0.7", "0.8", "0.9", "1.0")  # by class
SMALLEST = f"scale {SCALES[0]}"


def in_numbers(posteriors: Mapping[str, SampledPosterior], classes: np.ndarray) -> pd.DataFrame:
    """Per model and dimension (from 1): negentropy, peaks, KL divergence.

    ``by_shape``, ``by_scale`` and ``by_both`` are the shares of the dimension's variance that these
    factors explain; ``classes`` (n, factors) are those of the n images.
    """
    factors = {"by_shape": [SHAPE], "by_scale": [SCALE], "by_both": [SHAPE, SCALE]}
    table_rows = []
    for name, posterior in posteriors.items():
        kl = kl_divergences(posterior.mu, posterior.log_var).mean(axis=0)
        for dimension, z in enumerate(posterior.z.T):
            row = {"model": name, "dimension": dimension + 1, "negentropy": negentropy(z)}
            row |= {"peaks": count_peaks(z), "kl_nats": kl[dimension]}
            shares = {key: variance_explained(z, classes[:, use]) for key, use in factors.items()}
            table_rows.append(row | shares)
    return pd.DataFrame(table_rows)


def least_normal(dimensions: pd.DataFrame, model: str) -> pd.Series:
    """The row of the model's dimension that is farthest from a normal distribution."""
    of_model = rows(dimensions, model=model)
    return of_model.loc[of_model["negentropy"].fillna(-np.inf).idxmax()]


def next_negentropy(dimensions: pd.DataFrame, model: str) -> float:
    """The negentropy of the model's dimension that is second to the least normal one."""
    return rows(dimensions, model=model)["negentropy"].nlargest(2).iloc[-1]


def nongaussian(dimensions: pd.DataFrame, models: Sequence[str]) -> dict[str, float | list[float]]:
    """The least normal dimension of the first model, and the largest negentropy of each other."""
    least = least_normal(dimensions, models[0])
    others = [least_normal(dimensions, model)["negentropy"] for model in models[1:]]
    return {
        "negentropy": least["negentropy"],
        "next_negentropy": next_negentropy(dimensions, models[0]),
        "peaks": int(least["peaks"]),
        "explained_by_both": least["by_both"],
        "left_by_both": 1 - least["by_both"],
        "left_by_the_better_one": 1 - max(least["by_shape"], least["by_scale"]),
        "negentropy_beside_others": [least["negentropy"]] * len(others),
        "negentropies_of_others": others,
    }


# === Areas of scales, and of shapes within the smallest ===


def areas(values: np.ndarray, classes: np.ndarray) -> pd.DataFrame:
    """What neighbouring scales, and shapes of the smallest scale, share of a dimension's values.

    A row per pair: its ``overlap``, and the ``peaks`` of both together; NaN where one has no
    images. ``values`` are (n,), ``classes`` (n, factors).
    """
    scales, (smallest,) = by_scale(values, classes), smallest_by_shape(values, classes).values()
    pairs = [("all", scales, *pair) for pair in pairwise(scales)]
    pairs += [(SMALLEST, smallest, *pair) for pair in combinations(smallest, 2)]
    return pd.DataFrame(
        {
            "images": images,
            "first": first,
            "second": second,
            "overlap": overlap(groups[first], groups[second]),
            "peaks": count_peaks(np.concatenate([groups[first], groups[second]])),
        }
        for images, groups, first, second in pairs
    )


def areas_of_scales(areas: pd.DataFrame) -> dict[str, list[float]]:
    """What neighbouring scales share of the dimension, the smaller scales first."""
    return {"overlap_of_neighbours": rows(areas, images="all")["overlap"].to_list()}


def peaks_of_shapes(areas: pd.DataFrame, least: pd.Series) -> dict[str, float | list[float]]:
    """Peaks of pairs of shapes at the smallest scale, and what the scale alone explains."""

    def peaks(first: str, second: str) -> float:
        return pick(areas, "peaks", images=SMALLEST, first=first, second=second)

    return {
        "peaks_of_square_and_ellipse": peaks("square", "ellipse"),
        "peaks_with_heart": [peaks("square", "heart"), peaks("ellipse", "heart")],
        "explained_by_scale": least["by_scale"],
    }


# === Images by shape and scale ===


def by_shape(z: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    """The z (n, dimensions) of images with each shape; ``classes`` is (n, factors)."""
    return {name: z[classes[:, SHAPE] == index] for index, name in enumerate(SHAPES)}


def by_scale(z: np.ndarray, classes: np.ndarray) -> dict[str, np.ndarray]:
    """The z of images with each scale, as `by_shape`."""
    return {f"scale {name}": z[classes[:, SCALE] == index] for index, name in enumerate(SCALES)}


def smallest_by_shape(z: np.ndarray, classes: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """The z of the smallest images with each shape, as `by_shape`, under the scale's name."""
    smallest = classes[:, SCALE] == 0
    return {SMALLEST: by_shape(z[smallest], classes[smallest])}


def means_by_shape_and_scale(z: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The mean z of the images of each shape and scale, (groups, dimensions); 18 if all are there.

    All other factors are averaged over.
    """
    _, group = np.unique(classes[:, [SHAPE, SCALE]], axis=0, return_inverse=True)
    sums = np.zeros((group.max() + 1, z.shape[1]))
    np.add.at(sums, group, z)
    return sums / np.bincount(group)[:, np.newaxis]
