"""The rival of Algorithm 1's benchmark does the same work as we do."""

import importlib
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
benchmark = importlib.import_module("layer_samples")


@pytest.fixture
def small(monkeypatch):
    """A decoder of three layers that is quick, in place of Listing 8's."""

    def build():
        z = [keras.Input((2,)) for _ in range(3)]
        pixels = keras.layers.Dense(16, activation="sigmoid")(keras.layers.Concatenate()(z))
        return keras.Model(z, keras.layers.Reshape((4, 4, 1))(pixels))

    monkeypatch.setattr(benchmark, "builders", lambda _: {"decoder": build})
    monkeypatch.setattr(benchmark, "APPROXIMATIONS", 20)
    monkeypatch.setattr(benchmark, "RIVAL", (1, 2))


def test_races(small):
    result = CliRunner().invoke(benchmark.main, ["--samples", "2", "--rounds", "1"])
    assert result.exit_code == 0, result.output
    assert "times as fast as one by one" in result.output
    assert "90,000 images" in result.output


def test_notices_other_work(small, monkeypatch):
    def wrong(decoder):
        return lambda z: np.asarray(decoder(z[::-1]))

    monkeypatch.setattr(benchmark, "one_by_one", wrong)
    result = CliRunner().invoke(benchmark.main, ["--samples", "1", "--rounds", "1"])
    assert result.exit_code == 1
    assert "averages differ" in result.output
