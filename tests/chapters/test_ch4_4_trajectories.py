"""Section 4.4.2's trajectories: designs, paths and closures from codes whose answers are known."""

import numpy as np
import pytest

from chapters.ch4_4_trajectories import (
    ALL_FACTORS,
    AMOUNTS,
    DSPRITES_FIGURES,
    DSPRITES_MODELS,
    MNIST_FIGURES,
    MORPHO,
    RUN,
    STEP,
    WRITTEN,
    all_designs,
    closure,
    design_of,
    drawn,
    factor_paths,
    morpho_paths,
    path_row,
    radius_sd,
    rotation_row,
    shape_paths,
    spread,
    suffixed,
    turns_of,
)
from data_prep.dsprites_renderer import COUNT, FACTORS, SHAPES, classes_of
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.analysis.trajectories import SHOWN_ORIENTATIONS, mean_by_value
from thesis_repro.models.zoo import model
from thesis_repro.training.scale import SCALES

SYMMETRY = {"square": 4, "ellipse": 2, "heart": 1}


def column(classes, name):
    return classes[:, FACTORS.index(name)]


def circle(turns, count=40):
    """Orientation by orientation, of which the 40th is the first again."""
    angle = 2 * np.pi * turns * np.arange(count) / 39
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.fixture(scope="module")
def classes():
    """Those of all designs at smoke scale."""
    every = classes_of(np.arange(COUNT))
    designs = all_designs(AMOUNTS["smoke"].steps)
    return every[np.unique(np.concatenate([design.rows(every) for design in designs]))]


@pytest.fixture(scope="module")
def layers(classes):
    """x straight, y on a half circle, rotations on circles by symmetry; a variance of 0.01."""
    x, y, scale = (column(classes, name) for name in ("x", "y", "scale"))
    symmetry = np.take([SYMMETRY[shape] for shape in SHAPES], column(classes, "shape"))
    turned = 2 * np.pi * symmetry * column(classes, "orientation") / 39
    bent = np.pi * y / 31
    mu = np.stack([x, np.cos(bent), np.sin(bent), np.cos(turned), np.sin(turned), scale], axis=1)
    rng = np.random.default_rng(0)
    log_var = np.full(mu.shape, np.log(0.01))
    return {"z": Posterior(mu, log_var, mu + 0.1 * rng.normal(size=mu.shape))}


def test_every_figure_is_there_once():
    numbers = [*MNIST_FIGURES.values(), 41, *(number for number, *_ in DSPRITES_FIGURES)]
    assert sorted(numbers) == [37, 41, 42, 44, *range(75, 84)]
    assert {name for _, name, _ in DSPRITES_FIGURES} == set(DSPRITES_MODELS)
    assert {model(name).id for name in (*MNIST_FIGURES, *DSPRITES_MODELS)} == {
        *MNIST_FIGURES,
        *DSPRITES_MODELS,
    }
    panels = [
        factor for _, name, own in DSPRITES_FIGURES if name == "dsprites-vae" for factor in own
    ]
    assert sorted(panels) == sorted(ALL_FACTORS)


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"] == (None, {})


def test_as_run_is_told_by_the_name():
    assert (suffixed(42, WRITTEN), suffixed(42, RUN)) == (42, "42_as_run")


# --- Designs ---


@pytest.mark.parametrize("scale", AMOUNTS)
def test_each_value_of_a_factor_has_the_same_images_in_all_else(scale):
    every = classes_of(np.arange(COUNT))
    for factor in ALL_FACTORS:
        found = every[design_of(factor, AMOUNTS[scale].steps).rows(every)]
        others = np.delete(found, FACTORS.index(factor), axis=1)
        values, counts = np.unique(column(found, factor), return_counts=True)
        assert len(values) == {"shape": 3, "scale": 6, "orientation": 40}.get(factor, 32)
        assert set(counts) == {len(np.unique(others, axis=0))}


def test_a_shape_is_turned_where_the_square_is():
    every = classes_of(np.arange(COUNT))
    rows = turns_of(0, {}).rows(every)
    np.testing.assert_array_equal(rows, design_of("orientation", {}).rows(every))
    heart = every[turns_of(2, {}).rows(every)]
    assert (len(heart), set(column(heart, "shape"))) == (6 * 40, {2})


# --- Paths ---


def test_morpho_paths_are_in_the_order_of_the_sub_figures():
    rng = np.random.default_rng(0)
    measured, digits = rng.normal(size=(2_000, 6)), np.tile(np.arange(10), 200)
    images = Images("made", np.zeros((2_000, 1)), {"morphometrics": measured, "label": digits})
    thickness = measured[:, COLUMNS.index("thickness")]
    z_1 = np.stack([thickness, np.zeros(2_000)], axis=1)
    found = morpho_paths({"z_1": z_1, "z_2": np.eye(10)[digits]}, images)
    assert list(found) == list(MORPHO)
    assert len(found["area"]["z_1"].values) == 50
    np.testing.assert_array_equal(found["digit"]["z_2"].means, np.eye(10))
    rows = {
        (attribute, layer): path_row("made", attribute, layer, path, WRITTEN)
        for attribute, own in found.items()
        for layer, path in own.items()
    }
    assert rows["thickness", "z_1"]["explained"] > 0.95 > 0.1 > rows["slant", "z_1"]["explained"]
    assert rows["digit", "z_2"]["explained"] == pytest.approx(1)
    assert rows["thickness", "z_1"]["off_line"] == pytest.approx(0, abs=1e-9)
    assert rows["area", "z_1"]["images"] == 2_000


