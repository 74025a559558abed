"""Section 4.7: its tables on made images, its claims and answers."""

import re
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from chapters.ch4_7 import alike, as_often, measurements
from chapters.ch4_7_digits import (
    CLASSIFIER,
    DRAWN,
    GENERATORS,
    VAE,
    VAE_GAN,
    VLAES,
    class_tests,
    classifier_accuracy,
    figure_52,
    figure_53,
    forms_of_digits,
    narrow_digits,
    shares_of_digits,
    sources,
)
from chapters.ch4_7_samples import SAMPLE_SIZES, TEST, TRAINING, Sample, Samples
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.statistics import wilson
from thesis_repro.analysis.tables import pick, rows
from thesis_repro.section.answers import render
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown
from thesis_repro.section.generation import KDES
from thesis_repro.section.registry import datasets_of, models_of
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Verdict, judge
from thesis_repro.verdicts.questions import questions_of

WRITTEN, RUN = Reading


def under(*readings):
    return Chapter("4.7", SimpleNamespace(options=SimpleNamespace(seed=0), readings=readings))


CHAPTER = under()
SOURCES = sources(CHAPTER)
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
    for number, (reading, by_model) in enumerate(SOURCES.items()):
        for name, source in by_model.items():
            labels, forms = digits_and_forms(4_000, seed=number, **made[name])
            others.append(Sample(name, reading, source, labels, forms))
    training = Sample("", "", TRAINING, *digits_and_forms(6_000, seed=10))
    return Samples(training, others, wilson(970, 1_000))


class Tables(NamedTuple):
    """What the claims are measured with."""

    shares: pd.DataFrame
    tests: pd.DataFrame
    forms: pd.DataFrame
    narrow: pd.DataFrame


def shown(function, reading=WRITTEN):
    return Shown(function.declarations[0], reading)


def tables_of(samples):
    functions = (shares_of_digits, class_tests, forms_of_digits, narrow_digits)
    return Tables(*(function(CHAPTER, shown(function), samples) for function in functions))


OF_DIGITS = {"shares": shares_of_digits, "tests": class_tests}
OF_FORMS = {"forms": forms_of_digits, "narrow": narrow_digits}


def with_others(tables, samples, models, functions):
    """The tables with those rows of these models that other samples give; all would take long."""
    samples = samples._replace(others=[own for own in samples.others if own.model in models])
    changed = {}
    for name, function in functions.items():
        before, now = getattr(tables, name), function(CHAPTER, shown(function), samples)
        kept = before[~before["model"].isin(models)]
        changed[name] = pd.concat([kept, now[now["model"].isin(models)]])
    return tables._replace(**changed)


@pytest.fixture(scope="module")
def samples():
    return as_the_thesis_sees_it()


@pytest.fixture(scope="module")
def tables(samples):
    return tables_of(samples)


def verdicts(tables):
    return {
        own.claim_id: judge(
            CLAIMS[own.claim_id],
            own,
            scale="paper",
            precision="float32",
            stand_in=False,
            data="all",
        )
        for own in measurements(*tables)
    }


def failed(judgement):
    return {check.name for check in judgement.checks if not check.holds}


def test_what_the_section_needs():
    claimed = {name for claim in CLAIMS.values() for name in claim.models}
    assert claimed == set(GENERATORS)
    assert models_of("4.7", "paper") == (*GENERATORS, CLASSIFIER)
    assert datasets_of("4.7", "paper") == ("morpho-mnist", "mnist")
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"] is None


def test_only_the_third_reading_draws_vlaes():
    """Section 4.6.1: their encodings are decoded (erratum E65)."""
    for reading in (WRITTEN, RUN):
        assert list(SOURCES[reading]) == [*GENERATORS]
        for name, source in SOURCES[reading].items():
            assert (source in KDES) == (name not in VLAES)
    assert set(SOURCES[DRAWN]) == set(VLAES)
    assert set(SOURCES[DRAWN].values()) <= set(KDES)
    assert not {*SOURCES[WRITTEN].values()} & {*SOURCES[RUN].values()}


def test_vlaes_are_drawn_as_written_where_asked():  # erratum E65
    other = sources(under("E65"))
    assert {name for name in GENERATORS if other[WRITTEN][name] != SOURCES[WRITTEN][name]} == {
        *VLAES
    }
    assert {*other[WRITTEN].values()} == {*SOURCES[DRAWN].values()}
    assert (other[RUN], other[DRAWN]) == (SOURCES[RUN], SOURCES[DRAWN])


# --- Tables ---


