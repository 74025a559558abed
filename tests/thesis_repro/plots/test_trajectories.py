"""What the drawings of latent paths and decoded grids show."""

import numpy as np
import pytest

from thesis_repro.analysis.explorations import axis, grid
from thesis_repro.analysis.trajectories import mean_by_bin, mean_by_value
from thesis_repro.plots.trajectories import circles, image_grids, interpolation, paths
from thesis_repro.thesis.readings import Reading


@pytest.fixture
def curve():
    """A path of five positions in the plane, without scatter."""
    return np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0], [2.0, 2.0], [0.0, 3.0]])


def arrows(axes):
    (quiver,) = (drawn for drawn in axes.collections if hasattr(drawn, "U"))
    tails = np.asarray(quiver.XY)
    return tails, tails + np.stack([quiver.U, quiver.V], axis=1)


def titled(figure):
    return {axes.get_title(): axes for axes in figure.axes if axes.get_title()}


# --- Paths ---


def test_each_layer_has_its_lines_above_its_path(curve):
    layers = {"z_1": mean_by_value(curve, range(5)), "z_2": mean_by_value(curve[::-1], range(5))}
    figure = paths("title", {"x": layers})
    panels = titled(figure)
    assert list(panels) == ["mean z, layer 1", "mean z, layer 2", "path, layer 1", "path, layer 2"]
    for layer, expected in ((1, curve), (2, curve[::-1])):
        lines = panels[f"mean z, layer {layer}"].lines
        for line, column in zip(lines, expected.T, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), range(5))
            np.testing.assert_array_equal(line.get_ydata(), column)
        tails, heads = arrows(panels[f"path, layer {layer}"])
        np.testing.assert_allclose(tails, expected[:-1])
        np.testing.assert_allclose(heads, expected[1:])
        above, below = (panels[f"{kind}, layer {layer}"] for kind in ("mean z", "path"))
        rows = [axes.get_subplotspec().rowspan.start for axes in (above, below)]
        columns = {axes.get_subplotspec().colspan.start for axes in (above, below)}
        assert (rows, columns) == ([0, 1], {layer - 1})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["$z_{1}$", "$z_{2}$"]


def test_a_single_layer_has_its_path_on_the_left(curve):
    layers = {"z": mean_by_value(curve, range(5))}
    figure = paths("title", {"x": layers, "y": layers})
    parts = figure.subfigs
    assert [part.get_suptitle() for part in parts] == ["(a) x", "(b) y"]
    for part, label in zip(parts, ("x", "y"), strict=True):
        path, lines, bar = part.axes if hasattr(part, "axes") else ()
        assert (path.get_title(), lines.get_title()) == ("path", "mean z")
        assert (lines.get_xlabel(), bar.get_ylabel()) == (label, label)


