"""Section 4.7: its tables on made images, its claims and answers, then the whole chapter."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from chapters.ch4_7 import DATASETS, MODELS, answers, figure_53, measurements, one, rows_of
from chapters.ch4_7_numbers import (
    AMOUNTS,
    DRAWN,
    GENERATORS,
    READINGS,
    RUN,
    TEST,
    TRAINING,
    VAE,
    VAE_GAN,
    VLAES,
    WRITTEN,
    Sample,
    Samples,
    numbers_of,
)
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.statistics import wilson
from thesis_repro.cli import main
from thesis_repro.section.generation import KDES
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.verdicts.judgements import Verdict, judge
from thesis_repro.verdicts.questions import questions_of

CLAIMS = {claim.id: claim for claim in load_claims("4.7")}
WIDTH = COLUMNS.index("width")


def digits_and_forms(count, weights=(1,) * 10, *, ones_width=4.0, lumps=0.0, shift=0.0, seed=0):
    """Labels by these weights; forms, all but the ones' width around 20, in steps of ``lumps``."""
    rng = np.random.default_rng(seed)
    shares = np.array(weights, float) / np.sum(weights)
    labels = np.repeat(range(10), np.round(shares * count).astype(int))
    forms = rng.normal(20 + shift, 2, (len(labels), 6))
    forms[labels == 1, WIDTH] += ones_width - 20
    if lumps:
        forms = (forms / lumps).round() * lumps
    return labels, forms


def as_the_thesis_sees_it(**changed):
    """VAE and VAE-GAN lack threes and fours; VLAEs have even digits, but no narrow ones."""
    few = {VAE: 3, VAE_GAN: 4}
    made = {name: {"ones_width": 20.0} for name in GENERATORS}
    made[VAE] = {"weights": [2 if own == 3 else 10 for own in range(10)], "lumps": 4.0}
    made[VAE_GAN]["weights"] = [2 if own == few[VAE_GAN] else 10 for own in range(10)]
    for name in VLAES:
        made[name]["weights"] = [9, 11] * 5
    made |= changed
    others = [Sample("", "", TEST, *digits_and_forms(2_000, seed=9))]
    for number, (reading, sources) in enumerate(READINGS.items()):
        for name, source in sources.items():
            labels, forms = digits_and_forms(4_000, seed=number, **made[name])
            others.append(Sample(name, reading, source, labels, forms))
    training = Sample("", "", TRAINING, *digits_and_forms(6_000, seed=10))
    return Samples(training, others, wilson(970, 1_000))


@pytest.fixture(scope="module")
def samples():
    return as_the_thesis_sees_it()


@pytest.fixture(scope="module")
def numbers(samples):
    return numbers_of(samples, seed=0)


def verdicts(numbers):
    return {
        own.claim_id: judge(CLAIMS[own.claim_id], own, scale="paper", stand_in=False, data="all")
        for own in measurements(numbers)
    }


def failed(judgement):
    return {check.name for check in judgement.checks if not check.holds}


def test_what_the_section_needs():
    assert {name for claim in CLAIMS.values() for name in claim.models} < set(MODELS)
    assert DATASETS == ("morpho-mnist",)
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"] is None


def test_only_the_third_reading_draws_vlaes():
    """Section 4.6.1: their encodings are decoded (erratum E65)."""
    for reading in (WRITTEN, RUN):
        assert list(READINGS[reading]) == [*GENERATORS]
        for name, source in READINGS[reading].items():
            assert (source in KDES) == (name not in VLAES)
    assert set(READINGS[DRAWN]) == set(VLAES)
    assert set(READINGS[DRAWN].values()) <= set(KDES)
    assert not {*READINGS[WRITTEN].values()} & {*READINGS[RUN].values()}


# --- Tables ---


def test_shares_and_tests_are_of_the_digits(samples, numbers):
    assert len(numbers.shares) == 10 * (2 + 4 + 4 + 2)
    for own in samples.others[:3]:
        key = (own.model, own.reading) if own.model else ("", TEST)
        rows, counts = rows_of(numbers.shares, *key), np.bincount(own.labels, minlength=10)
        np.testing.assert_array_equal(rows["count"], counts)
        np.testing.assert_allclose(rows["training_share"], 0.1)
        assert ((rows["low"] < rows["share"]) & (rows["share"] < rows["high"])).all()
        test = stats.chisquare(counts)
        assert one(numbers.tests, *key, "chi_square") == pytest.approx(test.statistic)
        assert one(numbers.tests, *key, "p") == pytest.approx(test.pvalue)
        t_test = stats.ttest_ind(own.labels, samples.training.labels)
        assert one(numbers.tests, *key, "t_test_p") == pytest.approx(t_test.pvalue)


def test_forms_are_held_against_training_images(samples, numbers):
    own = samples.of(VAE, WRITTEN).forms
    rows = rows_of(numbers.forms, VAE, WRITTEN)
    assert rows["attribute"].to_list() == [*COLUMNS]
    np.testing.assert_allclose(rows["median"], np.median(own, axis=0))
    expected = [
        stats.wasserstein_distance(one, other) / other.std()
        for one, other in zip(own.T, samples.training.forms.T, strict=True)
    ]
    np.testing.assert_allclose(rows["distance"], expected)
    assert rows_of(numbers.forms, "", TRAINING)["distance"].eq(0).all()


