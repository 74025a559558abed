"""Section 4.6: its claims and answers from made-up numbers, then the whole chapter."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from chapters import ch4_6_discriminator
from chapters.ch4_6 import DATASETS, MODELS, WITH_PIXEL_LOSS, Found, answers, distance, measurements
from chapters.ch4_6_moments import (
    IMAGE,
    RECONSTRUCTED,
    Numbers,
    Z,
    against_real,
    against_reconstructions,
    differing_pixels,
    per_pixel,
    sources,
    table_of,
)
from chapters.ch4_6_samples import (
    COMPARED,
    DSPRITES,
    LATENT_FIGURES,
    MNIST,
    RUN,
    WRITTEN,
    Amount,
    Samples,
    is_vlae,
    kde_source,
    own_source,
)
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.pixel_moments import MOMENTS, moments
from thesis_repro.cli import main
from thesis_repro.section.generation import Source
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.6")}
PRINTED = {claim.models[0]: claim.reported for claim in CLAIMS.values() if "table" in claim.id}


# --- Made-up numbers that agree with the thesis in all ---


def p_printed(name, quantity):
    return float(PRINTED[name][quantity].replace("<0.001", "0.0001"))


@pytest.fixture
def real():
    distances = {Source.PRIOR: 0.6, Source.KDE: 0.3, Source.KDE_AS_RUN: 0.3}
    return pd.DataFrame(
        {
            "dataset": dataset,
            "model": name,
            "reading": reading,
            "source": str(source),
            "quantity": quantity,
            "p": p_printed(name, quantity) if source is own_source(name, reading) else 0.0,
            "superiority": 0.4,
            "ks_distance": distances.get(source, 0.1),
            "n": 1_000,
            "m": 10_000,
        }
        for dataset, names in COMPARED.items()
        for name in names
        for reading in (WRITTEN, RUN)
        for source in sources(name, reading)
        for quantity in MOMENTS
    )


@pytest.fixture
def reconstructed():
    def rows(name, reading, source, of, p_values):
        common = {"model": name, "reading": reading, "source": str(source), "of": of}
        return [common | {"quantity": key, "p": p} for key, p in p_values.items()]

    found = []
    for name in RECONSTRUCTED:
        for reading in (WRITTEN, RUN):
            source = kde_source(reading)
            found += rows(name, reading, source, Z, {"z_1": 0.3, "z_2": 0.6})
            found += rows(name, reading, source, IMAGE, dict.fromkeys(MOMENTS, 0.2) | {"sd": 0.01})
        found += rows(name, WRITTEN, Source.SHUFFLED, IMAGE, dict.fromkeys(MOMENTS, 0.0))
    return pd.DataFrame(found)


@pytest.fixture
def found(real, reconstructed):
    discriminated = pd.DataFrame(
        {"reading": reading, "model": name, "accuracy": 1.0}
        for name in COMPARED[MNIST]
        for reading in (WRITTEN, RUN)
    )
    return Found(Numbers(real, reconstructed), discriminated)


def verdicts(found):
    return {
        own.claim_id: judge(
            CLAIMS[own.claim_id], own, scale="paper", stand_in=False, data="official"
        )
        for own in measurements(found)
    }


def test_every_claim_is_measured_and_replicated_by_such_numbers(found):
    judged = verdicts(found)
    assert list(judged) == list(CLAIMS)
    assert {own.verdict for own in judged.values()} == {Verdict.REPLICATED}


def failing(judged):
    return {name for name, own in judged.items() if own.verdict is Verdict.NOT_REPLICATED}


@pytest.mark.parametrize(
    ("name", "quantity", "p", "claim"),
    [
        ("mnist-vae", "kurtosis", 0.002, "4.6-table5-mnist-vae"),
        ("mnist-vlae-factor-1", "mean", 0.04, "4.6-table5-mnist-vlae-factor-1"),
        ("mnist-vlae-gan", "skewness", 0.06, "4.6-table5-mnist-vlae-gan"),
        ("dsprites-vae-gan", "sd", np.nan, "4.6-table6-dsprites-vae-gan"),
        ("dsprites-vlae", "kurtosis", 0.06, "4.6-table6-dsprites-vlae"),
    ],
)
def test_each_cell_of_the_tables_counts(found, real, name, quantity, p, claim):
    own = real["model"].eq(name) & real["quantity"].eq(quantity)
    real.loc[own & real["reading"].eq(RUN), "p"] = p  # as run decides nothing
    assert failing(verdicts(found)) == set()
    others = own & real["source"].ne(own_source(name, WRITTEN))
    real.loc[others, "p"] = p  # nor does another source
    assert failing(verdicts(found)) == set()
    real.loc[own, "p"] = p
    assert failing(verdicts(found)) == {claim}


@pytest.mark.parametrize(
    ("of", "p_values"),
    [
        (IMAGE, {"sd": 0.02}),  # of four moments: 0.08 after correction
        (Z, {"z_1": 0.02}),
    ],
)
def test_generated_and_reconstructed_images_differ_and_their_z_do_not(
    found, reconstructed, of, p_values
):
    own = (
        reconstructed["of"].eq(of)
        & reconstructed["model"].eq(RECONSTRUCTED[1])
        & reconstructed["source"].eq(Source.KDE)
    )
    for quantity, p in p_values.items():
        reconstructed.loc[own & reconstructed["quantity"].eq(quantity), "p"] = p
    assert failing(verdicts(found)) == {"4.6-generated-vs-reconstructed"}


@pytest.mark.parametrize("source", [Source.KDE, Source.ENCODED])
def test_the_prior_is_worse_for_every_model(found, real, source):
    name = "mnist-vlae-gan"
    own = real["model"].eq(name) & real["source"].eq(source)
    real.loc[own, "ks_distance"] = 0.6  # as far as the prior
    assert failing(verdicts(found)) == {"4.6-prior-worse"}


def test_images_without_skewness_are_as_far_as_can_be(real):
    own = real["model"].eq("mnist-vae") & real["quantity"].isin(["skewness", "kurtosis"])
    real.loc[own, "ks_distance"] = np.nan
    assert distance(real, "mnist-vae", Source.KDE) == (0.3 + 0.3 + 1 + 1) / 4


def test_a_discriminator_that_errs_is_no_perfect_one(found):
    own = found.discriminated["reading"].eq(WRITTEN) & found.discriminated["model"].eq("mnist-vae")
    found.discriminated.loc[own, "accuracy"] = 0.99
    assert failing(verdicts(found)) == {ch4_6_discriminator.CLAIM}


def test_the_tables_stand_beside_the_printed_ones(real):
    table = table_of(real, 5)
    assert table["reading"].to_list() == [WRITTEN, RUN, "reported"] * 4
    assert table["model"].unique().tolist() == list(COMPARED[MNIST])
    vlae = table[table["model"] == "mnist-vlae-factor-1"].set_index("reading")
    assert vlae.loc[WRITTEN, "mean"] == 0.439
    assert vlae.loc["reported", "mean"] == "0.439"
    assert vlae.loc[WRITTEN, "larger_kurtosis"] == 0.4
    assert (vlae.loc[WRITTEN, "generated"], vlae.loc[WRITTEN, "real"]) == (1_000, 10_000)


def test_the_answers_are_made_of_the_numbers(found):
    said = answers(found)
    assert list(said) == ["RQ7", "RQ8"]
    for part in (
        "On MNIST: MNIST-VAE 0.30 from the estimated posterior, 0.60 from the prior",
        "MNIST-VLAE 0.10 reconstructed, 0.30 from",
        "MNIST-VAE 100.0%",
    ):
        assert part in said["RQ7"]
    assert "MNIST-VAE-GAN is no closer to the data than MNIST-VAE (0.30, 0.30)" in said["RQ8"]


# --- Samples ---


class Made:
    """Stands for a `Generation`: images as bright as their source is told to be."""

    def __init__(self, real, brightness):
        self.real, self.brightness = real, brightness
        self.rng = np.random.default_rng(0)

    def rows(self, count):
        return np.arange(count)

    def images(self, name, source, count):
        made = self.rng.random((count, 4, 4, 1)) * self.brightness.get(source, 1.0)
        return made.astype("float32")

    def positions(self, name, source, count):
        return [self.rng.normal(size=(count, 2))]

    def encoded(self, name, source):
        return [self.rng.normal(size=(len(self.real), 2))]


def samples_with(brightness, dataset=MNIST):
    pixels = np.random.default_rng(1).integers(0, 256, (300, 4, 4, 1), dtype="uint8")
    made = Made(Images("real", pixels, {}), brightness)
    return Samples(dataset, Amount(300, 80, {MNIST: 150, DSPRITES: 60}), made)


def test_what_a_source_makes_is_compared_with_real_images():
    found = against_real(samples_with({Source.PRIOR: 0.5})).set_index(
        ["model", "reading", "source", "quantity"]
    )
    for name in COMPARED[MNIST]:
        own = found.loc[(name, WRITTEN, str(own_source(name, WRITTEN)), "mean")]
        prior = found.loc[(name, WRITTEN, "prior", "mean")]
        assert (own["n"], own["m"]) == (80, 300)
        assert own["p"] > 1e-4 > prior["p"]
        assert prior["superiority"] < 0.01
        assert found.loc[(name, RUN, "prior", "mean"), "n"] == 150
    vlae = {source for name, _, source, _ in found.index if name == "mnist-vlae-gan"}
    assert vlae == {"mean values", "sampled z", "KDE of mean values", "KDE of sampled z", "prior"}


def test_dsprites_are_compared_with_as_many_real_images():
    own = samples_with({}, DSPRITES)
    found = against_real(own)
    assert found["m"].eq(60).all()
    assert sorted(found["n"].unique()) == [60, 80]


def test_moments_per_pixel_are_as_many_as_pixels():
    found = per_pixel(samples_with({}))
    assert found["n"].eq(16).all()
    assert found["m"].eq(16).all()


def test_shuffled_codes_are_compared_with_reconstructions():
    found = against_reconstructions(samples_with({Source.SHUFFLED: 0.5}))
    own = found.set_index(["model", "of", "source", "reading", "quantity"])["p"].sort_index()
    for name in RECONSTRUCTED:
        assert own[name, IMAGE, str(Source.SHUFFLED), WRITTEN, "mean"] < 1e-6
        assert own[name, IMAGE, str(Source.KDE), WRITTEN, "mean"] > 1e-4
        assert own[name, Z, str(Source.KDE), WRITTEN].index.to_list() == ["z_1", "z_2"]


def test_pixels_that_differ_are_counted_of_each_model():
    found = differing_pixels(samples_with({Source.KDE_AS_RUN: 0.5}))
    vaes = found["model"].isin(RECONSTRUCTED)
    assert found[vaes]["differ"].eq(16).all()
    assert found[~vaes]["differ"].lt(4).all()
    assert found["from"].to_list() == ["real images"] * 4 + ["reconstructions"] * 2


def test_only_one_model_went_through_an_image_file():
    own = samples_with({})
    own.generation = SimpleNamespace(
        images=lambda name, source, count: np.full((2, 4, 4, 1), 0.5, "float32"),
        real=own.generation.real,
    )
    rounded = own.moments("mnist-vae", Source.KDE_AS_RUN, RUN).mean
    assert rounded.tolist() == [128, 128]
    assert own.moments("mnist-vae-gan", Source.KDE_AS_RUN, RUN).mean.tolist() == [127.5] * 2
    assert own.moments("mnist-vae", Source.KDE, WRITTEN).mean.tolist() == [127.5] * 2


def test_real_images_have_one_set_of_moments_per_unit():
    own = samples_with({})
    by_image, by_pixel = own.real_moments(WRITTEN), own.real_moments(WRITTEN, "pixel")
    assert (len(by_image.mean), len(by_pixel.mean)) == (300, 16)
    np.testing.assert_array_equal(by_image.mean, moments(own.real()).mean)
    assert own.real_moments(WRITTEN) is by_image


# --- What the section is of ---


def test_models_are_those_of_the_claims_and_figures():
    claimed = {model for claim in CLAIMS.values() for model in claim.models}
    assert set(MODELS) == claimed == set(LATENT_FIGURES.values())
    assert DATASETS == ()
    assert [name for name in MODELS if is_vlae(name)] == [name for name in MODELS if "vlae" in name]
    for pairs in WITH_PIXEL_LOSS.values():
        for one, other in pairs:
            assert other == f"{one.removesuffix('-factor-1')}-gan"


@pytest.mark.long
def test_the_chapter_from_nothing(tmp_path, monkeypatch):
    """One update a model: every figure and table is made, nothing is called a replication."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1, 2e11, 32))
    arguments = ["chapter", "4.6", "--scale", "smoke", "--stand-in", "--out", str(tmp_path / "out")]
    arguments += ["--data-dir", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    results = tmp_path / "out" / "4.6"
    figures = {path.stem.split("_")[1] for path in results.glob("figure_*.png")}
    captions = load_captions().values()
    assert figures == {
        str(own.number) for own in captions if (own.kind, own.section) == ("figure", "4.6")
    }
    assert {path.name for path in results.glob("table_*.csv")} == {"table_5.csv", "table_6.csv"}
    claims = json.loads((results / "claims.json").read_text())
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
    answered = json.loads((results / "research_questions.json").read_text())["rq"]
    assert [own["number"] for own in answered] == ["RQ7", "RQ8"]
    assert not any("nan" in own["answer"] for own in answered)
