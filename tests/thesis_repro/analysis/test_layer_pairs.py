"""The dependence of two layers in numbers, of made-up pixels."""

import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.centre import central
from thesis_repro.analysis.layer_pairs import (
    FRAME,
    against_chance,
    in_numbers,
    significant_share,
)
from thesis_repro.analysis.pixel_dependence import dependence

SAMPLES, SIDE = 60, 12
INNER, CENTRE = slice(4, 8), slice(3, 9)


@pytest.fixture(scope="module")
def images():
    """12 x 12 pixels: the inner 16 follow the first layer's, half inverted; others are random.

    Of the first row one is constant and one is black; where the second has a parabola of the
    first, distance correlation alone sees it.
    """
    rng = np.random.default_rng(0)
    first, second = rng.uniform(size=(2, SAMPLES, SIDE, SIDE))
    signs = np.where(np.arange(4) < 2, 1, -1)
    second[:, INNER, INNER] = 0.5 + signs * (first[:, INNER, INNER] - 0.5)
    first[:, 0, 0] = 0
    first[:, 0, 1] *= 1e-3
    second[:, 0, 2] = (first[:, 0, 2] - 0.5) ** 2
    return first, second


@pytest.fixture(scope="module")
def dependent(images):
    flat = (own.reshape(SAMPLES, -1) for own in images)
    return dependence(*flat, 40, np.random.default_rng(1))


def test_pairs_in_numbers(dependent, images):
    row = in_numbers(dependent, images)
    assert (row["pixels"], row["constant"], row["black"]) == (144, 1, 1)
    assert row["significant"] >= 16
    assert row["positive"] == pytest.approx(8, abs=2)
    assert row["share"] == pytest.approx(row["significant"] / 143)
    is_visible = ~dependent.constant & ~dependent.black
    assert row["share_of_visible"] == dependent.pearson.significant[is_visible].mean()
    assert (row["p"], row["distance_p"]) == (1 / 41, 1 / 41)
    assert row["share_by_chance_95"] < 0.05
    assert row["distance_only"] == pytest.approx(1 / 143, abs=1 / 143)
    assert dependent.distance.significant[2] > dependent.pearson.significant[2]


def test_the_centre_is_held_against_the_centre_by_chance(dependent, images):
    """Of 36 pixels in the middle 16 are significant, and as many strong; by chance hardly one."""
    row = in_numbers(dependent, images)
    mask = np.zeros((SIDE, SIDE), bool)
    mask[CENTRE, CENTRE] = True
    linear = dependent.pearson
    assert row["share_in_the_centre"] == linear.significant.reshape(SIDE, SIDE)[mask].mean()
    assert row["share_in_the_centre"] >= 16 / 36
    assert row["strength_in_the_centre"] == np.abs(linear.value.reshape(SIDE, SIDE)[mask]).mean()
    chance = linear.null_significant.reshape(-1, SIDE, SIDE)[:, mask].mean(axis=1)
    assert row["share_in_the_centre_by_chance_95"] == np.quantile(chance, 0.95)


def test_the_frame_is_bright_and_significant_as_far_as_it_is(dependent, images):
    first, second = images
    row = in_numbers(dependent, images)
    inside = np.zeros((SIDE, SIDE), bool)
    inside[FRAME:-FRAME, FRAME:-FRAME] = True
    significant = dependent.pearson.significant.reshape(SIDE, SIDE)
    assert row["significant_in_the_frame"] == significant[~inside].mean()
    assert row["brightness_of_the_frame"] > 0.99
    dark = [np.where(inside, own, 0.05 * own) for own in (first, second)]
    expected = 0.05 * row["brightness_of_the_frame"]
    assert in_numbers(dependent, dark)["brightness_of_the_frame"] == pytest.approx(
        expected, rel=0.03
    )


def test_numbers_of_one_measure_are_the_same_with_a_prefix(dependent, images):
    row = in_numbers(dependent, images)
    middle = central((SIDE, SIDE)).ravel()
    for measure, prefix in ((dependent.pearson, ""), (dependent.distance, "distance_")):
        for name, number in against_chance(measure, middle).items():
            assert row[f"{prefix}{name}"] == number


def test_shares_of_no_pixels_are_not_numbers():
    images = np.zeros((SAMPLES, SIDE, SIDE))
    flat = images.reshape(SAMPLES, -1)
    row = in_numbers(dependence(flat, flat, 4, np.random.default_rng(0)), (images, images))
    assert (row["constant"], row["significant"]) == (144, 0)
    undefined = {name for name, number in row.items() if np.isnan(number)}
    assert undefined == {
        "share_of_visible",
        "strength_in_the_centre",
        "brightness_of_the_frame",
        "distance_only",
        *(
            f"{prefix}{name}"
            for prefix in ("", "distance_")
            for name in against_chance(
                dependence(flat, flat, 4, np.random.default_rng(0)).pearson, flat[0] == 0
            )
        ),
    }


def test_the_share_of_all_pairs_is_of_all_their_pixels():
    pairs = pd.DataFrame({"pixels": [10, 10], "constant": [0, 8], "significant": [5, 1]})
    assert significant_share(pairs) == 0.5
    assert np.isnan(significant_share(pairs.assign(constant=10)))