def test_shares_and_tests_are_of_the_digits(samples, tables):
    assert len(tables.shares) == 10 * (2 + 4 + 4 + 2)
    for own in samples.others[:3]:
        digits, counts = rows(tables.shares, **own.origin), np.bincount(own.labels, minlength=10)
        assert digits["digit"].to_list() == [*range(10)]
        np.testing.assert_array_equal(digits["count"], counts)
        np.testing.assert_allclose(digits["training_share"], 0.1)
        assert ((digits["low"] < digits["share"]) & (digits["share"] < digits["high"])).all()
        test = stats.chisquare(counts)
        assert pick(tables.tests, "chi_square", **own.origin) == pytest.approx(test.statistic)
        assert pick(tables.tests, "p", **own.origin) == pytest.approx(test.pvalue)
        t_test = stats.ttest_ind(own.labels, samples.training.labels)
        assert pick(tables.tests, "t_test_p", **own.origin) == pytest.approx(t_test.pvalue)


def test_forms_are_held_against_training_images(samples, tables):
    own = samples.of(VAE, WRITTEN).forms
    by_attribute = rows(tables.forms, model=VAE, reading=WRITTEN)
    assert by_attribute["attribute"].to_list() == [*COLUMNS]
    np.testing.assert_allclose(by_attribute["median"], np.median(own, axis=0))
    expected = [
        stats.wasserstein_distance(one, other) / other.std()
        for one, other in zip(own.T, samples.training.forms.T, strict=True)
    ]
    np.testing.assert_allclose(by_attribute["distance"], expected)
    assert rows(tables.forms, source=TRAINING)["distance"].eq(0).all()


def test_narrow_is_what_tells_ones_from_others(samples, tables):
    below = tables.narrow["below_px"].iloc[0]
    assert 8 < below < 16  # between 4 and 20, each with a standard deviation of 2
    for own in (samples.of(VAE, WRITTEN), samples.of(VLAES[0], WRITTEN)):
        count = (own.forms[:, WIDTH] < below).sum()
        assert pick(tables.narrow, "narrow", **own.origin) == count
        assert pick(tables.narrow, "of_training", **own.origin) == pytest.approx(
            count / len(own.labels) / 0.1, rel=0.01
        )


def test_the_classifier_is_right_on_test_images(samples):
    (row,) = classifier_accuracy(CHAPTER, shown(classifier_accuracy), samples).to_dict("records")
    assert (row["model"], row["test_images"]) == (CLASSIFIER, 2_000)
    assert row["accuracy"] == 0.97
    assert row["low"] < 0.97 < row["high"]


@pytest.fixture(scope="module")
def broken(samples):
    """25 of MNIST-VAE's images have no form, and none of MNIST-VAE-GAN's has one."""

    def with_failures(own):
        forms = own.forms.copy()
        forms[: {VAE: 25, VAE_GAN: len(forms)}.get(own.model, 0)] = np.nan
        return own._replace(forms=forms)

    return samples._replace(others=[*map(with_failures, samples.others)])


def test_images_without_form_are_counted_and_said(broken):
    tables = tables_of(broken)
    assert rows(tables.forms, model=VAE, reading=WRITTEN)["not_measured"].eq(25).all()
    assert rows(tables.forms, model=VAE_GAN, reading=WRITTEN)["images"].eq(0).all()
    numbers = alike(tables.forms, tables.narrow)
    assert numbers["generated"]["MNIST-VAE"]["without_form"] == 25
    nothing = len(broken.of(VAE_GAN, WRITTEN).forms)
    assert numbers["generated"]["MNIST-VAE-GAN"] == {"without_form": nothing}
    text = render("4.7", "RQ7", numbers)
    assert "times, 25 images without form left out; MNIST-VLAE " in text
    assert "; MNIST-VAE-GAN no form in any image; " in text
    assert "nan" not in text
    judged = verdicts(tables)["4.7-morphology"]
    assert judged.verdict is Verdict.UNDECIDED  # of what was not measured nothing is known
    figure = figure_53(CHAPTER, shown(figure_53), broken, tables.forms)
    labels = [own.get_text() for own in figure.axes[0].get_yticklabels()]
    assert labels[0] == "MNIST"
    assert labels[2].endswith("have a form)")
    assert "(0 have a form)" in labels[4]


# --- Figure 52 ---


