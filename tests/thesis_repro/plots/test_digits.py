"""What the drawings of digits' classes and forms show. Figure 15's violins: test_ch3_3.py."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from thesis_repro.plots.digits import class_bars, class_histograms, violins


@pytest.fixture
def sets():
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.ones(10), size=3)
    return {
        name: pd.DataFrame({"share": own, "low": own / 2, "high": own * 1.5})
        for name, own in zip(("MNIST", "A", "B"), share, strict=True)
    }


def test_a_bar_per_set_and_digit_with_its_interval(sets):
    (axes,) = class_bars("title", sets).axes
    assert len(axes.containers) == 2 * 3  # bars and their intervals
    bars = [own for own in axes.containers if hasattr(own, "patches")]
    for own, rows in zip(bars, sets.values(), strict=True):
        np.testing.assert_allclose([bar.get_height() for bar in own], rows["share"])
        centres = [bar.get_x() + bar.get_width() / 2 for bar in own]
        np.testing.assert_array_equal(np.round(centres), range(10))
        segments = own.errorbar.lines[2][0].get_segments()
        np.testing.assert_allclose(
            [[low[1], high[1]] for low, high in segments], rows[["low", "high"]]
        )
    grey = to_rgb(bars[0][0].get_facecolor()[:3])
    assert len(set(grey)) == 1
    assert len({bar[0].get_facecolor() for bar in bars}) == 3


def test_a_ring_for_each_further_seed_at_its_bar(sets):
    shares = np.linspace(0, 0.2, 10)
    (axes,) = class_bars("title", sets, {"A": [shares, shares / 2]}).axes
    rings = [line for line in axes.lines if line.get_marker() == "o"]
    _, bars, _ = (each for each in axes.containers if hasattr(each, "patches"))
    for line, heights in zip(rings, (shares, shares / 2), strict=True):
        np.testing.assert_allclose(line.get_ydata(), heights)
        np.testing.assert_allclose(
            line.get_xdata(), [bar.get_x() + bar.get_width() / 2 for bar in bars]
        )
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert labels == ["with another seed", *sets]


def test_histograms_have_ten_bins_over_their_own_range():
    labels = {"MNIST": np.arange(10).repeat([5, 1] * 5), "narrow": np.array([3, 3, 4])}
    (axes,) = class_histograms("title", labels).axes
    for container, own in zip(axes.containers, labels.values(), strict=True):
        expected, edges = np.histogram(own, 10, density=True)
        np.testing.assert_allclose([bar.get_height() for bar in container], expected)
        np.testing.assert_allclose([bar.get_x() for bar in container], edges[:-1], atol=1e-9)


def test_a_group_without_values_has_a_row_but_no_violin():
    values = np.random.default_rng(1).normal(size=(50, 2))
    groups = {"MNIST": values, "nothing": np.empty((0, 2)), "model": values + 1}
    table = pd.DataFrame(
        {"attribute": attribute, "unit": "px", "low": m - 2, "quartile_1": m - 1, "median": m,
         "quartile_3": m + 1, "high": m + 2}
        for attribute in ("width", "height")
        for m in (0, np.nan, 1)
    )  # fmt: skip
    panels = violins("title", groups, table, "MNIST", "").axes
    assert [axes.get_title() for axes in panels] == ["Width", "Height"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == [*groups]
    for axes in panels:
        first, second = axes.collections[:2]
        for body, height in ((first, 0), (second, 2)):
            y = body.get_paths()[0].vertices[:, 1]
            assert (y.min() + y.max()) / 2 == pytest.approx(height, abs=1e-6)
        grey, colour = (body.get_facecolor()[0][:3] for body in (first, second))
        assert len(set(grey)) == 1
        assert len(set(colour)) > 1
