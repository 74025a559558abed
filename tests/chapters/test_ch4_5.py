"""Section 4.5: its claims and answer from made-up samples and numbers."""

from types import SimpleNamespace

import numpy as np
import pytest

from chapters.ch4_5 import (
    BOXES,
    COUNTERPARTS,
    DRAWN,
    DSPRITES_GAN,
    DSPRITES_VLAE,
    MNIST_GAN,
    MNIST_VLAE,
    PAIRS,
    SAMPLE_SIZES,
    VLAES,
    SampleSizes,
    boxes,
    histograms,
    independence,
    individual_pixels,
    layer_effects,
    layer_pairs,
    layers_of_two_models,
    measurements,
    pixels,
)
from thesis_repro.analysis.layer_independence import Representatives
from thesis_repro.analysis.pixel_dependence import Dependence, dependence, pearson
from thesis_repro.models.zoo import MODELS, model
from thesis_repro.section.answers import render
from thesis_repro.section.declarations import Shown
from thesis_repro.section.registry import models_of
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.5")}
SAMPLES, SIDE = 60, 18
CENTRE = slice(5, 13)


def made_samples(seed, common):
    """Three layers whose centre has so much of one image in common, half inverted in each two.

    The frame of five pixels is dark, and one of them is constant.
    """
    rng = np.random.default_rng(seed)
    means = rng.uniform(size=(3, SAMPLES, SIDE, SIDE))
    shared = rng.uniform(size=(SAMPLES, 8, 8))
    for layer, images in enumerate(means[:, :, CENTRE, CENTRE]):
        kept = (True, np.arange(8) < 4, np.arange(8)[:, np.newaxis] < 4)[layer]
        images[:] = common * np.where(kept, shared, 1 - shared) + (1 - common) * images
    frame = np.ones((SIDE, SIDE), bool)
    frame[CENTRE, CENTRE] = False
    means[:, :, frame] *= 0.02
    means[:, :, 0, 0] = 0
    return Representatives(means, np.full_like(means, 0.05), 10)


STRONG, WEAK = 0.7, 0.4
COMMON = dict(zip(DRAWN, (STRONG, WEAK, STRONG, WEAK), strict=True))


@pytest.fixture(scope="module")
def samples():
    return {name: made_samples(seed, share) for seed, (name, share) in enumerate(COMMON.items())}


@pytest.fixture(scope="module")
def dependences(samples):
    rng = np.random.default_rng(5)
    return {
        (name, *pair): dependence(*(pixels(samples, name, layer) for layer in pair), 40, rng)
        for name in samples
        for pair in PAIRS
    }


def tables_of(samples, dependences):
    """Of pairs of layers, of layers, and of layers of two models."""
    chapter = SimpleNamespace(
        at_scale=lambda sizes: SampleSizes(SAMPLES, 10, 20),
        rng=lambda *purpose: np.random.default_rng(derive_seed(0, "4.5", *purpose)),
    )
    return (
        layer_pairs(chapter, None, samples, dependences),
        layer_effects(chapter, None, samples),
        layers_of_two_models(chapter, None, samples),
    )


@pytest.fixture(scope="module")
def tables(samples, dependences):
    return tables_of(samples, dependences)


@pytest.fixture(scope="module")
def pairs(tables):
    return tables[0]


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
        for one in measurements(*tables)
    }


def failed(judgement):
    return {check.name for check in judgement.checks if not check.holds}


def shown(function):
    """What a function is asked for, by number."""
    return {one.name: Shown(one, Reading.WRITTEN) for one in function.declarations}


def test_models_are_all_layered_ones_of_mnist_and_dsprites():
    layered = {
        name
        for name, spec in MODELS.items()
        if len(spec.latent_dims.value) == 3 and spec.dataset.value != "celeba"
    }
    assert set(VLAES) == {name for name in layered if not name.endswith("-as-run")}
    assert set(models_of("4.5", "paper")) == set(VLAES)
    assert {name for claim in CLAIMS.values() for name in claim.models} <= set(VLAES)
    for names in COUNTERPARTS:
        assert len({model(name).latent_dims.value for name in names}) == 1  # the same v


