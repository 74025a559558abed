"""The stand-in for ImageNet: dead leaves, pictures with the statistics of natural ones.

Opaque leaves fall on top of one another; with radii r of density r^-3 the result has occlusion
edges at every scale and a power spectrum near 1/f^2, as photographs have (A. B. Lee, D. Mumford,
J. Huang, Occlusion models for natural images, IJCV 41, 2001). A class is a form, a dominant hue
and a direction together; none of the three alone tells it.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from data_prep.content import Batch, Content, ReadOptions, SplitContent
from data_prep.imagenet import FEATURES, HELD_OUT, SIZE
from data_prep.parallel import ordered
from data_prep.pictures import BATCH

IMAGES = 3_000
SEED = 224
REDUCTION = 2  # drawn twice as large and reduced, for smooth edges
FINE = REDUCTION * SIZE.width  # px

# Leaves; lengths in px of the drawn size.
LEAVES = 1_300
SMALLEST, LARGEST = 4.0, 300.0  # radius
CORNERS = 16  # of every outline
CONTRAST = 10.0  # mean standard deviation of a leaf's texture (grey levels)

# Classes: 4 forms x 5 hues, the direction goes with both.
FORMS = ("disc", "square", "ellipse", "triangle")
HUES = (0.02, 0.13, 0.32, 0.56, 0.80)  # turns around the colour circle: red, ochre, green, ...
DIRECTIONS = 10
STEP = np.pi / DIRECTIONS  # rad
CLASSES = len(FORMS) * len(HUES)
FAITHFUL = 0.4  # share of leaves made in the class's form, likewise in its hue; the rest in any
HUE_SPREAD = 0.06  # turns
DIRECTION_SPREAD = 0.15  # rad, of a class's pictures
LEAF_SPREAD = 0.6  # rad, of a picture's leaves

TILE = 512  # px, side of a texture; a power of two, so that a bit mask wraps it around


class Leaves(NamedTuple):
    """The leaves of one picture, the lowest first; n of them.

    Attributes:
        outlines: Corner coordinates (px), shape (n, CORNERS, 2).
        colours: RGB from 0 to 255, shape (n, 3).
        contrasts: Standard deviation of the texture (grey levels), shape (n,).
        offsets: Where in the texture a leaf was cut out, shape (n,).
    """

    outlines: np.ndarray
    colours: np.ndarray
    contrasts: np.ndarray
    offsets: np.ndarray


def read_stand_in(options: ReadOptions) -> Content:
    """2,700 pictures for training and 300 for validation, all classes equally often."""
    held_out = range(HELD_OUT - 1, IMAGES, HELD_OUT)
    kept = [index for index in range(IMAGES) if index not in held_out]
    splits = {}
    for name, indices in (("train", kept), ("validation", held_out)):
        items = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        splits[name] = SplitContent(len(indices), ordered(batch, items, options.workers))
    return Content("stand-in: dead leaves", FEATURES, splits, ())


def batch(indices: Sequence[int]) -> Batch:
    """Draw pictures; images uint8 (n, 224, 224, 3) and labels int64 (n,)."""
    labels = [label_of(index) for index in indices]
    images = [picture(index) for index in indices]
    return {"image": np.stack(images), "label": np.array(labels, np.int64)}


def label_of(index: int) -> int:
    """The class of a picture, 0 to 19.

    Going one further every tenth picture spreads all classes over every tenth picture, too.
    """
    return (index + index // HELD_OUT) % CLASSES


def picture(index: int) -> np.ndarray:
    """Draw one picture, uint8 (224, 224, 3); the same index gives the same picture."""
    rng = np.random.default_rng([SEED, index])
    label = label_of(index)
    direction = rng.normal(direction_of(label), DIRECTION_SPREAD)
    return paint(fallen(label, direction, rng), texture(round(direction / STEP) % DIRECTIONS))


def direction_of(label: int) -> float:
    """The mean direction (rad) of a class's pictures; two classes share each of them."""
    return label % DIRECTIONS * STEP


def fallen(label: int, direction: float, rng: np.random.Generator) -> Leaves:
    """Draw the leaves of a picture of one class at random, lying along `direction` (rad)."""
    hue, form = divmod(label, len(FORMS))
    forms = np.where(rng.random(LEAVES) < FAITHFUL, form, rng.integers(len(FORMS), size=LEAVES))
    angles = rng.normal(direction, LEAF_SPREAD, LEAVES)
    hues = np.where(
        rng.random(LEAVES) < FAITHFUL,
        rng.normal(HUES[hue], HUE_SPREAD, LEAVES),
        rng.random(LEAVES),
    )
    radii = draw_radii(rng)
    # Wherever a leaf touches the picture, so that the border looks like the middle.
    centres = rng.uniform(-1, 1, (LEAVES, 2)) * (FINE / 2 + radii[:, np.newaxis]) + FINE / 2
    return Leaves(
        outlines=outlines(forms, angles, radii) + centres[:, np.newaxis],
        colours=rgb(hues, rng.beta(1.5, 2.5, LEAVES), rng.beta(1.5, 1.5, LEAVES)),
        contrasts=rng.exponential(CONTRAST, LEAVES).astype(np.float32),
        offsets=rng.integers(TILE * TILE, size=LEAVES, dtype=np.int32),
    )


