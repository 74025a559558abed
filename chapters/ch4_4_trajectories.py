"""Part of `ch4_4.py`: Section 4.4.2's trajectories, how mean positions move with an attribute.

Figures 37 and 75-77: the MNIST models and Morpho-MNIST's attributes. Figures 41, 42, 44 and 78-83:
the dSprites models and its factors. Beside each figure the numbers that the thesis judges by eye:
how curved a path is, how much of a layer goes with the attribute, and when a rotation closes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.dsprites_renderer import FACTOR_SIZES, FACTORS, SHAPES, values_of
from data_prep.morphometry import UNITS
from thesis_repro.analysis.designs import (
    Design,
    drawn_images,
    factor_designs,
    mean_path,
    rotation_designs,
)
from thesis_repro.analysis.image_factors import known_images, morphometrics
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.rotations import rotation_measures, shown_positions
from thesis_repro.analysis.tables import pick
from thesis_repro.analysis.trajectories import (
    Trajectory,
    angle_between,
    mean_by_bin,
    mean_by_value,
    path_measures,
)
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.models.zoo import DSPRITES_VAES as VAES
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.plots.trajectories import circles, paths
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, by_layer
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.thesis.readings import Reading

MNIST_MODELS = ("mnist-vlae-factor-1", "mnist-vlae-gan", "mnist-vae", "mnist-vae-gan")
DSPRITES_MODELS = (*VAES, "dsprites-vlae", "dsprites-vlae-gan")
DRAWN = "images drawn from their factors"

MORPHO = ("area", "height", "length", "digit", "slant", "thickness", "width")  # Figures 37a to 37g
CATEGORIES = {"digit": tuple("0123456789"), "shape": SHAPES}
MORPHO_LABELS = {name: f"{name} ({UNITS[name]})" for name in MORPHO if name in UNITS}
FACTOR_LABELS = {
    "x": "x position",
    "y": "y position",
    "scale": "object scale",
    "orientation": "orientation (degrees)",
}
PANELS = {"42": ("x", "y"), "78": ("shape", "scale", "orientation")}  # all in the other figures


class SampleSizes(NamedTuple):
    """How much is computed at a scale.

    ``steps``: of a factor that is averaged over, every so many-th class is taken.
    """

    images: int | None  # MNIST's, of the validation images; None for all 10,000
    steps: Mapping[str, int]


SAMPLE_SIZES = {
    "paper": SampleSizes(None, {}),
    "quick": SampleSizes(None, {"orientation": 8}),
    "smoke": SampleSizes(500, {"orientation": 20, "scale": 5}),
}

Paths = dict[str, dict[str, Trajectory]]  # by attribute, factor or shape; by layer
PathsOfModels = Mapping[tuple[str, Reading], Paths]


def emit(chapter: Chapter, codes: Codes) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write Figures 37, 41, 42, 44 and 75 to 83 and the numbers behind them.

    The numbers are those of `trajectories`, of `rotations` and of `angles`.
    """
    sizes = chapter.at_scale(SAMPLE_SIZES)
    split = chapter.prepared("morpho-mnist").validation
    digits = known_images("trajectories", split, sizes.images, chapter.section)
    by_attribute = {
        (name, Reading.WRITTEN): attribute_paths(codes.means(name, digits), digits)
        for name in MNIST_MODELS
    }
    chapter.emit(paths_by_attribute, by_attribute, len(digits))

    factors, turns = factor_designs(sizes.steps), rotation_designs(sizes.steps)
    images = drawn_images("designs", [*factors.values(), *turns.values()])
    by_factor, by_shape = (
        {
            (name, reading): design_paths(designs, codes.of(name, images), images, reading)
            for name in DSPRITES_MODELS
            for reading in Reading
        }
        for designs in (factors, turns)
    )
    chapter.emit(paths_by_factor, by_factor)
    chapter.emit(rotations_in_the_plane, by_shape)
    return (
        chapter.compute(trajectories, by_attribute | by_factor),
        chapter.compute(rotations, by_shape),
        chapter.compute(angles, by_attribute),
    )


# === Figures ===


