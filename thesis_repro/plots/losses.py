"""Losses by epoch (Figure 20)."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from thesis_repro.plots.figures import COLOURS, new_figure, style

History = list[dict[str, float]]


def loss_curves(
    title: str, curves: Sequence[tuple[str, Sequence[History]]], *, loss: str = "loss"
) -> Figure:
    """Figure 20: training and validation loss by epoch; dots mark the lowest validation loss.

    Args:
        title: Of the figure.
        curves: What the legend calls each model, and its histories. The first is drawn; where
            there are those of further seeds, a band reaches from the lowest to the highest loss.
        loss: The loss that is shown, and with "val_" before it the validation loss.
    """
    keys = (loss, f"val_{loss}")
    figure = new_figure(8.5, 4.5)
    with style():
        axes = figure.subplots()
        for colour, (name, histories) in zip(cycle(COLOURS), curves, strict=False):
            _loss_curve(axes, name, histories[0], keys, colour)
            if len(histories) > 1:
                _band(axes, histories, keys, colour)
        seeds = max(len(histories) for _, histories in curves)
        bands = f"; bands: lowest to highest of {seeds} seeds" if seeds > 1 else ""
        axes.set_title(f"{title}{bands}")
        words = loss.replace("_", " ")
        axes.set(xlabel="epoch", ylabel=f"{words} (log scale)", yscale="log")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color="0.9", lw=0.6)
        figure.legend(loc="outside right upper", fontsize=8)
    return figure


def _band(axes: Axes, histories: Sequence[History], keys: tuple[str, str], colour: str) -> None:
    """Where the losses of trainings of one model lie, as far as all have gone."""
    for key in keys:
        losses = list(zip(*([row[key] for row in history] for history in histories), strict=False))
        epochs = [int(row["epoch"]) for row in histories[0]][: len(losses)]
        low, high = np.min(losses, axis=1), np.max(losses, axis=1)
        axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)


def _loss_curve(
    axes: Axes, label: str, history: History, keys: tuple[str, str], colour: str
) -> None:
    epochs = [int(row["epoch"]) for row in history]
    training, validation = ([row[key] for row in history] for key in keys)
    best = int(np.argmin(validation))
    lowest = f"{label}, validation (lowest at {epochs[best]})"
    axes.plot(epochs, training, "--", color=colour, linewidth=1, label=f"{label}, training")
    axes.plot(epochs, validation, color=colour, linewidth=1.4, label=lowest)
    axes.plot(epochs[best], validation[best], "o", color=colour, markersize=5)
