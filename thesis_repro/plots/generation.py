"""Drawings of Section 4.6: estimated densities of latent dimensions, moments of pixel values."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from thesis_repro.analysis.kernel_density import estimated
from thesis_repro.analysis.normality import BINS
from thesis_repro.analysis.pixel_moments import MOMENTS, Moments, histogram_edges
from thesis_repro.plots.figures import COLOURS, new_figure, style

ACROSS = 5  # panels in a row, of a single layer
COLLAPSED = 0.5  # codes that span less are drawn by themselves: beside the prior they are a line

_HISTOGRAM, _PRIOR, _KDE = COLOURS[0], COLOURS[1], COLOURS[2]  # the thesis's blue, orange, green
_TITLES = {
    "mean": "mean of the pixel values",
    "sd": "standard deviation",
    "skewness": "skewness",
    "kurtosis": "excess kurtosis",
}


def latent_densities(title: str, layers: Mapping[str, np.ndarray]) -> Figure:
    """Figures 48 and 89-95: a panel per dimension, histogram, its estimated density and the prior.

    ``layers`` maps a layer's label to positions (n, dimensions). Several layers have a column each.
    Axes are not shared, nor do they reach to the prior's tails where a model does not use a
    dimension: its codes would be a line.
    """
    columns = {
        f"{label}, dimension {dimension}": values
        for label, z in layers.items()
        for dimension, values in enumerate(z.T, 1)
    }
    count, has_layers = len(columns), len(layers) > 1
    across = len(layers) if has_layers else min(ACROSS, count)
    down = -(-count // across)
    figure = new_figure(max(1.7 * across, 5) + 2, 1.5 * down + 0.8)
    with style():
        panels = figure.subplots(down, across, squeeze=False)
        ordered = (panels.T if has_layers else panels).ravel()
        for axes, (label, values) in zip(ordered, columns.items(), strict=False):
            _density(axes, values)
            axes.set_title(label, fontsize=8)
        for axes in ordered[count:]:
            axes.set_axis_off()
        handles = panels[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside right center", fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure


def _density(axes: Axes, values: np.ndarray) -> None:
    how = {"bins": BINS, "density": True, "histtype": "stepfilled", "alpha": 0.5}
    values = values.astype("float64")  # a span of few float32 steps has no 100 bins
    axes.hist(values, color=_HISTOGRAM, label="encoded images", **how)
    low, high = values.min(), values.max()
    around = np.linspace(low - (high - low) / 10, high + (high - low) / 10, 300)
    at = around if 0 < high - low < COLLAPSED else np.linspace(min(low, -3), max(high, 3), 300)
    axes.plot(at, stats.norm.pdf(at), color=_PRIOR, linewidth=1, label="prior N(0, 1)")
    if (density := estimated(values)) is not None:
        label = "kernel density\nestimate"
        axes.plot(around, density(around), color=_KDE, linewidth=1.2, label=label)
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=4)


def moment_histograms(title: str, real: Moments, generated: Mapping[str, Moments]) -> Figure:
    """Figures 49 to 51: a panel per moment; real images filled, those of each model a line.

    Bins are common to a panel, see `histogram_edges`; undefined moments are left out, and the
    legend says of how many images.
    """
    figure = new_figure(9.5, 5)
    with style():
        panels = figure.subplots(2, 2)
        for letter, name, axes in zip("abcd", MOMENTS, panels.ravel(), strict=True):
            _moment(axes, name, real, generated)
            axes.set_title(f"({letter}) {_TITLES[name]}")
        handles = panels[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside right upper", fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure


def _moment(axes: Axes, name: str, real: Moments, generated: Mapping[str, Moments]) -> None:
    sets = {"real images": real, **generated}
    columns = {label: getattr(moments, name) for label, moments in sets.items()}
    known = {label: values[np.isfinite(values)] for label, values in columns.items()}
    edges = histogram_edges([*known.values()])
    colours = ("0.75", *COLOURS)
    for colour, (label, values) in zip(colours, known.items(), strict=False):
        missing = f", {sets[label].constant:,} constant" if sets[label].constant else ""
        counted = f"{label} ({len(sets[label].mean):,}{missing})"
        kind = "stepfilled" if label == "real images" else "step"
        some = ((edges[0] <= values) & (values <= edges[-1])).any()  # of none there is no density
        axes.hist(values, edges, density=bool(some), histtype=kind, color=colour, label=counted)
    axes.set_yticks([])
    axes.set_ylabel("density")
