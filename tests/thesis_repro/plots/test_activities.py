"""Feature map activities, as Figures 21, 22 and 57 to 60 have them."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from appendix_architectures.listings import golden
from thesis_repro.analysis.feature_maps import LayerActivity, most_active
from thesis_repro.plots.activities import feature_map_activities
from thesis_repro.plots.figures import COLOURS


@pytest.fixture(scope="module")
def layers():
    rng = np.random.default_rng(1)
    convolutions = [row for row in golden(11)["rows"] if row["type"] == "Conv2D"]
    return [
        LayerActivity(
            row["name"],
            rng.normal(size=(30, row["output_shape"][-1])) * rng.random(row["output_shape"][-1]),
            np.zeros(row["output_shape"]),
        )
        for row in convolutions
    ]


@pytest.fixture(scope="module")
def panels(layers):
    active = [most_active(layer) for layer in layers]
    return feature_map_activities(layers, active, "MNIST-VLAE-factor-3: all").axes


def test_a_panel_per_convolution_named_like_it(panels, layers):
    assert [axes.get_title() for axes in panels] == [layer.layer for layer in layers]
    assert len(panels) == 6


def test_a_box_per_feature_map(panels):
    assert [len(axes.patches) for axes in panels] == [22] * 6  # 64 / 3, rounded up (Listing 11)


def corners(box):
    """Left, bottom and right, top of a box."""
    return box.get_path().get_extents().get_points()


def boxes(axes):
    """Feature map -> box, found by where it stands."""
    return {round(corners(box)[:, 0].mean()): box for box in axes.patches}


def test_boxes_span_the_quartiles(panels, layers):
    for axes, layer in zip(panels, layers, strict=True):
        found = boxes(axes)
        assert sorted(found) == list(range(22))
        for number, box in found.items():
            quartiles = np.percentile(layer.map_means[:, number], [25, 75])
            extents = corners(box)[:, 1]
            np.testing.assert_allclose(extents, quartiles)


def test_the_most_active_maps_are_coloured(panels, layers):
    for axes, layer in zip(panels, layers, strict=True):
        blue = {
            n for n, box in boxes(axes).items() if box.get_facecolor()[:3] == to_rgb(COLOURS[0])
        }
        assert blue == set(most_active(layer))
        assert len(blue) == 5


def test_a_quarter_that_is_rounded_up_is_in_the_title(layers):  # erratum E09
    active = [most_active(layer, rounded_up=True) for layer in layers]
    figure = feature_map_activities(layers, active, "all maps", "⌈n/4⌉")
    assert "blue: the ⌈n/4⌉ most active" in figure.get_suptitle()


def test_the_title_says_what_most_active_means(layers):
    figure = feature_map_activities(layers, [most_active(layer) for layer in layers], "all maps")
    first, second = figure.get_suptitle().split("\n")
    assert first == "all maps"
    assert "standard deviation over images" in second
    figure.draw_without_rendering()
    assert figure._suptitle.get_window_extent().width < figure.bbox.width
