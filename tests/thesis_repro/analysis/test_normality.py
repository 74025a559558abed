"""Departures from normality, peaks and explained variance on samples whose answers are known."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import kstest_normal

from thesis_repro.analysis.normality import (
    count_peaks,
    departure,
    departures,
    variance_explained,
)

N = 70_000  # about as many as dSprites has validation images


def mixture(centres, spread, n=N, shares=None, seed=0):
    rng = np.random.default_rng(seed)
    return rng.choice(centres, n, p=shares) + rng.normal(0, spread, n)


# --- Departure ---


@pytest.mark.parametrize("sample", ["norm", "uniform", "expon"])
def test_departure_is_lillieforss_statistic(sample):
    values = getattr(stats, sample).rvs(size=500, random_state=1)
    spread = values.std() / values.std(ddof=1)  # Lilliefors takes the sample's estimate
    expected = kstest_normal(values, dist="norm")[0]
    assert departure(values) == pytest.approx(expected, abs=abs(1 - spread))


def test_departure_of_two_points_in_closed_form():
    """Half at -1, half at 1: at each jump, 0.5 against the normal distribution's 0.1587."""
    values = np.repeat([-1.0, 1.0], 500)
    assert departure(values) == pytest.approx(stats.norm.cdf(1) - 0.5, abs=1e-12)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (5, 0.1), (-3, 20)])
def test_departure_does_not_see_mean_and_spread(shift, scale):
    values = mixture([-2, 2], 0.3)
    assert departure(shift + scale * values) == pytest.approx(departure(values), abs=1e-9)
    assert departure(shift + scale * stats.norm.rvs(size=N, random_state=0)) < 0.01


def test_the_un_gaussian_column_is_found():
    z = np.random.default_rng(0).normal(size=(5_000, 10))
    z[:, 8] = mixture(np.linspace(-2, 2, 7), 0.05, 5_000)
    assert departures(z).argmax() == 8
    assert departures(z).shape == (10,)


@pytest.mark.parametrize("values", [np.ones(5), np.array([1, 2, np.nan])])
def test_what_has_no_shape_is_an_error(values):
    with pytest.raises(ValueError, match="no shape to compare"):
        departure(values)


# --- Peaks ---


@pytest.mark.parametrize("peaks", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_well_parted_peaks_are_counted(peaks, seed):
    assert count_peaks(mixture(np.arange(peaks), 0.12, seed=seed)) == peaks


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [500, 10_000, N])
def test_noise_makes_no_peaks(n, seed):
    rng = np.random.default_rng(seed)
    assert count_peaks(rng.normal(size=n)) == 1
    assert count_peaks(rng.uniform(size=n)) == 1


def test_a_large_and_a_small_peak():
    """Figure 26: Ellipse and Square superpose, Heart has a small peak of its own."""
    shares = [0.9, 0.1]
    assert count_peaks(mixture([0, 1], 0.1, shares=shares)) == 2
    assert count_peaks(mixture([0, 1], 0.1, shares=[0.99, 0.01])) == 1  # below 5 %
    assert count_peaks(mixture([0, 0.15], 0.1, shares=[0.5, 0.5])) == 1  # two centres, one hump


def test_two_highest_bins_of_one_hump_are_one_peak():
    """Equally high, and with a little less between them, as noise makes it."""
    heights = 400 - 5 * np.abs(np.arange(100) - 49)
    heights[[48, 50]], heights[49] = 400, 340
    values = np.repeat(np.arange(100) + 0.5, np.maximum(heights, 1))
    assert np.histogram(values, 100)[0][48:51].tolist() == [400, 340, 400]
    assert count_peaks(values) == 1


def test_peaks_at_the_edges_count():
    assert count_peaks(np.repeat([0.0, 1.0, 5.0], 1_000)) == 3


# --- Explained variance ---


def test_variance_explained_is_eta_squared():
    """The share of the sum of squares between groups, from SciPy's one-way F."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, 300)
    values = rng.normal(size=300) + np.array([0, 0.5, 2])[group]
    f = stats.f_oneway(*(values[group == index] for index in range(3))).statistic
    expected = f * 2 / (f * 2 + 297)
    assert variance_explained(values, group[:, np.newaxis]) == pytest.approx(expected)


def test_two_factors_explain_what_neither_does():
    """Exclusive or: each factor alone explains nothing, both explain all."""
    factors = np.array([(0, 0), (0, 1), (1, 0), (1, 1)] * 50)
    values = factors.sum(axis=1) % 2
    assert variance_explained(values, factors[:, :1]) == pytest.approx(0, abs=1e-12)
    assert variance_explained(values, factors[:, 1:]) == pytest.approx(0, abs=1e-12)
    assert variance_explained(values, factors) == pytest.approx(1)
