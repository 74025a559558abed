"""Latent dimensions in numbers: made-up ones with peaks by scale and shape, as in Figure 23."""

import numpy as np
import pandas as pd
import pytest

from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.latent_dimensions import (
    SCALE,
    SHAPE,
    by_scale,
    by_shape,
    in_numbers,
    least_normal,
    next_departure,
    nongaussian,
    smallest_by_shape,
)
from thesis_repro.analysis.posteriors import Posterior

MODELS = ("first", "second")


@pytest.fixture(scope="module")
def classes():
    rng = np.random.default_rng(0)
    classes = np.zeros((20_000, 6), dtype=int)
    classes[:, SHAPE] = rng.integers(0, 3, len(classes))
    classes[:, SCALE] = rng.integers(0, 6, len(classes))
    return classes


@pytest.fixture(scope="module")
def dimensions(classes):
    """The ninth dimension has seven peaks: six scales, the largest hearts apart."""
    rng = np.random.default_rng(1)
    large_heart = (classes[:, SHAPE] == 2) & (classes[:, SCALE] == 5)
    posteriors = {}
    for name, width in zip(MODELS, (0.05, 0.25), strict=True):
        z = rng.normal(size=(len(classes), 10)).astype("float32")
        z[:, 8] = (classes[:, SCALE] + large_heart - 3) / 2 + width * z[:, 8]
        posteriors[name] = Posterior(z, np.zeros_like(z), z)
    return in_numbers(posteriors, classes)


def test_the_un_gaussian_dimension_stands_out_and_is_explained(dimensions):
    assert len(dimensions) == len(MODELS) * 10
    least = least_normal(dimensions, "first")
    assert (least["dimension"], least["peaks"]) == (9, 7)
    assert least["by_shape"] < 0.2 < 0.9 < least["by_scale"] < least["by_both"] <= 1
    others = dimensions[(dimensions["dimension"] != 9)]
    assert others["peaks"].max() == 1
    assert others["by_both"].max() < 0.01
    np.testing.assert_allclose(others["kl_nats"], 0.5, atol=0.05)  # of N(mu, 1), mu ~ N(0, 1)


def test_departures_of_the_claim():
    dimensions = pd.DataFrame(
        {
            "model": ["first"] * 3 + ["second"],
            "departure": [0.1, 0.5, 0.2, 0.3],
            "peaks": [1, 4, 1, 1],
            "by_shape": [0.0, 0.3, 0.0, 0.9],
            "by_scale": [0.0, 0.2, 0.0, 0.9],
            "by_both": [0.0, 0.6, 0.0, 0.9],
        }
    )
    assert next_departure(dimensions, "first") == 0.2
    assert nongaussian(dimensions, MODELS) == {
        "departure": 0.5,
        "twice_the_next_departure": 0.4,
        "peaks": 4,
        "explained_by_both": 0.6,
        "explained_by_one": 0.3,
        "departures": [0.5, 0.3],
    }


def test_groups_hold_the_images_of_their_class(classes):
    z = np.arange(len(classes), dtype=float)[:, np.newaxis]
    shapes, scales = by_shape(z, classes), by_scale(z, classes)
    assert list(shapes) == list(SHAPES)
    assert list(scales) == [f"scale {scale}" for scale in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    for groups, column in ((shapes, SHAPE), (scales, SCALE)):
        for index, group in enumerate(groups.values()):
            np.testing.assert_array_equal(group, z[classes[:, column] == index])
    ((label, smallest),) = smallest_by_shape(z, classes).items()
    assert label == "scale 0.5"
    for shape, group in smallest.items():
        np.testing.assert_array_equal(group, np.intersect1d(shapes[shape], scales[label])[:, None])