def test_figure_52_has_shares_or_as_run_histograms(samples, tables):
    for reading in Reading:
        (axes,) = figure_52(CHAPTER, shown(figure_52, reading), samples, tables.shares, []).axes
        assert axes.get_title().endswith(", as run") == (reading is RUN)
        bars = [own for own in axes.containers if hasattr(own, "patches")]
        assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == [
            *("MNIST", "MNIST-VAE", "MNIST-VLAE", "MNIST-VAE-GAN", "MNIST-VLAE-GAN")
        ]
        for own, name in zip(bars, ("", *GENERATORS), strict=True):
            sample = samples.of(name, reading) if name else samples.training
            heights = np.histogram(sample.labels, 10, density=True)[0]
            expected = heights if reading is RUN else sample.counts / len(sample.labels)
            np.testing.assert_allclose([bar.get_height() for bar in own], expected)


def test_figure_52_shows_the_shares_of_further_seeds(samples, tables):
    further = tables.shares.assign(share=tables.shares["share"] / 2)
    (axes,) = figure_52(CHAPTER, shown(figure_52), samples, tables.shares, [further]).axes
    rings = [line.get_ydata() for line in axes.lines if line.get_marker() == "o"]
    assert len(rings) == len(GENERATORS)
    for shares, name in zip(rings, GENERATORS, strict=True):
        sample = samples.of(name, WRITTEN)
        np.testing.assert_allclose(shares, sample.counts / len(sample.labels) / 2)


# --- Claims and answers ---


def test_the_claims_hold_where_the_thesis_is_right(tables):
    judged = verdicts(tables)
    assert list(judged) == list(CLAIMS)
    assert {name: failed(own) for name, own in judged.items()} == {key: set() for key in CLAIMS}


EVEN_VAE = {
    "no model has",
    "quite uneven",
    "MNIST-VAE makes few",
    "MNIST-VAE-GAN makes more",
    "VLAEs are",
    "also where all",
}
ONE_DIGIT = {"weights": [0] * 8 + [1, 0]}


@pytest.mark.parametrize(
    ("changed", "claim", "expected"),
    [
        ({VAE: {"lumps": 4.0}}, "4.7-uneven", EVEN_VAE),
        (
            {name: {"ones_width": 20.0, "weights": [1] + [10] * 9} for name in VLAES},
            "4.7-uneven",
            {"VLAEs are", "also where all"},
        ),
        (
            {VAE: {"weights": [7 if own == 3 else 10 for own in range(10)], "lumps": 4.0}},
            "4.7-uneven",
            EVEN_VAE - {"no model has", "MNIST-VAE-GAN makes more"},
        ),
        (
            dict.fromkeys(GENERATORS, ONE_DIGIT),
            "4.7-uneven",
            {"MNIST-VAE-GAN makes more", "MNIST-VAE makes more", "VLAEs are", "also where all"},
        ),
        ({name: {} for name in VLAES}, "4.7-morphology", {"VLAEs lack", "MNIST-VAE has"}),
        ({VAE_GAN: {}}, "4.7-morphology", {"MNIST-VAE has"}),
        ({VAE: {}}, "4.7-morphology", {"MNIST-VAE is less"}),
        (
            {name: {"ones_width": 20.0, "shift": 5.0} for name in VLAES},
            "4.7-morphology",
            {"VLAEs resemble", "also where they"},
        ),
    ],
    ids=[
        *("even VAE", "uneven VLAEs", "somewhat fewer threes", "one digit", "narrow VLAEs"),
        *("narrow VAE-GAN", "smooth VAE", "other VLAEs"),
    ],
)
def test_each_claim_fails_where_it_is_wrong(tables, changed, claim, expected):
    samples = as_the_thesis_sees_it(**changed)
    functions = OF_DIGITS if claim == "4.7-uneven" else OF_FORMS
    judged = verdicts(with_others(tables, samples, [*changed], functions))
    found = failed(judged[claim])
    assert {
        next((own for own in expected if name.startswith(own)), name) for name in found
    } == expected


