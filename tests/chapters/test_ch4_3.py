"""Section 4.3: its tables and claims from made-up numbers, then the whole chapter."""

import csv
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats
from statsmodels.stats.multitest import multipletests

from chapters.ch4_3 import (
    AMOUNTS,
    MODELS,
    SCALE,
    SHAPE,
    VAES,
    Lengths,
    answer,
    kl_table,
    latent_dimensions,
    least_normal,
    measurements,
    p_values,
    table_4,
)
from thesis_repro.analysis.path_length import PathLengths
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.analysis.statistics import Interval
from thesis_repro.cli import main
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.verdicts.judgements import Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.3")}
KL = dict(zip(VAES, (22.744, 22.271, 19.399, 18.172, 16.018), strict=True))  # Section 4.3
TABLE_4 = {  # mean and SD
    "dsprites-vae": (936.257, 779.098),
    "7500-vae": (2834.674, 567.933),
    "6250-vae": (4498.156, 1091.255),
    "5000-vae": (173.533, 35.896),
    "3750-vae": (258.326, 49.117),
}


def classes_of(n, rng):
    classes = np.zeros((n, 6), dtype=int)
    classes[:, SHAPE], classes[:, SCALE] = rng.integers(0, 3, n), rng.integers(0, 6, n)
    return classes


@pytest.fixture(scope="module")
def found():
    """Posteriors with a ninth dimension like Figure 23's: seven peaks by scale and shape."""
    rng = np.random.default_rng(0)
    classes = classes_of(20_000, rng)
    posteriors = {}
    for index, name in enumerate(VAES):
        z = rng.normal(size=(len(classes), 10)).astype("float32")
        peak = np.minimum(classes[:, SCALE], 5) + (classes[:, SHAPE] == 2) * (
            classes[:, SCALE] == 5
        )
        z[:, 8] = (peak - 3) / 2 + (0.05 + index / 5) * z[:, 8]
        posteriors[name] = Posterior(z, np.zeros_like(z), z)
    return posteriors, classes


@pytest.fixture(scope="module")
def dimensions(found):
    return latent_dimensions(*found)


@pytest.fixture(scope="module")
def lengths():
    """Path lengths with Table 4's means and SDs over 50 and 200 seeds."""

    def made(mean, sd, seeds, steps):
        around = np.linspace(-1, 1, seeds)
        own = mean + sd * around / around.std()
        empty = np.zeros((seeds, steps, 2), dtype=bool)
        empty[:, 0, 0] = True
        return PathLengths(np.repeat(own[:, np.newaxis], steps, axis=1), empty)

    return {
        name: Lengths(made(*values, 50, 100), made(*values, 200, 128), 0.25)
        for name, values in TABLE_4.items()
    }


@pytest.fixture(scope="module")
def kl():
    return {name: Interval(value, value - 0.1, value + 0.1) for name, value in KL.items()}


def test_names_are_by_weight():
    names = ["10,000-VAE", "7,500-VAE", "6,250-VAE", "5,000-VAE", "3,750-VAE"]
    assert [name_by_weight(name) for name in VAES] == names


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"][:4] == (None, 50, 100, 200)  # Section 4.3; original code


# --- Tables ---


def test_the_un_gaussian_dimension_is_found_and_explained(dimensions):
    assert len(dimensions) == 5 * 10
    least = least_normal(dimensions, "dsprites-vae")
    assert (least["dimension"], least["peaks"]) == (9, 7)
    assert least["by_shape"] < 0.2 < 0.9 < least["by_scale"] < least["by_both"] <= 1
    others = dimensions[(dimensions["dimension"] != 9)]
    assert others["peaks"].max() == 1
    assert others["by_both"].max() < 0.01
    np.testing.assert_allclose(others["kl_nats"], 0.5, atol=0.05)  # of N(mu, 1), mu ~ N(0, 1)


def test_kl_table(kl):
    table = kl_table(kl)
    assert table["model"].tolist() == [name for name in VAES for _ in range(2)]
    reported = table[table["reading"] == "reported"]
    assert reported["mean"].tolist() == list(KL.values())
    assert reported["low"].isna().all()


