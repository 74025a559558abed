"""Drawings of Section 4.4.2: paths of mean latent positions, and grids of decoded images."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure

from thesis_repro.analysis.trajectories import Trajectory
from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.plots.latent import as_shown, framed
from thesis_repro.plots.tiles import tiled

COMPONENTS = ("PC1", "PC2")  # of the principal component analysis of mean positions
_DIMENSIONS = mpl.colormaps["tab10"].colors  # up to ten dimensions
_GRID_INCHES = 4.0


# === Figures 37, 42, 44 and 75 to 83 ===


def paths(
    title: str,
    attributes: Mapping[str, Mapping[str, Trajectory]],
    *,
    names: Mapping[str, Sequence[str]] | None = None,
    from_origin: bool = False,
) -> Figure:
    """A part (a), (b), ... per attribute: its layers' dimensions and their paths in the plane.

    Of several layers, a column each: dimensions above, path below (caption of Figure 44). Of one,
    the path on the left, its dimensions on the right (text on Figure 42).

    Args:
        title: Of the figure.
        attributes: The paths by the attribute's label, its unit included, and by the layer's name,
            lowest layer first.
        names: What to write for the values of a categorical attribute, by its label.
        from_origin: Whether arrows lead from the origin to each position, as run, or from each
            position to the next, as written (erratum E61).
    """
    layers = len(next(iter(attributes.values())))
    columns = 1 if len(attributes) < 3 else 2
    rows = -(-len(attributes) // columns)
    width, height = (max(layers, 2), 2 if layers > 1 else 1)
    figure = new_figure(columns * (1.7 * width + 0.7) + 0.5, rows * (1.5 * height + 0.4) + 0.5)
    with style():
        parts = figure.subfigures(rows, columns, squeeze=False).ravel()
        for part, letter, (label, by_layer) in zip(
            parts, ascii_lowercase, attributes.items(), strict=False
        ):
            part.suptitle(f"({letter}) {label}", fontsize=9)
            _part(part, label, by_layer, (names or {}).get(label, ()), from_origin)
        _dimension_legend(figure)
        figure.suptitle(title, fontsize=10)
    return figure


def _part(
    part: SubFigure,
    label: str,
    by_layer: Mapping[str, Trajectory],
    categories: Sequence[str],
    from_origin: bool,
) -> None:
    """One attribute: the dimensions of each layer against its value, and the layer's path."""
    count = len(by_layer)
    if count > 1:
        panels = part.subplots(2, count, squeeze=False)
        pairs = zip(panels[0], panels[1], strict=True)
    else:
        panels = part.subplots(1, 2, squeeze=False)
        pairs = [(panels[0, 1], panels[0, 0])]
    colours = _value_colours(next(iter(by_layer.values())).values)
    for (lines, plane), (layer, path) in zip(pairs, by_layer.items(), strict=True):
        of_layer = f", layer {layer.removeprefix('z_')}" if count > 1 else ""
        _lines(lines, path, categories)
        lines.set(title=f"mean z{of_layer}", xlabel=label)
        _path(plane, path.in_plane.points, path.filled.values, colours, from_origin)
        plane.set(title=f"path{of_layer}", **_plane_labels(path))
    bar = part.colorbar(colours, ax=panels.ravel().tolist(), aspect=30, fraction=0.04)
    bar.set_label(label, fontsize=7)
    bar.ax.tick_params(labelsize=6)
    if categories:
        bar.set_ticks(next(iter(by_layer.values())).values, labels=categories)
    for axes in panels.ravel():
        axes.title.set_fontsize(7)
        axes.xaxis.label.set_fontsize(7)
        axes.yaxis.label.set_fontsize(7)


def _plane_labels(path: Trajectory) -> dict[str, str]:
    """What the axes of a path's plane are: components, or the two dimensions that there are."""
    names = ("$z_1$", "$z_2$") if path.means.shape[1] == 2 else COMPONENTS
    return dict(zip(("xlabel", "ylabel"), names, strict=True))


def _value_colours(values: np.ndarray) -> ScalarMappable:
    return ScalarMappable(Normalize(values.min(), values.max()), "viridis")


def _lines(axes: Axes, trajectory: Trajectory, categories: Sequence[str]) -> None:
    """A line per dimension; points, too, since a bin between two empty ones makes no line."""
    for dimension, means in enumerate(trajectory.means.T):
        axes.plot(
            trajectory.values,
            means,
            marker=".",
            markersize=2,
            linewidth=0.9,
            color=_DIMENSIONS[dimension % 10],
            label=f"$z_{{{dimension + 1}}}$",
        )
    if categories:
        axes.set_xticks(trajectory.values, labels=categories)
    axes.tick_params(labelsize=6, length=2)


