"""Section 4.5: its claims and answer from made-up samples and numbers, then the whole chapter."""

import json
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from chapters.ch4_5 import (
    AMOUNTS,
    BOX_FIGURES,
    DSPRITES_GAN,
    DSPRITES_VLAE,
    HISTOGRAM_FIGURES,
    MNIST_GAN,
    MNIST_VLAE,
    MODELS,
    PAIRS,
    Amount,
    Numbers,
    answer,
    histogram_of,
    layer_rows,
    measurements,
    pair_row,
    stranger_row,
)
from thesis_repro.analysis.layer_independence import Representatives
from thesis_repro.analysis.pixel_dependence import dependence
from thesis_repro.cli import main
from thesis_repro.models.zoo import MODELS as ZOO
from thesis_repro.models.zoo import model
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.5")}
SAMPLES, SIDE = 60, 8
SHOWN = (MNIST_VLAE, MNIST_GAN, DSPRITES_VLAE, DSPRITES_GAN)


def made_samples(seed, common):
    """Three layers of which the inner pixels have so much of one image in common, half inverted."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(size=(3, SAMPLES, SIDE, SIDE))
    shared = rng.uniform(size=(SAMPLES, 4, 4))
    inner = means[:, :, 2:6, 2:6]
    for layer, own in enumerate(inner):
        turned = np.where(np.arange(4) < 2, shared, 1 - shared) if layer else shared
        own[:] = common * turned + (1 - common) * own
    means[:, :, 0, 0] = 0
    return Representatives(means, np.full_like(means, 0.3), 10)


@pytest.fixture(scope="module")
def samples():
    strong, weak = 0.7, 0.1
    common = dict(zip(SHOWN, (strong, weak, strong, weak), strict=True))
    return {name: made_samples(seed, own) for seed, (name, own) in enumerate(common.items())}


@pytest.fixture(scope="module")
def numbers(samples):
    rng = np.random.default_rng(5)
    chapter = SimpleNamespace(
        rng=lambda *purpose: np.random.default_rng(derive_seed(0, "4.5", *purpose))
    )
    rows = []
    for name, own in samples.items():
        for pair in PAIRS:
            sides = [own.means[layer] for layer in pair]
            found = dependence(*(side.reshape(SAMPLES, -1) for side in sides), 40, rng)
            rows.append(pair_row((name, *pair), found, sides))
    return Numbers(
        pd.DataFrame(rows),
        pd.DataFrame(row for name, own in samples.items() for row in layer_rows(name, own)),
        pd.DataFrame(
            stranger_row(chapter, samples, names, pair, Amount(SAMPLES, 10, 20))
            for names in HISTOGRAM_FIGURES.values()
            for pair in permutations(range(3), 2)
        ),
    )


def verdicts(numbers):
    return {
        one.claim_id: judge(CLAIMS[one.claim_id], one, scale="paper", stand_in=False, data="all")
        for one in measurements(numbers)
    }


def test_models_are_all_layered_ones_of_mnist_and_dsprites():
    layered = {
        name
        for name, spec in ZOO.items()
        if len(spec.latent_dims.value) == 3 and spec.dataset.value != "celeba"
    }
    assert set(MODELS) == {name for name in layered if not name.endswith("-as-run")}
    assert {own for claim in CLAIMS.values() for own in claim.models} <= set(MODELS)
    for names in HISTOGRAM_FIGURES.values():
        assert len({model(name).latent_dims.value for name in names}) == 1  # the same v


def test_figures_show_what_their_captions_say():
    for number, (name, *pair) in BOX_FIGURES.items():
        (caption,) = (
            own.caption
            for own in load_captions().values()
            if (own.kind, own.number) == ("figure", number)
        )
        first, second = ("z₁z₂z₃"[2 * layer : 2 * layer + 2] for layer in pair)
        assert f"fixing {first} = {second} = φ" in caption
        assert ("MNIST-VLAE-GAN" in caption) == (name == MNIST_GAN)


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"][:2] == (100, 300)  # Section 4.5.1


def test_pairs_in_numbers(numbers):
    row = numbers.pairs.iloc[0]
    assert tuple(row[["model", "first", "second"]]) == (MNIST_VLAE, "z_1", "z_2")
    assert (row["pixels"], row["constant"], row["black"]) == (64, 1, 0)
    assert row["share_in_the_centre"] == 1
    assert row["significant"] >= 16
    assert row["share"] == pytest.approx(row["significant"] / 63)
    assert row["positive"] == pytest.approx(row["significant"] / 2, abs=2)
    assert row["p"] == 1 / 41
    assert row["share_by_chance_95"] < 0.05


def test_strangers_share_nothing(numbers):
    assert len(numbers.strangers) == 12
    assert numbers.strangers["share"].max() < 0.05


def test_a_panel_leaves_out_what_is_constant(samples):
    sides = samples[MNIST_VLAE].means[:2].reshape(2, SAMPLES, -1)
    found = histogram_of(dependence(*sides, 5, np.random.default_rng(0)))
    assert (len(found.r), len(found.significant), found.constant) == (63, 63, 1)
    assert np.isfinite(found.r).all()


# --- Claims and the answer ---


def test_every_claim_is_measured_and_holds_where_the_thesis_is_right(numbers):
    judged = verdicts(numbers)
    assert list(judged) == list(CLAIMS)
    assert {own.verdict for own in judged.values()} == {Verdict.REPLICATED}


def test_claims_fail_where_models_are_the_other_way_round(numbers):
    turned = dict(zip(SHOWN, (MNIST_GAN, MNIST_VLAE, DSPRITES_GAN, DSPRITES_VLAE), strict=True))
    pairs = numbers.pairs.replace({"model": turned})
    judged = verdicts(numbers._replace(pairs=pairs))
    assert {own.verdict for own in judged.values()} == {Verdict.NOT_REPLICATED}


@pytest.mark.parametrize("column", ["share_in_the_centre", "p", "positive"])
def test_one_pair_of_layers_that_does_not_correlate_is_enough(numbers, column):
    pairs = numbers.pairs.astype({column: float})
    pairs.loc[0, column] = 0.5 if column == "p" else 0.0
    judged = verdicts(numbers._replace(pairs=pairs))
    assert judged["4.5-not-independent"].verdict is Verdict.NOT_REPLICATED


def test_one_gan_that_is_not_more_independent_is_enough(numbers):
    pairs = numbers.pairs.copy()
    pairs.loc[pairs["model"] == DSPRITES_GAN, "significant"] = 64
    judged = verdicts(numbers._replace(pairs=pairs))
    assert judged["4.5-gan-more-independent"].verdict is Verdict.NOT_REPLICATED


def test_the_answer_is_made_of_the_numbers(numbers):
    said = answer(numbers)
    linear = [f"{own:.0%}" for own in numbers.pairs["share"][:3]]
    strangers = numbers.strangers["share"][:6].mean()
    first = numbers.layers["main_effect"][:3]
    for part in (
        f"MNIST-VLAE {', '.join(linear)} (by chance",
        f"{strangers:.0%} of the pixels (MNIST-VLAE with MNIST-VLAE-GAN)",
        f"MNIST-VLAE {', '.join(f'{own:.0%}' for own in first)}, which leaves "
        f"{1 - first.sum():.0%}",
    ):
        assert part in said


# --- The whole chapter ---


@pytest.mark.long
def test_the_chapter_from_nothing(tmp_path, monkeypatch):
    """One update a model: every figure of the thesis is made, nothing is called a replication."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1, 2e11, 32))
    arguments = ["chapter", "4.5", "--scale", "smoke", "--stand-in", "--out", str(tmp_path / "out")]
    arguments += ["--data-dir", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    results = tmp_path / "out" / "4.5"
    figures = {path.stem.split("_")[1] for path in results.glob("figure_*.png")}
    captions = load_captions().values()
    assert figures == {
        str(own.number) for own in captions if (own.kind, own.section) == ("figure", "4.5")
    }
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(MODELS)
    claims = json.loads((results / "claims.json").read_text())
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
    answered = json.loads((results / "research_questions.json").read_text())["rq"]
    assert [own["number"] for own in answered] == ["RQ6"]
    assert "nan" not in answered[0]["answer"]
