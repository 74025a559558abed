"""Negentropies, peaks, overlaps and explained variance of samples whose answers are known."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.normality import (
    BINS,
    count_peaks,
    edges,
    negentropy,
    overlap,
    variance_explained,
)

N = 70_000  # about as many as dSprites has validation images


def mixture(centres, spread, n=N, shares=None, seed=0):
    rng = np.random.default_rng(seed)
    return rng.choice(centres, n, p=shares) + rng.normal(0, spread, n)


# --- Bins ---


def test_bins_are_numpys():
    values = np.random.default_rng(0).normal(size=500).astype("float32")
    expected = np.histogram_bin_edges(values.astype(float), BINS)
    np.testing.assert_array_equal(edges(values), expected)
    assert edges(np.array([])).shape == (BINS + 1,)


@pytest.mark.parametrize("steps", [0, 1, 60])
def test_fewer_float32_steps_than_bins_are_one_value(steps):
    """NumPy has no hundred bins between so few numbers; and one value has one peak, no shape."""
    start = np.float32(3.7)
    values = start + np.spacing(start) * np.linspace(0, steps, 500).round().astype("float32")
    assert len(np.unique(values)) == steps + 1
    assert edges(values)[[0, -1]] == pytest.approx([3.2, 4.2], abs=1e-4)
    assert count_peaks(values) == 1
    assert np.isnan(negentropy(values))
    assert np.isnan(variance_explained(values, np.arange(500)[:, np.newaxis] % 3))


def test_a_constant_with_rounding_has_no_shape():
    values = np.full(1_000, 0.1)
    values[::2] = 0.3 - 0.2  # 0.09999999999999998
    assert 0 < values.std() < 1e-15
    assert np.isnan(negentropy(values))
    assert np.isnan(negentropy(np.array([1.0, 2.0, np.nan])))


# --- Negentropy ---


@pytest.mark.parametrize(
    ("sample", "nats"),
    [
        ("norm", 0.0),
        ("uniform", np.log(2 * np.pi * np.e / 12) / 2),
        ("laplace", np.log(np.pi / np.e) / 2),
    ],
)
def test_negentropy_in_closed_form(sample, nats):
    """A normal distribution's differential entropy less the distribution's own."""
    values = getattr(stats, sample).rvs(size=N, random_state=1)
    assert negentropy(values) == pytest.approx(nats, abs=0.006)


def test_negentropy_of_two_points():
    """Half of all in each outermost bin, from 0.98 to 1 standard deviations."""
    values = np.repeat([-1.0, 1.0], 500)
    expected = np.log(0.5 / (stats.norm.cdf(1) - stats.norm.cdf(0.98)))
    assert negentropy(values) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (5, 0.1), (-3, 20)])
def test_negentropy_does_not_see_mean_and_spread(shift, scale):
    values = mixture([-2, 2], 0.3)
    assert negentropy(shift + scale * values) == pytest.approx(negentropy(values), abs=1e-2)


def test_noise_adds_what_the_docstring_says():
    """Pearson's: twice n times the divergence is a chi square of as many degrees as bins less 1."""
    rng = np.random.default_rng(0)
    found = [2 * 2_000 * negentropy(rng.normal(size=2_000).clip(-2, 2)) for _ in range(50)]
    many = 2 * 2_000 * negentropy(rng.normal(size=2_000_000).clip(-2, 2))
    assert np.mean(found) - many == pytest.approx(99, abs=15)


def position_codes(noise, n, rng):
    """Three codes of 32 positions each: half a turn of a cosine, and noise."""
    return np.cos(np.pi * rng.integers(0, 32, (n, 3)) / 31) + rng.normal(0, noise, (n, 3))


@pytest.mark.parametrize("spread", [0.03, 0.1, 0.15])
@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_seven_peaks_are_found_beside_codes_of_position(spread, noise):
    """A unit apart, sharp and broad; the codes have two peaks at most."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        peaks = mixture(np.arange(7), spread, 5_000, seed=seed)
        z = np.column_stack([position_codes(noise, 5_000, rng), peaks])
        found = [negentropy(column) for column in z.T]
        assert np.argmax(found) == 3
        assert spread > 0.1 or found[3] > 2 * max(found[:3])  # what the verdict asks for


def test_the_distance_of_distribution_functions_does_not_find_them():
    """Kolmogorov's and Smirnov's takes a cosine for the least normal."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        z = np.column_stack([position_codes(0.1, 5_000, rng), mixture(np.arange(7), 0.1, 5_000)])
        normed = (z - z.mean(axis=0)) / z.std(axis=0)
        assert np.argmax([stats.kstest(column, "norm").statistic for column in normed.T]) < 3


def test_peaks_as_wide_as_their_gaps_are_no_sharp_peaks():
    """Half a unit: one hump with a flat top, as un-Gaussian as a uniform distribution at most."""
    values = mixture(np.arange(7), 0.5)
    assert negentropy(values) < 0.18
    assert count_peaks(values) == 1


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


def test_nothing_has_no_peaks():
    assert np.isnan(count_peaks(np.array([])))


# --- Overlap ---


@pytest.mark.parametrize("apart", [0.0, 1.0, 2.0, 6.0])
def test_overlap_of_normal_distributions_in_closed_form(apart):
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, N))
    expected = 2 * stats.norm.cdf(-apart / 2)
    assert overlap(first, second + apart) == pytest.approx(expected, abs=0.02)


def test_a_distribution_of_two_has_a_valley_from_two_standard_deviations_on():
    """The bound of the rule for neighbouring scales: an overlap of 0.32."""
    assert count_peaks(mixture([0, 2], 1.0)) == 1
    assert count_peaks(mixture([0, 3], 1.0)) == 2


def test_overlap_with_nothing_is_undefined():
    assert np.isnan(overlap(np.ones(3), np.array([])))
    assert overlap(np.ones(3), np.ones(5)) == 1


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
