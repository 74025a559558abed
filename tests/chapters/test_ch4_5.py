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
    layer_effects,
    layer_pairs,
    layers_of_two_models,
    measurements,
    pixels,
)
from thesis_repro.analysis.layer_independence import Representatives
from thesis_repro.analysis.pixel_dependence import dependence
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
SAMPLES, SIDE = 60, 8


def made_samples(seed, common):
    """Three layers of which the inner pixels have so much of one image in common, half inverted."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(size=(3, SAMPLES, SIDE, SIDE))
    shared = rng.uniform(size=(SAMPLES, 4, 4))
    inner = means[:, :, 2:6, 2:6]
    for layer, images in enumerate(inner):
        turned = np.where(np.arange(4) < 2, shared, 1 - shared) if layer else shared
        images[:] = common * turned + (1 - common) * images
    means[:, :, 0, 0] = 0
    return Representatives(means, np.full_like(means, 0.3), 10)


@pytest.fixture(scope="module")
def samples():
    strong, weak = 0.7, 0.1
    common = dict(zip(DRAWN, (strong, weak, strong, weak), strict=True))
    return {name: made_samples(seed, share) for seed, (name, share) in enumerate(common.items())}


@pytest.fixture(scope="module")
def dependences(samples):
    rng = np.random.default_rng(5)
    return {
        (name, *pair): dependence(*(pixels(samples, name, layer) for layer in pair), 40, rng)
        for name in samples
        for pair in PAIRS
    }


@pytest.fixture(scope="module")
def tables(samples, dependences):
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
def pairs(tables):
    return tables[0]


def verdicts(pairs):
    return {
        one.claim_id: judge(
            CLAIMS[one.claim_id],
            one,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="all",
        )
        for one in measurements(pairs)
    }


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
    assert list(SAMPLE_SIZES) == list(SCALES)
    assert SAMPLE_SIZES["paper"][:2] == (100, 300)  # Section 4.5.1


def test_pairs_in_numbers(pairs):
    row = pairs.iloc[0]
    assert tuple(row[["model", "first", "second"]]) == (MNIST_VLAE, "z_1", "z_2")
    assert (row["samples"], row["pixels"]) == (SAMPLES, SIDE**2)
    assert (row["constant"], row["black"]) == (1, 0)
    assert row["share_in_the_centre"] == 1
    assert row["significant"] >= 16
    assert row["share"] == pytest.approx(row["significant"] / 63)
    assert row["positive"] == pytest.approx(row["significant"] / 2, abs=2)
    assert row["p"] == 1 / 41
    assert row["share_by_chance_95"] < 0.05


def test_networks_that_were_trained_apart_share_nothing(tables):
    *_, control = tables
    assert len(control) == 12
    assert control["share"].max() < 0.05


# --- Claims and the answer ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(pairs):
    judged = verdicts(pairs)
    assert list(judged) == list(CLAIMS)
    assert {judgement.verdict for judgement in judged.values()} == {Verdict.REPLICATED}


def test_claims_fail_where_models_are_the_other_way_round(pairs):
    turned = dict(zip(DRAWN, (MNIST_GAN, MNIST_VLAE, DSPRITES_GAN, DSPRITES_VLAE), strict=True))
    judged = verdicts(pairs.replace({"model": turned}))
    assert {judgement.verdict for judgement in judged.values()} == {Verdict.NOT_REPLICATED}


@pytest.mark.parametrize("column", ["share_in_the_centre", "p", "positive"])
def test_one_pair_of_layers_that_does_not_correlate_is_enough(pairs, column):
    changed = pairs.astype({column: float})
    changed.loc[0, column] = 0.5 if column == "p" else 0.0
    assert verdicts(changed)["4.5-not-independent"].verdict is Verdict.NOT_REPLICATED


def test_one_gan_that_is_not_more_independent_is_enough(pairs):
    changed = pairs.copy()
    changed.loc[changed["model"] == DSPRITES_GAN, "significant"] = 64
    assert verdicts(changed)["4.5-gan-more-independent"].verdict is Verdict.NOT_REPLICATED


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
    linear = [f"{share:.0%}" for share in pairs["share"][:3]]
    for part in (
        f"MNIST-VLAE {', '.join(linear)} (by chance",
        f"{control['share'][:6].mean():.0%} of the pixels (MNIST-VLAE with MNIST-VLAE-GAN) and",
        f"MNIST-VLAE {', '.join(f'{share:.0%}' for share in main_effects)}, which leaves "
        f"{1 - main_effects.sum():.0%}",
    ):
        assert part in text
