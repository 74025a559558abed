"""The simulation behind the tables on generated images: what it makes is what it says."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
benchmark = importlib.import_module("image_nulls")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_pairs_are_tested_at_their_level_and_taken_for_independent_never_rejected(rng):
    found = benchmark.pairs(0.97, 0, 40, rng)
    assert found["U test rejects"] == 0
    assert found["test of pairs rejects"] < 0.2
    assert benchmark.pairs(0.97, 0.05, 10, rng)["test of pairs rejects"] > 0.8


def test_layers_share_as_much_as_they_are_told(rng):
    vectors = rng.normal(size=(40, 2))
    first, second, third = benchmark.layers(1.0, vectors, rng).means
    half = benchmark.SIDE // 2
    np.testing.assert_allclose(first[:, :, :half], second[:, :, :half])
    np.testing.assert_allclose(first[:, :, half:], 1 - second[:, :, half:])
    np.testing.assert_allclose(first, third)
    assert not np.allclose(*benchmark.layers(0.0, vectors, rng).means[:2], atol=0.1)


def test_intervals_of_one_class_hold_it_and_have_a_width(rng):
    found = benchmark.of_classes([0.97, 0.01, 0.01, 0.01], 200, 100, rng)
    assert found["moved"] == pytest.approx(0.72)
    assert found["holds it"] > 0.85
    assert found["mean width"] > 0.02