@figure(37, models=("mnist-vlae-factor-1",), data="morpho-mnist")
@figure(75, models=("mnist-vlae-gan",), data="morpho-mnist")
@figure(76, models=("mnist-vae",), data="morpho-mnist")
@figure(77, models=("mnist-vae-gan",), data="morpho-mnist")
def paths_by_attribute(
    chapter: Chapter, shown: Shown, by_attribute: PathsOfModels, images: int
) -> Figure:
    """Paths of mean codes by Morpho-MNIST's attributes (no code was found)."""
    title = (
        f"{name_by_weight(shown.model)}: mean latent values of {images:,} validation "
        "images\nin 50 bins of equal width, by each attribute of Morpho-MNIST"
    )
    drawn = by_attribute[shown.model, shown.reading]
    labelled = {MORPHO_LABELS.get(name, name): layers for name, layers in drawn.items()}
    return paths(title, labelled, names=CATEGORIES)


@figure(42, models=("dsprites-vae",), note=DRAWN, readings=Reading)
@figure(78, models=("dsprites-vae",), note=DRAWN)
@figure(79, models=("7500-vae",), note=DRAWN)
@figure(80, models=("6250-vae",), note=DRAWN)
@figure(81, models=("5000-vae",), note=DRAWN)
@figure(82, models=("3750-vae",), note=DRAWN)
@figure(44, models=("dsprites-vlae",), note=DRAWN, readings=Reading)
@figure(83, models=("dsprites-vlae-gan",), note=DRAWN)
def paths_by_factor(chapter: Chapter, shown: Shown, by_factor: PathsOfModels) -> Figure:
    """Paths by dSprites' factors; as run, arrows from the origin to sampled codes.

    Errata E51 and E61: of Figures 41, 42 and 44 the original code is known.
    """
    is_run = shown.reading is Reading.RUN
    factors = by_factor[shown.model, shown.reading]
    panels = PANELS.get(shown.declaration.name, factors)
    kind = "as run: sampled codes, from the origin" if is_run else "mean codes"
    title = f"{name_by_weight(shown.model)}: mean latent values by factor, {kind}"
    drawn = {FACTOR_LABELS.get(factor, factor): in_units(factors, factor) for factor in panels}
    return paths(title, drawn, names=CATEGORIES, from_origin=is_run)


def in_units(factors: Paths, factor: str) -> dict[str, Trajectory]:
    """The paths of a factor in its own unit, in place of its classes; a shape has none."""
    layers = factors[factor]
    if factor not in FACTOR_LABELS:
        return layers
    column = FACTORS.index(factor)
    classes = np.zeros((FACTOR_SIZES[column], len(FACTORS)), dtype=int)
    classes[:, column] = np.arange(len(classes))
    values = values_of(classes)[:, column]
    if factor == "orientation":
        values = np.degrees(values)
    return {
        layer: path._replace(values=values[path.values.astype(int)])
        for layer, path in layers.items()
    }


@figure(41, models=("dsprites-vae",), note=DRAWN, readings=Reading)
def rotations_in_the_plane(chapter: Chapter, shown: Shown, by_shape: PathsOfModels) -> Figure:
    """A quarter or half of the orientations, in the plane of their own means."""
    is_run = shown.reading is Reading.RUN
    kind = ", as run: sampled codes, from the origin" if is_run else ""
    title = f"{name_by_weight(shown.model)}: rotations in the plane{kind}"
    positions = {
        shape: shown_positions(layers["z"], shape)
        for shape, layers in by_shape[shown.model, shown.reading].items()
    }
    return circles(title, positions, from_origin=is_run)


# === Paths ===


def attribute_paths(means: Mapping[str, np.ndarray], images: Images) -> Paths:
    """Mean codes in 50 bins of each attribute, and of the ten digits."""
    values = morphometrics(images)

    def path(attribute: str, z: np.ndarray) -> Trajectory:
        if attribute == "digit":
            return mean_by_value(z, images.known["label"])
        return mean_by_bin(z, values[attribute])

    return {
        attribute: {layer: path(attribute, z) for layer, z in means.items()} for attribute in MORPHO
    }


def design_paths(
    designs: Mapping[str, Design], layers: list[SampledPosterior], images: Images, reading: Reading
) -> Paths:
    """The path of each design's images: of a factor, or of a shape's rotation over all scales."""
    return {
        name: {
            layer: mean_path(design, posterior, images.known["classes"], reading)
            for layer, posterior in by_layer(layers).items()
        }
        for name, design in designs.items()
    }


