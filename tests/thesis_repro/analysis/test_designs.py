"""Complete designs: what is in them, and that their pictures are dSprites'."""

import numpy as np

from data_prep.dsprites_renderer import COUNT, FACTORS, classes_of, render
from thesis_repro.analysis.designs import Design, drawn_images


def column(classes, name):
    return classes[:, FACTORS.index(name)]


def test_a_design_is_complete():
    classes = classes_of(np.arange(COUNT))
    rows = Design(("x",), {"shape": 0, "y": 31}).rows(classes)
    found = classes[rows]
    assert len(found) == len(np.unique(found, axis=0)) == 32 * 6 * 40
    assert (column(found, "shape") == 0).all()
    assert (column(found, "y") == 31).all()
    assert set(np.bincount(column(found, "x"))) == {6 * 40}


def test_steps_thin_out_what_is_averaged_over_alone():
    classes = classes_of(np.arange(COUNT))
    steps = {"orientation": 8, "scale": 5, "y": 2}
    found = classes[Design(("orientation",), {"shape": 1, "x": 0, "y": 31}, steps).rows(classes)]
    assert len(found) == 40 * 2
    assert set(column(found, "orientation")) == set(range(40))
    assert set(column(found, "scale")) == {0, 5}
    assert set(column(found, "y")) == {31}  # fixed, though no step leads to it


def test_images_of_several_designs_are_drawn_once():
    corner = {"x": 0, "y": 0, "orientation": 0}
    squares, small = (
        Design(("scale",), {"shape": 0} | corner),
        Design(("shape",), {"scale": 0} | corner),
    )
    images = drawn_images("both", [squares, small])
    classes = images.known["classes"]
    assert (images.name, len(images)) == ("both", 6 + 3 - 1)
    assert images.pixels.dtype == np.uint8
    np.testing.assert_array_equal(images.pixels[..., 0], 255 * render(classes))
    np.testing.assert_array_equal(
        squares.rows(classes), np.flatnonzero(column(classes, "shape") == 0)
    )
