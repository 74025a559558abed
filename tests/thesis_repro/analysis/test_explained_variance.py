"""How much of codes goes with a factor, where it is known."""

import numpy as np
import pytest

from thesis_repro.analysis.explained_variance import GROUPS, explained_variance
from thesis_repro.analysis.factors import Factor, Kind

N = 5_000
CONTINUOUS, CATEGORICAL, _ = Kind


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("kind", [CONTINUOUS, CATEGORICAL])
def test_it_is_the_share_that_codes_were_made_with(rng, share, kind):
    """Of classes and of numbers alike; the second dimension is noise, as wide as the first."""
    values = rng.normal(size=N) if kind is CONTINUOUS else rng.integers(0, 10, N)
    told = (values - values.mean()) / values.std()
    first = np.sqrt(share) * told + np.sqrt(1 - share) * rng.normal(size=N)
    found = explained_variance(np.stack([first, rng.normal(size=N)], 1), Factor(values, kind), rng)
    assert found.mean == pytest.approx(share / 2, abs=0.02)
    assert found.low <= found.mean <= found.high < found.low + 0.06


def test_what_groups_differ_by_chance_is_taken_off(rng):
    """Eight images in each of 50 groups: their means have an eighth of the variance."""
    found = [
        explained_variance(
            rng.normal(size=(8 * GROUPS, 2)), Factor(rng.normal(size=8 * GROUPS), CONTINUOUS), rng
        ).mean
        for _ in range(50)
    ]
    assert np.mean(found) == pytest.approx(0, abs=0.015)


def test_a_class_of_one_image_tells_nothing_and_equal_codes_have_no_share(rng):
    z = np.array([[0.0], [0.0], [2.0], [2.0], [7.0]])
    of_three = explained_variance(z, Factor(np.array([0, 0, 1, 1, 2]), CATEGORICAL), rng)
    around = (z[:, 0] - z.mean()) ** 2
    assert of_three.mean == pytest.approx(around[:4].sum() / around.sum())
    assert np.isnan(
        explained_variance(0 * z, Factor(np.array([0, 0, 1, 1, 1]), CATEGORICAL), rng)
    ).all()
