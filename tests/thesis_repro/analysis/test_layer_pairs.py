"""The dependence of two layers in numbers, of made-up pixels."""

import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.layer_pairs import against_chance, in_numbers, significant_share
from thesis_repro.analysis.pixel_dependence import dependence

SAMPLES, SIDE = 60, 8


@pytest.fixture(scope="module")
def dependent():
    """8 x 8 pixels: the inner 16 follow the first layer's, half inverted; others are random.

    Of the first row one is constant and one is black; where the second has a parabola of the
    first, distance correlation alone sees it.
    """
    rng = np.random.default_rng(0)
    first, second = rng.uniform(size=(2, SAMPLES, SIDE, SIDE))
    inner = slice(2, 6)
    signs = np.where(np.arange(4) < 2, 1, -1)
    second[:, inner, inner] = 0.5 + signs * (first[:, inner, inner] - 0.5)
    first[:, 0, 0] = 0
    first[:, 0, 1] *= 1e-3
    second[:, 0, 2] = (first[:, 0, 2] - 0.5) ** 2
    flat = (images.reshape(SAMPLES, -1) for images in (first, second))
    return dependence(*flat, 40, rng)


def test_pairs_in_numbers(dependent):
    row = in_numbers(dependent, (SIDE, SIDE))
    assert (row["pixels"], row["constant"], row["black"]) == (64, 1, 1)
    assert row["share_in_the_centre"] == 1
    assert row["significant"] >= 16
    assert row["positive"] == pytest.approx(8, abs=2)
    assert row["share"] == pytest.approx(row["significant"] / 63)
    is_visible = ~dependent.constant & ~dependent.black
    assert row["share_of_visible"] == dependent.pearson.significant[is_visible].mean()
    assert (row["p"], row["distance_p"]) == (1 / 41, 1 / 41)
    assert row["share_by_chance_95"] < 0.05
    assert row["distance_only"] == pytest.approx(1 / 63, abs=1 / 63)
    assert dependent.distance.significant[2] > dependent.pearson.significant[2]


def test_numbers_of_one_measure_are_the_same_with_a_prefix(dependent):
    row = in_numbers(dependent, (SIDE, SIDE))
    for measure, prefix in ((dependent.pearson, ""), (dependent.distance, "distance_")):
        for name, number in against_chance(measure).items():
            assert row[f"{prefix}{name}"] == number


def test_shares_of_no_pixels_are_not_numbers():
    images = np.zeros((SAMPLES, SIDE**2))
    row = in_numbers(dependence(images, images, 4, np.random.default_rng(0)), (SIDE, SIDE))
    assert (row["constant"], row["significant"]) == (64, 0)
    shares = [row[name] for name in ("share_of_visible", "share_in_the_centre", "distance_only")]
    assert np.isnan(shares).all()


def test_the_share_of_all_pairs_is_of_all_their_pixels():
    pairs = pd.DataFrame({"pixels": [10, 10], "constant": [0, 8], "significant": [5, 1]})
    assert significant_share(pairs) == 0.5
    assert np.isnan(significant_share(pairs.assign(constant=10)))
