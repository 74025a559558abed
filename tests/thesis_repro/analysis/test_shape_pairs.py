"""Images of dSprites that differ in their shape, from a few rendered ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.dsprites_renderer import render
from data_prep.errors import DataError
from data_prep.reading import Split
from thesis_repro.analysis.shape_pairs import (
    check,
    images_as_run,
    matched_images,
    unmatched_images,
)

MIDDLE, CORNER = (15, 16), (0, 31)  # x and y, of 32 each


def split(rows):
    classes = np.array([(0, *row) for row in rows])
    return Split(render(classes)[..., np.newaxis] * 255, {"classes": classes})


def image(*row):
    return render(np.array([(0, *row)]))[0, ..., np.newaxis] * 255


def test_matched_images_are_alike_but_for_their_shape_and_nearest_to_the_middle_first():
    """Shape, scale, orientation, x, y; the triples are scattered over both splits."""
    train = [(0, 0, 7, *CORNER), (1, 0, 7, *CORNER), (2, 0, 3, *MIDDLE), (0, 0, 9, 31, 31)]
    validation = [
        (2, 0, 7, *CORNER), (0, 0, 3, *MIDDLE), (1, 0, 3, *MIDDLE),  # completes both triples
        (0, 1, 3, *MIDDLE), (1, 1, 3, *MIDDLE), (2, 1, 3, *MIDDLE),  # of another scale
        (1, 0, 9, 31, 31),  # no heart there
    ]  # fmt: skip
    data = SimpleNamespace(train=split(train), validation=split(validation))
    found = matched_images(data, 10)
    expected = [
        [image(shape, 0, orientation, *place) for shape in range(3)]
        for orientation, place in ((3, MIDDLE), (7, CORNER))
    ]
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(matched_images(data, 1), expected[:1])


def test_a_part_of_dsprites_without_a_triple_is_an_error():
    half = split([(0, 0, 7, *CORNER), (1, 0, 7, *CORNER)])
    other = split([(0, 0, 1, 1, 1), (2, 0, 2, 2, 2)])
    with pytest.raises(DataError, match=r"among its 4 images no three .* prepare it whole"):
        matched_images(SimpleNamespace(train=half, validation=other), 1)


@pytest.mark.parametrize("missing", range(3))
def test_a_part_of_dsprites_without_a_shape_is_an_error(missing):
    rows = [(shape, 0, place, place, place) for shape in range(3) for place in range(4)]
    part, others = split([row for row in rows if row[0] != missing]), split([(0, 5, 1, 1, 1)])
    name = ("square", "ellipse", "heart")[missing]
    with pytest.raises(DataError, match=r"among its 9 images no three .* prepare it whole"):
        matched_images(SimpleNamespace(train=others, validation=part), 1)
    with pytest.raises(DataError, match=f"no {name} of scale 0.5.* prepare it whole"):
        images_as_run(part, 1)


def test_a_part_of_dsprites_that_does_is_told_from_one_that_does_not():
    whole = split([(shape, 0, 3, *MIDDLE) for shape in range(3)])
    check(SimpleNamespace(train=split([(0, 5, 1, 1, 1)]), validation=whole))
    with pytest.raises(DataError, match="among its 1 validation images is no ellipse"):
        check(SimpleNamespace(train=whole, validation=split([(0, 0, 1, 1, 1)])))


def test_images_as_run_are_the_same_element_of_each_shapes_list():
    rows = [(shape, scale, place, place, place) for place in range(4) for shape in (2, 0, 1)
            for scale in (0, 5)]  # fmt: skip
    found = images_as_run(split(rows), 2)
    np.testing.assert_array_equal(found, [image(shape, 0, 2, 2, 2) for shape in range(3)])


def test_unmatched_images_are_from_all_over_the_lists():  # erratum E53
    rows = [(shape, 0, place, place, place) for shape in range(3) for place in range(7 - shape)]
    part = split(rows)
    found = unmatched_images(part, 3)  # of five in the shortest list
    np.testing.assert_array_equal(found, [images_as_run(part, number) for number in (0, 2, 4)])
    assert len(unmatched_images(part, 100)) == 5


def test_of_a_short_list_the_last_image_is_taken():
    rows = [(0, 0, 1, 1, 1), (0, 0, 2, 2, 2), (1, 0, 3, 3, 3), (2, 0, 4, 4, 4)]
    found = images_as_run(split(rows), 1_000)
    expected = [image(0, 0, 2, 2, 2), image(1, 0, 3, 3, 3), image(2, 0, 4, 4, 4)]
    np.testing.assert_array_equal(found, expected)