# === Numbers ===


@numbers(
    "trajectories",
    models=(*MNIST_MODELS, *DSPRITES_MODELS),
    data=("morpho-mnist", "dsprites"),
    note="dSprites images drawn from their factors",
)
def trajectories(chapter: Chapter, shown: Shown, paths_of_models: PathsOfModels) -> pd.DataFrame:
    """What the paths by attribute and factor are like; see `path_measures`."""
    return pd.DataFrame(
        {"model": name, "layer": layer, "attribute": attribute, "reading": reading}
        | path_measures(path)
        for (name, reading), attributes in paths_of_models.items()
        for attribute, layers in attributes.items()
        for layer, path in layers.items()
    )


@numbers("rotations", models=DSPRITES_MODELS, note=DRAWN)
def rotations(chapter: Chapter, shown: Shown, by_shape: PathsOfModels) -> pd.DataFrame:
    """What the paths of rotations are like; see `rotation_measures`."""
    return pd.DataFrame(
        {"model": name, "layer": layer, "shape": shape, "reading": reading}
        | rotation_measures(path, shape)
        for (name, reading), shapes in by_shape.items()
        for shape, layers in shapes.items()
        for layer, path in layers.items()
    )


@numbers("angles", models=MNIST_MODELS, data="morpho-mnist")
def angles(chapter: Chapter, shown: Shown, by_attribute: PathsOfModels) -> pd.DataFrame:
    """The angle between the paths of slant and thickness in each layer, in degrees."""
    return pd.DataFrame(
        {
            "model": name,
            "layer": layer,
            "slant_and_thickness": angle_between(attributes["slant"][layer], path),
        }
        for (name, _), attributes in by_attribute.items()
        for layer, path in attributes["thickness"].items()
    )


# === What the claims are about ===


def roundness(table: pd.DataFrame, reading: Reading) -> dict[str, list[float]]:
    """Of five VAEs: how round the path of a rotation is, and how a heart's closes."""

    def column(name: str, *shapes: str) -> list[float]:
        return [
            pick(table, name, model=vae, shape=shape, reading=reading)
            for shape in shapes
            for vae in VAES
        ]

    return {
        "heart_closes_after": column("closes", "heart"),
        "heart_closing_gap": column("closing_gap", "heart"),
        "radius_sd": column("radius_sd", *SHAPES),
        "share_in_the_plane": column("plane", *SHAPES),
    }


def curvature(table: pd.DataFrame, reading: Reading) -> dict[str, list[float]]:
    """Of five VAEs: what a straight line leaves of a position's path, and what a sine follows."""

    def column(name: str, axis: str) -> list[float]:
        return [pick(table, name, model=vae, attribute=axis, reading=reading) for vae in VAES]

    return {
        f"{axis}_{name}": column(name, axis) for name in ("off_line", "sine") for axis in ("x", "y")
    }


def less_circular(table: pd.DataFrame, reading: Reading) -> dict[str, list[float]]:
    """Of x and y: how curved the VLAE's paths in z_3 are, and how circular beside the VAE's.

    And what sine curves follow of the VAE's.
    """

    def column(name: str, model: str, layer: str) -> list[float]:
        where = {"model": model, "layer": layer, "reading": reading}
        return [pick(table, name, attribute=axis, **where) for axis in ("x", "y")]

    return {
        "off_line_of_vlae": column("off_line", "dsprites-vlae", "z_3"),
        "circularity_of_vlae": column("circularity", "dsprites-vlae", "z_3"),
        "circularity_of_vae": column("circularity", "dsprites-vae", "z"),
        "sine_of_vae": column("sine", "dsprites-vae", "z"),
    }


def orthogonality(angles: pd.DataFrame, paths: pd.DataFrame) -> dict[str, float]:
    """Of MNIST-VLAE's z_1: the angle (degrees) between slant and thickness, and their shares."""
    where = {"model": MNIST_MODELS[0], "layer": "z_1"}
    return {
        "angle": pick(angles, "slant_and_thickness", **where),
        "explained": [
            pick(paths, "explained", attribute=name, **where) for name in ("slant", "thickness")
        ],
    }
