"""How active the feature maps of an encoder are (Figures 21, 22 and 57 to 60)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thesis_repro.analysis.feature_maps import LayerActivity
from thesis_repro.plots.figures import COLOURS, new_figure, style

_MOST_ACTIVE = (
    "blue: the {} most active maps, whose means have the largest standard deviation over images"
)


def feature_map_activities(
    layers: list[LayerActivity], active: list[np.ndarray], title: str, quarter: str = "⌊n/4⌋"
) -> Figure:
    """Figures 21, 22, 57-60: a box per feature map, a panel per convolution of the encoder.

    A box is the distribution over images of the map's mean (quartiles; whiskers 1.5 interquartile
    ranges; no fliers). The maps in ``active``, the most active quarter, are coloured,
    as the title says, with how many of n maps are a ``quarter``.
    """
    figure = new_figure(10, 8)
    with style():
        panels = figure.subplots(3, 2)
        for axes, layer, kept in zip(panels.flat, layers, active, strict=True):
            _boxes(axes, layer.map_means, kept)
            axes.set_title(layer.layer)
        for axes in panels[-1]:
            axes.set_xlabel("feature map")
        for axes in panels[:, 0]:
            axes.set_ylabel("mean activity")
        figure.suptitle(f"{title}\n{_MOST_ACTIVE.format(quarter)}")
    return figure


def _boxes(axes: Axes, map_means: np.ndarray, kept: np.ndarray) -> None:
    numbers = np.arange(map_means.shape[1])
    groups = (("0.55", np.setdiff1d(numbers, kept)), (COLOURS[0], kept))
    for colour, chosen in groups:
        axes.boxplot(
            map_means[:, chosen],
            positions=chosen,
            widths=0.7,
            showfliers=False,
            manage_ticks=False,
            patch_artist=True,
            boxprops={"facecolor": colour, "edgecolor": colour, "alpha": 0.6},
            medianprops={"color": "black", "linewidth": 0.8},
            whiskerprops={"color": colour},
            capprops={"color": colour},
        )
    axes.set_xlim(-1, len(numbers))
    axes.axhline(0, color="0.8", lw=0.6, zorder=0)
