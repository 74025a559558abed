"""The rival of the morphometry benchmark does the same work as we do."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from data_prep.morphometry import COLUMNS, measure

pytest.importorskip("skimage", reason="scikit-image is not installed")
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
benchmark = importlib.import_module("morphometry")


def test_same_values_where_ties_are_broken_alike(monkeypatch):
    """A second implementation of all six columns, image by image, on scikit-image."""
    monkeypatch.setattr(np.random, "default_rng", lambda _: np.random.RandomState(0))
    images = benchmark.packaged()[:40]
    theirs = [benchmark.rival(image) for image in images]
    np.testing.assert_allclose(measure(images), theirs, rtol=0, atol=1e-9)


def test_races(monkeypatch):
    monkeypatch.setattr(benchmark, "GOAL_RATIO", 0.0)
    result = CliRunner().invoke(benchmark.main, ["--count", "10", "--rounds", "1"])
    assert result.exit_code == 0, result.output
    assert "ours" in result.output
    assert "ratio" in result.output


@pytest.mark.parametrize("column", COLUMNS)
def test_notices_other_work(monkeypatch, column):
    def wrong(images):
        return measure(images) + 2.0 * np.isin(COLUMNS, column)

    monkeypatch.setattr(benchmark, "measure", wrong)
    result = CliRunner().invoke(benchmark.main, ["--count", "10", "--rounds", "1"])
    assert result.exit_code == 1
    assert f"differ in {column}" in result.output