@pytest.mark.parametrize(("dimensions", "labels"), [(2, ("$z_1$", "$z_2$")), (4, ("PC1", "PC2"))])
def test_the_axes_of_a_plane_are_named(curve, dimensions, labels):
    z = np.pad(curve, ((0, 0), (0, dimensions - 2)))
    axes = titled(paths("title", {"x": {"z": mean_by_value(z, range(5))}}))["path"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == labels


def test_arrows_from_the_origin_as_run(curve):
    figure = paths("title", {"x": {"z": mean_by_value(curve, range(5))}}, from_origin=True)
    tails, heads = arrows(titled(figure)["path"])
    np.testing.assert_array_equal(tails, np.zeros((5, 2)))
    np.testing.assert_allclose(heads, curve)


def test_an_empty_bin_is_a_gap_in_the_lines_and_no_position(curve):
    binned = mean_by_bin(curve, [0.0, 0.15, 0.25, 0.35, 1.0], bins=10)
    figure = paths("title", {"x": {"z": binned}})
    panels = titled(figure)
    values = panels["mean z"].lines[0].get_ydata()
    assert np.isnan(values).sum() == 5
    heads = arrows(panels["path"])[1]
    assert heads.shape == (4, 2)
    assert np.isfinite(heads).all()


def test_colours_follow_the_value(curve):
    values = [0.0, 1.0, 2.0, 3.0, 40.0]
    figure = paths("title", {"x": {"z": mean_by_value(curve, values)}})
    axes = titled(figure)["path"]
    colours = next(drawn for drawn in axes.collections if not hasattr(drawn, "U")).get_facecolor()
    steps = np.abs(np.diff(colours, axis=0)).sum(axis=1)
    assert steps[-1] > 5 * steps[:-1].max()
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert [axes.get_ylim() for axes in bars] == [(0, 40)]


def test_categories_are_named_on_the_axis_and_the_colour_bar(curve):
    """And not in the plane, where means that lie close would have one name over another."""
    names = ("square", "ellipse", "heart")
    layers = {"z": mean_by_value(curve[:3], range(3))}
    figure = paths("title", {"shape": layers}, names={"shape": names})
    panels = titled(figure)
    assert [tick.get_text() for tick in panels["mean z"].get_xticklabels()] == list(names)
    assert not panels["path"].texts
    (bar,) = (axes for axes in figure.axes if axes.get_label() == "<colorbar>")
    assert [tick.get_text() for tick in bar.get_yticklabels()] == list(names)


def test_both_directions_of_a_plane_have_the_same_scale(curve):
    figure = paths("title", {"x": {"z": mean_by_value(curve * [10, 1], range(5))}})
    axes = titled(figure)["path"]
    assert axes.get_aspect() == 1
    assert np.ptp(axes.get_xlim()) == pytest.approx(np.ptp(axes.get_ylim()))
    assert axes.get_xlim()[0] < 0 < 20 < axes.get_xlim()[1]


def test_a_circle_per_shape(curve):
    shapes = {"square": (np.arange(5.0), curve), "heart": (np.arange(5.0) * 2, curve + 1)}
    figure = circles("title", shapes)
    panels = titled(figure)
    assert list(panels) == ["square", "heart"]
    np.testing.assert_allclose(arrows(panels["heart"])[1], curve[1:] + 1)
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    assert [axes.get_xlim() for axes in bars] == [(0, 4), (0, 8)]
    assert {axes.get_xlabel() for axes in bars} == {"rotation in degrees"}
    assert {(axes.get_xlabel(), axes.get_ylabel()) for axes in panels.values()} == {("PC1", "PC2")}


# --- Decoded images ---


def test_the_first_dimension_goes_down_and_grey_is_inverted():
    """Each image is all of one grey, (z_1 + z_2 / 10 + 4) / 8, so that its place tells its z."""
    values = axis(4)
    greys = (grid(values) @ [1, 0.1] + 4) / 8
    images = greys[:, np.newaxis, np.newaxis, np.newaxis] * np.ones((16, 3, 5, 1))
    figure = image_grids("title", [("one", images), ("two", images)], values)
    first, second = figure.axes
    assert (first.get_title(), second.get_title()) == ("one", "two")
    canvas = first.images[0].get_array()
    assert canvas.shape == (12, 20)
    np.testing.assert_allclose(canvas[::3, ::5], 1 - greys.reshape(4, 4))
    np.testing.assert_allclose(canvas[:3, :5], 1 - greys[0])
    assert (first.get_xlabel(), first.get_ylabel()) == ("dimension 2", "dimension 1")


def test_colour_pictures_are_shown_as_they_are():
    images = np.random.default_rng(0).random((9, 2, 2, 3))
    figure = image_grids("title", [("one", images)], axis(3))
    canvas = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_array_equal(canvas[2:4, 4:6], images[5])


def test_ticks_stand_at_the_middle_of_the_images():
    images = np.zeros((400, 28, 28, 1))
    axes = image_grids("title", [("one", images)], axis(20, Reading.RUN)).axes[0]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["-3", "0", "2.7"]
    np.testing.assert_allclose(axes.get_xticks(), np.array([0.5, 10.5, 19.5]) * 28 - 0.5)


@pytest.mark.parametrize("count", [2, 3])
def test_no_label_of_grids_lies_over_another(count):
    """With the line of origin that is written under a figure when it is saved."""
    grids = [(f"layer {number}", np.zeros((9, 4, 4, 1))) for number in range(count)]
    figure = image_grids("Images decoded from -3 to 3", grids, axis(3))
    figure.supxlabel("scale quick", fontsize=6, x=0.01, ha="left")
    figure.draw_without_rendering()
    texts = [figure._suptitle, figure._supxlabel]
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def test_images_of_a_line_stand_over_their_densities():
    images = np.linspace(0, 1, 5)[:, np.newaxis, np.newaxis, np.newaxis] * np.ones((5, 4, 4, 1))
    densities = {"prior": np.arange(5.0), "encoded images": -np.arange(5.0)}
    figure = interpolation("title", images, densities)
    shown = [axes.images[0].get_array()[0, 0] for axes in figure.axes if axes.images]
    np.testing.assert_allclose(shown, 1 - np.linspace(0, 1, 5))
    panels = [axes for axes in figure.axes if axes.lines]
    for axes, (name, density) in zip(panels, densities.items(), strict=True):
        assert axes.get_title("left") == f"log density of the {name} (nats)"
        (line,) = axes.lines
        np.testing.assert_array_equal(line.get_ydata(), density)
        np.testing.assert_allclose(line.get_xdata(), np.linspace(0, 1, 5))
