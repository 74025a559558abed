"""Section 4.4.2's trajectories: how mean latent positions move with an attribute.

Figures 37 and 75-77: the MNIST models and Morpho-MNIST's attributes. Figures 41, 42, 44 and 78-83:
the dSprites models and its factors. Beside each figure the numbers that the thesis judges by eye:
how curved a path is, how much of a layer goes with the attribute, and when a rotation closes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from data_prep.dsprites_renderer import FACTORS, SHAPES
from data_prep.morphometry import COLUMNS
from thesis_repro.analysis.designs import DRAWN, Design, drawn_images
from thesis_repro.analysis.factors import SYMMETRIES
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.analysis.trajectories import (
    HELD_FIXED,
    ORIENTATIONS,
    SHOWN_ORIENTATIONS,
    Trajectory,
    explained,
    gap,
    harmonic_shares,
    mean_by_bin,
    mean_by_value,
    off_line,
    plane,
    rotation_period,
)
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.plots.trajectories import LayerPath, circles, paths
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, by_layer

MNIST_FIGURES = {
    "mnist-vlae-factor-1": 37,
    "mnist-vlae-gan": 75,
    "mnist-vae": 76,
    "mnist-vae-gan": 77,
}
MORPHO = ("area", "height", "length", "digit", "slant", "thickness", "width")  # Figures 37a to 37g

VAES = ("dsprites-vae", "7500-vae", "6250-vae", "5000-vae", "3750-vae")
ALL_FACTORS = ("x", "y", "shape", "scale", "orientation")
DSPRITES_FIGURES = (  # figure, model, its panels
    (42, "dsprites-vae", ALL_FACTORS[:2]),
    (78, "dsprites-vae", ALL_FACTORS[2:]),
    (79, "7500-vae", ALL_FACTORS),
    (80, "6250-vae", ALL_FACTORS),
    (81, "5000-vae", ALL_FACTORS),
    (82, "3750-vae", ALL_FACTORS),
    (44, "dsprites-vlae", ALL_FACTORS),
    (83, "dsprites-vlae-gan", ALL_FACTORS),
)
DSPRITES_MODELS = (*VAES, "dsprites-vlae", "dsprites-vlae-gan")

FIGURES_AS_RUN = (41, 42, 44)  # those of which the original code is known (erratum E61)
WRITTEN, RUN = "as written", "as run"  # of mean codes, and of sampled ones (erratum E51)

STEP = 360 / ORIENTATIONS  # degrees from one orientation to the next


class Amount(NamedTuple):
    """How much is computed at a scale.

    ``steps``: of a factor that is averaged over, every so many-th class is taken.
    """

    images: int | None  # MNIST's, of the validation images; None for all 10,000
    steps: Mapping[str, int]


AMOUNTS = {
    "paper": Amount(None, {}),
    "quick": Amount(None, {"orientation": 8}),
    "smoke": Amount(500, {"orientation": 20, "scale": 5}),
}


class Numbers(NamedTuple):
    """What the paths are like.

    Attributes:
        paths: A row per model, layer, attribute and reading; see `path_row`.
        rotations: A row per model, layer, shape and reading; see `rotation_row`.
    """

    paths: pd.DataFrame
    rotations: pd.DataFrame


def emit(chapter: Chapter, codes: Codes) -> Numbers:
    """Write Figures 37, 41, 42, 44 and 75 to 83 and the numbers behind them."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    rows = save_morpho_figures(chapter, codes, amount)
    images = drawn_images("designs", all_designs(amount.steps))
    rotations = []
    for name in DSPRITES_MODELS:
        for reading in (WRITTEN, RUN):
            layers = by_layer(codes.of(name, images))
            found = factor_paths(layers, images.known["classes"], amount.steps, reading)
            save_factor_figures(chapter, name, found, reading)
            rows += [
                path_row(name, factor, layer, path, reading)
                for factor, own in found.items()
                for layer, path in own.items()
            ]
            turns = shape_paths(layers, images.known["classes"], amount.steps, reading)
            rotations += [
                rotation_row(name, shape, layer, path, reading)
                for shape, own in turns.items()
                for layer, path in own.items()
            ]
            if name == VAES[0]:
                save_circles(chapter, name, {k: own["z"] for k, own in turns.items()}, reading)
    numbers = Numbers(pd.DataFrame(rows), pd.DataFrame(rotations))
    chapter.save_numbers("trajectories", numbers.paths)
    chapter.save_numbers("rotations", numbers.rotations, drawn_data(chapter))
    return numbers


# === Morpho-MNIST: Figures 37 and 75 to 77 ===


