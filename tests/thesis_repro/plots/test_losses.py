"""Losses by epoch, as Figure 20 has them."""

import numpy as np
import pytest

from thesis_repro.plots.losses import loss_curves

TITLE = "three models"

MODELS = ("mnist-vlae-factor-1", "mnist-vlae-factor-2", "mnist-vlae-factor-3")
BEST_EPOCHS = dict(zip(MODELS, (26, 39, 52), strict=True))  # Section 4.2, Figure 20
LOWEST = dict(zip(MODELS, (210.0, 215.0, 220.0), strict=True))
FINAL = dict(zip(MODELS, (300.0, 260.0, 240.0), strict=True))


def history(name):
    """200 epochs: down to the lowest validation loss at the thesis's epoch, then up."""
    corners = ([1, BEST_EPOCHS[name], 200], [465.0, LOWEST[name], FINAL[name]])
    epochs = np.arange(1, 201)
    validation = np.interp(epochs, *corners)
    return [
        {"epoch": float(epoch), "loss": 400 / epoch + 100, "val_loss": float(loss)}
        for epoch, loss in zip(epochs, validation, strict=True)
    ]


@pytest.fixture(scope="module")
def histories():
    return {name: history(name) for name in MODELS}


def curves_of(histories):
    return [(name, [rows]) for name, rows in histories.items()]


@pytest.fixture(scope="module")
def curves(histories):
    (axes,) = loss_curves(TITLE, curves_of(histories)).axes
    return axes


def test_figure_20_has_training_and_validation_loss_of_each_model(curves, histories):
    lines = [line for line in curves.lines if len(line.get_xdata()) > 1]
    expected = [(name, key) for name in MODELS for key in ("loss", "val_loss")]
    assert len(lines) == 6
    for line, (name, key) in zip(lines, expected, strict=True):
        assert list(line.get_xdata()) == list(range(1, 201))
        assert list(line.get_ydata()) == [row[key] for row in histories[name]]
        lowest = f"validation (lowest at {BEST_EPOCHS[name]})"
        part = "training" if key == "loss" else lowest
        assert line.get_label() == f"{name}, {part}"
    styles = [line.get_linestyle() for line in lines]
    assert styles == ["--", "-"] * 3


def test_dots_of_figure_20_mark_the_lowest_validation_loss(curves):
    dots = [line for line in curves.lines if line.get_marker() == "o"]
    found = [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots]
    assert found == [(BEST_EPOCHS[name], LOWEST[name]) for name in MODELS]
    solid = [line.get_color() for line in curves.lines if line.get_linestyle() == "-"]
    assert [dot.get_color() for dot in dots] == solid


def test_bands_reach_from_the_lowest_to_the_highest_of_all_seeds(histories):
    def scaled(factor):
        losses = ("loss", "val_loss")
        rows = histories[MODELS[0]]
        return [row | {key: row[key] * factor for key in losses} for row in rows]

    first, *others = curves_of(histories)
    figure = loss_curves(TITLE, [(first[0], [*first[1], scaled(0.9), scaled(1.2)]), *others])
    (axes,) = figure.axes
    bands = axes.collections
    assert len(bands) == 2  # training and validation of the one model that has further seeds
    for band, key in zip(bands, ("loss", "val_loss"), strict=True):
        corners = band.get_paths()[0].vertices
        for epoch in (1, 26, 200):
            loss = histories[MODELS[0]][epoch - 1][key]
            there = corners[corners[:, 0] == epoch, 1]
            assert (there.min(), there.max()) == pytest.approx((0.9 * loss, 1.2 * loss))
    assert axes.get_title().endswith("; bands: lowest to highest of 3 seeds")
    assert len([line for line in axes.lines if len(line.get_xdata()) > 1]) == 6


def test_without_further_seeds_there_is_no_band(curves):
    assert not curves.collections
    assert "bands" not in curves.get_title()


@pytest.mark.parametrize("count", [2, 3, 7, 200])
def test_epochs_of_figure_20_are_whole_numbers(histories, count):
    figure = loss_curves(TITLE, [(name, [rows[:count]]) for name, rows in histories.items()])
    figure.draw_without_rendering()
    ticks = figure.axes[0].get_xticks()
    assert (ticks == np.round(ticks)).all()
    assert len(ticks) > 1


def test_the_legend_of_figure_20_stands_beside_the_curves(histories):
    figure = loss_curves(TITLE, curves_of(histories))
    figure.draw_without_rendering()
    (axes,), (legend,) = figure.axes, figure.legends
    assert legend.get_window_extent().x0 >= axes.get_window_extent().x1
    assert "log" in axes.get_ylabel()
