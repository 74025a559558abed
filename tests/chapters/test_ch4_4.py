"""Section 4.4: its claims and answers from made-up numbers."""

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4 import Tables, entanglement, independence, lower_factors, measurements
from chapters.ch4_4_information import (
    CELEBA_MODELS,
    CELEBA_VLAE_GAN,
    DIM6,
    DSPRITES_MODELS,
    DSPRITES_VLAE,
    HAIR,
    LOSSES,
    MNIST_MODELS,
    MNIST_VLAE,
    PLANE,
    QUOTED,
    TOGETHER,
)
from chapters.ch4_4_trajectories import VAES
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.factor_information import INFORMATION
from thesis_repro.analysis.image_factors import BACKGROUND, SKIN, orientation_of
from thesis_repro.section.answers import render
from thesis_repro.section.registry import datasets_of, declared, models_of
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.4")}
ORIENTATIONS = tuple(map(orientation_of, SHAPES))
LN10 = np.log(10)  # what there is to tell of ten groups of equal size, in nats

# Shares of what there is to tell, in z_1, z_2 and z_3, as the thesis sees them.
SHARES = {
    MNIST_VLAE: {
        **dict.fromkeys(COLUMNS, (0.2, 0.2, 0.1)),
        "thickness": (0.6, 0.1, 0.2),
        "slant": (0.4, 0.1, 0.1),
        "digit": (0.1, 0.4, 0.5),
    },
    DSPRITES_VLAE: {
        "shape": (0.0, 0.1, 0.3),
        "scale": (0.1, 0.1, 0.6),
        "x": (0.2, 0.1, 0.9),
        "y": (0.2, 0.1, 0.8),
        **dict.fromkeys(ORIENTATIONS, (0.2, 0.3, 0.1)),
    },
    CELEBA_VLAE_GAN: {
        SKIN: (0.3, 0.1, 0.1),
        **dict.fromkeys(HAIR, (0.1, 0.3, 0.1)),
        BACKGROUND: (0.1, 0.1, 0.3),
    },
}


def information_row(model, layer, factor, value, measure=INFORMATION, best=1.0):
    row = {"model": model, "layer": layer, "factor": factor, "measure": measure}
    return row | {"value": value, "low": value - 0.01, "high": value + 0.01, "best": best}


def information():
    rows = [
        information_row(model, f"z_{layer}", factor, share * LN10, best=LN10)
        for model, factors in SHARES.items()
        for factor, shares in factors.items()
        for layer, share in enumerate(shares, 1)
    ]
    rows.append(information_row(MNIST_VLAE, TOGETHER, "digit", 0.7 * LN10, best=LN10))
    trees = "R2, trees"
    for layer, orientation in ((PLANE, 0.03), ("z", 0.5)):
        rows.append(information_row(DIM6, layer, "orientation", orientation, trees))
        rows += [information_row(DIM6, layer, factor, 0.8, trees) for factor in ("scale", "x", "y")]
    rows += [information_row(DIM6, "z", factor, 0.5, trees) for factor in ORIENTATIONS]
    for (model, layer, factor), linear in (
        ((DIM6, "z", "shape"), 0.4),
        ((MNIST_VLAE, "all", "digit"), 0.8),
    ):
        for predictor, value in (("linear", linear), ("trees", linear + 0.1)):
            measure = f"balanced accuracy, {predictor}"
            rows.append(information_row(model, layer, factor, value, measure))
    return pd.DataFrame(rows)


def scores():
    measures = ("MIG", "DCI disentanglement", "SAP", "FactorVAE score")
    layers = {DIM6: ("z",), DSPRITES_VLAE: ("z_1", "z_2", "z_3", "all")}
    return pd.DataFrame(
        {"model": model, "layer": layer, "measure": measure, "value": 0.1 * number}
        for model, names in layers.items()
        for number, layer in enumerate(names, 1)
        for measure in measures
    )


