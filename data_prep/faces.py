"""The stand-in for CelebA: parametric faces in its geometry, with eleven of its attributes.

A face is aligned as CelebA's are: 178 x 218 px, the eyes at (69, 111) and (108, 111) px, the mouth
at y = 152 px. Drawn and labelled are Male, Smiling, Black_Hair, Blond_Hair, Brown_Hair, Gray_Hair,
Bald, Eyeglasses, Wearing_Hat, Pale_Skin and Mustache. All others are False in every face, but
No_Beard, which is True where there is no Mustache (no other beard is drawn). Pose, background,
light, skin, and the shapes of hair, hat and glasses vary without a label.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from data_prep.celeba import FEATURES, SIZE, validation_count
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.content import Batch, Content, ReadOptions, SplitContent
from data_prep.outlines import (
    CIRCLE,
    Colour,
    Points,
    line,
    loop,
    mirrored,
    mix,
    oval,
    symmetric,
)
from data_prep.parallel import ordered
from data_prep.pictures import BATCH

FACES = 6_000
SEED = 178

# Frequencies as in CelebA, but about a tenth where an attribute is rarer there.
MALE, SMILING, EYEGLASSES, HAT, PALE = 0.42, 0.48, 0.15, 0.10, 0.12
MUSTACHE = 0.25  # of the men
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# Colour (of the brows where there is no hair) and frequency; red hair has no attribute.
HAIR: dict[str, tuple[Colour, float]] = {
    "Black_Hair": ((28, 24, 26), 0.26),
    "Brown_Hair": ((104, 66, 38), 0.24),
    "Blond_Hair": ((238, 204, 136), 0.18),
    "Gray_Hair": ((164, 166, 172), 0.10),
    "Bald": ((70, 52, 42), 0.10),
    "red": ((150, 58, 30), 0.12),
}
PALE_SKIN = (255, 232, 220)
LIGHT_SKIN, DARK_SKIN = (236, 188, 154), (112, 70, 48)
SHADOW = (60, 24, 20)  # what shaded skin tends to
IRISES = ((72, 46, 30), (96, 70, 40), (70, 100, 130), (84, 110, 80))

# Lengths are in px of the picture, around the middle of the eyes; x to the right, y down.
WIDTH, HEIGHT = SIZE.original
MIDDLE = np.array([88.5, 111.0])  # px in the picture
EYE = 19.5  # from the middle to an eye
FINE = 2  # drawn at this scale and reduced for smooth edges
# The right halves of heads and mustache, from top to bottom; the right brows, around their eye.
MALE_HEAD = [(0, -60), (26, -58), (41, -38), (42, -8), (41, 20), (37, 47), (25, 67), (0, 74)]
FEMALE_HEAD = [(0, -60), (24, -58), (39, -38), (41, -8), (39, 16), (32, 40), (17, 62), (0, 70)]
MALE_BROW = [(-12, -9), (-2, -14), (8, -14.5), (15, -8), (7, -10), (-2, -9), (-12, -5)]
FEMALE_BROW = [(-11, -12), (0, -17), (7, -17), (14, -9), (7, -14), (0, -14), (-11, -10)]
MUSTACHE_SHAPE = [(0, 30), (7, 30), (15, 34), (19, 42), (11, 39.5), (0, 38.5)]


class Style(NamedTuple):
    """What varies without a label; from 0 to 1 unless said."""

    shift: np.ndarray  # of the whole face, x and y (px)
    scale: float  # of the whole face, about 1
    tilt: float  # of the head (rad)
    turn: float  # how far turning moves the nose against the eyes (px)
    skin: float  # from light to dark
    shade: float  # darkness of the hair
    volume: float  # of the hair
    length: float  # of the hair
    parting: float  # where the hair parts, -1 to 1
    face: float  # width
    mouth: float  # width
    gaze: float  # to the left or right, -1 to 1
    rims: float  # of the glasses, from square to round
    lens: float  # darkness of the glasses
    brim: float  # of the hat: none up to a half, wide above
    iris: Colour
    clothes: Colour
    hat: Colour
    background: np.ndarray  # colours that blend into one another, uint8 (rows, columns, 3)
    light: np.ndarray  # brightness at the four corners, uint8 (2, 2)


class Face(NamedTuple):
    """All that the drawing knows: what is labelled (`hair` is a key of `HAIR`), and the style."""

    male: bool
    smiling: bool
    hair: str
    eyeglasses: bool
    hat: bool
    pale: bool
    mustache: bool
    style: Style


def read_stand_in(options: ReadOptions) -> Content:
    """6,000 faces, the first tenth for validation as in CelebA (erratum E20)."""
    held_out = validation_count(FACES)
    splits = {}
    for name, indices in (("train", range(held_out, FACES)), ("validation", range(held_out))):
        items = [indices[start : start + BATCH] for start in range(0, len(indices), BATCH)]
        splits[name] = SplitContent(len(indices), ordered(batch, items, options.workers))
    return Content("stand-in: parametric faces", FEATURES, splits, ())


def batch(indices: Sequence[int]) -> Batch:
    """Draw faces; images uint8 (n, 128, 128, 3) by Lanczos as CelebA's, attributes bool (n, 40)."""
    faces = [sample(index) for index in indices]
    size, resample = (SIZE.width, SIZE.height), Image.Resampling.LANCZOS
    return {
        "image": np.stack([np.asarray(draw(face).resize(size, resample)) for face in faces]),
        "attributes": np.stack([attributes(face) for face in faces]),
    }


