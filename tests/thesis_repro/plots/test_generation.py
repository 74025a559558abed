"""What the drawings of latent densities and of moments show."""

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.pixel_moments import MOMENTS, moments
from thesis_repro.plots.generation import latent_densities, moment_histograms


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_panel_per_dimension_with_its_density(rng):
    z = rng.normal(2, 0.5, (500, 7))
    figure = latent_densities("title", {"$z$": z})
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == 7
    for axes, own in zip(panels, z.T, strict=True):
        prior, density = axes.lines
        np.testing.assert_allclose(prior.get_ydata(), stats.norm.pdf(prior.get_xdata()))
        np.testing.assert_allclose(
            density.get_ydata(), stats.gaussian_kde(own)(density.get_xdata())
        )
        at, height = density.get_data()
        assert np.trapezoid(height, at) == pytest.approx(1, abs=0.01)


def test_layers_stand_in_columns(rng):
    layers = {f"$z_{layer}$": rng.normal(layer, 0.1, (50, 2)) for layer in (1, 2, 3)}
    figure = latent_densities("title", layers)
    grid = figure.axes[0].get_gridspec()
    assert (grid.nrows, grid.ncols) == (2, 3)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles[:3] == ["$z_1$, dimension 1", "$z_2$, dimension 1", "$z_3$, dimension 1"]
    peaks = [axes.lines[1].get_xdata()[axes.lines[1].get_ydata().argmax()] for axes in figure.axes]
    np.testing.assert_allclose(peaks, [1, 2, 3] * 2, atol=0.1)


def test_a_constant_dimension_is_drawn_without_a_density():
    figure = latent_densities("title", {"$z$": np.stack([np.zeros(20), np.arange(20.0)], axis=1)})
    assert [len(axes.lines) for axes in figure.axes] == [1, 2]


def test_a_dimension_of_few_float32_steps_is_drawn(rng):
    """It has fewer values than a histogram has bins: an encoder that rounds a constant makes it."""
    steps = rng.integers(0, 5, 300) * np.spacing(np.float32(1))
    figure = latent_densities("title", {"$z$": (1 + steps).astype("float32")[:, np.newaxis]})
    (axes,) = (axes for axes in figure.axes if axes.axison)
    assert len(axes.lines) == 2


def test_unused_dimensions_have_axes_of_their_own(rng):
    z = np.stack([rng.normal(0, 0.01, 300), rng.normal(0, 1, 300)], axis=1)
    unused, used = latent_densities("title", {"$z$": z}).axes
    assert np.ptp(unused.get_xlim()) < 0.2
    assert used.get_xlim()[0] < -3


def test_each_moment_of_each_set_is_drawn(rng):
    real = moments(rng.random((400, 4, 4, 1)))
    images = 0.5 * rng.random((100, 4, 4, 1))
    images[0] = 0.0
    figure = moment_histograms("title", real, {"VAE": moments(images)})
    assert len(figure.axes) == len(MOMENTS)
    for axes in figure.axes:
        filled, line = axes.patches
        edges = np.unique(line.get_xy()[:, 0])
        np.testing.assert_allclose(np.unique(filled.get_xy()[:, 0]), edges)  # the same bins
        assert filled.get_fill()
        assert not line.get_fill()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["real images (400)", "VAE (100, 1 constant)"]


def test_a_set_of_constant_images_alone_has_no_skewness_to_draw(rng):
    real = moments(rng.random((400, 4, 4, 1)))
    figure = moment_histograms("title", real, {"VAE": moments(np.zeros((9, 4, 4, 1)))})
    heights = [axes.patches[1].get_xy()[:, 1].max() for axes in figure.axes]
    assert heights[2:] == [0, 0]
