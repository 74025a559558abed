"""The benchmark of the feed measures two feeds that bring the images that are on the disk."""

import importlib
import math
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from thesis_repro.models.zoo import MODELS
from thesis_repro.training.devices import resident_bytes

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
feed = importlib.import_module("feed")
workload = importlib.import_module("workload")


@pytest.fixture(params=list(feed.KINDS))
def few(request, tmp_path, monkeypatch):
    """A model and its few images on the disk, which are read in chunks all the same."""
    name = request.param
    monkeypatch.setitem(feed.KINDS, name, feed.KINDS[name]._replace(count=200))
    monkeypatch.setattr(sys.modules[feed.Feed.__module__], "resident_bytes", lambda: 0)
    return MODELS[name], tmp_path


def test_feeds_bring_the_images(few):
    spec, folder = few
    images = feed.prepared(spec, folder)
    assert images.shape == (200, *spec.input_shape.value)
    assert np.asarray(images[:50]).std() > 10
    rows = np.random.default_rng(0).integers(0, 200, 3 * spec.batch_size.value)
    truth = images[rows].reshape(3, -1).sum(axis=1, dtype="float64") / 255
    for side in (feed.ours, feed.keras_fit):
        assert side(spec, images)(rows) == pytest.approx(truth, rel=1e-5), side.__name__


@pytest.mark.parametrize("name", list(feed.KINDS))
def test_images_are_too_many_for_the_device(name):
    shape = MODELS[name].input_shape.value
    assert feed.KINDS[name].count * math.prod(shape) > resident_bytes()


def test_other_images_do_not_race(few, monkeypatch):
    spec, folder = few
    monkeypatch.setattr(feed, "keras_fit", lambda spec, images: lambda rows: np.zeros(4))
    with pytest.raises(click.ClickException, match="bring different images"):
        feed.race_both(spec, folder, workload.Length(1, 1), np.random.default_rng(0))


@pytest.mark.slow  # starts a process that imports Keras
def test_races(tmp_path, monkeypatch):
    name = "celeba-vae"
    monkeypatch.setitem(feed.KINDS, name, feed.KINDS[name]._replace(count=200))
    length = workload.Length(rounds=2, steps=1, seconds=0.0)
    speeds = feed.race_both(MODELS[name], tmp_path, length, np.random.default_rng(0))
    assert set(speeds.turns) == {"feed", "ours", "keras_fit"}
    assert all(len(turns) == 2 and min(turns) > 0 for turns in speeds.turns.values())


def test_goals():
    turns = {
        "feed": [40_000.0, 50_000.0],
        "ours": [20_000.0, 30_000.0],
        "keras_fit": [5_000.0, 4_000.0],
    }
    assert "25,000: 2.00 met     1.20 met" in feed.line(workload.Speeds("celeba-vae", turns, 0.01))
    assert "0.50 MISSED  0.30 MISSED" in feed.line(workload.Speeds("dsprites-vae", turns, 0.01))
    assert "1.20 unclear" in feed.line(workload.Speeds("celeba-vae", turns, 0.3))
    assert " 6.00 " in feed.line(workload.Speeds("celeba-vae", turns, 0.01))
