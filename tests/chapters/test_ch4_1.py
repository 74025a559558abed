"""Section 4.1: its shares, claims and answer from made-up kernels, then the whole chapter."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from chapters import ch4_1
from chapters.ch4_1 import (
    CLASSIFIER,
    IF_TRAINED,
    MODELS,
    VAE,
    Amount,
    answer,
    course,
    fit,
    fit_table,
    measurements,
    row,
    row_of_other,
)
from thesis_repro.analysis.gabor import Gabor, drawn
from thesis_repro.cli import main
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.1")}
AMOUNT = Amount(1, 3)


def made_kernels(gabors, epochs=4, maps=16, size=9, channels=2, seed=0):
    """Kernels of a training in which some of the slices turn from noise into Gabor functions."""
    rng = np.random.default_rng(seed)
    one = np.ones(max(gabors, 1))
    sizes = (0.2 * one, 1.6 * one, 1.9 * one)
    angles, places = (rng.uniform(*ends, (2, len(one))) for ends in ((0, np.pi), (-1, 1)))
    made = Gabor(one, angles[0], *sizes, angles[1], *places)
    goal = drawn(made, (size, size))[:gabors]
    noise = rng.normal(0, 0.3, size=(maps * channels, size, size))
    steps = []
    for epoch in range(epochs):
        own = noise.copy()
        own[:gabors] += 3 * epoch / (epochs - 1) * goal
        steps.append(own.reshape(maps, channels, size, size).transpose(2, 3, 1, 0))
    return np.array(steps)


class MadeChapter:
    """Runs of these kernels, by model."""

    def __init__(self, kernels):
        self.kernels = kernels

    def rng(self, *purpose):
        return np.random.default_rng(derive_seed(0, "4.1", *purpose))

    def finished(self, name):
        own = self.kernels.get(name)
        return None if own is None else SimpleNamespace(read_kernels=lambda: own)


def shares_of(classifier=20, vae=0, other=0):
    """The table of a made-up set of models, of which all others are alike."""
    kernels = {CLASSIFIER: made_kernels(classifier), VAE: made_kernels(vae, seed=1)}
    small = made_kernels(0, size=3, seed=2)
    others = dict.fromkeys(IF_TRAINED, small) | {IF_TRAINED[0]: made_kernels(other, seed=3)}
    chapter = MadeChapter(others)
    rows = [row(name, fit(chapter, name, own, AMOUNT).resemblance) for name, own in kernels.items()]
    rows += [row_of_other(chapter, name, AMOUNT) for name in IF_TRAINED]
    return pd.DataFrame(rows).set_index("model", drop=False)


def verdicts(shares, accuracy=0.85):
    return {
        own.claim_id: judge(
            CLAIMS[own.claim_id], own, scale="paper", stand_in=False, data="ImageNet"
        ).verdict
        for own in measurements(shares, accuracy)
    }


def test_every_other_model_of_table_2_is_looked_at():
    assert len(IF_TRAINED) == 20
    assert not set(IF_TRAINED) & set(MODELS)


def test_what_the_thesis_saw_is_replicated():
    found = verdicts(shares_of())
    assert set(found) == set(CLAIMS)
    assert set(found.values()) == {Verdict.REPLICATED}


@pytest.mark.parametrize(
    ("made", "accuracy", "fails"),
    [
        ({"classifier": 0}, 0.85, {"4.1-classifier-gabor", "4.1-vae-no-gabor"}),
        ({"vae": 20}, 0.85, {"4.1-vae-no-gabor"}),
        ({"other": 20}, 0.85, {"4.1-none-elsewhere"}),
        ({}, 0.7, {"4.1-classifier-accuracy"}),
    ],
)
def test_what_it_did_not_see_is_not(made, accuracy, fails):
    found = verdicts(shares_of(**made), accuracy)
    assert {name for name, own in found.items() if own != Verdict.REPLICATED} == fails


def test_nothing_is_said_of_all_models_while_some_are_not_trained():
    chapter = MadeChapter({})
    untrained = row_of_other(chapter, IF_TRAINED[3], AMOUNT)
    assert untrained == {"model": IF_TRAINED[3], "note": "not trained at this scale"}
    shares = shares_of()
    shares.loc[IF_TRAINED[3], shares.columns != "model"] = np.nan
    assert "4.1-none-elsewhere" not in verdicts(shares)
    assert "1 are not trained at this scale" in answer(shares)


def test_kernels_too_small_are_left_out_and_named():
    own = row_of_other(MadeChapter({IF_TRAINED[0]: made_kernels(0, size=3)}), IF_TRAINED[0], AMOUNT)
    assert own["kernels"] == 32
    assert "3 x 3 px, too small" in own["note"]
    assert "the kernels of 19 are too small" in answer(shares_of())


def test_answer_has_the_numbers():
    shares = shares_of()
    text = answer(shares)
    assert f"AlexNet Classifier {shares.loc[CLASSIFIER, 'share']:.0%} of 32" in text
    assert "of which 0 have more than chance;" in text
    assert "of which 1 have more than chance: MNIST-VAE" in answer(shares_of(other=20))


def test_the_course_of_training_begins_with_the_initial_kernels():
    kernels = made_kernels(20, epochs=7)
    own = fit(MadeChapter({}), VAE, kernels, AMOUNT)
    assert own.course.epochs == [0, 3, 6]
    shares = [share.mean for share in own.course.shares]
    assert shares[0] <= 0.05
    assert shares == sorted(shares)
    assert shares[-1] == own.resemblance.above.mean()
    few = course(kernels[:1], own.resemblance, AMOUNT)  # an untrained network
    assert few.epochs == [0]


def test_fits_name_map_and_channel():
    table = fit_table(VAE, fit(MadeChapter({}), VAE, made_kernels(4, channels=3), AMOUNT))
    assert len(table) == 48
    assert table.loc[7, ["map", "channel"]].to_list() == [2, 1]
    assert table["above_both"].dtype == bool


def test_figure_19_as_run_shows_epoch_11(monkeypatch):
    saved = {}
    monkeypatch.setattr(ch4_1, "kernel_sheet", lambda title, kernels: (title, kernels))
    chapter = SimpleNamespace(save_figure=lambda number, own, models: saved.update({number: own}))
    kernels = made_kernels(4, epochs=14)
    ch4_1.save_sheets(chapter, {CLASSIFIER: kernels[:3], VAE: kernels})
    assert list(saved) == [18, 19, "19_as_run"]
    assert [own[0].rsplit(maxsplit=1)[1] for own in saved.values()] == ["2", "13", "11"]
    ch4_1.save_sheets(chapter, {CLASSIFIER: kernels[:3], VAE: kernels[:5]})
    assert saved[19][0].endswith("4")


@pytest.mark.long
def test_the_chapter_from_nothing(tmp_path):
    folders = [f"--{name}={tmp_path / name}" for name in ("data-dir", "runs-dir", "out")]
    command = ["chapter", "4.1", "--scale", "smoke", "--stand-in", *folders]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 0
    out = tmp_path / "out" / "4.1"
    assert {"figure_18.png", "figure_19.png", "figure_18_gabor.png", "gabor_shares.csv"} <= {
        path.name for path in out.iterdir()
    }
    claims = json.loads((out / "claims.json").read_text())
    assert {claim["verdict"] for claim in claims} == {"not comparable", "not run"}
    assert "RQ1" in (out / "research_questions.json").read_text()
