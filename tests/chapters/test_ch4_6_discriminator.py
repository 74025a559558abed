"""Section 4.6.1's discriminator: what it is shown, in which reading, and what is written down."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chapters import ch4_6_discriminator
from chapters.ch4_6_discriminator import (
    AMOUNTS,
    CONTROL,
    DIFFERENT,
    EQUAL,
    RUN,
    VAES,
    WRITTEN,
    cases,
    emit,
    measurement,
    the_claim,
)
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.scale import SCALES


class Codes:
    """Each image's code is its first pixel, in every layer; decoders paint codes on images."""

    def __init__(self, chapter):
        self.chapter = chapter

    def of(self, name, images):
        first = images.pixels[:, 0, 0].astype("float32") / 255
        sizes = MODELS[name].latent_dims.value
        return [Posterior(np.repeat(first, size, axis=1), None, None) for size in sizes]


def paint(z):
    first = np.asarray(z[0] if isinstance(z, list) else z)[:, :1, np.newaxis, np.newaxis]
    return np.clip(first, 0, 1) * np.ones((1, 28, 28, 1))


@pytest.fixture
def chapter(monkeypatch):
    """A chapter at smoke scale on plain grey images, its discriminators never trained."""
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
    chapter = SimpleNamespace(
        section="4.6",
        workspace=SimpleNamespace(options=options, runs_dir=None, progress=None),
        prepared=lambda name: data,
        trained=lambda name: SimpleNamespace(
            spec=MODELS[name], model=SimpleNamespace(decoder=decoder)
        ),
        saved={},
    )
    chapter.save_numbers = lambda stem, table, data: chapter.saved.update({stem: table})
    asked = []

    def train(spec, data, *_):
        asked.append((spec, data))
        return SimpleNamespace(history=[{"val_accuracy": 0.75}])

    monkeypatch.setattr(ch4_6_discriminator, "train_or_load", train)
    chapter.asked = asked
    return chapter


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"] == (None, None, None)  # 60,000 and 10,000 of each kind, every model


def test_each_reading_shows_what_its_source_says(chapter):
    found = list(cases(chapter, Codes(chapter)))
    models = the_claim().models
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
        if own.model not in VAES:  # reconstructions: the very same greys
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


def test_the_table_says_what_was_told_apart(chapter):
    table = emit(chapter, Codes(chapter))
    assert chapter.saved["discriminator"] is table
    assert table["reading"].to_list() == [WRITTEN] * 4 + [RUN] + [CONTROL] * 3 + ["reported"] * 4
    ours = table[table["reading"] != "reported"]
    assert (ours["accuracy"] == 0.75).all()
    assert ((ours["low"] < 0.75) & (ours["high"] > 0.75)).all()
    assert ours["scales"].to_list() == [EQUAL] * 4 + [DIFFERENT] + [EQUAL] * 2 + [DIFFERENT]
    assert ours["learning_rate"].to_list() == [0.01] * 4 + [0.001] + [0.01] * 3
    assert ours["test_images"].to_list() == [192] * 5 + [96] * 3
    assert (table["accuracy"].tail(4) == 1.0).all()
    shown = [data.fingerprint for _, data in chapter.asked]
    assert shown[5] != shown[7]  # halves of real images, on one scale and on two


def test_the_measurement_is_in_the_claims_order():
    models = the_claim().models
    rows = [
        {"reading": WRITTEN, "model": name, "accuracy": number / 10}
        for number, name in reversed([*enumerate(models)])
    ]
    rows.append({"reading": RUN, "model": models[2], "accuracy": 1.0})
    found = measurement(pd.DataFrame(rows))
    assert found.as_written == {"accuracy": [0.0, 0.1, 0.2, 0.3]}
    np.testing.assert_array_equal(found.as_run["accuracy"], [np.nan, np.nan, 1.0, np.nan])