@pytest.mark.parametrize(
    ("table", "column", "model", "reading", "value", "claim", "expected"),
    [
        ("tests", "moved_high", VLAES[0], DRAWN, 0.2, "4.7-uneven", "also where all are sampled"),
        (
            "forms",
            "distance",
            VLAES[1],
            DRAWN,
            0.6,
            "4.7-morphology",
            "also where they are sampled",
        ),
        (
            "forms",
            "ups_and_downs",
            VAE,
            WRITTEN,
            1.04,
            "4.7-morphology",
            "MNIST-VAE is less smooth",
        ),
        ("narrow", "high", VLAES[0], WRITTEN, 0.095, "4.7-morphology", "VLAEs lack narrow digits"),
        ("narrow", "high", VAE, WRITTEN, np.nan, "4.7-morphology", "MNIST-VAE has them"),
        (
            "tests",
            "moved_low",
            VAE,
            WRITTEN,
            0.045,
            "4.7-uneven",
            "quite uneven in MNIST-VAE and MNIST-VAE-GAN",
        ),
    ],
)
def test_each_size_that_is_asked_for_counts(
    tables, table, column, model, reading, value, claim, expected
):
    """A table is changed in one model and reading; the smoothest density of a VLAE's is 1."""
    forms = tables.forms.copy()
    forms.loc[forms["model"].isin(VLAES), "ups_and_downs"] = 1.0
    tables = tables._replace(forms=forms)
    changed = getattr(tables, table).copy()
    changed.loc[changed["model"].eq(model) & changed["reading"].eq(reading), column] = value
    found = failed(verdicts(tables._replace(**{table: changed}))[claim])
    assert expected in found


def test_one_digit_alone_is_not_certain(samples):
    """Its interval has a width, however the images are resampled."""
    labels = np.full(200, 8)
    others = [
        own._replace(labels=labels, forms=own.forms[:200]) if own.model == VAE else own
        for own in samples.others
    ]
    table = class_tests(CHAPTER, shown(class_tests), samples._replace(others=others))
    (row,) = rows(table, model=VAE, reading=WRITTEN).to_dict("records")
    assert row["moved"] == pytest.approx(0.9)
    assert 0.87 < row["moved_low"] < 0.89
    assert row["moved_high"] == pytest.approx(0.9)


def test_digits_are_tested_as_numbers_where_asked(samples, tables):  # erratum E83
    table = class_tests(under("E83"), shown(class_tests), samples)
    written = table["reading"] == WRITTEN
    assert (table["p"][written] == tables.tests["t_test_p"][written]).all()
    assert (table["p"][written] != tables.tests["p"][written]).all()
    assert table[~written].equals(tables.tests[~written])
    assert table.drop(columns="p").equals(tables.tests.drop(columns="p"))


def test_digits_are_as_often_as_they_are(samples, tables):
    numbers = as_often(tables.shares, tables.tests)
    vae = numbers["generated"]["MNIST-VAE"]
    assert (vae["rarest"], vae["ratio"]) == (3, pytest.approx(2 / 92 * 10, abs=0.01))
    assert vae["moved"] == pytest.approx(0.1 - 2 / 92, abs=0.001)
    assert vae["moved_low"] < vae["moved"] < vae["moved_high"]
    assert numbers["generated"]["MNIST-VAE-GAN"]["rarest"] == 4
    assert list(numbers["generated"]) == [
        "MNIST-VAE",
        "MNIST-VLAE",
        "MNIST-VAE-GAN",
        "MNIST-VLAE-GAN",
    ]
    assert list(numbers["drawn"]) == ["MNIST-VLAE", "MNIST-VLAE-GAN"]
    assert numbers["test"]["moved"] == 0
    text = render("4.7", "RQ2", numbers | {"accuracy": samples.accuracy.mean})
    assert re.match(r"Digits of \S+ are nearest to the training set's frequencies, those of", text)
    assert "its rarest digit being 3 (0.22 times its share in the training set); MNIST-VLAE" in text
    assert "right on 97.0% of them" in text
    assert "nan" not in text


def test_forms_are_as_far_as_they_are(tables):
    numbers = alike(tables.forms, tables.narrow)
    vlae = numbers["generated"]["MNIST-VLAE"]
    away = rows(tables.forms, model=VLAES[0], reading=WRITTEN).set_index("attribute")["distance"]
    assert (vlae["mean"], vlae["largest"]) == pytest.approx((away.mean(), away.max()))
    assert away[vlae["attribute"]] == away.max()
    assert vlae["without_form"] == 0
    assert vlae["times"] == pick(tables.narrow, "of_training", model=VLAES[0], reading=WRITTEN)
    assert list(numbers["drawn"]) == ["MNIST-VLAE", "MNIST-VLAE-GAN"]
    assert numbers["test"]["times"] == pytest.approx(1, abs=0.05)
    text = render("4.7", "RQ7", numbers)
    assert re.match(r"Digits of \S+ are nearest to the training set's in form, those of", text)
    assert f"digits narrower than {numbers['below']:.1f} px" in text
    assert "nan" not in text


def test_the_questions_are_those_of_the_claims():
    assert [*questions_of(CLAIMS["4.7-uneven"])] == ["RQ2", "RQ7"]