def test_narrow_is_what_tells_ones_from_others(samples, numbers):
    below = numbers.narrow["below_px"].iloc[0]
    assert 8 < below < 16  # between 4 and 20, each with a standard deviation of 2
    for own in (samples.of(VAE, WRITTEN), samples.of(VLAES[0], WRITTEN)):
        count = (own.forms[:, WIDTH] < below).sum()
        assert one(numbers.narrow, own.model, WRITTEN, "narrow") == count
        assert one(numbers.narrow, own.model, WRITTEN, "of_training") == pytest.approx(
            count / len(own.labels) / 0.1, rel=0.01
        )


def test_images_without_form_are_counted_and_said(samples):
    def with_failures(own):
        forms = own.forms.copy()
        forms[: {VAE: 25, VAE_GAN: len(forms)}.get(own.model, 0)] = np.nan
        return own._replace(forms=forms)

    broken = samples._replace(others=[*map(with_failures, samples.others)])
    numbers = numbers_of(broken, seed=0)
    assert rows_of(numbers.forms, VAE, WRITTEN)["not_measured"].eq(25).all()
    assert rows_of(numbers.forms, VAE_GAN, WRITTEN)["images"].eq(0).all()
    said = answers(numbers, samples.accuracy)["RQ7"]
    assert "25 images without form left out" in said
    assert "MNIST-VAE-GAN no form in any image" in said
    assert "nan" not in said
    judged = verdicts(numbers)["4.7-morphology"]
    assert judged.verdict is Verdict.NOT_REPLICATED  # of what was not measured nothing is known
    labels = [
        own.get_text() for own in figure_53(broken, numbers, WRITTEN).axes[0].get_yticklabels()
    ]
    assert labels[0] == "MNIST"
    assert labels[2].endswith("have a form)")
    assert "(0 have a form)" in labels[4]


# --- Claims and answers ---


def test_the_claims_hold_where_the_thesis_is_right(numbers):
    judged = verdicts(numbers)
    assert list(judged) == list(CLAIMS)
    assert {name: failed(own) for name, own in judged.items()} == {key: set() for key in CLAIMS}


@pytest.mark.parametrize(
    ("changed", "claim", "expected"),
    [
        ({VAE: {"lumps": 4.0}}, "4.7-uneven", {"no model has", "MNIST-VAE makes", "VLAEs are"}),
        (
            {name: {"ones_width": 20.0, "weights": [1] + [10] * 9} for name in VLAES},
            "4.7-uneven",
            {"VLAEs are"},
        ),
        ({name: {} for name in VLAES}, "4.7-morphology", {"VLAEs lack", "MNIST-VAE has"}),
        ({VAE_GAN: {}}, "4.7-morphology", {"MNIST-VAE has"}),
        ({VAE: {}}, "4.7-morphology", {"MNIST-VAE is less"}),
        (
            {name: {"ones_width": 20.0, "shift": 5.0} for name in VLAES},
            "4.7-morphology",
            {"VLAEs resemble"},
        ),
    ],
    ids=["even VAE", "uneven VLAEs", "narrow VLAEs", "narrow VAE-GAN", "smooth VAE", "other VLAEs"],
)
def test_each_claim_fails_where_it_is_wrong(changed, claim, expected):
    judged = verdicts(numbers_of(as_the_thesis_sees_it(**changed), seed=0))
    found = failed(judged[claim])
    assert {
        next((own for own in expected if name.startswith(own)), name) for name in found
    } == expected


def test_the_answers_are_made_of_the_numbers(numbers, samples):
    said = answers(numbers, samples.accuracy)
    assert list(said) == [*questions_of(CLAIMS["4.7-uneven"])] == ["RQ2", "RQ7"]
    assert "its rarest digit being 3 (0.22 times" in said["RQ2"]  # 2 of 92
    assert "its rarest digit being 4 (0.22 times" in said["RQ2"]
    assert "right on 97.0% of them" in said["RQ2"]
    assert "MNIST-VLAE" in said["RQ7"]
    assert not any("nan" in text for text in said.values())


# --- The whole chapter ---


@pytest.mark.long
def test_the_chapter_from_nothing(tmp_path, monkeypatch):
    """A few updates a model: both figures are made, nothing is called a replication."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1, 2e11, 32))
    arguments = ["chapter", "4.7", "--scale", "smoke", "--stand-in", "--out", str(tmp_path / "out")]
    arguments += ["--data-dir", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    results = tmp_path / "out" / "4.7"
    figures = {path.stem.split("_")[1] for path in results.glob("figure_*.png")}
    captions = load_captions().values()
    assert figures == {
        str(own.number) for own in captions if (own.kind, own.section) == ("figure", "4.7")
    }
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(MODELS)
    claims = json.loads((results / "claims.json").read_text())
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    assert {claim["verdict"] for claim in claims} == {"not comparable"}
    answered = json.loads((results / "research_questions.json").read_text())["rq"]
    assert [own["number"] for own in answered] == ["RQ2", "RQ7"]
    assert not any("nan" in own["answer"] for own in answered)
