"""Part of `ch4_4.py`: Section 4.4.2's explorations, what models make of chosen positions.

Grids over two-dimensional layers (Figures 35, 36, 38), paths between rotations of a dSprites object
(40, 71-74) and the line between two positions through low density (43). Beside the last two the
numbers that the thesis judges by eye.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.decoded_images import decoded_together, overlap_measures
from thesis_repro.analysis.designs import Design, diagonal, drawn_images
from thesis_repro.analysis.explorations import (
    CELEBA_POINTS,
    MNIST_POINTS,
    density_measures,
    log_densities,
    path_through,
    segment,
)
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.rotations import ORIENTATIONS, half_circle
from thesis_repro.analysis.tables import pick
from thesis_repro.library.pictures import explore
from thesis_repro.models.zoo import DSPRITES_VAES as VAES
from thesis_repro.models.zoo import model, name_by_weight
from thesis_repro.plots.latent import image_rows
from thesis_repro.plots.trajectories import interpolation
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.thesis.readings import Reading

DRAWN = "images drawn from their factors"

LEAST_GAIN = 0.03  # of the joint area: more than noise at borders moves it, see rules.toml
POINTS = 21  # of a line or path; as between shapes in Section 4.3, nothing is said of these
TURNED = {"scale": 5, "x": 16, "y": 16}  # the object that is turned: largest, in the middle
MOVED = {"shape": 0, "scale": 5, "orientation": 0}  # the one whose position changes in Figure 43

SHOWN_AT = 32  # px: side of a face in Figure 38, where it is printed smaller still


class SampleSizes(NamedTuple):
    """How much is computed at a scale."""

    mnist_points: int  # along each axis of a grid
    celeba_points: int
    position_step: int  # every so many-th position along each axis, of Figure 43's images


SAMPLE_SIZES = {
    "paper": SampleSizes(MNIST_POINTS, CELEBA_POINTS, 1),  # original code
    "quick": SampleSizes(MNIST_POINTS, 12, 1),
    "smoke": SampleSizes(6, 3, 31),
}


class Traversal(NamedTuple):
    """Images between two rotations of a shape, each (n, height, width, 1) in [0, 1]."""

    degrees: float
    evenly: np.ndarray  # decoded, evenly spaced from one to the other
    at_orientations: np.ndarray  # decoded, one for each orientation of the shape
    true: np.ndarray  # of these orientations


Traversals = Mapping[str, Mapping[tuple[str, str], Traversal]]  # by model; by shape and way


def emit(chapter: Chapter, codes: Codes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write Figures 35, 36, 38, 40, 43 and 71 to 74 and the numbers behind the last six.

    The numbers are those of `rotation_traversals` and of `interpolations`.
    """
    chapter.emit(plain_grids)
    chapter.emit(layered_grids)
    turned = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    traversals = {name: traversals_of(chapter, codes, name, turned) for name in VAES}
    chapter.emit(rotation_rows, traversals)
    turned_in_numbers = chapter.compute(rotation_traversals, traversals)
    step = chapter.at_scale(SAMPLE_SIZES).position_step
    moved = drawn_images("positions", [Design((), MOVED, {"x": step, "y": step})])
    chapter.emit(figure_43, codes, moved)
    return turned_in_numbers, chapter.compute(interpolations, codes, moved)


# === Grids: Figures 35, 36 and 38 ===


@figure(35, models=("mnist-vae", "mnist-vae-gan"), readings=Reading)
def plain_grids(chapter: Chapter, shown: Shown) -> Figure:
    """From -3 to 3, and as run without its end (erratum E57)."""
    points = chapter.at_scale(SAMPLE_SIZES).mnist_points
    return explore(*map(chapter.trained, shown.models), points=points, reading=shown.reading)


@figure("36_a", models=("mnist-vlae-factor-1",), readings=Reading)
@figure("36_b", models=("mnist-vlae-gan",), readings=Reading)
@figure(38, models=("celeba-vlae-gan",), readings=Reading, shows_pictures=True)
def layered_grids(chapter: Chapter, shown: Shown) -> Figure:
    """A grid per layer, the others drawn; as run these share a draw."""
    sizes = chapter.at_scale(SAMPLE_SIZES)
    is_mnist = model(shown.model).dataset.value == "mnist"
    return explore(
        chapter.trained(shown.model),
        points=sizes.mnist_points if is_mnist else sizes.celeba_points,
        rng=chapter.rng("grids", shown.model),
        reading=shown.reading,
        side=None if is_mnist else SHOWN_AT,
    )


# === Between rotations: Figures 40 and 71 to 74 ===


