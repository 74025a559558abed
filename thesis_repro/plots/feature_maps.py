"""Drawings of Section 4.8: an image and its feature maps, and the test images of Figure 55."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from thesis_repro.plots.figures import new_figure, style
from thesis_repro.plots.tiles import tiled

_GAP = 1  # px between maps
_GAPS, _GAPS_IF_SIGNED = "white", "0.6"
_SHEET = 4.4  # inches
_IMAGE = 2.0
_COLUMNS = 4  # of Figure 55
_SHOWN = 0.99  # of a layer's activity; more is drawn alike, as one map can outshine all others


def map_sheet(maps: np.ndarray) -> np.ndarray:
    """Maps (height, width, maps) side by side in a nearly square grid; what is between is NaN."""
    return tiled(np.moveaxis(maps, -1, 0), math.ceil(math.sqrt(maps.shape[-1])), _GAP)


def feature_map_sheets(
    title: str, picture: tuple[str, np.ndarray], sheets: Mapping[str, np.ndarray]
) -> Figure:
    """Figures 54 and 56: an image, and beside it the maps after some layers.

    All maps of a layer have one scale of colours: from 0, or symmetric about 0 where any activity
    is negative. The strongest hundredth of it has the colour at the end of the scale.

    Args:
        title: Above all.
        picture: What the image is, and its uint8 pixels (height, width, channels).
        sheets: By layer, as it is to be named, its maps (height, width, maps).
    """
    count = len(sheets)
    figure = new_figure(_IMAGE + _SHEET * count + 0.3, _SHEET + 1.4)
    with style():
        panels = figure.subplots(1, count + 1, width_ratios=(_IMAGE, *(_SHEET,) * count))
        name, pixels = picture
        _image(panels[0], pixels)
        panels[0].set_title(name, parse_math=False)  # a file's, with whatever signs
        for axes, (layer, maps) in zip(panels[1:], sheets.items(), strict=True):
            _maps(figure, axes, maps)
            axes.set_title(f"{layer}: {maps.shape[-1]} maps of {maps.shape[0]} × {maps.shape[1]}")
        figure.suptitle(title)
    return figure


def _maps(figure: Figure, axes: Axes, maps: np.ndarray) -> None:
    signed, size = bool((maps < 0).any()), np.abs(maps)
    top = float(np.quantile(size, _SHOWN)) or float(size.max()) or 1.0
    colours, bottom, beyond = ("RdBu_r", -top, "both") if signed else ("inferno", 0.0, "max")
    axes.set_facecolor(_GAPS_IF_SIGNED if signed else _GAPS)
    drawn = axes.imshow(
        map_sheet(maps), colours, vmin=bottom, vmax=top, interpolation="nearest", clip_on=False
    )
    _frameless(axes)
    bar = figure.colorbar(
        drawn, ax=axes, location="bottom", shrink=0.6, aspect=40, pad=0.02, extend=beyond
    )
    bar.set_label("activity", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def lettered_images(title: str, images: Mapping[str, np.ndarray]) -> Figure:
    """Figure 55: images (height, width, 1) in rows of four, each with its letter below it."""
    rows = math.ceil(len(images) / _COLUMNS)
    figure = new_figure(1.5 * _COLUMNS, 1.75 * rows + 0.5)
    with style():
        panels = figure.subplots(rows, _COLUMNS)
        for axes, (letter, pixels) in zip(panels.flat, images.items(), strict=True):
            _image(axes, pixels)
            axes.set_xlabel(f"({letter})")
        figure.suptitle(title)
    return figure


def _image(axes: Axes, pixels: np.ndarray) -> None:
    shown = pixels.repeat(3, axis=-1) if pixels.shape[-1] == 1 else pixels
    axes.imshow(shown, interpolation="nearest", clip_on=False)
    _frameless(axes)
    axes.spines[:].set(visible=True, color="0.5", linewidth=0.8)  # around white


def _frameless(axes: Axes) -> None:
    axes.set(xticks=(), yticks=())
    axes.spines[:].set_visible(False)
