"""Section 4.4.2's explorations: what models make of chosen positions in latent space.

Grids over two-dimensional layers (Figures 35, 36, 38), paths between rotations of a dSprites object
(40, 71-74) and the line between two positions through low density (43). Beside the last two the
numbers that the thesis judges by eye.
"""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from chapters.ch4_4_trajectories import drawn_data
from data_prep.dsprites_renderer import FACTORS, SHAPES
from thesis_repro.analysis.decoding import Decode, decoded, grey
from thesis_repro.analysis.designs import Design, drawn_images
from thesis_repro.analysis.explorations import (
    CELEBA_POINTS,
    MNIST_POINTS,
    axis,
    axis_as_run,
    encoded_log_density,
    grid,
    layered_grid,
    path_through,
    prior_log_density,
    segment,
)
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.analysis.trajectories import ORIENTATIONS, SHOWN_ORIENTATIONS, rows_with
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.plots.latent import image_rows
from thesis_repro.plots.trajectories import image_grids, interpolation
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.codes import Codes, decoder_of

VAES_ON_MNIST = ("mnist-vae", "mnist-vae-gan")  # Figures 35a and 35b
LAYERED_FIGURES = {
    "36_a": "mnist-vlae-factor-1",
    "36_b": "mnist-vlae-gan",
    "38": "celeba-vlae-gan",
}
ROTATION_FIGURES = {
    "dsprites-vae": 40,
    "7500-vae": 71,
    "6250-vae": 72,
    "5000-vae": 73,
    "3750-vae": 74,
}
INTERPOLATED = "7500-vae"  # Figure 43

POINTS = 21  # of a line or path; as between shapes in Section 4.3, nothing is said of these
TURNED = {"scale": 5, "x": 16, "y": 16}  # the object that is turned: largest, in the middle
MOVED = {"shape": 0, "scale": 5, "orientation": 0}  # the one whose position changes in Figure 43

SHOWN_AT = 32  # px: side of a face in Figure 38, where it is printed smaller still


class Amount(NamedTuple):
    """How much is computed at a scale."""

    mnist_points: int  # along each axis of a grid
    celeba_points: int
    position_step: int  # every so many-th position along each axis, of Figure 43's images


AMOUNTS = {
    "paper": Amount(MNIST_POINTS, CELEBA_POINTS, 1),  # original code
    "quick": Amount(MNIST_POINTS, 12, 1),
    "smoke": Amount(6, 3, 31),
}