def paths():
    """Curved paths of positions, in both readings."""
    return pd.DataFrame(
        {"model": name, "layer": "z", "reading": reading, "attribute": axis, "off_line": 0.3}
        for reading in Reading
        for name in (*VAES, DSPRITES_VLAE)
        for axis in ("x", "y", "scale")
    )


def rotations():
    """Round paths of rotations, in both readings."""
    closing = {"closes": 166.2, "closing_gap": 0.1, "radius_sd": 0.1, "plane": 0.9}
    return pd.DataFrame(
        {"model": name, "layer": "z", "reading": reading, "shape": shape, "period": period}
        | closing
        for reading in Reading
        for name in (*VAES, DSPRITES_VLAE)
        for shape, period in zip(SHAPES, (90.0, 180.0, 180.0), strict=True)
    )


def arithmetic():
    rows = [
        {"model": model, "attribute": attribute, "alpha": alpha, "share": share}
        for model in ("celeba-vae", "celeba-vae-gan")
        for attribute in ("Blond_Hair", "Male")
        for alpha, share in (("", 0.1), (0.0, 0.2), (2.0, 0.9))
    ]
    return pd.DataFrame(rows)


def losses():
    reported = {claim.models[0]: claim.reported for claim in CLAIMS.values() if claim.reported}
    return pd.DataFrame(
        {"model": name, "reading": reading, **{key: reported[name][key] for key in LOSSES}}
        for name in QUOTED
        for reading in ("validation", "training", "reported")
    )


@pytest.fixture(scope="module")
def tables():
    return Tables(information(), scores(), losses(), arithmetic(), paths(), rotations())


def verdicts(tables):
    return {
        one.claim_id: judge(
            CLAIMS[one.claim_id],
            one,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="all",
        )
        for one in measurements(tables)
    }


# --- What the section shows ---


def test_every_model_of_a_claim_is_trained():
    trained = models_of("4.4", "paper")
    assert {model for claim in CLAIMS.values() for model in claim.models} <= set(trained)
    assert set(trained) == {*MNIST_MODELS, *DSPRITES_MODELS, *CELEBA_MODELS}
    assert len(set(trained)) == len(trained) == 18
    assert models_of("4.4", "smoke") == trained
    assert set(datasets_of("4.4", "paper")) == {"morpho-mnist", "mnist", "dsprites", "celeba"}


def test_every_figure_of_the_section_is_declared_once():
    stems = [
        place.declaration.stem(reading)
        for place in declared("4.4")
        if place.declaration.kind == "figure"
        for reading in place.declaration.readings
    ]
    assert len(set(stems)) == len(stems)
    written = [
        place.declaration.name
        for place in declared("4.4")
        if place.declaration.kind == "figure" and Reading.WRITTEN in place.declaration.readings
    ]
    captions = load_captions().values()
    numbers = [
        entry.number for entry in captions if (entry.kind, entry.section) == ("figure", "4.4")
    ]
    parts = {36: ("36_a", "36_b"), 39: ("39_a", "39_b")}
    expected = [name for number in numbers for name in parts.get(number, (str(number),))]
    assert sorted(written) == sorted(expected)
    assert [stem for stem in stems if stem.endswith("as_run")] == [
        *("figure_39_as_run", "figure_35_as_run", "figure_36_a_as_run", "figure_36_b_as_run"),
        *("figure_38_as_run", "figure_42_as_run", "figure_44_as_run", "figure_41_as_run"),
    ]


@pytest.mark.parametrize(
    ("number", "models", "data", "note"),
    [
        ("31", (), ("celeba",), ""),
        ("35", ("mnist-vae", "mnist-vae-gan"), ("mnist",), ""),
        ("37", ("mnist-vlae-factor-1",), ("morpho-mnist",), ""),
        ("41", ("dsprites-vae",), ("dsprites",), "images drawn from their factors"),
        ("43", ("7500-vae",), ("dsprites",), "images drawn from their factors"),
        ("68", ("celeba-vae-gan",), ("celeba",), ""),
    ],
)
def test_figures_name_the_models_and_data_that_they_show(number, models, data, note):
    (shown,) = (place.declaration for place in declared("4.4") if place.declaration.name == number)
    assert (shown.models, shown.datasets, shown.note) == (models, data, note)