def test_boxes_show_what_their_captions_say(samples, dependences):
    asked = shown(boxes)
    assert asked.keys() == BOXES.keys()
    for number, pair in BOXES.items():
        (caption,) = (
            one.caption
            for one in load_captions().values()
            if (one.kind, str(one.number)) == ("figure", number)
        )
        first, second = ("z₁z₂z₃"[2 * layer : 2 * layer + 2] for layer in pair)
        assert f"fixing {first} = {second} = φ" in caption
        assert ("MNIST-VLAE-GAN" in caption) == (asked[number].model == MNIST_GAN)
        figure = boxes(None, asked[number], samples, dependences)
        first, second = (f"z_{layer + 1}" for layer in pair)
        assert f"fixing ${first} = {second} = φ$" in figure.get_suptitle()
        assert f"${first}$" in figure.axes[0].get_xlabel()
        assert f"${second}$" in figure.axes[0].get_ylabel()
        (shades,) = figure.axes[0].images
        r = dependences[asked[number].model, *pair].pearson.value
        np.testing.assert_array_equal(shades.get_array().filled(np.nan).ravel(), r)


def test_histograms_have_a_row_per_model_and_a_panel_per_pair(dependences):
    for asked in shown(histograms).values():
        figure = histograms(None, asked, dependences)
        panels = [axes for axes in figure.axes if axes.patches]
        counts = [int(axes.get_title().split()[2]) for axes in panels]
        keys = [(name, *pair) for name in asked.models for pair in PAIRS]
        assert counts == [dependences[key].pearson.significant.sum() for key in keys]


def test_every_scale_has_its_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"][:2] == (100, 300)  # Section 4.5.1


def test_pairs_in_numbers(pairs):
    row = pairs.iloc[0]
    assert tuple(row[["model", "first", "second"]]) == (MNIST_VLAE, "z_1", "z_2")
    assert (row["samples"], row["pixels"]) == (SAMPLES, SIDE**2)
    assert (row["constant"], row["black"]) == (1, 0)
    assert row["share_in_the_centre"] >= 0.64  # 8 x 8 of 10 x 10
    assert row["significant"] >= 64
    assert row["share"] == pytest.approx(row["significant"] / 323)
    assert row["positive"] == pytest.approx(row["significant"] / 2, abs=4)
    assert row["p"] == 1 / 41
    assert row["share_by_chance_95"] < 0.05
    assert row["brightness_of_the_frame"] == pytest.approx(0.02, abs=0.001)


def test_networks_that_were_trained_apart_share_nothing(tables):
    *_, control = tables
    assert len(control) == 12
    assert control["share"].max() < 0.05


# --- Claims and the answer ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(tables):
    judged = verdicts(tables)
    assert list(judged) == list(CLAIMS)
    assert {name: failed(one) for name, one in judged.items()} == {key: set() for key in CLAIMS}
    assert {one.verdict for one in judged.values()} == {Verdict.REPLICATED}


def test_order_fails_where_models_are_the_other_way_round(tables):
    turned = dict(zip(DRAWN, (MNIST_GAN, MNIST_VLAE, DSPRITES_GAN, DSPRITES_VLAE), strict=True))
    pairs, layers, control = (table.replace({"model": turned}) for table in tables)
    judged = verdicts(
        (pairs, layers, control.replace({"model": {v: k for k, v in turned.items()}}))
    )
    assert judged["4.5-gan-more-independent"].verdict is Verdict.NOT_REPLICATED


def change(table, column, where, value):
    """The table with a value in the rows of a model, or in that of a number."""
    changed = table.astype({column: float})
    chosen = changed["model"] == where if isinstance(where, str) else changed.index == where
    changed.loc[chosen, column] = value
    return changed