def attributes(face: Face) -> np.ndarray:
    """The 40 attributes of a face in the official order, bool (40,)."""
    shown = {
        "Male": face.male,
        "Smiling": face.smiling,
        "Eyeglasses": face.eyeglasses,
        "Wearing_Hat": face.hat,
        "Pale_Skin": face.pale,
        "Mustache": face.mustache,
        "No_Beard": not face.mustache,
        face.hair: True,
    }
    return np.array([shown.get(name, False) for name in ATTRIBUTES])


def sample(index: int) -> Face:
    """Draw a face at random; the same index gives the same face.

    The attributes are independent of one another, but for at most one of Bald and the hair
    colours, and Mustache for men only.
    """
    rng = np.random.default_rng([SEED, index])
    male, smiling, eyeglasses, hat, pale, mustache = (
        rng.random(6) < (MALE, SMILING, EYEGLASSES, HAT, PALE, MUSTACHE)
    ).tolist()
    hair = list(HAIR)[rng.choice(len(HAIR), p=[frequency for _, frequency in HAIR.values()])]
    return Face(male, smiling, hair, eyeglasses, hat, pale, mustache and male, sample_style(rng))


def sample_style(rng: np.random.Generator) -> Style:
    """Draw all that has no label at random."""
    plain, blobs = rng.uniform(20, 235), rng.integers(1, 7, 2)  # one to 36 colours
    background = plain + rng.normal(0, 25, 3) + rng.normal(0, rng.uniform(8, 35), (*blobs, 3))
    return Style(
        shift=rng.normal(0, 1.5, 2),
        scale=rng.normal(1, 0.02),
        tilt=rng.normal(0, 0.05),
        turn=rng.uniform(-5, 5),
        skin=rng.beta(1, 2.2),
        **{name: rng.random() for name in ("shade", "volume", "length", "face", "mouth")},
        **{name: rng.random() for name in ("rims", "lens", "brim")},
        parting=rng.uniform(-1, 1),
        gaze=rng.uniform(-1, 1),
        iris=IRISES[rng.integers(len(IRISES))],
        clothes=tuple(rng.integers(20, 220, 3).tolist()),
        hat=tuple(rng.integers(20, 220, 3).tolist()),
        background=np.clip(background, 0, 255).astype(np.uint8),
        light=rng.integers(195, 256, (2, 2), dtype=np.uint8),
    )


