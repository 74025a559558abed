"""Section 4.1: its shares, claims and answer from made-up kernels."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from chapters.ch4_1 import (
    ALEXNETS,
    CLASSIFIER,
    IF_TRAINED,
    VAE,
    ended_run,
    first_layer,
    gabor_by_epoch,
    gabor_fits,
    gabor_shares,
    gabor_wavelets,
    measurements,
)
from thesis_repro.analysis.gabor import Gabor, drawn, slices
from thesis_repro.analysis.kernel_fits import kernel_fits
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.plots.kernels import kernel_sheet
from thesis_repro.section.answers import render
from thesis_repro.section.declarations import Shown
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.1")}
STARTS, EPOCHS = 1, 3


@pytest.fixture(autouse=True, scope="module")
def _few_surrogates():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("thesis_repro.analysis.gabor_shares.FEWEST_SURROGATES", 40)
        yield


def made_kernels(gabors, epochs=4, maps=32, size=9, channels=1, seed=0):
    """Kernels of a training in which some of the slices turn from noise into Gabor functions.

    They are independent, so each is a map: intervals of shares count these.
    """
    rng = np.random.default_rng(seed)
    one = np.ones(max(gabors, 1))
    sizes = (0.2 * one, 1.6 * one, 1.9 * one)
    angles, places = (rng.uniform(*ends, (2, len(one))) for ends in ((0, np.pi), (-1, 1)))
    made = Gabor(one, angles[0], *sizes, angles[1], *places)
    goal = drawn(made, (size, size))[:gabors]
    noise = rng.normal(0, 0.3, size=(maps * channels, size, size))
    steps = []
    for epoch in range(epochs):
        step = noise.copy()
        step[:gabors] += 3 * epoch / (epochs - 1) * goal
        steps.append(step.reshape(maps, channels, size, size).transpose(2, 3, 1, 0))
    return np.array(steps)


class MadeChapter:
    """Finished runs of these kernels, by model."""

    def __init__(self, kernels):
        self.kernels = kernels

    def rng(self, *purpose):
        return np.random.default_rng(derive_seed(0, "4.1", *purpose))

    def finished(self, name):
        kernels = self.kernels.get(name)
        return None if kernels is None else SimpleNamespace(read_kernels=lambda: kernels)


@cache
def fits_of(name, gabors, **made):
    """Fits to the kernels of one of the AlexNets."""
    rng = MadeChapter({}).rng("surrogates", name)
    return kernel_fits(made_kernels(gabors, **made), rng, STARTS, EPOCHS)


@cache
def shares_of(classifier=20, vae=0, other=0, untrained=()):
    """The table of a made-up set of models, of which all others are alike."""
    small = made_kernels(0, size=3, seed=2)
    others = dict.fromkeys(IF_TRAINED, small) | {IF_TRAINED[0]: made_kernels(other, seed=3)}
    trained = {name: kernels for name, kernels in others.items() if name not in untrained}
    alexnets = {CLASSIFIER: fits_of(CLASSIFIER, classifier), VAE: fits_of(VAE, vae, seed=1)}
    return gabor_shares(MadeChapter(trained), None, alexnets, STARTS)


def verdicts(shares, accuracy=0.85):
    return {
        measured.claim_id: judge(
            CLAIMS[measured.claim_id],
            measured,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="ImageNet",
        ).verdict
        for measured in measurements(shares, accuracy)
    }


# --- Runs ---


def test_a_network_is_trained_where_no_run_has_ended_and_let_go_at_once():
    calls = []
    chapter = SimpleNamespace(
        finished={CLASSIFIER: "ended"}.get,
        trained=lambda name: calls.append(("trained", name)) or SimpleNamespace(run="new"),
        release=lambda name: calls.append(("released", name)),
    )
    assert ended_run(chapter, CLASSIFIER) == "ended"
    assert calls == []
    assert ended_run(chapter, VAE) == "new"
    assert calls == [("trained", VAE), ("released", VAE)]


# --- Claims ---


def test_every_other_model_of_table_2_is_looked_at():
    assert len(IF_TRAINED) == 20
    assert not set(IF_TRAINED) & set(ALEXNETS)


def test_what_the_thesis_saw_is_replicated():
    outcome = verdicts(shares_of())
    assert set(outcome) == set(CLAIMS)
    assert set(outcome.values()) == {Verdict.REPLICATED}


# Where the classifier has none either, the others' want of Gabor functions says nothing.
WITHOUT_CLASSIFIER = {"4.1-classifier-gabor", "4.1-vae-no-gabor", "4.1-none-elsewhere"}


@pytest.mark.parametrize(
    ("made", "accuracy", "fails"),
    [
        ({"classifier": 0}, 0.85, WITHOUT_CLASSIFIER),
        ({"vae": 20}, 0.85, {"4.1-vae-no-gabor"}),
        ({"other": 20}, 0.85, {"4.1-none-elsewhere"}),
        ({}, 0.7, {"4.1-classifier-accuracy"}),
    ],
)
def test_what_it_did_not_see_is_not(made, accuracy, fails):
    outcome = verdicts(shares_of(**made), accuracy)
    assert {name for name, one in outcome.items() if one != Verdict.REPLICATED} == fails


# --- Other models ---


def test_nothing_is_said_of_all_models_while_some_are_not_trained():
    shares = shares_of(untrained=IF_TRAINED[3:4])
    (row,) = rows(shares, model=IF_TRAINED[3]).dropna(axis=1).to_dict("records")
    assert row == {"model": IF_TRAINED[3], "note": "not trained at this scale"}
    assert "4.1-none-elsewhere" not in verdicts(shares)
    assert gabor_wavelets(shares)["untrained"] == 1
    assert "; 1 are not trained at this scale." in render("4.1", "RQ1", gabor_wavelets(shares))


def test_kernels_too_small_are_left_out_and_named():
    shares = shares_of()
    assert pick(shares, "kernels", model=IF_TRAINED[1]) == 32
    assert "3 x 3 px, too small" in pick(shares, "note", model=IF_TRAINED[1])
    assert gabor_wavelets(shares)["too_small"] == 19
    text = render("4.1", "RQ1", gabor_wavelets(shares))
    assert "; the kernels of 19 are too small for a Gabor function." in text


# --- Research question 1a ---


def test_numbers_of_the_answer():
    shares = shares_of()
    answer = gabor_wavelets(shares)
    assert [row["model"] for row in answer["alexnets"]] == list(ALEXNETS)
    assert answer["alexnets"][0]["share"] == pick(shares, "share", model=CLASSIFIER)
    assert answer["alexnets"][0]["kernels"] == 32
    assert (answer["fitted"], answer["above_chance"], answer["untrained"]) == (1, [], 0)
    (high,) = gabor_wavelets(shares_of(other=20))["above_chance"]
    assert (high["model"], high["name"]) == (IF_TRAINED[0], "MNIST-VAE")


def test_words_of_the_answer():
    shares = shares_of(other=20)
    text = render("4.1", "RQ1", gabor_wavelets(shares))

    def in_words(name, model):
        (row,) = rows(shares, model=model).to_dict("records")
        return (
            f"{name} {row['share']:.0%} of 32 ({row['low']:.0%} to {row['high']:.0%}; "
            f"median R² {row['median_r2']:.2f})"
        )

    both = [in_words("AlexNet Classifier", CLASSIFIER), in_words("AlexNet-VAE", VAE)]
    vaes = "(a) Yes, in some of the VAEs whose kernels could be fitted: MNIST-VAE; "
    assert text.startswith(f"{vaes}AlexNet Classifier has")
    assert f"as smooth as its own: {both[0]}; {both[1]}. By chance it would be 5% at most." in text
    high = in_words("MNIST-VAE", IF_TRAINED[0])
    assert f"of which 1 have more than chance: {high}; the kernels of 19" in text
    text = render("4.1", "RQ1", gabor_wavelets(shares_of()))
    assert text.startswith("(a) No, in none of the VAEs whose kernels could be fitted; ")
    assert "of which 0 have more than chance; the kernels" in text
    text = render("4.1", "RQ1", gabor_wavelets(shares_of(untrained=IF_TRAINED)))
    assert text.endswith("0 could be fitted; 20 are not trained at this scale.")


# --- Fits ---


def test_the_course_of_training_begins_with_the_initial_kernels():
    table = gabor_by_epoch(None, None, {VAE: fits_of(VAE, 20, epochs=7)})
    assert table["model"].to_list() == [VAE] * 3
    assert table["epoch"].to_list() == [0, 3, 6]
    assert table["share"][0] <= 0.05
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()


def test_fits_name_map_and_channel():
    fits = {VAE: fits_of(VAE, 4, maps=16, channels=3)}
    table = gabor_fits(None, None, fits)
    assert len(table) == 48
    assert table.loc[7, ["map", "channel"]].to_list() == [2, 1]
    assert table["gabor_like"].dtype == bool
    assert table["gabor_like"].to_list() == fits[VAE].resemblance.gabor_like.tolist()


# --- Figures 18 and 19 ---


def sheets(kernels):
    """What Figures 18, 19 and 19 as run show of these kernels."""
    return [
        first_layer(None, Shown(declaration, reading), kernels)
        for declaration in first_layer.declarations
        for reading in declaration.readings
    ]


def test_figure_19_as_run_shows_epoch_11():
    kernels = {CLASSIFIER: made_kernels(4)[:3], VAE: made_kernels(4, epochs=14)}
    figures = sheets(kernels)
    titles = [figure.axes[0].get_title() for figure in figures]
    assert [title.rsplit(maxsplit=1)[1] for title in titles] == ["2", "13", "11"]
    expected = kernel_sheet("", slices(kernels[VAE][11])).axes[0].images[0].get_array()
    np.testing.assert_array_equal(figures[2].axes[0].images[0].get_array(), expected)


@pytest.mark.parametrize("epochs", [5, 12])
def test_there_is_no_figure_19_as_run_of_a_training_that_ended_before(epochs):
    """Kernels before training and after 4 or 11 epochs, of which the last is Figure 19."""
    kernels = {CLASSIFIER: made_kernels(4)[:3], VAE: made_kernels(4, epochs=epochs)}
    _, last, as_run = sheets(kernels)
    assert last.axes[0].get_title().endswith(f" {epochs - 1}")
    assert as_run is None
