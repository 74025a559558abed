"""Drawings of Section 4.5: pixels of two layers against each other, and their correlations."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thesis_repro.analysis.pixel_dependence import Dependence
from thesis_repro.plots.figures import COLOURS, new_figure, style

BINS = np.linspace(-1, 1, 51)  # of Figures 46 and 47; the thesis does not say
_MARGIN = 0.08  # of a box, on each side
_SIGNIFICANT, _NOT = COLOURS[1], COLOURS[0]


# === Figures 45 and 84 to 88 ===


def pixel_boxes(
    title: str, labels: tuple[str, str], samples: tuple[np.ndarray, np.ndarray], r: np.ndarray
) -> Figure:
    """A box for every pixel: its intensity in one layer's samples against the other's.

    All boxes have one range, from 0 to the highest intensity; all dots are one artist. A box is
    shaded by its correlation.

    Args:
        title: Of the figure.
        labels: Of both layers, "z_1".
        samples: Of both layers, (n, height, width) in [0, 1].
        r: (height, width); NaN is not shaded.
    """
    height, width = r.shape
    top = float(max(map(np.max, samples))) or 1.0
    figure = new_figure(7.2, 6.1 * height / width + 0.6)
    with style():
        axes = figure.subplots()
        shades = axes.imshow(r, "RdBu_r", vmin=-1, vmax=1, extent=(0, width, height, 0), alpha=0.45)
        axes.plot(*_dots(samples, top), ls="", marker="o", ms=0.9, mew=0, color="0.1", rasterized=1)
        _frame(axes, height, width)
        first, second = map(_sample_name, labels)
        axes.set_xlabel(f"column of the pixel; in each box {first}, 0 to {top:.2g}")
        axes.set_ylabel(f"row of the pixel; in each box {second}, 0 to {top:.2g}")
        bar = figure.colorbar(shades, ax=axes, shrink=0.5, aspect=30, pad=0.01)
        bar.set_label("Pearson's r")
        figure.suptitle(title, fontsize=10)
    return figure


def _sample_name(label: str) -> str:
    return f"intensity in the ${label}$-representative sample"


def _dots(samples: tuple[np.ndarray, np.ndarray], top: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the dots lie, (n * pixels,): boxes are unit squares, rows count downwards."""
    across, up = (_MARGIN + (1 - 2 * _MARGIN) * images / top for images in samples)
    rows, columns = np.indices(across.shape[1:])
    return (columns + across).ravel(), (rows + 1 - up).ravel()


def _frame(axes: Axes, height: int, width: int) -> None:
    """Lines between boxes, and every fourth pixel numbered from 1."""
    for lines, count in ((axes.set_xticks, width), (axes.set_yticks, height)):
        lines(np.arange(count + 1), minor=True)
        numbered = np.arange(0, count, max(1, count // 7))
        lines(numbered + 0.5, labels=numbered + 1)
    axes.grid(which="minor", color="0.75", linewidth=0.4)
    axes.tick_params(which="both", length=0, labelsize=7)
    axes.spines[:].set_visible(False)


# === Figures 46 and 47 ===


def correlation_histograms(title: str, rows: Mapping[str, Mapping[str, Dependence]]) -> Figure:
    """A row of panels per model, a panel per pair of layers ("z_1, z_2"), stacked by significance.

    Pearson's correlations of those pixels that were tested; each row has another scale.
    """
    pairs = list(next(iter(rows.values())))
    figure = new_figure(2.9 * len(pairs) + 0.4, 2.1 * len(rows) + 0.9)
    with style():
        panels = figure.subplots(len(rows), len(pairs), sharex=True, sharey="row", squeeze=False)
        for axes_of_row, (label, by_pair) in zip(panels, rows.items(), strict=True):
            for axes, (pair, dependence) in zip(axes_of_row, by_pair.items(), strict=True):
                _histogram(axes, f"${pair}$", dependence)
            axes_of_row[0].set_ylabel(f"{label}\npixels")
        for axes in panels[-1]:
            axes.set_xlabel("Pearson's r of a pixel")
        handles = panels[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside upper right", ncols=2, fontsize=8)
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")  # beside the legend
    return figure


def _histogram(axes: Axes, pair: str, dependence: Dependence) -> None:
    tested, linear = ~dependence.constant, dependence.pearson
    groups = [linear.value[tested & which] for which in (linear.significant, ~linear.significant)]
    labels = ["p < 0.05 after Benjamini/Hochberg", "not significant"]
    axes.hist(groups, BINS, stacked=True, color=(_SIGNIFICANT, _NOT), label=labels)
    axes.axvline(0, color="0.3", linewidth=0.6)
    axes.set(xlim=(-1, 1), xticks=(-1, -0.5, 0, 0.5, 1))
    axes.tick_params(labelsize=7)
    constant = f", {np.sum(~tested):,} constant" if not tested.all() else ""
    axes.set_title(
        f"{pair}: {linear.significant.sum():,} of {tested.sum():,} significant{constant}\n"
        f"(by chance {linear.null_share.mean():.1%})",
        fontsize=8,
    )
