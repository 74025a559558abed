"""dSprites images that differ in their shape: alike in all else, or as the original code took them.

Section 4.3, Figures 27, 61 and 62; of the smallest scale, 0.5, as in the original code.
"""

import numpy as np
import pandas as pd

from data_prep.dsprites_renderer import FACTORS, SHAPES
from data_prep.errors import DataError
from data_prep.reading import PreparedData, Split
from thesis_repro.analysis.image_sets import images_of_all, known_of_all

FIX = "prepare it whole, by `thesis-repro data prepare dsprites --stand-in`, which renders it"


def check(data: PreparedData) -> None:
    """Make sure that a part of dSprites has the images that Section 4.3 shows.

    Raises:
        data_prep.errors.DataError: it has not.
    """
    matched_images(data, 1)
    images_as_run(data.validation, 0)


def matched_images(data: PreparedData, limit: int) -> np.ndarray:
    """Images of the three shapes, alike in all else, uint8 (n, 3, height, width, 1), n <= limit.

    Those nearest to the middle of the picture first. From both splits: the text names none, and
    the validation split of a part of dSprites has hardly any.

    Raises:
        data_prep.errors.DataError: there is not one such triple in this part of dSprites.
    """
    table = pd.DataFrame(known_of_all(data, "classes"), columns=FACTORS)
    table["row"] = np.arange(len(table))
    smallest = table[table["scale"] == 0]
    places = smallest.pivot(index=["x", "y", "orientation"], columns="shape", values="row")
    triples = places.reindex(columns=range(len(SHAPES))).dropna().reset_index()
    if triples.empty:
        cause = f"among its {len(table):,} images no three of scale 0.5 differ in their shape alone"
        raise DataError("dsprites", cause, FIX)
    middle = table[["x", "y"]].max() / 2
    away = np.linalg.norm(triples[["x", "y"]] - middle, axis=1)
    nearest = triples.iloc[np.argsort(away, kind="stable")[:limit]]
    rows = nearest[list(range(len(SHAPES)))].to_numpy(dtype=int)
    pixels = images_of_all("triples", data, rows.ravel()).pixels
    return pixels.reshape(*rows.shape, *pixels.shape[1:])


def images_as_run(validation: Split, number: int) -> np.ndarray:
    """One image per shape, (3, height, width, 1): that of this number, counted from 0, in its list.

    The lists hold the validation images of a shape in file order, so these images differ in their
    other factors, too (erratum E53). Of a shorter list the last image is taken.

    Raises:
        data_prep.errors.DataError: a list is empty in this part of dSprites.
    """
    lists = _lists(validation)
    return validation.images[np.array([rows[min(number, len(rows) - 1)] for rows in lists])]


def unmatched_images(validation: Split, limit: int) -> np.ndarray:
    """So many of `images_as_run` as `matched_images` has at most, from all over the lists.

    uint8 (n, 3, height, width, 1), n <= limit.

    Raises:
        data_prep.errors.DataError: a list is empty in this part of dSprites.
    """
    shortest = min(map(len, _lists(validation)))
    numbers = np.linspace(0, shortest - 1, min(limit, shortest)).astype(int)
    return np.stack([images_as_run(validation, number) for number in numbers])


def _lists(validation: Split) -> list[np.ndarray]:
    """The rows of each shape's validation images of scale 0.5."""
    classes = np.asarray(validation.known["classes"])
    shape, scale = (classes[:, FACTORS.index(name)] for name in ("shape", "scale"))
    lists = [np.flatnonzero((shape == index) & (scale == 0)) for index in range(len(SHAPES))]
    for name, rows in zip(SHAPES, lists, strict=True):
        if not len(rows):
            cause = f"among its {len(classes):,} validation images is no {name} of scale 0.5"
            raise DataError("dsprites", cause, FIX)
    return lists
