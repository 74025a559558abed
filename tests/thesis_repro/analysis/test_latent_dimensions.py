"""Latent dimensions in numbers: made-up ones with peaks by scale and shape, as in Figure 23."""

import numpy as np
import pandas as pd
import pytest

from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.latent_dimensions import (
    SCALE,
    SHAPE,
    SMALLEST,
    areas,
    areas_of_scales,
    by_scale,
    by_shape,
    in_numbers,
    least_normal,
    means_by_shape_and_scale,
    next_negentropy,
    nongaussian,
    peaks_of_shapes,
    smallest_by_shape,
)
from thesis_repro.models.encoding import SampledPosterior

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
        posteriors[name] = SampledPosterior(z, np.zeros_like(z), z)
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


def test_negentropies_of_the_claim():
    dimensions = pd.DataFrame(
        {
            "model": ["first"] * 3 + ["second"],
            "negentropy": [0.1, 0.5, 0.2, 0.3],
            "peaks": [1, 4, 1, 1],
            "by_shape": [0.0, 0.25, 0.0, 0.9],
            "by_scale": [0.0, 0.125, 0.0, 0.9],
            "by_both": [0.0, 0.5, 0.0, 0.9],
        }
    )
    assert next_negentropy(dimensions, "first") == 0.2
    assert nongaussian(dimensions, MODELS) == {
        "negentropy": 0.5,
        "next_negentropy": 0.2,
        "peaks": 4,
        "explained_by_both": 0.5,
        "left_by_both": 0.5,
        "left_by_the_better_one": 0.75,
        "negentropy_beside_others": [0.5],
        "negentropies_of_others": [0.3],
    }


def test_a_dimension_without_a_shape_is_not_the_least_normal():
    row = {"model": "first", "peaks": 1}
    dimensions = pd.DataFrame([{"negentropy": value, **row} for value in (np.nan, 0.1, np.nan)])
    assert least_normal(dimensions, "first").name == 1
    nowhere = dimensions.assign(negentropy=np.nan)
    assert np.isnan(least_normal(nowhere, "first")["negentropy"])


# --- Areas ---


def clustered(classes, heart, width=0.05):
    """Scales half a unit apart, hearts so far beside the other shapes."""
    noise = np.random.default_rng(2).normal(size=len(classes))
    return classes[:, SCALE] / 2 + heart * (classes[:, SHAPE] == 2) + width * noise


@pytest.mark.parametrize("heart", [0.0, 0.02, 0.2])
def test_neither_explains_it_alone_only_if_shapes_part_within_scales(classes, heart):
    """Both together explain more in any case, if only by chance."""
    z = clustered(classes, heart)[:, np.newaxis]
    numbers = nongaussian(in_numbers({"first": SampledPosterior(z, 0 * z, z)}, classes), ("first",))
    assert 0 < numbers["left_by_both"] < numbers["left_by_the_better_one"]
    parts = 2 * numbers["left_by_both"] < numbers["left_by_the_better_one"]
    assert parts == (heart == 0.2)


def test_scales_apart_and_shapes_within_them(classes):
    table = areas(clustered(classes, 0.2, 0.02), classes)
    assert table["images"].tolist() == ["all"] * 5 + [SMALLEST] * 3
    overlaps = areas_of_scales(table)["overlap_of_neighbours"]
    assert len(overlaps) == 5
    assert max(overlaps) < 0.01
    assert peaks_of_shapes(table, pd.Series({"by_scale": 0.9})) == {
        "peaks_of_square_and_ellipse": 1,
        "peaks_with_heart": [2, 2],
        "explained_by_scale": 0.9,
    }


def test_scales_that_run_into_each_other_and_shapes_that_do_not_part(classes):
    table = areas(clustered(classes, 0.0, 0.4), classes)
    assert min(areas_of_scales(table)["overlap_of_neighbours"]) > 0.4
    assert table["peaks"].tolist() == [1] * 8


def test_areas_without_images_are_undefined(classes):
    table = areas(np.zeros(3), classes[:3] * 0)  # squares of scale 0.5 alone
    assert table["overlap"].isna().all()
    assert table["peaks"].isna().sum() == 5  # of pairs of which neither is there


def test_means_are_over_all_but_shape_and_scale(classes):
    z = np.stack([classes[:, SHAPE] * 10.0 + classes[:, SCALE], np.ones(len(classes))], axis=1)
    means = means_by_shape_and_scale(z, classes)
    expected = [10 * shape + scale for shape in range(3) for scale in range(6)]
    np.testing.assert_allclose(means[:, 0], expected)
    np.testing.assert_allclose(means[:, 1], 1)


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
