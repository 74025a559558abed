"""Latent coordinates of the explorations, and densities against SciPy's."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis import explorations
from thesis_repro.analysis.explorations import (
    ALPHAS_AS_RUN,
    GENDER_ALPHAS,
    HAIR_ALPHAS,
    arithmetic,
    axis,
    density_measures,
    encoded_log_density,
    grid,
    layered_grid,
    log_densities,
    path_through,
    prior_log_density,
    segment,
    some_with,
)
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.thesis.readings import Reading


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- Grids ---


def test_the_axis_reaches_both_ends_as_written():
    ticks = axis(21)
    assert (ticks[0], ticks[-1]) == (-3, 3)
    np.testing.assert_allclose(np.diff(ticks), 0.3)


@pytest.mark.parametrize(("points", "step", "last"), [(20, 0.3, 2.7), (30, 0.2, 2.8)])
def test_the_axis_stops_short_of_its_end_as_run(points, step, last):
    expected = np.arange(-3, last + step / 2, step)
    np.testing.assert_allclose(axis(points, Reading.RUN), expected, atol=1e-12)


def test_the_first_dimension_is_the_outer_loop():
    values = np.array([-3.0, 0.0, 3.0])
    expected = [(first, second) for first in values for second in values]
    np.testing.assert_array_equal(grid(values), expected)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_one_layer_is_traversed_and_the_others_drawn_for_each_position(layer, rng):
    layers = layered_grid(axis(20), layer, (2, 2, 2), rng)
    np.testing.assert_array_equal(layers[layer], grid(axis(20)))
    first, second = (layers[index] for index in range(3) if index != layer)
    assert not np.isclose(first, second).any()
    for drawn in (first, second):
        assert len(np.unique(drawn)) == drawn.size == 800
        assert stats.kstest(drawn.ravel(), stats.uniform(-3, 6).cdf).pvalue > 0.01


def test_other_layers_share_their_draw_as_run(rng):
    ticks = axis(20, Reading.RUN)
    first, traversed, last = layered_grid(ticks, 1, (2, 2, 2), rng, Reading.RUN)
    np.testing.assert_array_equal(first, last)
    assert len(np.unique(first)) == first.size
    np.testing.assert_array_equal(traversed, grid(ticks))


def test_other_layers_may_have_other_sizes(rng):
    shapes = [z.shape for z in layered_grid(axis(3), 1, (4, 2, 3), rng)]
    assert shapes == [(9, 4), (9, 2), (9, 3)]


@pytest.mark.parametrize(
    ("dims", "reading"), [((2, 4, 2), Reading.WRITTEN), ((3, 2, 4), Reading.RUN)]
)
def test_layers_without_such_a_grid_are_an_error(dims, reading, rng):
    with pytest.raises(ValueError, match="have no such grid"):
        layered_grid(axis(3), 1, dims, rng, reading)


# --- Paths ---


def test_between_two_waypoints_the_path_is_a_line(rng):
    start, end = rng.normal(size=(2, 10))
    points = path_through(np.stack([start, end]), 21)
    np.testing.assert_allclose(points, segment(start, end, 21))


def test_the_path_passes_each_waypoint_after_as_many_steps():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 8.0]])
    points = path_through(corners, 9)
    np.testing.assert_allclose(points[[0, 4, 8]], corners)
    np.testing.assert_allclose(points[[1, 5]], [[0.25, 0], [1, 2]])


# --- Through low density ---


def test_prior_density_is_the_standard_normal(rng):
    points = rng.normal(size=(7, 10))
    expected = stats.multivariate_normal(np.zeros(10)).logpdf(points)
    np.testing.assert_allclose(prior_log_density(points), expected)


@pytest.mark.parametrize("at_once", [1, 100, 10_000_000])
def test_density_of_the_encoded_images_is_the_mean_of_their_posteriors(at_once, rng, monkeypatch):
    monkeypatch.setattr(explorations, "_AT_ONCE", at_once)
    mu, log_var = rng.normal(size=(2, 50, 4)).astype("float32")
    points = rng.normal(size=(9, 4))
    posteriors = [
        stats.multivariate_normal(mean, np.diag(variance)).pdf(points)
        for mean, variance in zip(mu, np.exp(log_var), strict=True)
    ]
    density = encoded_log_density(points, mu, log_var)
    np.testing.assert_allclose(density, np.log(np.mean(posteriors, axis=0)), rtol=1e-5)


def test_density_is_that_of_samples_beyond_an_explosion():
    """A posterior that has left float32 is sampled on a line, and as dense (erratum E81)."""
    mu, log_var = np.zeros((1, 1)), np.full((1, 1), 100.0)
    points = np.array([[0.0], [1e10], [-3e10]])
    expected = stats.norm(0, np.exp(20) * (1 + 30)).logpdf(points[:, 0])
    np.testing.assert_allclose(encoded_log_density(points, mu, log_var), expected)


def test_a_line_across_a_ring_of_codes_leads_through_low_density():
    """Figure 43: where the prior is densest there are no codes; e^-5,000 stays finite."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    mu = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    log_var = np.full_like(mu, 2 * np.log(0.02))
    line = path_through(np.array([[-2.0, 0.0], [2.0, 0.0]]), 21)
    density, prior = encoded_log_density(line, mu, log_var), prior_log_density(line)
    assert density.argmin() == prior.argmax() == 10
    assert np.isfinite(density).all()
    assert density[10] < density[0] - 4_000
    around = path_through(mu[:101], 21)
    assert np.ptp(encoded_log_density(around, mu, log_var)) < 1


