"""Section 4.4.2's attribute arithmetic: positions and pictures whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4_arithmetic import (
    FACES,
    GENDER_MEASURED,
    HAIR_MEASURED,
    OPPOSITES,
    SAMPLE_SIZES,
    measured_positions,
    needed,
    shares_changed,
    shown_positions,
)
from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.models.zoo import model
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Measurement, Verdict, judge


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_its_models_have_one_layer_and_its_attributes_are_celebas():
    for name in FACES:
        assert len(model(name).latent_dims.value) == 1
    assert {*OPPOSITES, *OPPOSITES.values()} - {"Female"} <= {*ATTRIBUTES}


def test_every_scale_has_its_sample_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"].attribute_images == 3_200  # original code


def test_figure_39_starts_and_ends_as_the_text_says(rng):
    names = ("Black_Hair", "Blond_Hair", "Male", "Female")
    means = {attribute: rng.normal(size=8) for attribute in names}
    start, draw = rng.normal(size=(2, 8))
    positions = shown_positions(means, start, draw)
    assert {len(row) for row in positions.values()} == {20}
    bald = start - means["Black_Hair"]
    hair, male, blond = positions.values()
    np.testing.assert_allclose(hair[[0, -1]], [bald, bald + 2 * means["Blond_Hair"]])
    np.testing.assert_allclose(male[[0, -1]], [draw, draw + 4 * means["Male"]])
    np.testing.assert_allclose(blond[[0, -1]], [draw, draw + 4 * means["Blond_Hair"]])


def test_numbers_are_of_what_the_figure_shows(rng):
    """The ends of its rows, for each start."""
    means = {attribute: rng.normal(size=8) for attribute in ("Black_Hair", "Blond_Hair", "Male")}
    starts, draws = rng.normal(size=(2, 5, 8))
    measured = measured_positions(means, starts, draws)
    shown = shown_positions(means, starts[3], draws[3])
    for key, label in (("Blond_Hair", "black to blond"), ("Male", "+ male")):
        alphas = [alpha for name, alpha in measured if name == key and alpha is not None]
        for alpha, end in ((alphas[0], 0), (alphas[-1], -1)):
            np.testing.assert_allclose(measured[key, alpha][3], shown[label][end])
    np.testing.assert_array_equal(measured["Blond_Hair", None], starts)
    assert next(iter(measured)) == ("Blond_Hair", None)  # "before"


def test_shares_before_and_after_are_those_of_the_first_and_the_last_alpha():
    shares = iter((0.1, 0.2, 0.3, 0.9, 0.3, 0.35, 0.8, 0.0, 0.4, 0.5, 0.7, 0.5, 0.6, 0.6))
    alphas = {"Blond_Hair": (None, 0.0, 1.0, 2.0), "Male": (0.0, 1.0, 4.0)}
    table = pd.DataFrame(
        {"model": name, "attribute": attribute, "alpha": alpha, "share": next(shares)}
        for name in FACES
        for attribute in alphas
        for alpha in alphas[attribute]
    )
    changed = shares_changed(table)
    assert {name: values for name, values in changed.items() if "more" not in name} == {
        "blond_before": [0.1, 0.0],
        "blond_at_one": [0.3, 0.5],
        "blond_after": [0.9, 0.7],
        "male_before": [0.3, 0.5],
        "male_at_one": [0.35, 0.6],
        "male_after": [0.8, 0.6],
    }
    assert changed["more_blond"] == pytest.approx([0.8, 0.7])
    assert changed["more_male"] == pytest.approx([0.5, 0.1])
    gains = needed(table)
    assert gains["gained"] == pytest.approx([0.8, 0.7, 0.5, 0.1])
    assert gains["gained_at_one"] == pytest.approx([0.2, 0.5, 0.05, 0.1])


def faces_that_turn(rng, middle, width=0.3):
    """200 starts of each kind; a picture looks so once alpha is beyond a threshold of its own."""
    alphas = {"Blond_Hair": (None, *HAIR_MEASURED), "Male": GENDER_MEASURED}
    ends = {"Blond_Hair": 2.0, "Male": 4.0}
    return pd.DataFrame(
        {"model": name, "attribute": attribute, "alpha": alpha, "share": share}
        for name in FACES
        for attribute, measured in alphas.items()
        for thresholds in [ends[attribute] * rng.normal(middle, width, 200)]
        for alpha in measured
        for share in [np.mean(thresholds < (alpha or 0.0))]
    )


@pytest.mark.parametrize(
    ("middle", "width", "verdict"),
    [
        (0.8, 0.1, Verdict.REPLICATED),  # most pictures turn near the end
        (0.2, 0.05, Verdict.NOT_REPLICATED),  # most have turned at alpha = 1
        (2.0, 0.1, Verdict.NOT_REPLICATED),  # none does
        (1.4, 0.3, Verdict.NOT_REPLICATED),  # a tenth does in the end
        (0.4, 0.3, Verdict.NOT_REPLICATED),  # most have turned black hair at alpha = 1
    ],
)
def test_larger_values_are_required_where_alpha_of_1_does_not_do(rng, middle, width, verdict):
    (claim,) = (one for one in load_claims("4.4") if one.id == "4.4-arithmetic-alpha")
    measured = Measurement(claim.id, needed(faces_that_turn(rng, middle, width)))
    origin = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "all"}
    assert judge(claim, measured, **origin).verdict is verdict