@pytest.mark.parametrize(
    ("column", "row", "value", "failing"),
    [
        ("share_in_the_centre", 8, 0.0, {"4.5-not-independent": {"centre pixels correlate"}}),
        ("p", 8, 0.5, {"4.5-not-independent": {"more than by chance, over all pixels"}}),
        ("p", 8, np.nan, {"4.5-not-independent": {"more than by chance, over all pixels"}}),
        (
            "positive",
            0,
            0.0,
            {
                "4.5-not-independent": {"of both signs, in Figure 45"},
                "4.5-all-vlaes-alike": {"of both signs"},
            },
        ),
        ("positive", 4, 0.0, {"4.5-all-vlaes-alike": {"of both signs"}}),
        (
            "brightness_of_the_frame",
            0,
            0.2,
            {"4.5-outer-boxes": {"outer pixels are close to zero"}},
        ),
        ("significant_in_the_frame", 0, 0.2, {"4.5-outer-boxes": {"and show no trend"}}),
        ("significant", DSPRITES_GAN, 250, {"4.5-gan-more-independent": "fewer"}),
        ("significant", 0, 200, {"4.5-individual-pixels": {"and most do not"}}),
    ],
)
def test_one_pair_of_layers_is_enough_to_fail(tables, column, row, value, failing):
    pairs, *others = tables
    judged = verdicts((change(pairs, column, row, value), *others))
    found = {name: failed(one) for name, one in judged.items() if failed(one)}
    assert found.keys() == failing.keys()
    assert failing == found or set(failing.values()) == {"fewer"}


def test_a_gan_that_is_hardly_more_independent_is_not(tables):
    """Fewer by a twentieth of the pixels: two networks that were never trained differ so."""
    pairs, *others = tables
    of_vlae = sum(pairs[pairs["model"] == MNIST_VLAE]["significant"])
    judged = verdicts((change(pairs, "significant", MNIST_GAN, of_vlae / 3 - 0.05 * 323), *others))
    assert failed(judged["4.5-gan-more-independent"]) == {
        "also of those that vary, by a tenth of them"
    }


@pytest.mark.parametrize(
    ("column", "value", "failing"),
    [
        ("spread", 0.01, {"both lower layers change the images"}),
        ("main_effect", 0.02, {"not much less than without the GAN's loss"}),
        ("main_effect", np.nan, {"not much less than without the GAN's loss"}),
    ],
)
def test_a_gan_that_ignores_lower_layers_is_found(tables, column, value, failing):
    pairs, layers, control = tables
    changed = layers.copy()
    changed.loc[(changed["model"] == MNIST_GAN) & (changed["layer"] != "z_3"), column] = value
    assert failed(verdicts((pairs, changed, control))["4.5-gan-uses-lower-layers"]) == failing


def test_individual_pixels_are_counted_among_all():
    """A third of 300 pixels is constant; of the others 10 correlate, and 8 do by chance."""
    pair = {"pixels": 300, "constant": 100, "significant": 10, "share_by_chance_95": 8 / 200}
    found = individual_pixels(pair)
    assert found["share_of_all_pixels"] == pytest.approx(10 / 300)
    assert found["share_by_chance_95"] == pytest.approx(8 / 300)


# --- Decoders that share nothing ---


def additive(rng, vectors):
    """Samples of a decoder that adds up three images, each made of a layer by itself.

    Averages over the others differ from them by a constant. A pixel follows a direction of its own.
    """
    weights = rng.normal(size=(3, vectors.shape[1], SIDE**2))
    means = np.tanh(vectors @ weights).reshape(3, SAMPLES, SIDE, SIDE) / 6 + 0.5
    return Representatives(means, np.full_like(means, 0.1), 10)