def draw_radii(rng: np.random.Generator) -> np.ndarray:
    """Draw radii (px) of density r^-3 on the plane, for leaves that touch the picture.

    The centres of those of radius r lie in a square of side FINE + 2 r, so the large ones among
    them are more frequent than r^-3.
    """
    radii = np.geomspace(SMALLEST, LARGEST, 500)
    per_step = radii * radii**-3 * (FINE + 2 * radii) ** 2  # steps of equal ratio: dr ~ r
    cumulated = np.cumsum(per_step)
    return np.interp(rng.random(LEAVES), cumulated / cumulated[-1], radii)


def outlines(forms: np.ndarray, angles: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Outlines around the origin (px), shape (n, CORNERS, 2), turned by `angles` (rad)."""
    unit = unit_forms()[forms]
    cosines, sines = np.cos(angles), np.sin(angles)
    turns = np.stack([cosines, sines, -sines, cosines], axis=-1).reshape(-1, 2, 2)
    return unit @ turns * radii[:, np.newaxis, np.newaxis]


@cache
def unit_forms() -> np.ndarray:
    """The outlines of `FORMS` in their order, shape (4, CORNERS, 2), lying along x."""
    angles = 2 * np.pi * np.arange(CORNERS) / CORNERS
    disc = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    ellipse = disc * (1.4, 0.6)
    square = _along([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.9
    triangle = _along([(-1, -0.8), (1.4, 0), (-1, 0.8)])
    return np.stack([disc, square, ellipse, triangle])


def _along(corners: list[tuple[float, float]]) -> np.ndarray:
    """Put CORNERS points on a polygon, as many as there are on a disc, each corner among them."""
    positions = np.arange(CORNERS) * len(corners) / CORNERS
    return np.stack(
        [
            np.interp(positions, np.arange(len(corners) + 1), [*values, values[0]])
            for values in zip(*corners, strict=True)
        ],
        axis=-1,
    )


def rgb(hues: np.ndarray, saturations: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Colours from 0 to 255, float32 (n, 3); hues in turns, red at 0, the rest 0 to 1."""
    waves = np.cos(2 * np.pi * (hues[:, np.newaxis] - np.arange(3) / 3))
    colours = 255 * values[:, np.newaxis] * (1 + saturations[:, np.newaxis] * (waves - 1) / 2)
    return colours.astype(np.float32)


@cache
def texture(direction: int) -> np.ndarray:
    """The texture of one of `DIRECTIONS`: flat float32 (TILE * TILE,), mean 0, deviation 1.

    Noise of power 1/f whose waves run along the direction; it continues over its border.
    """
    rng = np.random.default_rng([SEED, IMAGES + direction])
    x, y = np.meshgrid(np.fft.rfftfreq(TILE), np.fft.fftfreq(TILE))
    across = np.arctan2(y, x) - direction * STEP - np.pi / 2
    spectrum = np.exp(3 * np.cos(2 * across)) / np.sqrt(np.maximum(np.hypot(x, y), 4 / TILE))
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((TILE, TILE))) * spectrum)
    return ((noise - noise.mean()) / noise.std()).astype(np.float32).ravel()


def paint(leaves: Leaves, tile: np.ndarray) -> np.ndarray:
    """Paint leaves, the first one lowest, with their textures; uint8 (224, 224, 3)."""
    owners = Image.new("I", (FINE, FINE))  # the first leaf lies under all
    pen = ImageDraw.Draw(owners)
    for number, outline in enumerate(leaves.outlines.reshape(LEAVES, -1).tolist()):
        pen.polygon(outline, fill=number)
    owner = np.asarray(owners)
    rows, columns = np.ogrid[:FINE, :FINE]
    pixel = (rows * TILE + columns).astype(np.int32)
    places = (pixel + leaves.offsets[owner]) & (TILE * TILE - 1)
    pixels = np.take(leaves.colours, owner, axis=0)  # three times as fast as colours[owner]
    pixels += (leaves.contrasts[owner] * tile[places])[..., np.newaxis]
    fine = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return np.asarray(fine.reduce(REDUCTION))