def save_morpho_figures(chapter: Chapter, codes: Codes, amount: Amount) -> list[dict]:
    """A figure per MNIST model, of mean codes (no code was found); the rows of their numbers."""
    data = chapter.prepared("morpho-mnist")
    chosen = encoded_rows(len(data.validation), amount.images, "4.4")
    images = some_images("trajectories", data.validation, chosen)
    rows = []
    for name, number in MNIST_FIGURES.items():
        found = morpho_paths(codes.means(name, images), images)
        title = (
            f"{name_by_weight(name)}: mean latent values of {len(images):,} validation "
            "images\nin 50 bins of equal width, by each attribute of Morpho-MNIST"
        )
        names = {"digit": [str(int(digit)) for digit in values_of(found["digit"])]}
        figure = paths(title, drawn(found), names=names)
        chapter.save_figure(number, figure, data.description, [name])
        rows += [
            path_row(name, attribute, layer, path, WRITTEN)
            for attribute, own in found.items()
            for layer, path in own.items()
        ]
    return rows


def morpho_paths(
    means: Mapping[str, np.ndarray], images: Images
) -> dict[str, dict[str, Trajectory]]:
    """Per attribute and layer, the mean codes in 50 bins, or of the ten digits."""
    values = dict(zip(COLUMNS, np.asarray(images.known["morphometrics"]).T, strict=True))
    digits = images.known["label"]

    def path(attribute: str, z: np.ndarray) -> Trajectory:
        is_digit = attribute == "digit"
        return mean_by_value(z, digits) if is_digit else mean_by_bin(z, values[attribute])

    return {own: {layer: path(own, z) for layer, z in means.items()} for own in MORPHO}


# === dSprites: Figures 41, 42, 44 and 78 to 83 ===


def design_of(factor: str, steps: Mapping[str, int]) -> Design:
    """The images of which only this factor's means are taken, as the captions fix the others."""
    return Design((factor,), HELD_FIXED[factor], steps)


def turns_of(shape: int, steps: Mapping[str, int]) -> Design:
    """The images of a shape in all its orientations, where Figure 44 has those of the square."""
    return Design(("orientation",), {**HELD_FIXED["orientation"], "shape": shape}, steps)


def all_designs(steps: Mapping[str, int]) -> list[Design]:
    """Those of every factor and every shape."""
    factors = [design_of(factor, steps) for factor in ALL_FACTORS]
    return [*factors, *(turns_of(shape, steps) for shape in range(len(SHAPES)))]


def path_in(posterior: Posterior, classes: np.ndarray, factor: str, reading: str) -> Trajectory:
    """A layer's mean position for each class of a factor, in a complete design.

    As written of mean codes, whose differences are no chance; as run of sampled codes.
    """
    values = classes[:, FACTORS.index(factor)]
    if reading == WRITTEN:
        return mean_by_value(posterior.mu, values, np.zeros(posterior.mu.shape[1]))
    return mean_by_value(posterior.z, values, np.exp(posterior.log_var).mean(axis=0))


def part_of(posterior: Posterior, rows: np.ndarray) -> Posterior:
    """The posterior of these images."""
    return Posterior(*(values[rows] for values in posterior))


def factor_paths(
    layers: Mapping[str, Posterior], classes: np.ndarray, steps: Mapping[str, int], reading: str
) -> dict[str, dict[str, Trajectory]]:
    """Per factor and layer, the path of the mean positions."""
    found = {}
    for factor in ALL_FACTORS:
        rows = design_of(factor, steps).rows(classes)
        found[factor] = {
            layer: path_in(part_of(own, rows), classes[rows], factor, reading)
            for layer, own in layers.items()
        }
    return found


def shape_paths(
    layers: Mapping[str, Posterior], classes: np.ndarray, steps: Mapping[str, int], reading: str
) -> dict[str, dict[str, Trajectory]]:
    """Per shape and layer, the path of a rotation, "averaged over scales"."""
    found = {}
    for index, shape in enumerate(SHAPES):
        rows = turns_of(index, steps).rows(classes)
        found[shape] = {
            layer: path_in(part_of(own, rows), classes[rows], "orientation", reading)
            for layer, own in layers.items()
        }
    return found


def save_factor_figures(
    chapter: Chapter, name: str, found: dict[str, dict[str, Trajectory]], reading: str
) -> None:
    """The figures of a model: paths of mean codes; as run, arrows from the origin to sampled ones.

    Errata E51 and E61.
    """
    for number, own, factors in DSPRITES_FIGURES:
        if own == name and (reading == WRITTEN or number in FIGURES_AS_RUN):
            shown = {factor: found[factor] for factor in factors}
            kind = "mean codes" if reading == WRITTEN else "as run: sampled codes, from the origin"
            title = f"{name_by_weight(name)}: mean latent values by factor, {kind}"
            figure = paths(title, drawn(shown), names={"shape": SHAPES}, from_origin=reading == RUN)
            chapter.save_figure(suffixed(number, reading), figure, drawn_data(chapter), [name])


