"""What the drawings of latent embeddings show."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from thesis_repro.analysis.image_sets import Images
from thesis_repro.plots.embeddings import (
    ABSENT,
    PRESENT,
    Colouring,
    coloured,
    dsprites_colourings,
    mnist_colourings,
    presence_bars,
    present_or_not,
)
from thesis_repro.plots.figures import COLOURS


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).normal(size=(60, 2))


def panels(figure):
    """The axes that hold points, row by row."""
    return [axes for axes in figure.axes if axes.collections and axes.get_label() != "<colorbar>"]


def drawn(axes):
    """Positions and colours of the points of a panel, in the order they are drawn."""
    collections = axes.collections
    where = np.concatenate([np.asarray(drawn.get_offsets()) for drawn in collections])
    colours = [np.broadcast_to(c.get_facecolor(), (len(c.get_offsets()), 4)) for c in collections]
    return where, np.concatenate(colours)[:, :3]


def test_a_row_per_layer_and_a_column_per_colouring(points):
    layers = {"z_1": points, "z_2": points + 5}
    colourings = (Colouring("slant", points[:, 0]), Colouring("x", points[:, 1]))
    figure = coloured("title", layers, colourings, {"slant": "a", "x": "bc", "y": "d"})
    axes = panels(figure)
    letters = [panel.get_title(loc="left") for panel in axes]
    assert letters == ["(a)", "(b)", "", "(c)"]
    assert [panel.get_title() for panel in axes] == ["slant", "x", "", ""]
    assert [panel.get_ylabel() for panel in axes] == ["$z_1$", "", "$z_2$", ""]
    for panel, expected in zip(axes, (points, points, points + 5, points + 5), strict=True):
        np.testing.assert_allclose(drawn(panel)[0], expected)
        assert panel.collections[0].get_rasterized()
        assert panel.collections[0].get_alpha() == 0.5


def test_a_continuous_attribute_has_ten_colours_over_its_range(points):
    values = np.linspace(-1, 3, 60)
    figure = coloured("title", {"z": points}, (Colouring("slant", values),), {})
    colours = drawn(panels(figure)[0])[1]
    ten = mpl.colormaps["viridis"](np.linspace(0, 1, 10))[:, :3]
    level = np.minimum((values + 1) / 4 * 10, 9).astype(int)
    np.testing.assert_allclose(colours, ten[level])
    (bar,) = (axes for axes in figure.axes if axes.get_label() == "<colorbar>")
    figure.canvas.draw()
    assert [tick.get_text() for tick in bar.get_xticklabels()] == ["−1", "1", "3"]


def test_angles_may_have_a_colour_map_of_their_own(points):
    angles = np.linspace(0, 2 * np.pi, 60)
    figure = coloured("t", {"z": points}, (Colouring("turn", angles, colour_map="twilight"),), {})
    colours = drawn(panels(figure)[0])[1]
    np.testing.assert_allclose(colours[0], colours[-1], atol=0.05)


@pytest.mark.parametrize("count", [3, 10])
def test_categories_have_a_colour_and_a_name_each(points, count):
    classes = np.arange(60) % count
    names = tuple(f"class {index}" for index in range(count))
    figure = coloured("title", {"z": points}, (Colouring("shape", classes, names),), {})
    colours = drawn(panels(figure)[0])[1]
    assert len(np.unique(colours, axis=0)) == count
    for index in range(count):
        assert len(np.unique(colours[classes == index], axis=0)) == 1
    if count == 3:
        np.testing.assert_allclose(colours[:3], [to_rgb(panel) for panel in COLOURS[:3]])
    (bar,) = (axes for axes in figure.axes if axes.get_label() == "<colorbar>")
    assert [tick.get_text() for tick in bar.get_xticklabels()] == list(names)


def test_green_lies_over_red(points):
    has = np.arange(60) % 3 == 0
    figure = present_or_not("title", {"z": points}, {"Black_Hair": has})
    (axes,) = panels(figure)
    where, colours = drawn(axes)
    np.testing.assert_allclose(where, np.concatenate([points[~has], points[has]]))
    np.testing.assert_allclose(colours[:40], np.tile(to_rgb(ABSENT), (40, 1)))
    np.testing.assert_allclose(colours[40:], np.tile(to_rgb(PRESENT), (20, 1)))
    assert axes.get_title() == "Black Hair"
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["present", "not present"]
    marks = [to_rgb(line.get_color()) for line in figure.legends[0].get_lines()]
    assert marks == [to_rgb(PRESENT), to_rgb(ABSENT)]


def test_layers_of_an_attribute_stand_side_by_side(points):
    attributes = {name: points[:, 0] > 0 for name in "ABC"}
    layers = {"z_1": points, "z_2": points - 3, "z_3": points + 3}
    figure = present_or_not("title", layers, attributes)
    axes = panels(figure)
    assert [panel.get_title() for panel in axes] == [f"{a}, ${z}$" for a in "ABC" for z in layers]
    rows = [panel.get_subplotspec().rowspan.start for panel in axes]
    assert rows == [0] * 6 + [1] * 3
    means = [drawn(panel)[0].mean() for panel in axes[:3]]
    np.testing.assert_allclose(means, points.mean() + np.array([0, -3, 3]))
    assert sum(panel.get_visible() for panel in figure.axes) == 9


def test_bars_show_both_shares_in_the_order_given():
    figure = presence_bars("title", {"Black_Hair": 0.25, "Bald": 0.0, "Young": 1.0})
    (axes,) = figure.axes
    present, absent = ([*bars] for bars in axes.containers)
    assert [bar.get_width() for bar in present] == [0.25, 0, 1]
    assert [bar.get_width() for bar in absent] == [0.75, 1, 0]
    assert [bar.get_x() for bar in absent] == [0.25, 0, 1]
    assert to_rgb(present[0].get_facecolor()[:3]) == to_rgb(PRESENT)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Black Hair", "Bald", "Young"]
    low, high = axes.get_ylim()
    assert low > high  # the first on top


def test_an_attribute_may_be_present_nowhere_or_everywhere(points):
    attributes = {"Bald": np.zeros(60, bool), "Young": np.ones(60, bool)}
    bald, young = present_or_not("title", {"z": points}, attributes).axes
    np.testing.assert_allclose(drawn(bald)[1], np.tile(to_rgb(ABSENT), (60, 1)))
    np.testing.assert_allclose(drawn(young)[1], np.tile(to_rgb(PRESENT), (60, 1)))


def images(**known):
    return Images("made", np.zeros((2, 1, 1, 1), dtype="uint8"), known)


def test_mnist_is_coloured_by_its_attributes_and_the_digit():
    measures = np.arange(12.0).reshape(2, 6)
    colourings = mnist_colourings(images(morphometrics=measures, label=np.array([3, 1])))
    names = ["area (px²)", "length (px)", "thickness (px)", "slant (rad)", "width (px)"]
    assert [colouring.name for colouring in colourings] == [*names, "height (px)", "digit"]
    np.testing.assert_array_equal(colourings[3].values, [3, 9])
    assert colourings[-1].categories[3] == "3"


def test_dsprites_is_coloured_by_its_factors():
    factors, classes = np.arange(12.0).reshape(2, 6), np.arange(12).reshape(2, 6)
    colourings = dsprites_colourings(images(factors=factors, classes=classes))
    names = ["shape", "scale", "orientation (rad)", "x", "y"]
    assert [colouring.name for colouring in colourings] == names
    assert [colouring.values[0] for colouring in colourings] == [1, 2, 3, 4, 5]