def draw(face: Face) -> Image.Image:
    """Draw a face from the back to the front, RGB of 178 x 218 px."""
    pen = Pen(face.style)
    skin = mix(LIGHT_SKIN, DARK_SKIN, face.style.skin)
    if face.pale:
        skin = mix(PALE_SKIN, LIGHT_SKIN, 0.15 * face.style.skin)
    hair = mix(HAIR[face.hair][0], BLACK, 0.25 * face.style.shade)
    brow = mix(hair, BLACK, 0.35)
    if face.hair != "Bald":
        _hair_behind(pen, face, hair)
    _body(pen, face, skin)
    _head(pen, face, skin)
    for side in (-1, 1):
        _eye(pen, face, skin, brow, side)
    _nose(pen, skin)
    _mouth(pen, face, skin)
    if face.mustache:
        pen.fill(symmetric(MUSTACHE_SHAPE), brow, depth=0.5)
    if face.hair != "Bald":
        _hair_in_front(pen, face, hair)
    if face.eyeglasses:
        _eyeglasses(pen, face.style)
    if face.hat:
        _hat(pen, face.style)
    return pen.finish()


class Pen:
    """Fills and strokes shapes of a face on its background.

    Turning the head moves what lies at a depth of 1 (the tip of the nose) against what lies at -1
    (the outline of the head); the eyes, at 0, stay where the alignment has put them.
    """

    def __init__(self, style: Style):
        self.style = style
        size = (WIDTH * FINE, HEIGHT * FINE)
        self.image = Image.fromarray(style.background).resize(size, Image.Resampling.BICUBIC)
        self.opaque = ImageDraw.Draw(self.image)
        self.blending = ImageDraw.Draw(self.image, "RGBA")
        self.origin = FINE * (MIDDLE + style.shift)
        cosine, sine = np.cos(style.tilt), np.sin(style.tilt)
        self.turned = FINE * style.scale * np.array([[cosine, sine], [-sine, cosine]])

    def fill(self, points: Points, tint: tuple[int, ...], depth: float = 0) -> None:
        """Fill an outline; a `tint` is a colour and, if it is not opaque, its alpha."""
        canvas = self.opaque if len(tint) == 3 else self.blending
        canvas.polygon(self._place(points, depth), tint)

    def stroke(self, points: Points, tint: tuple[int, ...], width: float, depth: float = 0) -> None:
        """Draw an open line of a width in px."""
        self.blending.line(self._place(points, depth), tint, round(width * FINE))

    def finish(self) -> Image.Image:
        """Bring the picture to its size and light it."""
        light = Image.fromarray(self.style.light).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
        return ImageChops.multiply(self.image.reduce(FINE), Image.merge("RGB", [light] * 3))

    def _place(self, points: Points, depth: float) -> list[float]:
        moved = np.add(points, (self.style.turn * depth, 0)) @ self.turned
        return (moved + self.origin).ravel().tolist()


def _hair_behind(pen: Pen, face: Face, colour: Colour) -> None:
    volume, dark = 8 * face.style.volume, mix(colour, BLACK, 0.3)
    if face.male:
        half = [(0, -68 - volume), (28, -66 - volume), (45, -46), (47, -16), (44, 2), (0, 2)]
        pen.fill(symmetric(half), dark, depth=-1)
        return
    out, end = 52 + volume, 40 + 70 * face.style.length
    edge = [(out, -44), (out, 0), (out + 4, 0.6 * end), (out, end), (28, end + 8)]
    pen.fill(symmetric([(0, -76), (32, -73), *edge, (0, end + 4)]), dark, depth=-1.4)
    for share in (*np.linspace(-0.97, -0.62, 6), *np.linspace(0.62, 0.97, 6)):
        pen.stroke(line(edge[:-1]) * (share, 1), (*colour, 150), 1.5, depth=-1.4)


