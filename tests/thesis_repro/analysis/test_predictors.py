"""Predictors: what they learn from, and how finely they are grown."""

import numpy as np
import pytest

from thesis_repro.analysis.factors import Factor, Kind, split
from thesis_repro.analysis.predictors import LEAST, Parts, forest, gain, grow, predict

N = 2_000


def parts_of(z, values, kind="categorical"):
    factor = Factor(values, Kind(kind))
    return Parts.of(z, factor, *split(factor, 0))


def test_parts_are_rows_that_belong_together():
    z = np.arange(N)[:, None]
    parts = parts_of(z, np.arange(N) / N, "continuous")
    assert len(parts.z) == 0.7 * N
    assert set(parts.z[:, 0]) | set(parts.z_out[:, 0]) == set(range(N))
    np.testing.assert_allclose(parts.targets, parts.z / N)
    np.testing.assert_allclose(parts.targets_out, parts.z_out / N)
    np.testing.assert_array_equal(parts.groups_out, parts.z_out[:, 0] * 10 // N)
    np.testing.assert_allclose(parts.shares, 0.1, atol=1e-3)


def test_trees_are_as_fine_as_the_codes_deserve():
    """Finely for 60 stripes without noise; coarsely where classes all but overlap."""
    rng = np.random.default_rng(0)
    z = rng.uniform(0, 60, (N, 1))
    assert grow(parts_of(z, z[:, 0].astype(int) % 2), 0).least == min(LEAST)
    groups = rng.integers(0, 2, N)
    assert grow(parts_of(rng.normal(groups, 1.5)[:, None], groups), 0).least == max(LEAST)


def test_trees_are_trusted_as_far_as_they_know():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 4, N)
    sure = grow(parts_of(groups[:, None].astype(float), groups), 0)
    assert sure.trust > 0.95
    assert sure.information == pytest.approx(np.log(4), abs=0.03)
    ignorant = grow(parts_of(rng.normal(size=(N, 2)), groups), 0)
    assert ignorant.trust < 0.3
    assert ignorant.information == pytest.approx(0, abs=0.01)


def test_one_dimension_is_followed_to_its_end():
    """Regression of a line: no branch may stay one leaf because of an unlucky cut."""
    z = np.random.default_rng(0).normal(size=(N, 1))
    parts = parts_of(z, z[:, 0], "continuous")
    missed = predict(forest(10, 0), parts) - parts.targets_out
    assert missed.shape == (600, 1)
    assert np.square(missed).mean() < 0.002


def test_gain_by_hand():
    found = gain(np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([0.1, 0.9]), np.array([0, 1]))
    np.testing.assert_allclose(found, [2, 5 / 9])
