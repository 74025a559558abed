"""Scales: how much of the thesis's training is done, and never another network."""

import dataclasses

from thesis_repro.training.scale import SCALES, Scale


def test_the_scales_from_whole_to_smallest_and_the_control():
    assert list(SCALES) == ["paper", "quick", "smoke", "untrained"]
    assert [scale.name for scale in SCALES.values()] == list(SCALES)


def test_smaller_scales_do_less():
    quick, smoke = SCALES["quick"], SCALES["smoke"]
    assert smoke.train_images < quick.train_images < 60_000  # MNIST's (Section 3.3.3)
    assert smoke.validation_images < quick.validation_images <= 10_000
    assert smoke.validation_images >= 24  # Section 4.2 splits them in 24
    assert smoke.epochs < quick.epochs < 200  # Section 3.4
    assert smoke.multiply_adds < quick.multiply_adds < 6e4 * 200 * 1.2e7  # the smallest VLAE's


def test_a_scale_limits_data_epochs_and_work_only():
    fields = [field.name for field in dataclasses.fields(Scale)]
    limits = ["train_images", "validation_images", "epochs", "multiply_adds", "fewest_images"]
    assert fields == ["name", *limits, "learns", "caution", "analysed_as"]


def test_only_the_control_learns_nothing_and_is_analysed_as_another_scale():
    learning = {name: scale.learns for name, scale in SCALES.items()}
    assert learning == {"paper": True, "quick": True, "smoke": True, "untrained": False}
    amounts = {name: scale.amounts for name, scale in SCALES.items()}
    assert amounts == {"paper": "paper", "quick": "quick", "smoke": "smoke", "untrained": "quick"}