def _body(pen: Pen, face: Face, skin: Colour) -> None:
    neck, shoulder = (25, 90) if face.male else (18, 98)
    shaded = mix(skin, SHADOW, 0.22)
    pen.fill([(-neck, 30), (neck, 30), (neck + 3, 100), (-neck - 3, 100)], shaded, depth=-1)
    half = [(0, 99), (neck, 96), (neck + 5, 84), (60, shoulder), (96, shoulder + 10), (110, 150)]
    pen.fill(symmetric([*half, (0, 150)]), face.style.clothes, depth=-1)


def _head(pen: Pen, face: Face, skin: Colour) -> None:
    wide = 0.97 + 0.08 * face.style.face
    for side in (-1, 1):
        pen.fill(oval(side * 41 * wide, 8, 6, 12), mix(skin, SHADOW, 0.16), depth=-1)
        pen.fill(oval(side * 42 * wide, 8, 3, 8), mix(skin, SHADOW, 0.3), depth=-1)
    outline = symmetric(MALE_HEAD if face.male else FEMALE_HEAD) * (wide, 1)
    pen.fill(np.add(outline, (0, 5)), (*SHADOW, 60), depth=-1)  # falls on the neck
    for step in range(5):  # lighter towards the middle
        colour = mix(skin, SHADOW, 0.045 * (4 - step))
        pen.fill(outline * (1 - 0.04 * step), colour, depth=-1 + 0.2 * step)
    for x in (-24, 24):
        pen.fill(oval(x, 22, 9, 6), (*mix(skin, (214, 92, 84), 0.25), 80))


def _eye(pen: Pen, face: Face, skin: Colour, brow: Colour, side: int) -> None:
    if face.male:  # half the height, brow low and thick, thin lashes
        half, arch, lash, width = 4.6, MALE_BROW, (60, 40, 34), 1.2
    else:
        half, arch, lash, width = 5.6, FEMALE_BROW, (24, 16, 16), 2.2
    centre = (side * EYE, 0)
    pen.fill(oval(*centre, 13, 9), (*mix(skin, SHADOW, 0.15), 120))
    almond = loop([(-10, 1), (-5, -1.3), (5, -1.3), (10, 0), (5, 1), (-5, 1)])
    pen.fill(almond * (side, half) + centre, (246, 244, 240))
    x = side * EYE + 2 * face.style.gaze
    pen.fill(oval(x, -0.3, 4.2, 4.2), face.style.iris)
    pen.fill(oval(x, -0.3, 2, 2), BLACK)
    pen.fill(oval(x + 1.3, -1.7, 0.9, 0.9), WHITE)
    lid = line([(-10.5, 1.5), (-5, -half), (5, -half), (11, -0.5)])
    pen.stroke(lid * (side, 1) + centre, lash, width)
    pen.fill(loop(arch) * (side, 1) + centre, brow)


def _nose(pen: Pen, skin: Colour) -> None:
    dark, light = mix(skin, SHADOW, 0.4), mix(skin, WHITE, 0.3)
    bridge = line([(-5, -5), (-3, 6), (-5, 17), (-9, 23), (-6, 27)])
    pen.stroke(bridge, (*dark, 130), 1.3, depth=0.7)
    pen.fill(oval(0, 10, 2, 14), (*light, 70), depth=0.7)
    pen.fill(oval(0, 21, 4, 3), (*light, 90), depth=1)
    for x in (-4, 4):
        pen.fill(oval(x, 27, 2.2, 1.2), mix(skin, SHADOW, 0.65), depth=0.8)


