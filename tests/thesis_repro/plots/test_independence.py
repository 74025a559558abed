"""What the drawings of Section 4.5 show."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from thesis_repro.analysis.pixel_dependence import Dependence, PixelMeasure, dependence
from thesis_repro.plots.figures import COLOURS
from thesis_repro.plots.independence import correlation_histograms, pixel_boxes


@pytest.fixture
def boxes():
    """Two samples of 2 x 3 pixels; the second sample's first pixel is the brightest."""
    first = np.zeros((2, 2, 3))
    second = np.full((2, 2, 3), 0.25)
    second[1, 0, 0] = 0.5
    first[1, 1, 2] = 0.5
    r = np.array([[0.5, -1, np.nan], [0, 0, 1]])
    return pixel_boxes("title", ("z_1", "z_3"), (first, second), r)


def test_dots_lie_in_the_box_of_their_pixel(boxes):
    axes = boxes.axes[0]
    x, y = axes.lines[0].get_data()
    columns, rows = x // 1, y // 1
    assert len(x) == 12  # samples times pixels, one artist
    assert sorted(zip(rows, columns, strict=True)) == sorted(
        2 * [(row, column) for row in range(2) for column in range(3)]
    )
    brightest = (rows == 0) & (columns == 0)
    np.testing.assert_allclose(x[brightest] % 1, [0.08, 0.08])  # layer 1 to the right: dark
    np.testing.assert_allclose(y[brightest] % 1, [0.5, 0.08])  # layer 3 upwards: half, full
    last = (rows == 1) & (columns == 2)
    np.testing.assert_allclose(x[last] % 1, [0.08, 0.92])


def test_boxes_are_shaded_by_r_and_numbered_from_1(boxes):
    axes = boxes.axes[0]
    (shades,) = axes.images
    np.testing.assert_array_equal(shades.get_array().mask, [[0, 0, 1], [0, 0, 0]])
    assert (shades.get_clim(), shades.get_extent()) == ((-1, 1), [0, 3, 2, 0])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "3"]
    assert "z_1" in axes.get_xlabel()
    assert "0 to 0.5" in axes.get_xlabel()
    assert "z_3" in axes.get_ylabel()


def test_dark_samples_are_drawn():
    dark = np.zeros((3, 2, 2))
    figure = pixel_boxes("title", ("z_1", "z_2"), (dark, dark), np.full((2, 2), np.nan))
    assert np.isfinite(figure.axes[0].lines[0].get_data()).all()


def test_histograms_are_stacked_by_significance():
    r = np.array([-0.91, 0.01, 0.01, 0.91, 0.91, *[np.nan] * 7])
    p = np.where(np.abs(r) > 0.5, 0.01, 0.5)
    by_chance = np.zeros((2, len(r)), bool)  # of two permutations, in the second one of five
    by_chance[1, 0] = True
    linear = PixelMeasure(r, np.where(np.isnan(r), np.nan, p), 0.5, np.zeros(2), by_chance)
    black = np.zeros(len(r), bool)
    of_pair = Dependence(np.isnan(r), black, linear, linear)
    names = ("z_1, z_2", "z_1, z_3")
    figure = correlation_histograms("title", {name: dict.fromkeys(names, of_pair) for name in "AB"})
    panels = [axes for axes in figure.axes if axes.patches]
    assert len(panels) == 4
    assert panels[0].get_ylabel() == "A\npixels"
    assert panels[0].get_title() == "$z_1, z_2$: 3 of 5 significant, 7 constant\n(by chance 10.0%)"
    for axes in panels:
        bars = {True: {}, False: {}}
        for bar in axes.patches:
            if bar.get_height():
                orange = bar.get_facecolor()[:3] == to_rgb(COLOURS[1])
                bars[orange][round(bar.get_x() + bar.get_width() / 2, 2)] = bar.get_height()
        assert bars == {True: {-0.9: 1, 0.9: 2}, False: {0.02: 2}}
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 2


def test_a_panel_leaves_out_what_is_constant():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(size=(2, 20, 64))
    first[:, 0] = 0
    row = {"z_1, z_2": dependence(first, second, 5, rng)}
    (axes,) = (axes for axes in correlation_histograms("title", {"A": row}).axes if axes.patches)
    assert "of 63 significant, 1 constant" in axes.get_title()
    assert sum(bar.get_height() for bar in axes.patches) == 63