def test_a_line_across_a_half_circle_is_less_dense_than_the_way_along_it():
    angle = np.linspace(0, np.pi, 32)
    mu = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    posterior = SampledPosterior(mu, np.full(mu.shape, 2 * np.log(0.1)), mu)
    measures = density_measures(segment(mu[0], mu[-1], 21), mu, posterior)
    middle = np.mean([stats.multivariate_normal(code, 0.01).pdf([0, 0]) for code in mu])
    assert measures["lowest"] == pytest.approx(np.log(middle), abs=1)
    assert measures["lowest_at"] == pytest.approx(0.5, abs=0.15)
    assert measures["lowest"] < measures["codes_between"] - 20
    assert measures["codes_between"] <= measures["ends"]


@pytest.mark.parametrize("kind", ["straight", "uneven", "bent"])
def test_codes_on_a_line_have_no_denser_way_between_them(kind):
    """Posteriors of a tenth of the codes' distances: each is an island, between two is the sea."""
    at = np.arange(32.0)
    straight = np.stack([at, at / 2], axis=1)
    arc = 31 / np.pi * np.stack([np.cos(np.pi * at / 31), np.sin(np.pi * at / 31)], axis=1)
    uneven = straight * np.linspace(1, 1.5, 32)[:, np.newaxis]
    mu = {"straight": straight, "uneven": uneven, "bent": arc}[kind]
    steps = np.linalg.norm(np.diff(mu, axis=0), axis=1)
    posterior = SampledPosterior(mu, np.full(mu.shape, 2 * np.log(steps.mean() / 10)), mu)
    measures = density_measures(segment(mu[0], mu[-1], 21), mu, posterior)
    fall = measures["codes_between"] - measures["lowest"]
    assert fall > 1_000 if kind == "bent" else fall < 4.6  # the bound of 4.4-position-line
    assert measures["codes_between"] < measures["ends"] - 4.6  # as on any line


def test_densities_of_the_prior_and_of_the_encoded_images_are_told_apart(rng):
    mu, points = rng.normal(size=(30, 3)), rng.normal(size=(5, 3))
    posterior = SampledPosterior(mu, np.zeros_like(mu), mu)
    densities = log_densities(points, posterior)
    prior = stats.multivariate_normal(np.zeros(3)).logpdf(points)
    np.testing.assert_allclose(densities["prior"], prior)
    encoded = encoded_log_density(points, mu, posterior.log_var)
    np.testing.assert_array_equal(densities["encoded images"], encoded)
    measures = density_measures(points, mu, posterior)
    assert measures["prior_ends"] == pytest.approx(min(prior[0], prior[-1]))
    assert measures["prior_lowest"] == pytest.approx(prior.min())


# --- Attribute arithmetic ---


def test_random_images_with_an_attribute(rng):
    has = np.arange(1_000) % 3 == 0
    rows = some_with(has, 50, rng)
    assert has[rows].all()
    assert len(np.unique(rows)) == 50
    assert (np.diff(rows) > 0).all()
    assert rows.max() > 500  # not the first fifty
    np.testing.assert_array_equal(some_with(~has, 5_000, rng), np.flatnonzero(~has))
    with pytest.raises(ValueError, match="None of 9 images"):
        some_with(np.zeros(9, bool), 50, rng)


def test_start_minus_one_mean_plus_alpha_times_another():
    start, black, blond = np.array([1.0, 1.0]), np.array([0.0, 1.0]), np.array([2.0, -1.0])
    positions = arithmetic(start, blond, np.array([0.0, 0.5, 2.0]), removed=black)
    np.testing.assert_array_equal(positions, [[1, 0], [2, -0.5], [5, -2]])


def test_a_random_start_loses_nothing():
    positions = arithmetic(np.array([3.0, 4.0]), np.array([1.0, 0.0]), np.array([0.0, 4.0]))
    np.testing.assert_array_equal(positions, [[3, 4], [7, 4]])


def test_alphas_of_text_and_code():
    for alphas, last in ((HAIR_ALPHAS, 2), (GENDER_ALPHAS, 4), (ALPHAS_AS_RUN, 3.8)):
        assert len(alphas) == 20
        assert alphas[0] == 0
        assert alphas[-1] == pytest.approx(last)
        np.testing.assert_allclose(np.diff(alphas), alphas[1])


def test_points_are_evenly_spaced_and_reach_both_ends():
    start, end = np.array([1.0, -2.0, 0.0]), np.array([2.0, 2.0, 0.0])
    points = segment(start, end, 21)
    assert points.shape == (21, 3)
    np.testing.assert_array_equal(points[[0, -1]], [start, end])
    np.testing.assert_allclose(points[10], [1.5, 0, 0])
    np.testing.assert_allclose(np.diff(points, axis=0), np.tile((end - start) / 20, (20, 1)))