def traversals_of(
    chapter: Chapter, codes: Codes, name: str, images: Images
) -> dict[tuple[str, str], Traversal]:
    """What a model makes of the ways between two rotations, by shape and way.

    Two rotations half a circle of codes apart, joined by the straight line and by the codes of the
    rotations between them: the figures' own code was not found, and the text says both that a model
    "learns a transition" and that a line does not follow it.
    """
    (posterior,) = codes.of(name, images)
    rows = {shape: half_circle(images.known["classes"], shape) for shape in SHAPES}
    ways = {
        (shape, way): posterior.mu[passed]
        for shape, turned in rows.items()
        for way, passed in (("line", turned[[0, -1]]), ("codes", turned))
    }
    evenly = {("evenly", *key): path_through(codes, POINTS) for key, codes in ways.items()}
    steps = {key: path_through(codes, len(rows[key[0]])) for key, codes in ways.items()}
    made = decoded_together(chapter.trained(name).decode, evenly | steps)
    return {
        (shape, way): Traversal(
            degrees=(len(rows[shape]) - 1) * 360 / ORIENTATIONS,
            evenly=made["evenly", shape, way],
            at_orientations=made[shape, way],
            true=images.pixels[rows[shape]] / 255,
        )
        for shape, way in ways
    }


@figure(40, models=("dsprites-vae",), note=DRAWN)
@figure(71, models=("7500-vae",), note=DRAWN)
@figure(72, models=("6250-vae",), note=DRAWN)
@figure(73, models=("5000-vae",), note=DRAWN)
@figure(74, models=("3750-vae",), note=DRAWN)
def rotation_rows(chapter: Chapter, shown: Shown, traversals: Traversals) -> Figure:
    """A row per shape and way."""
    rows = {
        f"{shape}, {traversal.degrees:.0f}°\n{way}": traversal.evenly
        for (shape, way), traversal in traversals[shown.model].items()
    }
    return image_rows(f"{name_by_weight(shown.model)}: between two rotations", rows.items())


@numbers("rotation_traversals", models=VAES, note=DRAWN)
def rotation_traversals(chapter: Chapter, shown: Shown, traversals: Traversals) -> pd.DataFrame:
    """How well the pictures overlap with the true ones."""
    return pd.DataFrame(
        {"model": name, "shape": shape, "degrees": traversal.degrees, "way": way}
        | overlap_measures(traversal.at_orientations, traversal.true)
        for name in shown.models
        for (shape, way), traversal in traversals[name].items()
    )


# === Through low density: Figure 43 ===


@figure(43, models=("7500-vae",), note=DRAWN)
def figure_43(chapter: Chapter, shown: Shown, codes: Codes, images: Images) -> Figure:
    """The images on a line from the top left to the bottom right, over the densities there."""
    (posterior,) = codes.of(shown.model, images)
    line, _ = line_and_codes(posterior.mu, images)
    title = f"{name_by_weight(shown.model)}: from the top left to the bottom right"
    made = chapter.trained(shown.model).decode([line])
    return interpolation(title, made, log_densities(line, posterior))


@numbers("interpolations", models=VAES, note=DRAWN)
def interpolations(chapter: Chapter, shown: Shown, codes: Codes, images: Images) -> pd.DataFrame:
    """The densities on such lines, and of the images on the diagonal, which lie between."""
    rows = []
    for name in shown.models:
        (posterior,) = codes.of(name, images)
        measures = density_measures(*line_and_codes(posterior.mu, images), posterior)
        rows.append({"model": name, "images": len(images), **measures})
    return pd.DataFrame(rows)


def line_and_codes(mu: np.ndarray, images: Images) -> tuple[np.ndarray, np.ndarray]:
    """From the top left to the bottom right: the straight line, and the codes of the images.

    (points, dimensions) each.
    """
    codes = mu[diagonal(images.known["classes"])]
    return segment(codes[0], codes[-1], POINTS), codes


# === What the claims are about ===


def turned(table: pd.DataFrame) -> dict[str, list[float]]:
    """Of five VAEs and three shapes: how well decoded rotations overlap with the true ones.

    And what the straight line loses of what the codes have gained over one picture for all; NaN
    where they have gained next to nothing.
    """

    def column(name: str, way: str) -> list[float]:
        return [pick(table, name, model=vae, shape=s, way=way) for s in SHAPES for vae in VAES]

    along_the_codes, ends, one = (
        np.array(column(f"overlap{name}", "codes")) for name in ("", "_of_ends", "_of_one")
    )
    gained, lost = along_the_codes - one, along_the_codes - column("overlap", "line")
    return {
        "along_the_codes": along_the_codes.tolist(),
        "without_a_transition": np.maximum(ends, one).tolist(),
        "lost_on_the_line": (lost / np.where(gained >= LEAST_GAIN, gained, np.nan)).tolist(),
    }


def crossed(table: pd.DataFrame) -> dict[str, list[float]]:
    """Of five VAEs: how far the log density falls on a line between two positions, in nats.

    Below its ends, and below the least dense of the codes between them.
    """
    lowest, ends, between = (
        np.array([pick(table, name, model=vae) for vae in VAES])
        for name in ("lowest", "ends", "codes_between")
    )
    return {
        "below_the_ends": (ends - lowest).tolist(),
        "below_the_codes_between": (between - lowest).tolist(),
    }