def linear_dependences(samples, rng):
    """Pearson's part of what the section computes, which the claims are judged by."""
    dependences = {}
    for name, of_model in samples.items():
        for pair in PAIRS:
            measure = pearson(*(pixels(samples, name, layer) for layer in pair), 20, rng)
            none = np.zeros(of_model.means[0, 0].size, bool)
            dependences[name, *pair] = Dependence(none, none, measure, measure)
    return dependences


def judged_of(samples, rng):
    return verdicts(tables_of(samples, linear_dependences(samples, rng)))


def test_layers_that_share_nothing_are_not_found_dependent():
    """Each layer of these decoders makes an image by itself, and two-dimensional vectors correlate.

    All that was asked for before holds; that networks trained apart are exceeded does not.
    """
    rng = np.random.default_rng(3)
    for _ in range(10):
        vectors = rng.normal(size=(SAMPLES, 2))
        judged = judged_of({name: additive(rng, vectors) for name in DRAWN}, rng)
        for claim in ("4.5-not-independent", "4.5-all-vlaes-alike"):
            assert failed(judged[claim]) == {"more strongly than layers that share nothing"}
        assert failed(judged["4.5-individual-pixels"]) == {"and most do not"}
        assert judged["4.5-outer-boxes"].verdict is Verdict.NOT_REPLICATED
        assert judged["4.5-gan-more-independent"].verdict is Verdict.NOT_REPLICATED


def test_decoders_of_nothing_give_undefined_numbers_and_no_error():
    """All images are the same: nothing varies, nothing can be tested, no claim is replicated."""
    means = np.full((3, SAMPLES, SIDE, SIDE), 0.25)
    still = Representatives(means, np.zeros_like(means), 10)
    rng = np.random.default_rng(0)
    samples = dict.fromkeys(DRAWN, still)
    dependences = {
        (name, *pair): dependence(*(pixels(samples, name, layer) for layer in pair), 3, rng)
        for name in samples
        for pair in PAIRS
    }
    tables = tables_of(samples, dependences)
    found = {one.verdict for one in verdicts(tables).values()}
    assert found == {Verdict.NOT_REPLICATED, Verdict.UNDECIDED}
    text = render("4.5", "RQ6", independence(*tables))
    assert text.startswith("Undecided: in MNIST-VLAE, ")
    assert "(by chance undefined" in text


def test_the_answer_is_made_of_the_numbers(tables):
    pairs, layers, control = tables
    numbers = independence(*tables)
    first, main_effects = numbers["models"][0], layers["main_effect"][:3]
    assert first["name"] == "MNIST-VLAE"
    assert first["shares"] == pairs["share"][:3].to_list()
    assert first["by_chance"] == pairs["share_by_chance"][:3].max()
    assert first["main_effects"] == main_effects.to_list()
    assert first["interactions"] == pytest.approx(max(0, 1 - main_effects.sum()))
    assert [one["names"][1] for one in numbers["controls"]] == [
        *("MNIST-VLAE-GAN", "dSprites-VLAE-GAN")
    ]
    assert numbers["controls"][0]["share"] == pytest.approx(control["share"][:6].mean())
    text = render("4.5", "RQ6", numbers)
    assert text.startswith("No: in MNIST-VLAE, ")
    for one in numbers["models"]:
        one["by_chance"] = 1
    assert render("4.5", "RQ6", numbers).startswith("Not refuted: in no model ")
    linear = [f"{share:.0%}" for share in pairs["share"][:3]]
    for part in (
        f"MNIST-VLAE {', '.join(linear)} (by chance",
        f"MNIST-VLAE {', '.join(f'{own:.2f}' for own in pairs['strength_in_the_centre'][:3])} "
        f"({control['strength_in_the_centre'][:6].max():.2f});",
        f"{control['share'][:6].mean():.0%} of the pixels (MNIST-VLAE with MNIST-VLAE-GAN) and",
        f"MNIST-VLAE {', '.join(f'{share:.0%}' for share in main_effects)}, which leaves "
        f"{1 - main_effects.sum():.0%}",
    ):
        assert part in text
