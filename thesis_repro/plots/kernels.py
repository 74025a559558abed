"""Drawings of first-layer kernels and of what Gabor functions explain of them (Section 4.1)."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thesis_repro.analysis.gabor import drawn
from thesis_repro.analysis.gabor_shares import Resemblance
from thesis_repro.analysis.kernel_fits import Course, KernelFits
from thesis_repro.plots.figures import COLOURS, new_figure, style
from thesis_repro.plots.tiles import tiled

COLUMNS = 17  # of the original notebook's sheet
ORIENTATION_BINS = 12  # of 15 degrees
_EXAMPLES = 12
_KERNEL, _INITIAL, _SURROGATES = COLOURS[1], "0.45", COLOURS[5]


def kernel_sheet(title: str, kernels: np.ndarray) -> Figure:
    """Figures 18 and 19: kernels (n, height, width) in rows of 17, one grey scale for all."""
    figure = new_figure(6.6, 0.7 + 6.2 * -(-len(kernels) // COLUMNS) / COLUMNS)
    with style():
        axes = figure.subplots()
        edge = ((1, 0), (1, 0))  # the gap is also above and on the left
        sheet = np.pad(tiled(kernels, COLUMNS, gap=1), edge, constant_values=np.nan)
        shades = axes.imshow(sheet, "gray")
        axes.set_axis_off()
        axes.set_title(title)
        bar = figure.colorbar(shades, ax=axes, shrink=0.6, aspect=30, pad=0.01)
        bar.set_label("weight")
    return figure


def gabor_panels(title: str, networks: Mapping[str, KernelFits]) -> Figure:
    """A row for each network: R2 against both nulls, orientations, and the course of training."""
    figure = new_figure(11, 2.7 * len(networks) + 0.4)
    with style():
        panels = figure.subplots(len(networks), 3, squeeze=False)
        for row, (name, (_, resemblance, course)) in zip(panels, networks.items(), strict=True):
            _explained(row[0], resemblance)
            row[0].set_ylabel(f"{name}\nshare of kernels up to R²")
            _orientations(row[1], resemblance)
            _course(row[2], course)
        handles = panels[0, 0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside right upper", fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure


def _explained(axes: Axes, resemblance: Resemblance) -> None:
    sets = {
        "kernels": (resemblance.fits.r2, _KERNEL),
        "before training": (resemblance.initial.r2, _INITIAL),
        "Gaussian, as smooth": (resemblance.surrogates.r2, _SURROGATES),
    }
    for label, (r2, colour) in sets.items():
        axes.ecdf(r2, color=colour, label=label)
    axes.axvline(max(resemblance.thresholds), color="0.2", lw=0.8, ls=":")
    label = "R² of the best Gabor function\n(dotted: 95 % of both nulls lie below)"
    axes.set(xlim=(0, 1), xlabel=label)


def _orientations(axes: Axes, resemblance: Resemblance) -> None:
    edges = np.linspace(0, 180, ORIENTATION_BINS + 1)
    chosen = np.degrees(resemblance.fits.orientation[resemblance.gabor_like])
    axes.hist(chosen, edges, color=_KERNEL, edgecolor="white")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set(
        xlim=(0, 180),
        xticks=(0, 45, 90, 135, 180),
        xlabel=f"orientation of stripes (°),\n{len(chosen)} Gabor-like kernels",
        ylabel="kernels",
    )


def _course(axes: Axes, course: Course) -> None:
    share = np.array([share.mean for share in course.shares])
    ends = np.array([[share.mean - share.low, share.high - share.mean] for share in course.shares])
    axes.errorbar(
        course.epochs, share, ends.T, color=_KERNEL, marker="o", ms=3, lw=1, elinewidth=0.7
    )
    axes.axhline(0.05, color="0.2", lw=0.8, ls=":")
    axes.set(
        ylim=(0, 1),
        xlabel="epochs of training\n(dotted: 5 %, chance)",
        ylabel="share of Gabor-like kernels",
    )
    axes.xaxis.get_major_locator().set_params(integer=True)


def best_fits(title: str, networks: Mapping[str, KernelFits]) -> Figure:
    """Two rows for each network: the kernels that are explained best, and their functions."""
    figure = new_figure(9.5, 1.9 * len(networks) + 0.4)
    with style():
        panels = figure.subplots(2 * len(networks), _EXAMPLES, squeeze=False)
        for number, (name, (kernels, resemblance, _)) in enumerate(networks.items()):
            fits = resemblance.fits
            best = np.argsort(fits.r2)[::-1][:_EXAMPLES]
            functions = drawn(type(fits)(*(values[best] for values in fits)), kernels.shape[1:])
            rows = panels[2 * number : 2 * number + 2]
            for pair, kernel, function, r2 in zip(
                rows.T, kernels[best], functions, fits.r2[best], strict=True
            ):
                for axes, image in zip(pair, (kernel, function), strict=True):
                    axes.imshow(image, "gray")
                    axes.set(xticks=[], yticks=[])
                pair[0].set_title(f"{r2:.2f}", fontsize=8)
            rows[0, 0].set_ylabel(f"{name}\nkernel", fontsize=8)
            rows[1, 0].set_ylabel("function", fontsize=8)
        figure.suptitle(title, fontsize=10)
    return figure