def emit(chapter: Chapter, codes: Codes) -> None:
    """Write Figures 35, 36, 38, 40, 43 and 71 to 74 and the numbers behind the last six."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    save_plain_grids(chapter, amount)
    save_layered_grids(chapter, amount)
    data = drawn_data(chapter)
    chapter.save_numbers("rotation_traversals", rotation_traversals(chapter, codes), data)
    chapter.save_numbers("interpolations", interpolations(chapter, codes, amount), data)


def decoded_parts(decode: Decode, parts: Mapping[Hashable, np.ndarray]) -> dict:
    """The images of several sets of positions (n, dimensions) in a single layer, by their names.

    Decoded together: a batch of each size is compiled anew.
    """
    ends = np.cumsum([len(own) for own in parts.values()])
    images = decoded(decode, [np.concatenate([*parts.values()])])
    return dict(zip(parts, np.split(images, ends[:-1]), strict=True))


# === Grids: Figures 35, 36 and 38 ===


def save_plain_grids(chapter: Chapter, amount: Amount) -> None:
    """Figure 35, from -3 to 3, and as run without its end (erratum E57)."""
    data = chapter.images(VAES_ON_MNIST[0]).description
    for suffix, own in axes_of(amount.mnist_points).items():
        grids = {
            name_by_weight(name): grey(decoded(decoder_of(chapter, name), [grid(own)]))
            for name in VAES_ON_MNIST
        }
        title = f"Images decoded from {own[0]:.2g} to {own[-1]:.2g}"
        chapter.save_figure(f"35{suffix}", image_grids(title, grids, own), data, VAES_ON_MNIST)


def save_layered_grids(chapter: Chapter, amount: Amount) -> None:
    """Figures 36 and 38: a grid per layer, the others drawn; as run these share a draw."""
    for number, name in LAYERED_FIGURES.items():
        is_mnist = name.startswith("mnist")
        points = amount.mnist_points if is_mnist else amount.celeba_points
        for suffix, own in axes_of(points).items():
            drawn = "one draw" if suffix else "uniform draws"
            title = (
                f"{name_by_weight(name)}: images decoded from {own[0]:.2g} to {own[-1]:.2g} in a"
                f" layer, {drawn} from [-3, 3] in the others"
            )
            grids = layer_grids(chapter, name, own, same_draw=bool(suffix))
            if not is_mnist:
                grids = {layer: shrunk(images, SHOWN_AT) for layer, images in grids.items()}
            figure = image_grids(title, grids, own)
            data = chapter.images(name).description
            chapter.save_figure(f"{number}{suffix}", figure, data, [name])


def axes_of(points: int) -> dict[str, np.ndarray]:
    """The grid's axis by what is added to the figure's name, as written and as run."""
    return {"": axis(points), "_as_run": axis_as_run(points)}


def layer_grids(
    chapter: Chapter, name: str, own: np.ndarray, *, same_draw: bool
) -> dict[str, np.ndarray]:
    """The decoded grid of each layer of a model, (p * p, height, width, channels)."""
    sizes = chapter.trained(name).spec.latent_dims.value
    rng = chapter.rng("grids", name)
    return {
        f"layer {layer + 1}": decoded(
            decoder_of(chapter, name), layered_grid(own, layer, sizes, rng, same_draw=same_draw)
        )
        for layer in range(len(sizes))
    }


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Square images (n, height, height, channels) at a side that divides theirs, by block means."""
    count, height, _, channels = images.shape
    block = height // side
    return images.reshape(count, side, block, side, block, channels).mean(axis=(2, 4))


# === Between rotations: Figures 40 and 71 to 74 ===


def rotation_traversals(chapter: Chapter, codes: Codes) -> pd.DataFrame:
    """Write Figures 40 and 71 to 74; how well their pictures overlap with the true ones.

    Two rotations half a circle of codes apart, joined by the straight line and by the codes of the
    rotations between them: the figures' own code was not found, and the text says both that a model
    "learns a transition" and that a line does not follow it.
    """
    images = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    rows = []
    for name, number in ROTATION_FIGURES.items():
        (posterior,) = codes.of(name, images)
        turned = {shape: half_circle(images.known["classes"], shape) for shape in SHAPES}
        drawn, held = {}, {}
        for shape, chosen in turned.items():
            for way, waypoints in ways(posterior.mu[chosen]).items():
                label = f"{shape}, {turn(len(chosen)):.0f}°\n{way}"
                drawn[label] = path_through(waypoints, POINTS)
                held[shape, way] = path_through(waypoints, len(chosen))
        found = decoded_parts(decoder_of(chapter, name), drawn | held)
        for shape, way in held:
            true = images.pixels[turned[shape]] / 255
            rows.append(overlap_row(name, shape, way, found[shape, way], true))
        title = f"{name_by_weight(name)}: between two rotations"
        data = drawn_data(chapter)
        shown = {label: found[label] for label in drawn}
        chapter.save_figure(number, image_rows(title, shown), data, [name])
    return pd.DataFrame(rows)


def overlap_row(name: str, shape: str, way: str, images: np.ndarray, true: np.ndarray) -> dict:
    """How well images (n, height, width, 1) overlap with the true ones; the ends do not count."""
    overlap = overlaps(images, true)[1:-1]
    return {
        "model": name,
        "shape": shape,
        "degrees": turn(len(images)),
        "way": way,
        "images": len(overlap),
        "overlap": overlap.mean(),
        "lowest_overlap": overlap.min(),
    }