def test_table_4_has_its_three_readings(lengths):
    table = table_4(lengths)
    assert table["reading"].tolist() == ["as written", "as run", "reported"] * 5
    for _, row in table.iterrows():
        assert (row["mean"], row["sd"]) == pytest.approx(TABLE_4[row["model"]])
    measured = table[table["reading"] != "reported"]
    assert measured["seeds"].tolist() == [50, 200] * 5
    assert (measured["empty_images"] == 0.25).all()
    np.testing.assert_allclose(measured["of_objects"], measured["mean"])
    np.testing.assert_allclose(measured["sd_of_steps"], measured["sd"])  # equal within a seed


def test_path_lengths_of_objects_leave_out_empty_images():
    distances = np.array([[1.0, 5.0, 9.0]] * 2)
    empty = np.array([[(False, False), (True, False), (False, True)]] * 2)
    own = Lengths(PathLengths(distances, empty), PathLengths(distances, empty | True), 0.5)
    row, as_run, *_ = table_4(dict.fromkeys(VAES, own)).to_dict("records")
    assert (row["mean"], row["of_objects"]) == (5, 1)
    assert np.isnan(as_run["of_objects"])


def test_p_values_of_all_pairs(lengths):
    table = p_values(lengths)
    assert len(table) == 10
    means = {name: own.as_written.distances.mean(axis=1) for name, own in lengths.items()}
    raw = [
        stats.ranksums(means[a], means[b]).pvalue
        for a, b in zip(table["model"], table["other_model"], strict=True)
    ]
    np.testing.assert_allclose(table["as_written"], multipletests(raw, method="fdr_bh")[1])
    np.testing.assert_allclose(table["smallest"], 6.9e-18, rtol=0.01)  # erratum E06
    first = [lengths[name].as_run.distances.mean(axis=1) for name in VAES[:2]]
    assert table["as_run"][0] == stats.wilcoxon(*first, method="asymptotic").pvalue


# --- Claims ---


def test_every_claim_is_measured_and_judged(dimensions, kl, lengths):
    measured = measurements(dimensions, kl, lengths, 0.81)
    assert [one.claim_id for one in measured] == list(CLAIMS)
    verdicts = {
        one.claim_id: judge(
            CLAIMS[one.claim_id], one, scale="paper", stand_in=False, data="dSprites"
        ).verdict
        for one in measured
    }
    # Made up to be the thesis's; but 50 values a model cannot give p < 1e-29 (erratum E06).
    assert verdicts.pop("4.3-ppl-p") is Verdict.NOT_REPLICATED
    assert set(verdicts.values()) == {Verdict.REPLICATED}


def test_the_answer_is_made_of_the_numbers(dimensions, kl):
    text = answer(dimensions, kl, dict.fromkeys(VAES, 0.5) | {"3750-vae": 0.125})
    for part in ("dimension 9 ", "peaks: 7", "16.02 nats instead of 22.74", "50% of the images"):
        assert part in text
    assert "(3,750-VAE: 12%)" in text


# --- The whole chapter ---


def run_chapter(folder):
    arguments = ["chapter", "4.3", "--scale", "smoke", "--stand-in", "--out", str(folder / "out")]
    arguments += ["--data-dir", str(folder / "data"), "--runs-dir", str(folder / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_the_chapter_from_nothing(tmp_path, monkeypatch):
    """One update a model: every file is made, nothing is called a replication."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1))
    monkeypatch.setitem(AMOUNTS, "smoke", AMOUNTS["smoke"]._replace(images=256, steps=1, samples=8))
    printed = run_chapter(tmp_path)
    results = tmp_path / "out" / "4.3"
    figures = [23, 24, 25, 26, 27, 28, 61, 62, "27_as_run", "61_as_run", "62_as_run"]
    tables = ["table_4", "table_4_p_values", "latent_dimensions", "kl_divergences"]
    expected = {f"figure_{number}.{kind}" for number in figures for kind in ("png", "svg")}
    expected |= {f"{name}.csv" for name in (*tables, "empty_midpoints")}
    expected |= {"claims.json", "research_questions.json", "manifest.json"}
    assert {path.name for path in results.iterdir()} == expected
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(MODELS)
    assert "RQ3: " in printed
    claims = json.loads((results / "claims.json").read_text())
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
    with (results / "table_4.csv").open(newline="") as file:
        assert {row["scale"] for row in csv.DictReader(file)} == {"smoke", "thesis"}
    assert len(pd.read_csv(results / "table_4_p_values.csv")) == 10
