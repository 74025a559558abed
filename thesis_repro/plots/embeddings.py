"""Drawings of Section 4.4.1: codes in the plane, coloured by what is known of their images."""

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from data_prep.dsprites_renderer import SHAPES
from data_prep.morphometry import UNITS
from thesis_repro.analysis.image_factors import drawn_from, morphometrics, shape_classes
from thesis_repro.analysis.image_sets import Images
from thesis_repro.plots.figures import COLOURS, new_figure, style

LEVELS = 10  # colours of a continuous attribute; original code (erratum E63)
ALPHA = 0.5  # of a point; original code
PRESENT, ABSENT = COLOURS[2], COLOURS[1]  # the thesis's green and red, told apart by all eyes
ATTRIBUTES_ACROSS = {1: 5, 2: 3, 3: 2}  # in a row of the figure, by the number of layers


@dataclass(frozen=True)
class Colouring:
    """What colours the points: ``values`` (n,), continuous, or classes counted from 0.

    Continuous values have ten colours over their range. ``categories`` are the names of the
    classes; ``colour_map`` is for continuous values ("twilight" for angles).
    """

    name: str
    values: np.ndarray
    categories: tuple[str, ...] = ()
    colour_map: str = "viridis"


def mnist_colourings(images: Images) -> tuple[Colouring, ...]:
    """The six attributes of Morpho-MNIST, and the digit."""
    measured = (
        Colouring(f"{name} ({UNITS[name]})", values)
        for name, values in morphometrics(images).items()
    )
    return *measured, Colouring("digit", images.known["label"], tuple("0123456789"))


def dsprites_colourings(images: Images) -> tuple[Colouring, ...]:
    """Shape, scale, orientation and position."""
    values = drawn_from(images)
    return (
        Colouring("shape", shape_classes(images), SHAPES),
        Colouring("scale", values["scale"]),
        Colouring("orientation (rad)", values["orientation"], colour_map="twilight"),
        Colouring("x", values["x"]),
        Colouring("y", values["y"]),
    )


def coloured(
    title: str,
    layers: Mapping[str, np.ndarray],
    colourings: tuple[Colouring, ...],
    letters: Mapping[str, str],
) -> Figure:
    """Figures 29, 30, 33, 34 and 63-66: a row of panels per layer, a column per colouring.

    ``layers`` maps a layer's name, "z_1", to its points (n, 2); ``letters`` maps the first word of
    a colouring's name to the letters of its panels, layer by layer, where the thesis has such.
    Colour bars stand under columns.
    """
    figure = new_figure(1.9 * len(colourings) + 0.3, 1.8 * len(layers) + 1.2)
    with style():
        panels = figure.subplots(len(layers), len(colourings), squeeze=False)
        for column, colouring in zip(panels.T, colourings, strict=True):
            mapped = colours(colouring)
            for axes, points in zip(column, layers.values(), strict=True):
                _scatter(axes, points, mapped.to_rgba(colouring.values), size=4)
            column[0].set_title(colouring.name)
            known = letters.get(colouring.name.split()[0], "")
            for axes, letter in zip(column, known, strict=False):
                axes.set_title(f"({letter})", loc="left", fontsize=8)
            _colour_bar(figure, column, mapped, colouring.categories)
        _label_rows(panels[:, 0], layers)
        figure.suptitle(title, fontsize=10)
    return figure


def colours(colouring: Colouring) -> ScalarMappable:
    """Colours of ten levels over the values' range, or one for each category."""
    count = len(colouring.categories)
    if not count:
        edges = np.linspace(colouring.values.min(), colouring.values.max(), LEVELS + 1)
        colour_map = mpl.colormaps[colouring.colour_map].resampled(LEVELS)
        return ScalarMappable(BoundaryNorm(edges, LEVELS, clip=True), colour_map)
    listed = COLOURS if count <= len(COLOURS) else mpl.colormaps["tab10"].colors
    edges = np.arange(count + 1) - 0.5
    return ScalarMappable(BoundaryNorm(edges, count), ListedColormap(listed[:count]))