def half_circle(classes: np.ndarray, shape: str) -> np.ndarray:
    """Rows of a shape's first orientations, to half of those that Figure 41 shows."""
    rows = rows_with(classes, shape=SHAPES.index(shape))
    turned = rows[np.argsort(classes[rows, FACTORS.index("orientation")])]
    return turned[: SHOWN_ORIENTATIONS[shape] // 2 + 1]


def ways(codes: np.ndarray) -> dict[str, np.ndarray]:
    """Waypoints from the first code (n, dimensions) to the last: none, or all between."""
    return {"line": codes[[0, -1]], "codes": codes}


def turn(orientations: int) -> float:
    """Degrees from the first to the last of so many orientations."""
    return (orientations - 1) * 360 / ORIENTATIONS


def overlaps(images: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Common over joint area of objects in images (n, height, width, 1), in [0, 1]: (n,).

    1 if they are the same, 0 if they do not touch or a picture is empty; a pixel belongs to the
    object from 0.5 on.
    """
    seen, is_true = images >= 0.5, true >= 0.5
    joint = (seen | is_true).sum(axis=(1, 2, 3))
    return (seen & is_true).sum(axis=(1, 2, 3)) / np.maximum(joint, 1)


# === Through low density: Figure 43 ===


def interpolations(chapter: Chapter, codes: Codes, amount: Amount) -> pd.DataFrame:
    """Write Figure 43; the densities on the line from the top left to the bottom right."""
    images = positions(amount.position_step)
    rows = []
    for name in ROTATION_FIGURES:
        (posterior,) = codes.of(name, images)
        diagonal = diagonal_of(images.known["classes"])
        line = segment(posterior.mu[diagonal[0]], posterior.mu[diagonal[-1]], POINTS)
        found = densities(line, posterior)
        rows.append(density_row(name, posterior, diagonal, found))
        if name == INTERPOLATED:
            made = decoded(decoder_of(chapter, name), [line])
            title = f"{name_by_weight(name)}: from the top left to the bottom right"
            data = drawn_data(chapter)
            chapter.save_figure(43, interpolation(title, made, found), data, [name])
    return pd.DataFrame(rows)


def positions(step: int) -> Images:
    """Images of one square at every ``step``-th position along each axis."""
    images = drawn_images("positions", [Design(("x", "y"), MOVED)])
    at = images.known["classes"][:, [FACTORS.index("x"), FACTORS.index("y")]]
    rows = np.flatnonzero((at % step == 0).all(axis=1))
    return Images(images.name, images.pixels[rows], {"classes": images.known["classes"][rows]})


def diagonal_of(classes: np.ndarray) -> np.ndarray:
    """Rows of the images from the top left to the bottom right."""
    x, y = (classes[:, FACTORS.index(name)] for name in ("x", "y"))
    rows = np.flatnonzero(x == y)
    return rows[np.argsort(x[rows])]


def densities(points: np.ndarray, posterior: Posterior) -> dict[str, np.ndarray]:
    """Log densities (nats) at points (p, dimensions): of the encoded images, and of the prior."""
    return {
        "encoded images": encoded_log_density(points, posterior.mu, posterior.log_var),
        "prior": prior_log_density(points),
    }


def density_row(
    name: str, posterior: Posterior, diagonal: np.ndarray, found: dict[str, np.ndarray]
) -> dict:
    """Log densities (nats) on the line: of its ends (the lower one) and at its lowest.

    ``codes_between``: the lowest of the codes of the images on the diagonal, which a path along
    them would cross. All of the encoded images, but for those of the prior.
    """
    encoded, prior = found["encoded images"], found["prior"]
    between = densities(posterior.mu[diagonal], posterior)["encoded images"]
    return {
        "model": name,
        "images": len(posterior.mu),
        "ends": min(encoded[0], encoded[-1]),
        "lowest": encoded.min(),
        "lowest_at": encoded.argmin() / (len(encoded) - 1),
        "codes_between": between.min(),
        "prior_ends": min(prior[0], prior[-1]),
        "prior_lowest": prior.min(),
    }
