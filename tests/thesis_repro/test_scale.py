"""Scales: how much of the thesis's training is done, and never another network."""

import dataclasses

import pytest

from thesis_repro.scale import SCALES, Scale
from thesis_repro.zoo import MODELS


def test_the_three_scales_from_whole_to_smallest():
    assert list(SCALES) == ["paper", "quick", "smoke"]
    assert [scale.name for scale in SCALES.values()] == list(SCALES)


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_paper_is_the_thesis(spec):
    paper = SCALES["paper"]
    assert paper.epochs_of(spec.epochs.value) == spec.epochs.value
    assert paper.train_images is paper.validation_images is None


@pytest.mark.parametrize(("limit", "paper", "expected"), [(30, 200, 30), (30, 10, 10), (2, 2, 2)])
def test_a_scale_never_trains_longer_than_the_thesis(limit, paper, expected):
    assert Scale("x", None, None, limit).epochs_of(paper) == expected


def test_smaller_scales_do_less():
    quick, smoke = SCALES["quick"], SCALES["smoke"]
    assert smoke.train_images < quick.train_images < 60_000  # MNIST's (Section 3.3.3)
    assert smoke.validation_images < quick.validation_images <= 10_000
    assert smoke.validation_images >= 24  # Section 4.2 splits them in 24
    assert smoke.epochs < quick.epochs < 200  # Section 3.4


def test_a_scale_limits_data_and_epochs_only():
    fields = [field.name for field in dataclasses.fields(Scale)]
    assert fields == ["name", "train_images", "validation_images", "epochs"]
    assert Scale("x", 1, 2, 3).values() == dict(zip(fields, ("x", 1, 2, 3), strict=True))