@pytest.mark.parametrize(("reading", "tolerance"), [(WRITTEN, 1e-9), (RUN, 0.05)])
def test_lines_and_arcs_are_told_apart_in_either_reading(layers, classes, reading, tolerance):
    found = factor_paths(layers, classes, AMOUNTS["smoke"].steps, reading)
    assert list(found) == list(ALL_FACTORS)
    rows = {
        factor: path_row("made", factor, "z", own["z"], reading) for factor, own in found.items()
    }
    assert rows["x"]["off_line"] == pytest.approx(0, abs=tolerance)
    half = np.pi * np.arange(32) / 31
    across, along = np.sin(half).var(), np.cos(half).var()
    assert rows["y"]["off_line"] == pytest.approx(across / (across + along), abs=tolerance)
    assert rows["x"]["values"] == rows["y"]["values"] == 32
    assert rows["x"]["spread"] == pytest.approx(np.arange(32).std(), rel=0.01)
    assert rows["scale"]["images"] == 6 * 2


def test_as_run_takes_the_sampled_codes(layers, classes):
    shifted = {"z": layers["z"]._replace(z=layers["z"].mu + 7)}
    written, run = (
        factor_paths(shifted, classes, AMOUNTS["smoke"].steps, own)["x"]["z"]
        for own in (WRITTEN, RUN)
    )
    np.testing.assert_allclose(run.means, written.means + 7)
    assert not written.chance.any()
    assert np.diag(run.chance) == pytest.approx(31 * 0.01 / run.counts.sum())


def test_what_is_drawn_leaves_empty_bins_out():
    path = mean_by_value(circle(1), np.arange(40))
    holed = path._replace(counts=np.where(np.arange(40) == 7, 0, 1))
    (own,) = drawn({"a": {"z": holed}})["a"]
    assert own.plane.points.shape == (39, 2)


# --- Rotations ---


@pytest.mark.parametrize("shape", SHAPES)
def test_a_rotation_closes_when_its_pictures_repeat(layers, classes, shape):
    path = shape_paths(layers, classes, AMOUNTS["smoke"].steps, WRITTEN)[shape]["z"]
    row = rotation_row("made", shape, "z", path, WRITTEN)
    assert row["repeats"] == row["period"] == 360 / SYMMETRY[shape]
    assert row["period_share"] == row[f"harmonic_{SYMMETRY[shape]}"] == pytest.approx(1)
    assert row["plane"] == pytest.approx(1)
    assert row["off_line"] == pytest.approx(0.5, abs=0.02)
    assert row["spread"] == pytest.approx(1, abs=0.02)
    shown = STEP * SHOWN_ORIENTATIONS[shape]
    if shape == "heart":  # its half circle ends where it is farthest
        assert (row["gap"], row["closing_gap"]) == pytest.approx((1, 1), abs=0.01)
    else:
        assert row["closes"] == pytest.approx(shown)
        assert row["closing_gap"] < 0.1
        assert row["radius_sd"] < 0.1


def test_a_heart_that_closes_early_is_seen():
    """Three circles in a whole turn: after 120 degrees, 13 steps."""
    row = rotation_row("made", "heart", "z", mean_by_value(circle(3), np.arange(40)), WRITTEN)
    assert (row["repeats"], row["period"]) == (360, 120)
    assert (row["closes"], row["closing_gap"]) == pytest.approx((120, 0), abs=1e-9)
    assert row["gap"] > 0.9


def test_a_layer_in_which_nothing_moves_has_no_period():
    row = rotation_row(
        "made", "heart", "z", mean_by_value(np.ones((40, 4)), np.arange(40)), WRITTEN
    )
    assert row["spread"] == 0
    assert "period" not in row


def test_closure_is_sought_after_the_path_has_been_far():
    there_and_back = np.array([[0.0], [0.1], [1.0], [2.0], [1.0], [0.5], [0.9]])
    assert closure(there_and_back) == (5, 0.25)
    away = np.arange(5.0)[:, np.newaxis]
    assert closure(away) == (4, 1)
    twice = np.tile(circle(3)[:13], (3, 1))[:21]  # farthest in the second round, by a rounding
    twice[20] *= 1.01
    assert closure(twice) == pytest.approx((13, 0))


def test_spread_and_roundness():
    assert spread(3 * circle(1)[:39]) == pytest.approx(3)
    assert radius_sd(3 * circle(1)[:39] + 5) == pytest.approx(0)
    square = np.array([(1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1.0)])
    away = np.array([1, np.sqrt(2)])
    assert radius_sd(square) == pytest.approx(away.std() / away.mean())
    assert np.isnan(radius_sd(np.ones((3, 2))))
