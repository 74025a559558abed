"""Section 4.4: its claims and answers from made-up numbers, then the whole chapter."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from chapters.ch4_4 import (
    DATASETS,
    MODELS,
    Found,
    answers,
    home,
    measurements,
    score,
    second_to_first,
    shares_by_layer,
    told,
)
from chapters.ch4_4_numbers import (
    BACKGROUND,
    CELEBA_VLAE_GAN,
    DIM6,
    DSPRITES_VLAE,
    HAIR,
    MNIST_VLAE,
    PLANE,
    SKIN,
    TOGETHER,
    losses,
    orientation_of,
)
from chapters.ch4_4_numbers import Numbers as Layers
from chapters.ch4_4_trajectories import VAES
from chapters.ch4_4_trajectories import Numbers as Moved
from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.factor_information import INFORMATION
from thesis_repro.cli import main
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale
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
        rows += [information_row(DIM6, layer, own, 0.8, trees) for own in ("scale", "x", "y")]
    rows += [information_row(DIM6, "z", own, 0.5, trees) for own in ORIENTATIONS]
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
        for model, own in layers.items()
        for number, layer in enumerate(own, 1)
        for measure in measures
    )


def moved():
    """Round paths of rotations, curved ones of positions, in both readings."""
    paths, rotations = [], []
    for reading in ("as written", "as run"):
        for name in (*VAES, DSPRITES_VLAE):
            own = {"model": name, "layer": "z", "reading": reading}
            paths += [own | {"attribute": axis, "off_line": 0.3} for axis in ("x", "y", "scale")]
            for shape, period in zip(SHAPES, (90.0, 180.0, 180.0), strict=True):
                closing = {"closes": 166.2, "closing_gap": 0.1}
                round_ = {"shape": shape, "period": period, "radius_sd": 0.1, "plane": 0.9}
                rotations.append(own | round_ | closing)
    return Moved(pd.DataFrame(paths), pd.DataFrame(rotations))


def arithmetic():
    rows = [
        {"model": model, "attribute": attribute, "alpha": alpha, "share": share}
        for model in ("celeba-vae", "celeba-vae-gan")
        for attribute in ("Blond_Hair", "Male")
        for alpha, share in (("", 0.1), (0.0, 0.2), (2.0, 0.9))
    ]
    return pd.DataFrame(rows)


def quoted_losses():
    return losses(
        {
            name: {f"{prefix}{key}": value for prefix in ("", "val_") for key, value in own.items()}
            for name, own in (
                (claim.models[0], claim.reported) for claim in CLAIMS.values() if claim.reported
            )
        }
    )


@pytest.fixture(scope="module")
def found():
    return Found(Layers(information(), scores(), quoted_losses()), arithmetic(), moved())


def verdicts(found):
    return {
        one.claim_id: judge(CLAIMS[one.claim_id], one, scale="paper", stand_in=False, data="all")
        for one in measurements(found)
    }


def test_every_model_of_a_claim_is_trained():
    assert {model for claim in CLAIMS.values() for model in claim.models} <= set(MODELS)
    assert len(set(MODELS)) == len(MODELS) == 18
    assert DATASETS == ("morpho-mnist",)


# --- Looking numbers up ---


def test_information_is_looked_up_as_a_share(found):
    table = found.layers.information
    np.testing.assert_allclose(shares_by_layer(table, MNIST_VLAE, "digit"), [0.1, 0.4, 0.5])
    assert told(table, MNIST_VLAE, "all", "digit", "balanced accuracy, trees") == 0.9
    assert np.isnan(told(table, MNIST_VLAE, "z_1", "shoe size"))


def test_scores_are_of_all_layers(found):
    assert score(found.layers.scores, DIM6, "MIG") == pytest.approx(0.1)
    assert score(found.layers.scores, DSPRITES_VLAE, "MIG") == pytest.approx(0.4)


def test_how_alone_the_strongest_layer_is():
    alone, shared, unknown = np.array([0, 0, 0.5]), np.array([0.1, 0.4, 0.4]), np.zeros(3)
    assert second_to_first([alone]) == 0
    assert second_to_first([shared]) == 1
    assert second_to_first([np.array([0.5, -0.1, -0.1])]) == 0
    assert [home(own) for own in (alone, unknown)] == ["z_3 (50%)", "none"]
    assert second_to_first([alone, shared, unknown]) == 0.5
    assert np.isnan(second_to_first([unknown]))


# --- Claims ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(found):
    judged = verdicts(found)
    assert list(judged) == list(CLAIMS)
    assert {own.verdict for own in judged.values()} == {Verdict.REPLICATED}


def test_claims_about_layers_fail_where_the_layers_are_the_other_way_round(found):
    names = {"z_1": "z_3", "z_3": "z_1"}
    turned = found.layers.information.replace({"layer": names})
    judged = verdicts(found._replace(layers=found.layers._replace(information=turned)))
    failed = {name for name, own in judged.items() if own.verdict is Verdict.NOT_REPLICATED}
    assert failed == {
        "4.4-identity-layers",
        "4.4-slant-z1",
        "4.4-vlae-z3",
        "4.4-celeba-layers",
    }


def test_what_was_not_measured_does_not_hold(found):
    table = found.layers.information
    bare = table[~table["factor"].isin(HAIR)]
    judged = verdicts(found._replace(layers=found.layers._replace(information=bare)))
    assert judged["4.4-celeba-layers"].verdict is Verdict.NOT_REPLICATED


def test_straight_paths_are_not_curved(found):
    straight = found.moved._replace(paths=found.moved.paths.assign(off_line=0.01))
    judged = verdicts(found._replace(moved=straight))
    assert judged["4.4-position-curve"].verdict is Verdict.NOT_REPLICATED


# --- Answers ---


def test_the_answers_are_made_of_the_numbers(found):
    said = answers(found)
    assert list(said) == ["RQ2", "RQ4", "RQ5"]
    for part in (
        "dSprites-VAE-dim6 has a mutual information gap of 0.10",
        "of 0.40",
        "80% and 90%",
    ):
        assert part in said["RQ2"]
    for part in ("thickness 60%, 10%, 20%", "path of x and 30%", "90° for squares and 180°"):
        assert part in said["RQ4"]
    for part in ("shape: z_3 (30%)", "digit: z_3 (50%)", "orientation, heart: z_2 (30%)"):
        assert part in said["RQ5"]


# --- The whole chapter ---


@pytest.mark.long
def test_the_chapter_from_nothing(tmp_path, monkeypatch):
    """One update a model: every figure of the thesis is made, nothing is called a replication."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1, 2e11, 32))
    arguments = ["chapter", "4.4", "--scale", "smoke", "--stand-in", "--out", str(tmp_path / "out")]
    arguments += ["--data-dir", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    results = tmp_path / "out" / "4.4"
    figures = {path.stem.split("_")[1] for path in results.glob("figure_*.png")}
    captions = load_captions().values()
    assert figures == {
        str(own.number) for own in captions if (own.kind, own.section) == ("figure", "4.4")
    }
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(MODELS)
    claims = json.loads((results / "claims.json").read_text())
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
    answered = json.loads((results / "research_questions.json").read_text())["rq"]
    assert [own["number"] for own in answered] == ["RQ2", "RQ4", "RQ5"]
    assert not any("nan" in own["answer"] for own in answered)
