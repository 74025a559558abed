"""What the pictures of the data sets show: Figures 13 and 14."""

import numpy as np
import pytest

from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.plots.datasets import examples, sample_picture

# --- Figure 13 ---


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def with_attributes(*names):
    return np.array([name in names for name in ATTRIBUTES])


def test_figure_13_is_the_picture_over_its_attributes(picture):
    figure = sample_picture(picture, with_attributes("Young", "Black_Hair"))
    (axes,) = figure.axes
    assert np.array_equal(axes.images[0].get_array(), picture)
    assert axes.get_xlabel() == "Black Hair, Young"  # in the official order


def test_figure_13_has_the_proportions_of_the_original_file(picture):
    figure = sample_picture(picture, with_attributes(*ATTRIBUTES))
    figure.draw_without_rendering()
    extent = figure.axes[0].get_window_extent()
    assert extent.height / extent.width == pytest.approx(218 / 178)  # Section 3.3.1


def test_attributes_of_figure_13_fit_the_page(picture):
    figure = sample_picture(picture, with_attributes(*ATTRIBUTES))
    figure.draw_without_rendering()
    extent = figure.axes[0].xaxis.label.get_window_extent()
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width
    assert extent.y0 >= 0


# --- Figure 14 ---


def test_images_of_figure_14_are_drawn_as_they_are_stored():
    images = np.random.default_rng(0).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    panels = examples(images).axes
    assert len(panels) == 10  # Section 3.3.3: "Figure 14 shows ten examples"
    for axes, image in zip(panels, images, strict=True):
        (drawn,) = axes.images
        assert np.array_equal(drawn.get_array(), image)
        assert drawn.get_clim() == (0, 255)
        assert drawn.cmap(0.0)[:3] == (0, 0, 0)
        assert drawn.cmap(1.0)[:3] == (1, 1, 1)