def save_circles(
    chapter: Chapter, name: str, turns: Mapping[str, Trajectory], reading: str
) -> None:
    """Figure 41: a quarter or half of the orientations, in the plane of their own means."""
    shown = {}
    for shape, path in turns.items():
        count = SHOWN_ORIENTATIONS[shape]
        shown[shape] = STEP * np.arange(count), plane(path.means[:count]).points
    kind = "" if reading == WRITTEN else ", as run: sampled codes, from the origin"
    title = f"{name_by_weight(name)}: rotations in the plane{kind}"
    figure = circles(title, shown, from_origin=reading == RUN)
    chapter.save_figure(suffixed(41, reading), figure, drawn_data(chapter), [name])


def drawn(found: Mapping[str, Mapping[str, Trajectory]]) -> dict[str, list[LayerPath]]:
    """The paths of each attribute as they are drawn, lowest layer first."""
    return {
        label: [LayerPath(path, plane(path.filled.means)) for path in own.values()]
        for label, own in found.items()
    }


def values_of(own: Mapping[str, Trajectory]) -> np.ndarray:
    """The values of an attribute, which all its layers share."""
    return next(iter(own.values())).values


def suffixed(number: int, reading: str) -> int | str:
    """What a figure is called: "42_as_run" beside 42."""
    return number if reading == WRITTEN else f"{number}_as_run"


def drawn_data(chapter: Chapter) -> str:
    """What a figure of designs says of its data."""
    return f"{chapter.prepared('dsprites').description}, {DRAWN}"


# === Numbers ===


def path_row(name: str, attribute: str, layer: str, path: Trajectory, reading: str) -> dict:
    """What a path is like.

    ``spread``: see the function; ``off_line``: the share of its variance that a straight line
    leaves (0 for a line, 1/2 for a circle); ``plane``: the share that its first two components
    hold, chance included; ``explained``: the share of the layer's variance that goes with the
    attribute.
    """
    filled = path.filled
    return {
        "model": name,
        "layer": layer,
        "attribute": attribute,
        "reading": reading,
        "images": int(path.counts.sum()),
        "values": len(filled.values),
        "spread": spread(filled.means),
        "off_line": off_line(path),
        "plane": plane(filled.means).shares.sum(),
        "explained": explained(path),
    }


class Closure(NamedTuple):
    """Where a path comes back nearest to its start: steps from it, and the gap that is left."""

    steps: int
    gap: float


def closure(means: np.ndarray) -> Closure:
    """Where a path (b, dimensions) closes: nearest to its start, once it has been far from it.

    Far is nine tenths of the way to its farthest position: a path that goes round twice is as good
    as there in its first round. The gap is in shares of the path's diameter, 0 for a closed circle;
    a path that does not turn back ends where it ends.
    """
    away = np.linalg.norm(means - means[0], axis=1)
    far = int((away >= 0.9 * away.max()).argmax())
    nearest = far + int(away[far:].argmin())
    steps = nearest if nearest > far else len(means) - 1
    return Closure(steps, gap(means[: steps + 1]))


def rotation_row(name: str, shape: str, layer: str, path: Trajectory, reading: str) -> dict:
    """When the path of a rotation closes, in degrees.

    ``period`` and ``period_share``: of its strongest harmonic over a whole turn; ``repeats``: of
    the pictures. ``gap`` is left after the orientations that Figure 41 shows and the one that would
    follow; among these, ``closes`` and ``closing_gap``: where it comes back nearest to its start.
    ``radius_sd``: how unlike a circle it is in the plane, the standard deviation of the positions'
    distances from their middle over the mean distance. A layer in which nothing moves has only its
    ``spread``, 0.
    """
    row = {
        "model": name,
        "layer": layer,
        "shape": shape,
        "reading": reading,
        "repeats": 360 / SYMMETRIES[SHAPES.index(shape)],
        "spread": spread(path.means),
    }
    shown = path.means[: SHOWN_ORIENTATIONS[shape] + 1]
    if not spread(shown):
        return row
    period = rotation_period(path)
    closes = closure(shown)
    flat = plane(shown)
    harmonics = harmonic_shares(path.means[:ORIENTATIONS])
    return {
        **row,
        "period": period.degrees,
        "period_share": period.share,
        "gap": gap(shown),
        "closes": STEP * closes.steps,
        "closing_gap": closes.gap,
        "off_line": off_line(path),
        "plane": flat.shares.sum(),
        "radius_sd": radius_sd(flat.points),
        **{f"harmonic_{number}": harmonics[number - 1] for number in (1, 2, 3, 4)},
    }


def spread(means: np.ndarray) -> float:
    """How far positions (b, dimensions) are from their mean: root of the mean square distance."""
    return float(np.sqrt(means.var(axis=0).sum()))


def radius_sd(points: np.ndarray) -> float:
    """SD of the distances of points (b, 2) from their mean, over their mean; 0 for a circle."""
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    return float(away.std() / away.mean()) if away.any() else np.nan
