"""What the shared drawings of latent spaces show."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from thesis_repro.analysis.normality import BINS
from thesis_repro.plots.figures import COLOURS
from thesis_repro.plots.latent import histograms, image_rows


@pytest.fixture(scope="module")
def z():
    return np.random.default_rng(0).normal(size=(400, 3)) * [1, 0.2, 3]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_xlim()]


def steps(panel):
    """Left edges and heights of the bins of each histogram: one outline of steps, closed below."""
    return [patch.get_xy()[1 : 2 * BINS + 1 : 2].T for patch in panel.patches]


def test_a_panel_per_dimension_with_density_and_prior(z):
    figure = histograms("title", {"all": z}, 1)
    assert figure.get_supylabel() == "density"
    axes = panels(figure)
    assert [panel.get_title() for panel in axes] == ["$z_{1}$", "$z_{2}$", "$z_{3}$"]
    for panel, column in zip(axes, z.T, strict=True):
        ((edges, heights),) = steps(panel)
        expected, bins = np.histogram(column, BINS, density=True)
        np.testing.assert_allclose(heights, expected)
        np.testing.assert_allclose(edges, bins[:-1])
        x, y = panel.lines[0].get_data()
        assert (x[0], x[-1]) == (-3, 3)
        np.testing.assert_allclose(y, np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))
        assert panel.get_xlim() == axes[0].get_xlim()
        assert panel.get_ylim() == axes[0].get_ylim()


def test_the_marked_dimension_has_another_colour(z):
    rows = {"one": z, "two": z}
    for marked, expected in (([2, 0], [0, 0, 1, 1, 0, 0]), (1, [0, 1, 0, 0, 1, 0])):
        axes = panels(histograms("title", rows, marked))
        colours = [panel.patches[0].get_facecolor()[:3] for panel in axes]
        assert [colour == to_rgb(COLOURS[1]) for colour in colours] == expected


def test_groups_lie_over_each_other_and_are_named(z):
    figure = histograms("title", {"all": {"low": z[:100], "high": z[100:]}}, 0)
    for panel, column in zip(panels(figure), z.T, strict=True):
        for (_, heights), group in zip(steps(panel), (column[:100], column[100:]), strict=True):
            np.testing.assert_allclose(heights, np.histogram(group, BINS, density=True)[0])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["low", "high"]


def test_images_are_inverted_and_in_order():
    images = np.linspace(0, 1, 6).reshape(6, 1, 1, 1) * np.ones((1, 4, 4, 1))
    figure = image_rows("title", [("up", images[:3]), ("down", images[3:])])
    (axes,) = figure.axes
    (picture,) = axes.images
    canvas = picture.get_array()
    assert canvas.shape == (2 * 4 + 1, 3 * 4 + 2)  # a line between rows, two between columns
    np.testing.assert_allclose(canvas[:4, [0, 5, 10]].T, np.tile([[1], [0.8], [0.6]], 4))
    np.testing.assert_allclose(canvas[5:, [3, 8, 13]].T, np.tile([[0.4], [0.2], [0]], 4), atol=1e-9)
    grey = {*canvas[4], *canvas[:, 4], *canvas[:, 9]}
    assert len(grey) == 1
    assert picture.get_clim() == (0, 1)
    labels = axes.get_yticklabels()
    assert [label.get_text() for label in labels] == ["up", "down"]
    np.testing.assert_allclose(axes.get_yticks(), [1.5, 6.5])  # the middles of rows


def test_colour_images_are_not_inverted():
    images = np.random.default_rng(0).random((2, 4, 4, 3))
    (axes,) = image_rows("title", [("row", images)]).axes
    canvas = axes.images[0].get_array()
    np.testing.assert_array_equal([canvas[:, :4], canvas[:, 5:]], images)


def test_what_is_undefined_is_no_frame():
    images = np.full((2, 4, 4, 1), np.nan)
    (axes,) = image_rows("title", [("row", images)]).axes
    canvas = np.ma.filled(axes.images[0].get_array(), np.nan)
    assert np.isnan(canvas[:, [0, 3, 5, 8]]).all()
    np.testing.assert_array_equal(canvas[:, 4], 0.8)


def test_rows_of_unlike_lengths_are_refused():
    images = np.zeros((5, 4, 4, 1))
    with pytest.raises(ValueError, match="inhomogeneous"):
        image_rows("title", [("up", images[:3]), ("down", images[3:])])


def test_values_that_differ_by_rounding_can_be_drawn():
    """NumPy has no hundred bins between a few neighbouring float32 numbers."""
    start = np.float32(1)
    z = np.tile([[start], [start + np.spacing(start)]], (50, 1)).astype("float32")
    (axes,) = panels(histograms("title", {"all": z}, 0))
    ((edges, heights),) = steps(axes)
    assert len(edges) == len(heights) == BINS
    assert np.isfinite(heights).all()