def _mouth(pen: Pen, face: Face, skin: Colour) -> None:
    lip = mix(skin, (150, 72, 68), 0.45) if face.male else mix(skin, (196, 54, 70), 0.6)
    high, half = 3.2 if face.male else 4.8, 12.5 + 3 * face.style.mouth
    if face.smiling:
        half += 5
        above = [(-half, 36), (-6, 38 - 0.75 * high), (6, 38 - 0.75 * high), (half, 36)]
        pen.fill(loop([*above, (9, 49 + high), (-9, 49 + high)]), lip, depth=0.3)
        teeth = [(3 - half, 38), (0, 40), (half - 3, 38), (8, 48), (-8, 48)]
        pen.fill(loop(teeth), (250, 248, 244), depth=0.3)
        for side in (-1, 1):
            fold = line([(11, 25), (19, 31), (22, 40)]) * (side, 1)
            pen.stroke(fold, (*mix(skin, SHADOW, 0.5), 150), 1.3, depth=0.2)
        return
    bow = [(-half, 41), (-4, 41 - high), (0, 42 - high), (4, 41 - high), (half, 41), (0, 43)]
    pen.fill(loop(bow), mix(lip, BLACK, 0.12), depth=0.3)
    below = [(half, 41.5), (7, 42 + 1.5 * high), (-7, 42 + 1.5 * high), (-half, 41.5), (0, 41)]
    pen.fill(loop(below), lip, depth=0.3)
    between = line([(-half, 41.5), (-4, 40.8), (0, 41.5), (4, 40.8), (half, 41.5)])
    pen.stroke(between, mix(lip, BLACK, 0.5), 1.2, depth=0.3)


def _hair_in_front(pen: Pen, face: Face, colour: Colour) -> None:
    """Fill the hair between its outer edge and the hairline, both from the left to the right."""
    style, out = face.style, 48 + 8 * face.style.volume
    if face.male:
        high, split = -36 - 5 * style.length, 14 * style.parting
        outer = [(16, -22 - out), (40, -52), (46, -22), (43, 4)]
        inner = [(34, high), (39, -18), (40, 4)]
        parting = [(split - 8, high - 8), (split + 8, high - 2)]
    else:
        outer = [(16, -26 - out), (out - 10, -54), (out + 2, -14), (out, 40)]
        inner = [(30, -30), (38, -4), (40, 40)]
        parting = [(18 * style.parting - 4, -54), (18 * style.parting + 4, -54)]
    outer = line([*mirrored(outer), *outer])
    inner = line([*mirrored(inner), *parting, *inner])
    pen.fill(np.concatenate([outer, inner[::-1]]), colour, depth=-0.8)
    for share in np.linspace(0.12, 0.88, 7):
        tone = mix(colour, WHITE, 0.25) if 0.3 < share < 0.6 else mix(colour, BLACK, 0.35)
        pen.stroke(outer + (inner - outer) * share, (*tone, 110), 1, depth=-0.8)


def _eyeglasses(pen: Pen, style: Style) -> None:
    frame = mix((20, 20, 24), (96, 52, 30), style.lens)
    for side in (-1, 1):
        unit = np.sign(CIRCLE) * np.abs(CIRCLE) ** (0.5 + 0.5 * style.rims)
        rim = unit * (15.5, 11.5) + (side * EYE, 1.5)
        pen.fill(rim, (30, 34, 44, 30 + round(140 * style.lens**3)), depth=0.2)
        pen.stroke([*rim, *rim[:2]], frame, 2.2, depth=0.2)
        pen.stroke([(side * 35, -2), (side * 43, -3)], frame, 2.5, depth=-0.6)
    pen.stroke(line([(-5, 0), (0, -3), (5, 0)]), frame, 2.2, depth=0.3)


def _hat(pen: Pen, style: Style) -> None:
    wide, dark = 50 + 8 * style.volume, mix(style.hat, BLACK, 0.3)
    dome = [(0, -92), (0.6 * wide, -89), (wide, -66), (wide, -36), (0.6 * wide, -31), (0, -30)]
    pen.fill(symmetric(dome), style.hat, depth=-0.9)
    band = [(0, -40), (wide - 1, -48), (wide + 1, -36), (0.6 * wide, -29), (0, -27)]
    pen.fill(symmetric(band), dark, depth=-0.9)
    if style.brim > 0.5:
        pen.fill(oval(0, -33, wide + 24, 8), mix(style.hat, BLACK, 0.15), depth=-0.9)
