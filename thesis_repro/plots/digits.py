"""Drawings of digits' classes and forms: Figures 15, 52 and 53."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thesis_repro.plots.figures import COLOURS, new_figure, style

_REFERENCE = "0.45"  # grey: what the others are held against
_BARS = 0.84  # of the room of a digit
_BINS = 10  # NumPy's default, as in the original code


# === Classes: Figure 52 ===


def class_bars(
    title: str,
    sets: Mapping[str, pd.DataFrame],
    further: Mapping[str, Sequence[np.ndarray]] = MappingProxyType({}),
) -> Figure:
    """Figure 52: for each digit a bar per set of images, with its interval; the first in grey.

    A set's rows are the digits in their order, with columns ``share``, ``low`` and ``high``.
    ``further`` are a set's shares (digits,) in trainings with further seeds: a ring for each.
    """
    figure = new_figure(8, 3.4)
    with style():
        axes, ring = figure.subplots(), None
        width = _BARS / len(sets)
        for number, (name, rows) in enumerate(sets.items()):
            at = np.arange(len(rows)) + (number - (len(sets) - 1) / 2) * width
            share = rows["share"].to_numpy()
            ends = np.abs(rows[["low", "high"]].to_numpy().T - share)
            axes.bar(
                at,
                share,
                width,
                color=_colour(number),
                label=name,
                yerr=ends if np.isfinite(ends).all() else None,
                error_kw={"lw": 0.7, "ecolor": "0.15"},
            )
            for shares in further.get(name, ()):
                (ring,) = axes.plot(at, shares, "o", ms=2.5, mfc="none", mec="0.15", mew=0.6)
        axes.set(xticks=range(len(rows)), xlabel="digit", ylabel="share of the images")
        axes.grid(axis="y", color="0.9", lw=0.6)
        axes.margins(x=0.01)
        axes.set_title(title)  # of the axes, which leaves the legend its place
        if ring:
            ring.set_label("with another seed")
        figure.legend(loc="outside right upper", fontsize=8)
    return figure


def class_histograms(title: str, sets: Mapping[str, np.ndarray]) -> Figure:
    """Figure 52 as run: histograms of the labels (n,), ten bins over their range, densities."""
    figure = new_figure(8, 3.4)
    with style():
        axes = figure.subplots()
        for number, (name, labels) in enumerate(sets.items()):
            axes.hist(labels, _BINS, density=True, alpha=0.5, color=_colour(number), label=name)
        axes.set(xlabel="digit, ten bins over the range", ylabel="density", xticks=range(10))
        axes.set_title(title)  # of the axes, which leaves the legend its place
        figure.legend(loc="outside right upper", fontsize=8)
    return figure


def _colour(number: int) -> str:
    return COLOURS[number - 1] if number else _REFERENCE


# === Forms: Figures 15 and 53 ===


def violins(
    title: str, groups: Mapping[str, np.ndarray], table: pd.DataFrame, reference: str, ylabel: str
) -> Figure:
    """A column per attribute, with a violin for each group from the top; x is shared by them.

    Marks are those of Figure 53: a white point at the median, a thick bar over the quartiles, a
    thin one over what is no outlier. A group of no values has none.

    Args:
        title: Above all.
        groups: Values by name, (n, attributes).
        table: Columns ``attribute``, ``unit``, ``low``, ``quartile_1``, ``median``, ``quartile_3``
            and ``high``; the attributes in the order of the values', the groups in theirs.
        reference: The group that is drawn in grey.
        ylabel: What the groups are.
    """
    columns = table.groupby("attribute", sort=False)
    figure = new_figure(10, 1.6 + 0.49 * len(groups))
    colours = [_REFERENCE if name == reference else COLOURS[0] for name in groups]
    with style():
        panels = figure.subplots(1, columns.ngroups, sharey=True)
        for column, (axes, (attribute, rows)) in enumerate(zip(panels, columns, strict=True)):
            _violins(axes, [values[:, column] for values in groups.values()], colours)
            _marks(axes, rows)
            axes.set(title=attribute.capitalize(), xlabel=rows["unit"].iloc[0])
            axes.grid(axis="x", color="0.9", lw=0.6)
        panels[0].set(yticks=range(len(groups)), yticklabels=[*groups])
        panels[0].set(ylabel=ylabel, ylim=(len(groups) - 0.4, -0.6))
        figure.suptitle(title)
    return figure


def _violins(axes: Axes, groups: Sequence[np.ndarray], colours: Sequence[str]) -> None:
    """Kernel density estimates (Scott's rule), each scaled to the same height."""
    heights = [height for height, values in enumerate(groups) if len(values)]
    if not heights:
        return
    drawn = axes.violinplot(
        [groups[height] for height in heights],
        heights,
        orientation="horizontal",
        widths=0.85,
        showextrema=False,
    )
    for height, body in zip(heights, drawn["bodies"], strict=True):
        colour = colours[height]
        body.set(facecolor=colour, edgecolor=colour, alpha=0.45, linewidth=0.6)


def _marks(axes: Axes, rows: pd.DataFrame) -> None:
    heights = range(len(rows))
    axes.hlines(heights, rows["low"], rows["high"], color="0.2", lw=0.7)
    axes.hlines(heights, rows["quartile_1"], rows["quartile_3"], color="0.2", lw=3.5)
    axes.plot(rows["median"], heights, "o", color="white", markersize=2.4, zorder=3)