# --- Claims ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(tables):
    judged = verdicts(tables)
    assert list(judged) == list(CLAIMS)
    assert {one.verdict for one in judged.values()} == {Verdict.REPLICATED}


def test_claims_about_layers_fail_where_the_layers_are_the_other_way_round(tables):
    names = {"z_1": "z_3", "z_3": "z_1"}
    turned = tables.information.replace({"layer": names})
    judged = verdicts(tables._replace(information=turned))
    failed = {name for name, one in judged.items() if one.verdict is Verdict.NOT_REPLICATED}
    assert failed == {
        "4.4-identity-layers",
        "4.4-slant-z1",
        "4.4-vlae-z3",
        "4.4-celeba-layers",
    }


def test_what_was_not_measured_does_not_hold(tables):
    bare = tables.information[~tables.information["factor"].isin(HAIR)]
    judged = verdicts(tables._replace(information=bare))
    assert judged["4.4-celeba-layers"].verdict is Verdict.NOT_REPLICATED


def test_straight_paths_are_not_curved(tables):
    straight = tables._replace(paths=tables.paths.assign(off_line=0.01))
    judged = verdicts(straight)
    assert judged["4.4-position-curve"].verdict is Verdict.NOT_REPLICATED


# --- Answers ---


def test_the_numbers_of_entanglement(tables):
    numbers = entanglement(tables.information, tables.scores)
    assert list(numbers["scores"]) == ["dSprites-VAE-dim6", "dSprites-VLAE"]
    assert numbers["scores"]["dSprites-VAE-dim6"]["MIG"] == pytest.approx(0.1)
    assert numbers["scores"]["dSprites-VLAE"]["MIG"] == pytest.approx(0.4)  # of all layers
    assert (numbers["shapes"], numbers["digits"]) == ([0.4, 0.5], [0.8, 0.9])
    assert "80% and 90%" in render("4.4", "RQ2", numbers)


def test_the_numbers_of_lower_factors(tables):
    numbers = lower_factors(tables)
    np.testing.assert_allclose(numbers["shares"]["thickness"], [0.6, 0.1, 0.2])
    assert numbers["r2"]["scale"] == 0.8
    assert numbers["r2"][orientation_of("heart")] == 0.5
    assert numbers["orientation_in_figure_33"] == 0.03
    assert numbers["off_line"] == {"x": 0.3, "y": 0.3}
    assert numbers["period"] == {"square": 90, "ellipse": 180}
    text = render("4.4", "RQ4", numbers)
    for part in ("thickness 60%, 10%, 20%", "path of x and 30%", "90° for squares and 180°"):
        assert part in text


def test_the_numbers_of_independence(tables):
    numbers = independence(tables.information)
    sprites, digits = (numbers["models"][name] for name in ("dSprites-VLAE", "MNIST-VLAE"))
    assert sprites["strongest"]["shape"] == ("z_3", pytest.approx(0.3))
    assert sprites["strongest"]["orientation, heart"] == ("z_2", pytest.approx(0.3))
    assert digits["strongest"]["digit"] == ("z_3", pytest.approx(0.5))
    first_to_second = [0.1 / 0.3, 0.1 / 0.6, 0.2 / 0.9, 0.2 / 0.8, *[0.2 / 0.3] * 3]
    assert sprites["second_to_first"] == pytest.approx(np.mean(first_to_second))
    assert "shape: z_3 (30%); scale: z_3 (60%);" in render("4.4", "RQ5", numbers)


def test_a_factor_that_no_layer_knows_is_at_home_in_none(tables):
    unknown = tables.information.assign(value=0.0)
    numbers = independence(unknown)
    assert numbers["models"]["MNIST-VLAE"]["second_to_first"] is None
    text = render("4.4", "RQ5", numbers)
    assert "digit: none. Were each factor" in text
    assert "The next layer" not in text