def _path(
    axes: Axes, points: np.ndarray, values: np.ndarray, colours: ScalarMappable, from_origin: bool
) -> None:
    """Positions (b, 2), coloured by value, with arrows from one to the next or from the origin."""
    start = np.zeros_like(points) if from_origin else points[:-1]
    reach = points if from_origin else np.diff(points, axis=0)
    shades = values if from_origin else values[1:]
    axes.quiver(
        *start.T,
        *reach.T,
        color=colours.to_rgba(shades),
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.008,
    )
    axes.scatter(*points.T, s=6, c=colours.to_rgba(values), linewidths=0)
    _square_limits(axes, np.vstack([start, points]))
    axes.tick_params(labelsize=6, length=2)


def _square_limits(axes: Axes, points: np.ndarray) -> None:
    """Equal scales in both directions, around points (b, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    reach = 0.55 * (high - low).max() or 1.0
    centre = (low + high) / 2
    axes.set(xlim=(centre[0] - reach, centre[0] + reach), aspect="equal")
    axes.set(ylim=(centre[1] - reach, centre[1] + reach))


def _dimension_legend(figure: Figure) -> None:
    largest = max(figure.axes, key=lambda axes: len(axes.lines))
    handles = largest.get_legend_handles_labels()
    figure.legend(*handles, loc="outside right center", fontsize=8)


# === Figure 41 ===


def circles(
    title: str,
    shapes: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    from_origin: bool = False,
) -> Figure:
    """Rotations in the PCA plane, a panel per shape: angles (b,) in degrees, points (b, 2)."""
    figure = new_figure(2.6 * len(shapes), 3.1)
    with style():
        panels = figure.subplots(1, len(shapes), squeeze=False)[0]
        for axes, (name, (angles, points)) in zip(panels, shapes.items(), strict=True):
            colours = _value_colours(angles)
            _path(axes, points, angles, colours, from_origin)
            axes.set(title=name, xlabel=COMPONENTS[0], ylabel=COMPONENTS[1])
            bar = figure.colorbar(colours, ax=axes, location="bottom", aspect=14)
            bar.set_label("rotation in degrees", fontsize=7)
            bar.ax.tick_params(labelsize=6)
        figure.suptitle(title, fontsize=10)
    return figure


# === Figures 35, 36, 38 and 43 ===


def image_grids(title: str, grids: Sequence[tuple[str, np.ndarray]], axis: np.ndarray) -> Figure:
    """Labelled grids of decoded images side by side, (p * p, height, width, channels) each.

    The first dimension goes down, the second to the right; ``axis`` (p,) holds their coordinates.
    """
    figure = new_figure(_GRID_INCHES * len(grids), _GRID_INCHES + 0.75)
    with style():
        panels = figure.subplots(1, len(grids), squeeze=False)[0]
        for axes, (label, images) in zip(panels, grids, strict=True):
            canvas = tiled(as_shown(images), len(axis))
            axes.imshow(canvas, cmap="gray", vmin=0, vmax=1)
            _grid_ticks(axes, axis, canvas.shape)
            axes.set(title=label, xlabel="dimension 2", ylabel="dimension 1")
            axes.spines[:].set_visible(False)
        figure.suptitle(title, fontsize=10)
    return figure


def _grid_ticks(axes: Axes, axis: np.ndarray, shape: tuple[int, ...]) -> None:
    """Coordinates at the middles of the first and last images, and 0 between them."""
    chosen = [axis[0], 0, axis[-1]]
    labels = [f"{value:.2g}" for value in chosen]
    middles = (np.interp(chosen, axis, np.arange(len(axis))) + 0.5) / len(axis)
    axes.set_xticks(middles * shape[1] - 0.5, labels=labels)
    axes.set_yticks(middles * shape[0] - 0.5, labels=labels)
    axes.tick_params(labelsize=7, length=2)


def interpolation(
    title: str, images: Sequence[np.ndarray], log_densities: Mapping[str, np.ndarray]
) -> Figure:
    """Figure 43: the images of a line through latent space, over log densities (points,) on it.

    Each density has an axis of its own: beside one that falls by thousands of nats, another's bend
    would not be seen.
    """
    points = len(images)
    names = list(log_densities)
    figure = new_figure(0.5 * points + 1.2, 1 + 1.3 * len(names))
    with style():
        rows = [[f"{index}" for index in range(points)], *([name] * points for name in names)]
        panels = figure.subplot_mosaic(rows, height_ratios=[1, *[2] * len(names)])
        for index, image in enumerate(images):
            framed(panels[f"{index}"], image)
        for colour, name in zip(COLOURS, names, strict=False):
            axes = panels[name]
            axes.plot(np.linspace(0, 1, points), log_densities[name], ".-", color=colour)
            axes.set_title(f"log density of the {name} (nats)", fontsize=8, loc="left")
            axes.set_xlim(-0.5 / points, 1 + 0.5 / points)
            axes.ticklabel_format(axis="y", useOffset=False)
        panels[names[-1]].set_xlabel("share of the way")
        figure.suptitle(title, fontsize=10)
    return figure
