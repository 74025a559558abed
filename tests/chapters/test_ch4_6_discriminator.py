"""Section 4.6.1's discriminator: what it is shown, in which reading, and what is written down."""

from types import SimpleNamespace

import numpy as np
import pytest

from chapters import ch4_6_discriminator
from chapters.ch4_6_discriminator import (
    CLAIM,
    CONTROL,
    DIFFERENT,
    EQUAL,
    GENERATORS,
    SAMPLE_SIZES,
    cases,
    discriminator_accuracies,
)
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.models.zoo import MODELS
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.generation import is_vlae
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.training.scale import SCALES
from thesis_repro.training.trained_model import TrainedModel

WRITTEN, RUN = Reading


class Codes:
    """Each image's code is its first pixel, in every layer; decoders paint codes on images."""

    def __init__(self, chapter):
        self.chapter = chapter

    def of(self, name, images):
        first = images.pixels[:, 0, 0].astype("float32") / 255
        sizes = MODELS[name].latent_dims.value
        means = [np.repeat(first, size, axis=1) for size in sizes]
        return [SampledPosterior(mean, None, mean / 2) for mean in means]


def paint(z):
    first = np.asarray(z[0] if isinstance(z, list) else z)[:, :1, np.newaxis, np.newaxis]
    return np.clip(first, 0, 1) * np.ones((1, 28, 28, 1))


@pytest.fixture
def chapter():
    """A chapter at smoke scale on plain grey images."""
    rng = np.random.default_rng(0)

    def split(count):
        grey = rng.integers(1, 255, (count, 1, 1, 1), dtype=np.uint8)
        images = grey * np.ones((1, 28, 28, 1), np.uint8)
        return type("Split", (), {"images": images, "known": {}, "__len__": lambda own: count})()

    data = SimpleNamespace(
        train=split(300), validation=split(120), description="grey", is_stand_in=True
    )
    decoder = SimpleNamespace(predict_on_batch=paint)
    options = SimpleNamespace(seed=0, scale=SCALES["smoke"])
    workspace = SimpleNamespace(options=options, readings=(), runs_dir=None, progress=None)
    models = {
        name: TrainedModel(MODELS[name], None, [], SimpleNamespace(decoder=decoder))
        for name in GENERATORS
    }
    return Chapter("4.6", workspace, models=models, data={"mnist": data})


@pytest.fixture
def asked(monkeypatch):
    """The specs and data of all discriminators that were asked for; none is trained."""
    asked = []

    def train(spec, data, *_):
        asked.append((spec, data))
        return SimpleNamespace(history=[{"val_accuracy": 0.75}])

    monkeypatch.setattr(ch4_6_discriminator, "train_or_load", train)
    return asked


def test_every_scale_has_its_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"] == (
        None,
        None,
        None,
    )  # 60,000 and 10,000 of each kind, every model


def test_each_reading_shows_what_its_source_says(chapter):
    found = list(cases(chapter, Codes(chapter)))
    models = GENERATORS
    assert [(own.reading, own.model) for own in found] == [
        *((WRITTEN, name) for name in models),
        (RUN, models[0]),
        *[(CONTROL, "")] * 3,
    ]
    for own in found[:4]:
        assert not own.two_scales
        assert own.learning_rate is None
        counts = [len(images) for kind in (own.first, own.second) for images in kind[1:]]
        assert counts == [192, 96, 192, 96]
        if is_vlae(own.model):  # reconstructions: the very same greys
            np.testing.assert_array_equal(own.second.train, own.first.train)
            np.testing.assert_array_equal(own.second.test, own.first.test)
        else:
            assert "KDE" in own.second.name
    as_run = found[4]
    assert as_run.two_scales
    assert as_run.learning_rate == 0.001  # original code
    assert "prior" in as_run.second.name
    clipped = np.isin(as_run.second.train[:, 0, 0, 0], (0, 255)).mean()
    assert clipped == pytest.approx(0.5 + 0.159, abs=0.12)  # N(0, 1) outside of 0..1
    halved, blurred, scaled = found[5:]
    assert not halved.two_scales
    assert not blurred.two_scales
    assert scaled.two_scales
    np.testing.assert_array_equal(scaled.second.train, halved.second.train)
    assert "blurred" in blurred.second.name


def written_under(chapter, *readings):
    chapter.workspace.readings = readings
    return {own.model: own for own in cases(chapter, Codes(chapter)) if own.reading == WRITTEN}


def test_as_written_is_as_run_under_all_that_differs(chapter):  # errata E13, E21, E68
    (as_run,) = (own for own in cases(chapter, Codes(chapter)) if own.reading == RUN)
    written = written_under(chapter, "E13", "E21", "E68")[as_run.model]
    assert (written.two_scales, written.learning_rate) == (True, as_run.learning_rate)
    assert written.second.name == as_run.second.name
    for mine, other in zip(written.second[1:], as_run.second[1:], strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize(
    ("reading", "two_scales", "rate", "of_vae", "of_vlae"),
    [
        ("E13", True, None, "drawn from KDE of mean values", "decoded from mean values"),
        ("E21", False, 0.001, "drawn from KDE of mean values", "decoded from mean values"),
        ("E51", False, None, "drawn from KDE of sampled z", "decoded from sampled z"),
        ("E65", False, None, *["drawn from KDE of mean values"] * 2),
        ("E68", False, None, *["drawn from prior"] * 2),
    ],
)
def test_each_reading_changes_what_it_is_about(chapter, reading, two_scales, rate, of_vae, of_vlae):
    found = written_under(chapter, reading)
    assert {own.two_scales for own in found.values()} == {two_scales}
    assert {own.learning_rate for own in found.values()} == {rate}
    assert [found[name].second.name for name in GENERATORS] == [of_vae, of_vlae] * 2
    if reading == "E51":  # half as bright
        vlae = found[GENERATORS[1]]
        np.testing.assert_allclose(vlae.second.test, vlae.first.test / 2, atol=1)


def test_the_table_says_what_was_told_apart(chapter, asked):
    table = discriminator_accuracies(chapter, None, Codes(chapter))
    assert table["reading"].to_list() == [WRITTEN] * 4 + [RUN] + [CONTROL] * 3 + [REPORTED] * 4
    ours = table[table["reading"] != REPORTED]
    assert (ours["accuracy"] == 0.75).all()
    assert ((ours["low"] < 0.75) & (ours["high"] > 0.75)).all()
    assert ours["scales"].to_list() == [EQUAL] * 4 + [DIFFERENT] + [EQUAL] * 2 + [DIFFERENT]
    assert ours["learning_rate"].to_list() == [0.01] * 4 + [0.001] + [0.01] * 3
    assert ours["test_images"].to_list() == [192] * 5 + [96] * 3
    assert (table["accuracy"].tail(4) == 1.0).all()
    prints = [data.fingerprint for _, data in asked]
    assert prints[5] != prints[7]  # halves of real images, on one scale and on two


def test_the_models_are_the_claims():
    (claim,) = (claim for claim in load_claims("4.6") if claim.id == CLAIM)
    assert claim.models == GENERATORS
    (declaration,) = discriminator_accuracies.declarations
    assert declaration.models == GENERATORS
