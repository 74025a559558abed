"""Complete designs: what is in them, and that their pictures are dSprites'."""

import numpy as np
import pytest

from data_prep.dsprites_renderer import COUNT, FACTORS, SHAPES, classes_of, render, values_of
from thesis_repro.analysis.designs import (
    HELD_FIXED,
    Design,
    diagonal,
    drawn_images,
    factor_designs,
    mean_path,
    rotation_designs,
    rows_with,
)
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.thesis.readings import Reading


def column(classes, name):
    return classes[:, FACTORS.index(name)]


def test_rows_of_fixed_factors():
    classes = np.array([(0, 0, 5, 3, 0, 31), (0, 1, 5, 3, 0, 31), (0, 0, 2, 9, 0, 31)])
    np.testing.assert_array_equal(rows_with(classes, shape=0, y=31), [0, 2])
    np.testing.assert_array_equal(rows_with(classes, scale=5), [0, 1])
    assert rows_with(classes, x=1).size == 0


def test_held_fixed_as_the_captions_say():
    """ "position is fixed to 0.0 in both directions", "the other position is fixed to 1.0"."""
    for varied, fixed in HELD_FIXED.items():
        assert varied not in fixed
        classes = np.zeros((1, 6), int)
        for name, value in fixed.items():
            classes[0, FACTORS.index(name)] = value
        values = dict(zip(FACTORS, values_of(classes)[0], strict=True))
        expected = 1.0 if varied in ("x", "y") else 0.0
        assert {values[name] for name in ("x", "y") if name in fixed} == {expected}
        assert varied == "shape" or SHAPES[fixed["shape"]] == "square"


def test_a_design_is_complete():
    classes = classes_of(np.arange(COUNT))
    rows = Design(("x",), {"shape": 0, "y": 31}).rows(classes)
    chosen = classes[rows]
    assert len(chosen) == len(np.unique(chosen, axis=0)) == 32 * 6 * 40
    assert (column(chosen, "shape") == 0).all()
    assert (column(chosen, "y") == 31).all()
    assert set(np.bincount(column(chosen, "x"))) == {6 * 40}


def test_steps_thin_out_what_is_averaged_over_alone():
    classes = classes_of(np.arange(COUNT))
    steps = {"orientation": 8, "scale": 5, "y": 2}
    chosen = classes[Design(("orientation",), {"shape": 1, "x": 0, "y": 31}, steps).rows(classes)]
    assert len(chosen) == 40 * 2
    assert set(column(chosen, "orientation")) == set(range(40))
    assert set(column(chosen, "scale")) == {0, 5}
    assert set(column(chosen, "y")) == {31}  # fixed, though no step leads to it


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


def test_the_diagonal_leads_from_the_top_left_to_the_bottom_right():
    square = {"shape": 0, "scale": 5, "orientation": 0}
    images = drawn_images("positions", [Design((), square, {"x": 1, "y": 1})])
    assert len(images) == 1_024
    rows = diagonal(images.known["classes"])
    np.testing.assert_array_equal(column(images.known["classes"][rows], "x"), np.arange(32))
    first, last = images.pixels[rows[[0, -1]], ..., 0] > 0
    assert np.argwhere(first).mean(axis=0).max() < 32 < np.argwhere(last).mean(axis=0).min()
    few = drawn_images("few", [Design((), square, {"x": 31, "y": 31})]).known["classes"]
    assert {tuple(row) for row in few[:, -2:]} == {(0, 0), (0, 31), (31, 0), (31, 31)}


# --- One factor varies ---


@pytest.mark.parametrize("steps", [{}, {"orientation": 8}, {"orientation": 20, "scale": 5}])
def test_each_value_of_a_factor_has_the_same_images_in_all_else(steps):
    every = classes_of(np.arange(COUNT))
    for factor, design in factor_designs(steps).items():
        classes = every[design.rows(every)]
        others = np.delete(classes, FACTORS.index(factor), axis=1)
        values, counts = np.unique(column(classes, factor), return_counts=True)
        assert len(values) == {"shape": 3, "scale": 6, "orientation": 40}.get(factor, 32)
        assert set(counts) == {len(np.unique(others, axis=0))}


def test_a_shape_is_turned_where_the_square_is():
    every = classes_of(np.arange(COUNT))
    designs = rotation_designs({})
    assert list(designs) == list(SHAPES)
    expected = factor_designs({})["orientation"].rows(every)
    np.testing.assert_array_equal(designs["square"].rows(every), expected)
    heart = every[designs["heart"].rows(every)]
    assert (len(heart), set(column(heart, "shape"))) == (6 * 40, {2})


def test_as_run_takes_the_sampled_codes():
    design = factor_designs({"orientation": 20, "scale": 5})["x"]
    classes = drawn_images("x", [design]).known["classes"]
    mu = np.stack([column(classes, "x"), column(classes, "scale")], axis=1).astype(float)
    posterior = SampledPosterior(mu, np.full(mu.shape, np.log(0.01)), mu + 7)
    written, run = (mean_path(design, posterior, classes, reading) for reading in Reading)
    np.testing.assert_array_equal(written.means[:, 0], np.arange(32))
    np.testing.assert_allclose(run.means, written.means + 7)
    assert not written.chance.any()
    assert np.diag(run.chance) == pytest.approx(31 * 0.01 / run.counts.sum())