def _colour_bar(
    figure: Figure, column: np.ndarray, colours: ScalarMappable, categories: tuple[str, ...]
) -> None:
    bar = figure.colorbar(colours, ax=list(column), location="bottom", aspect=14, shrink=0.95)
    if categories:
        bar.set_ticks(range(len(categories)), labels=categories)
    else:
        edges = colours.norm.boundaries
        bar.set_ticks(edges[[0, LEVELS // 2, LEVELS]])
        bar.ax.xaxis.set_major_formatter("{x:.3g}")
    bar.ax.tick_params(labelsize=7, length=0)
    bar.outline.set_visible(False)


def _scatter(axes: Axes, points: np.ndarray, colours, size: float) -> None:
    """Points as a picture within the SVG file, which would hold every one of them otherwise."""
    axes.scatter(*points.T, s=size, c=colours, alpha=ALPHA, linewidths=0, rasterized=True)
    axes.tick_params(labelsize=6, length=2)
    axes.locator_params(nbins=4)


def _label_rows(panels: np.ndarray, layers: Mapping[str, np.ndarray]) -> None:
    for axes, layer in zip(panels, layers, strict=True):
        axes.set_ylabel(f"${layer}$")


# === CelebA: Figures 31, 32 and 67 to 70 ===


def present_or_not(
    title: str, layers: Mapping[str, np.ndarray], attributes: Mapping[str, np.ndarray]
) -> Figure:
    """Figures 32 and 67-70: a panel per attribute and layer, green where the attribute is present.

    Red points, without it, are drawn first, as in the original code. The layers (n, 2) of an
    attribute (bool, (n,)) stand side by side; several attributes share a row.
    """
    across = min(ATTRIBUTES_ACROSS.get(len(layers), 1), len(attributes))
    rows = -(-len(attributes) // across)
    figure = new_figure(1.5 * across * len(layers) + 0.3, 1.5 * rows + 0.9)
    with style():
        panels = figure.subplots(rows, across * len(layers), squeeze=False)
        blocks = panels.reshape(rows * across, len(layers))
        for block, (name, has) in zip(blocks, attributes.items(), strict=False):
            for axes, (layer, points) in zip(block, layers.items(), strict=True):
                for chosen, colour in ((~has, ABSENT), (has, PRESENT)):
                    _scatter(axes, points[chosen], colour, size=3)
                axes.set(xticks=[], yticks=[])
                words = name.replace("_", " ")
                axes.set_title(f"{words}, ${layer}$" if len(layers) > 1 else words, fontsize=7)
        for axes in blocks[len(attributes) :].flat:
            axes.set_visible(False)
        _presence_legend(figure)
        figure.suptitle(title, fontsize=10)
    return figure


def _presence_legend(figure: Figure) -> None:
    entries = {"present": PRESENT, "not present": ABSENT}
    marks = [Line2D([], [], ls="", marker="o", color=colour) for colour in entries.values()]
    figure.legend(marks, entries, loc="outside right upper", fontsize=8)


def presence_bars(title: str, shares: Mapping[str, float]) -> Figure:
    """Figure 31: for each attribute, the share of images with it (green) and without it (red)."""
    names = [name.replace("_", " ") for name in shares]
    present = np.array(list(shares.values()))
    figure = new_figure(7, 0.17 * len(shares) + 1.2)
    with style():
        axes = figure.subplots()
        axes.barh(names, present, color=PRESENT, label="present")
        axes.barh(names, 1 - present, left=present, color=ABSENT, label="not present")
        axes.set(xlim=(0, 1), ylim=(len(shares) - 0.4, -0.6), xlabel="share of the images")
        axes.tick_params(axis="y", labelsize=7, length=0)
        figure.legend(loc="outside right upper", fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure
