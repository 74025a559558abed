"""What the drawings of Section 4.8 show."""

import numpy as np
import pytest

from thesis_repro.analysis.artificial_images import artificial_images
from thesis_repro.plots.feature_maps import feature_map_sheets, lettered_images, map_sheet


def made_maps(count, height=3, width=4):
    """Maps of which each is constant: 1, 2, ..."""
    return np.broadcast_to(np.arange(1.0, count + 1), (height, width, count)).astype("float32")


@pytest.mark.parametrize(
    ("count", "rows", "columns"),
    [(1, 1, 1), (2, 1, 2), (96, 10, 10), (256, 16, 16), (384, 20, 20), (512, 23, 23), (5, 2, 3)],
)
def test_maps_stand_side_by_side_in_their_order(count, rows, columns):
    sheet = map_sheet(made_maps(count))
    assert sheet.shape == (rows * 4 - 1, columns * 5 - 1)
    for number in range(rows * columns):
        top, left = number // columns * 4, number % columns * 5
        place = sheet[top : top + 3, left : left + 4]
        assert (place == number + 1).all() if number < count else np.isnan(place).all()
    assert np.isfinite(sheet).sum() == 12 * count  # all else is a gap


def test_a_map_is_not_turned():
    maps = np.arange(12.0).reshape(3, 4, 1)
    np.testing.assert_array_equal(map_sheet(maps), maps[..., 0])


def sheets_of(**layers):
    return feature_map_sheets("title", ("picture", np.zeros((5, 5, 3), np.uint8)), layers)


@pytest.mark.parametrize("name", ["$unclosed_{$.png", "cost$5_$x.png", "a\\\\b^c_d.png"])
def test_the_name_of_a_picture_is_drawn_as_it_stands(name):
    picture = (name, np.zeros((5, 5, 3), np.uint8))
    figure = feature_map_sheets("title", picture, {"layer": made_maps(2)})
    figure.draw_without_rendering()
    title = figure.axes[0].title
    assert title.get_text() == name
    assert not title.get_parse_math()


def test_an_image_beside_its_maps():
    figure = sheets_of(first=made_maps(256), second=made_maps(96, 2, 2))
    picture, first, second, *bars = figure.axes
    assert picture.get_title() == "picture"
    assert first.get_title() == "first: 256 maps of 3 × 4"
    assert second.get_title() == "second: 96 maps of 2 × 2"
    assert len(bars) == 2
    np.testing.assert_array_equal(first.images[0].get_array(), map_sheet(made_maps(256)))


def test_activity_after_a_relu_is_drawn_from_zero():
    axes = sheets_of(layer=made_maps(4)).axes[1]
    assert axes.images[0].get_clim() == (0, 4)


def test_activity_of_both_signs_is_drawn_about_zero():
    axes = sheets_of(layer=-made_maps(4)).axes[1]
    assert axes.images[0].get_clim() == (-4, 4)
    assert axes.images[0].cmap.name == "RdBu_r"


def test_one_strong_pixel_does_not_blacken_all_others():
    maps = np.ones((14, 14, 256))
    maps[0, 0, 7] = 1e6
    image = sheets_of(layer=maps).axes[1].images[0]
    assert image.get_clim() == (0, 1)
    assert image.colorbar.extend == "max"  # which says that there is more


@pytest.mark.parametrize("few", [0, 1])
def test_a_layer_that_is_silent_or_nearly_so_can_be_drawn(few):
    maps = np.zeros((14, 14, 256))
    maps[0, 0, :few] = 5
    assert sheets_of(layer=maps).axes[1].images[0].get_clim() == (0, 5 if few else 1)


def test_grey_pictures_are_drawn_black_and_white():
    image = artificial_images()["h"]
    figure = feature_map_sheets("title", ("picture", image), {"layer": made_maps(2)})
    shown = figure.axes[0].images[0].get_array()
    assert shown.shape == (224, 224, 3)
    assert (shown == image).all()


def test_figure_55_has_three_rows_of_four_with_letters():
    images = artificial_images()
    figure = lettered_images("title", images)
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == [f"({letter})" for letter in "abcdefghijkl"]
    assert figure.axes[0].get_gridspec().get_geometry() == (3, 4)
    for axes, image in zip(figure.axes, images.values(), strict=True):
        assert (axes.images[0].get_array() == image).all()
