"""Drawings of latent spaces that several sections share: histograms and rows of decoded images."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from thesis_repro.analysis.normality import edges
from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.plots.tiles import tiled

_FRAME = 0.8  # grey of the lines around images
_PRIOR = np.linspace(-3, 3, 200)  # where the original code drew the standard normal density


def histograms(
    title: str,
    rows: Mapping[str, np.ndarray | Mapping[str, np.ndarray]],
    marked: int | Sequence[int],
) -> Figure:
    """Histograms of latent dimensions: a row of panels per entry, a panel per dimension.

    Densities in 100 bins, the standard normal density as a line; axes are shared.

    Args:
        title: Of the figure.
        rows: By label, z (n, dimensions), or groups of z by name, which are drawn over each other.
        marked: The dimension (from 0) whose panel is in colour, of all rows or of each.
    """
    grouped = {
        label: groups if isinstance(groups, Mapping) else {label: groups}
        for label, groups in rows.items()
    }
    first = next(iter(grouped.values()))
    dimensions = next(iter(first.values())).shape[1]
    marks = np.broadcast_to(marked, len(grouped))
    figure = new_figure(1.25 * dimensions, 0.75 + 1.2 * len(grouped))
    with style():
        panels = figure.subplots(len(grouped), dimensions, sharex=True, sharey=True, squeeze=False)
        for axes_of_row, (label, groups), mark in zip(panels, grouped.items(), marks, strict=True):
            for dimension, axes in enumerate(axes_of_row):
                values = {name: z[:, dimension] for name, z in groups.items()}
                _histogram(axes, values, dimension == mark)
            axes_of_row[0].set_ylabel(label)
        for dimension, axes in enumerate(panels[0]):
            is_marked = len(grouped) == 1 and dimension == marks[0]
            axes.set_title(f"$z_{{{dimension + 1}}}$", color=COLOURS[1] if is_marked else "black")
        figure.suptitle(title, fontsize=10)
        figure.supylabel("density", fontsize=8)
        if len(first) > 1:
            handles = panels[0, 0].get_legend_handles_labels()
            figure.legend(*handles, loc="outside right upper", fontsize=8)
    return figure


def _histogram(axes: Axes, values: Mapping[str, np.ndarray], is_marked: bool) -> None:
    for index, (name, group) in enumerate(values.items()):
        colour = COLOURS[1] if is_marked and len(values) == 1 else COLOURS[2 * index % 6]
        look = {"histtype": "stepfilled", "alpha": 0.7, "color": colour, "label": name}
        axes.hist(group, bins=edges(group), density=True, **look)
    axes.plot(_PRIOR, stats.norm.pdf(_PRIOR), color="black", linewidth=0.8)
    axes.tick_params(labelsize=7)


def image_rows(
    title: str, rows: Collection[tuple[str, Sequence[np.ndarray] | np.ndarray]]
) -> Figure:
    """Labelled rows of images in [0, 1], each (height, width, channels); grey ones inverted.

    All are one picture, with grey lines between the images: a panel for each is slow to draw.

    Raises:
        ValueError: the rows have not as many images each, or these not one shape.
    """
    images = np.array([[*row] for _, row in rows])
    count, columns, height = images.shape[:3]
    gap = max(1, height // 28)  # as wide in print whatever the images' size: a pixel of MNIST's 28
    pictures = as_shown(images.reshape(-1, *images.shape[2:]))
    canvas = tiled(pictures, columns, gap)
    canvas[np.isnan(tiled(np.zeros_like(pictures), columns, gap))] = _FRAME
    figure = new_figure(0.5 * columns + 1.2, 0.5 * count + 0.6)
    with style():
        axes = figure.subplots()
        axes.imshow(canvas, cmap="gray", vmin=0, vmax=1)
        middles = np.arange(count) * (height + gap) + (height - 1) / 2
        axes.set(xticks=[], yticks=middles)
        axes.set_yticklabels([label for label, _ in rows], fontsize=8)
        axes.tick_params(length=0)
        axes.spines[:].set(visible=True, color=str(_FRAME), linewidth=0.5)
        figure.suptitle(title, fontsize=10)
    return figure


def framed(axes: Axes, image: np.ndarray) -> None:
    """Draw an image (height, width, channels) in [0, 1], with a thin frame around it."""
    axes.imshow(as_shown(image), cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=str(_FRAME), linewidth=0.5)


def as_shown(images: np.ndarray) -> np.ndarray:
    """Images (..., channels) as the thesis shows them: grey ones (one channel) inverted, (...).

    Its captions say that the colour values are inverted; pictures of three channels are not.
    """
    return 1 - images[..., 0] if images.shape[-1] == 1 else images
