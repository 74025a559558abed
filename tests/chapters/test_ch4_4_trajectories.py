"""Section 4.4.2's trajectories: their figures, and paths of codes whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4_trajectories import (
    DSPRITES_MODELS,
    MNIST_MODELS,
    MORPHO,
    PANELS,
    SAMPLE_SIZES,
    VAES,
    angles,
    attribute_paths,
    curvature,
    design_paths,
    in_units,
    less_circular,
    orthogonality,
    paths_by_attribute,
    paths_by_factor,
    rotations,
    rotations_in_the_plane,
    roundness,
    trajectories,
)
from data_prep.dsprites_renderer import FACTORS, SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.designs import drawn_images, factor_designs, rotation_designs
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.tables import pick
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.section.declarations import Shown
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.scale import SCALES

STEPS = SAMPLE_SIZES["smoke"].steps
SYMMETRY = {"square": 4, "ellipse": 2, "heart": 1}


def column(classes, name):
    return classes[:, FACTORS.index(name)]


def table_of(function, paths):
    """The table that a function declares."""
    (declaration,) = function.declarations
    return function(None, Shown(declaration, Reading.WRITTEN), paths)


@pytest.fixture(scope="module")
def images():
    """Those of all designs at smoke scale."""
    designs = (factor_designs(STEPS), rotation_designs(STEPS))
    return drawn_images("designs", [one for by_name in designs for one in by_name.values()])


@pytest.fixture(scope="module")
def layers(images):
    """x straight, y on a half circle, rotations on circles by symmetry; a variance of 0.01."""
    classes = images.known["classes"]
    x, y, scale = (column(classes, name) for name in ("x", "y", "scale"))
    symmetry = np.take([SYMMETRY[shape] for shape in SHAPES], column(classes, "shape"))
    turned = 2 * np.pi * symmetry * column(classes, "orientation") / 39
    bent = np.pi * y / 31
    mu = np.stack([x, np.cos(bent), np.sin(bent), np.cos(turned), np.sin(turned), scale], axis=1)
    rng = np.random.default_rng(0)
    log_var = np.full(mu.shape, np.log(0.01))
    return [SampledPosterior(mu, log_var, mu + 0.1 * rng.normal(size=mu.shape))]


def test_every_figure_is_there_once():
    declared = [
        declaration
        for function in (paths_by_attribute, paths_by_factor, rotations_in_the_plane)
        for declaration in function.declarations
    ]
    numbers = sorted(int(declaration.name) for declaration in declared)
    assert numbers == [37, 41, 42, 44, *range(75, 84)]
    # Of these the original code is known (erratum E61).
    as_run = [one.name for one in declared if Reading.RUN in one.readings]
    assert sorted(as_run) == ["41", "42", "44"]


def test_figures_show_the_models_whose_numbers_are_given():
    shown = [name for one in paths_by_attribute.declarations for name in one.models]
    assert tuple(shown) == MNIST_MODELS
    shown = [name for one in paths_by_factor.declarations for name in one.models]
    assert set(shown) == set(DSPRITES_MODELS)
    panels = sorted(factor for factors in PANELS.values() for factor in factors)
    assert panels == sorted(factor_designs({}))  # both are of dsprites-vae
    assert shown.count("dsprites-vae") == len(PANELS) == 2


def test_every_scale_has_its_sample_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"] == (None, {})


# --- Paths ---


def test_morpho_paths_are_in_the_order_of_the_sub_figures():
    rng = np.random.default_rng(0)
    measured, digits = rng.normal(size=(2_000, 6)), np.tile(np.arange(10), 200)
    made = Images("made", np.zeros((2_000, 1)), {"morphometrics": measured, "label": digits})
    thickness = measured[:, COLUMNS.index("thickness")]
    z_1 = np.stack([thickness, np.zeros(2_000)], axis=1)
    paths = attribute_paths({"z_1": z_1, "z_2": np.eye(10)[digits]}, made)
    assert list(paths) == list(MORPHO)
    assert len(paths["area"]["z_1"].values) == 50
    np.testing.assert_array_equal(paths["digit"]["z_2"].means, np.eye(10))
    assert table_of(angles, {("made", Reading.WRITTEN): paths})["layer"].tolist() == ["z_1", "z_2"]
    table = table_of(trajectories, {("made", Reading.WRITTEN): paths})
    explained = table.set_index(["attribute", "layer"])["explained"]
    assert explained["thickness", "z_1"] > 0.95 > 0.1 > explained["slant", "z_1"]
    assert explained["digit", "z_2"] == pytest.approx(1)
    off_line = pick(table, "off_line", attribute="thickness", layer="z_1")
    assert off_line == pytest.approx(0, abs=1e-9)
    assert pick(table, "images", attribute="area", layer="z_1") == 2_000


@pytest.mark.parametrize(("reading", "tolerance"), [(Reading.WRITTEN, 1e-9), (Reading.RUN, 0.05)])
def test_lines_and_arcs_are_told_apart_in_either_reading(layers, images, reading, tolerance):
    paths = design_paths(factor_designs(STEPS), layers, images, reading)
    assert list(paths) == ["x", "y", "shape", "scale", "orientation"]
    table = table_of(trajectories, {("made", reading): paths}).set_index("attribute")
    assert set(table["reading"]) == {reading}
    assert set(table["layer"]) == {"z"}
    assert table["off_line"]["x"] == pytest.approx(0, abs=tolerance)
    half = np.pi * np.arange(32) / 31
    across, along = np.sin(half).var(), np.cos(half).var()
    assert table["off_line"]["y"] == pytest.approx(across / (across + along), abs=tolerance)
    assert table["values"]["x"] == table["values"]["y"] == 32
    assert table["spread"]["x"] == pytest.approx(np.arange(32).std(), rel=0.01)
    assert table["images"]["scale"] == 6 * 2


def test_rotations_repeat_as_their_pictures_do(layers, images):
    paths = design_paths(rotation_designs(STEPS), layers, images, Reading.WRITTEN)
    assert list(paths) == list(SHAPES)
    table = table_of(rotations, {("made", Reading.WRITTEN): paths}).set_index("shape")
    for shape in SHAPES:
        row = table.loc[shape]
        assert row["repeats"] == row["period"] == 360 / SYMMETRY[shape]
        assert row["plane"] == pytest.approx(1)
        assert row["spread"] == pytest.approx(1, abs=0.02)


def test_angles_are_those_of_slant_and_thickness():
    """In z_1 they lead along two axes, in z_2 along one."""
    rng = np.random.default_rng(0)
    measured = rng.normal(size=(2_000, 6))
    made = Images("made", np.zeros((2_000, 1)), {"morphometrics": measured, "label": np.arange(2)})
    made.known["label"] = np.tile(np.arange(10), 200)
    slant, thickness = (measured[:, COLUMNS.index(name)] for name in ("slant", "thickness"))
    means = {
        "z_1": np.stack([slant, thickness], axis=1),
        "z_2": np.stack([slant + thickness, 0.01 * rng.normal(size=2_000)], axis=1),
    }
    table = table_of(angles, {("made", Reading.WRITTEN): attribute_paths(means, made)})
    assert table["layer"].tolist() == ["z_1", "z_2"]
    first, second = table["slant_and_thickness"]
    assert first > 85
    assert second < 5


def test_axes_have_the_factors_own_values(layers, images):
    paths = design_paths(factor_designs(STEPS), layers, images, Reading.WRITTEN)
    ends = {
        factor: in_units(paths, factor)["z"].values[[0, 1, -1]].tolist()
        for factor in ("x", "scale", "orientation", "shape")
    }
    assert ends["x"] == pytest.approx([0, 1 / 31, 1])
    assert ends["scale"] == pytest.approx([0.5, 0.6, 1])
    assert ends["orientation"] == pytest.approx([0, 360 / 39, 360])
    assert ends["shape"] == [0, 1, 2]
    np.testing.assert_array_equal(in_units(paths, "x")["z"].means, paths["x"]["z"].means)


# --- What the claims are about ---


def test_numbers_of_the_claims_are_in_the_order_of_the_models():
    """Each a number of its own: the model's, the shape's or axis's, and the reading's."""
    value = {name: 100 * number for number, name in enumerate([*VAES, "dsprites-vlae"])}
    table = pd.DataFrame(
        {
            "model": name,
            "layer": "z_3" if name == "dsprites-vlae" else "z",
            "shape": shape,
            "attribute": axis,
            "reading": reading,
            **dict.fromkeys(
                ("closes", "closing_gap", "radius_sd", "plane", "off_line", "circularity"),
                value[name] + 10 * index + (reading is Reading.RUN),
            ),
            "sine": -value[name] - 10 * index,
        }
        for name in reversed(value)
        for index, (shape, axis) in enumerate(zip(SHAPES, ("x", "y", "scale"), strict=True))
        for reading in Reading
    )
    measured = roundness(table, Reading.RUN)
    for key in ("heart_closes_after", "heart_closing_gap"):
        assert measured[key] == [21, 121, 221, 321, 421]
    for key in ("radius_sd", "share_in_the_plane"):
        assert measured[key] == [*(10 * i + 100 * n + 1 for i in range(3) for n in range(5))]
    assert curvature(table, Reading.WRITTEN) == {
        "x_off_line": [0, 100, 200, 300, 400],
        "y_off_line": [10, 110, 210, 310, 410],
        "x_sine": [0, -100, -200, -300, -400],
        "y_sine": [-10, -110, -210, -310, -410],
    }
    assert less_circular(table, Reading.WRITTEN) == {
        "off_line_of_vlae": [500, 510],
        "circularity_of_vlae": [500, 510],
        "circularity_of_vae": [0, 10],
        "sine_of_vae": [0, -10],
    }


def test_orthogonality_is_of_the_first_layer_of_mnist_vlae():
    names = [(model, layer) for model in MNIST_MODELS[:2] for layer in ("z_1", "z_2")]
    table = pd.DataFrame(
        {"model": model, "layer": layer, "slant_and_thickness": 10.0 * number}
        for number, (model, layer) in enumerate(names, 5)
    )
    paths = pd.DataFrame(
        {"model": model, "layer": layer, "attribute": name, "explained": number / 10}
        for model, layer in names
        for number, name in enumerate(("area", "slant", "thickness"), 1)
    )
    assert orthogonality(table, paths) == {"angle": 50, "explained": [0.2, 0.3]}
