"""The factors of variation that are known of images: MNIST's, dSprites' and CelebA's (Section 4.4).

What Morpho-MNIST has measured, what dSprites was drawn from, the attributes of CelebA, and the
brightness of a face's skin and background.
"""

from collections.abc import Container

import numpy as np

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import FACTORS
from data_prep.morphometry import COLUMNS
from data_prep.reading import Split
from thesis_repro.analysis.factors import LEAST_OF_A_CLASS, Factor, Kind, dsprites_orientation
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images

SKIN, BACKGROUND = "skin (brightness)", "background (brightness)"

# Where every prepared picture of 128 x 128 px shows them: CelebA's faces are aligned, with the eyes
# in row 65 and columns 50 and 78. Rows, columns.
FACE = np.s_[:, 68:84, 54:74]  # nose and cheeks
CORNERS = (np.s_[:, :24, :16], np.s_[:, :24, -16:])  # above, left and right


def known_images(name: str, split: Split, limit: int | None, section: str) -> Images:
    """Images whose factors are known: a fixed random choice of so many, or all, in file order.

    Those that Morpho-MNIST could not measure are left out.
    """
    rows = np.arange(len(split))
    if "morphometrics" in split.known:
        rows = np.flatnonzero(np.isfinite(split.known["morphometrics"]).all(axis=1))
    return some_images(name, split, rows[encoded_rows(len(rows), limit, section)])


# === MNIST ===


def mnist_factors(images: Images) -> dict[str, Factor]:
    """The six attributes of Morpho-MNIST, and the digit."""
    attributes = {
        name: Factor(values, Kind.CONTINUOUS) for name, values in morphometrics(images).items()
    }
    return attributes | {"digit": Factor(images.known["label"], Kind.CATEGORICAL)}


def morphometrics(images: Images) -> dict[str, np.ndarray]:
    """The six attributes of Morpho-MNIST, (n,) each."""
    return dict(zip(COLUMNS, images.known["morphometrics"].T, strict=True))


def slant_within_digits(images: Images) -> Factor:
    """The slant less its mean over the image's digit: what the digit does not tell."""
    digits, slant = images.known["label"], morphometrics(images)["slant"]
    means = np.bincount(digits, slant) / np.maximum(np.bincount(digits), 1)
    return Factor(slant - means[digits], Kind.CONTINUOUS)


# === dSprites ===


def dsprites_factors(images: Images) -> dict[str, Factor]:
    """All but the colour, which is always the same; the orientation by each shape's symmetry."""
    values, shape = drawn_from(images), shape_classes(images)
    return {
        "shape": Factor(shape, Kind.CATEGORICAL),
        "scale": Factor(values["scale"], Kind.CONTINUOUS),
        "orientation": dsprites_orientation(values["orientation"], shape),
        "x": Factor(values["x"], Kind.CONTINUOUS),
        "y": Factor(values["y"], Kind.CONTINUOUS),
    }


def dsprites_classes(images: Images) -> dict[str, Factor]:
    """The same factors with each value a class, and orientations of all shapes from 0 to 2 pi."""
    classes = dict(zip(FACTORS, images.known["classes"].T, strict=True))
    return {name: Factor(classes[name], Kind.CATEGORICAL) for name in dsprites_factors(images)}


def drawn_from(images: Images) -> dict[str, np.ndarray]:
    """The values of dSprites' six factors, (n,) each; the orientation in rad, 0 to 2 pi."""
    return dict(zip(FACTORS, images.known["factors"].T, strict=True))


def shape_classes(images: Images) -> np.ndarray:
    """The classes of shape, (n,)."""
    return images.known["classes"][:, FACTORS.index("shape")]


def orientation_of(shape: str) -> str:
    """The name of the orientation of one shape as a factor by itself."""
    return f"orientation, {shape}"


# === CelebA ===


def celeba_factors(images: Images, chosen: Container[str]) -> dict[str, Factor]:
    """Of the chosen attributes those of which there are enough images with and without.

    And skin and background.
    """
    factors = {
        name: Factor(has, Kind.CATEGORICAL)
        for name, has in attributes(images).items()
        if name in chosen and min(has.sum(), (~has).sum()) >= LEAST_OF_A_CLASS
    }
    corners = np.mean([brightness(images.pixels[corner]) for corner in CORNERS], axis=0)
    seen = {SKIN: brightness(images.pixels[FACE]), BACKGROUND: corners}
    return factors | {name: Factor(values, Kind.CONTINUOUS) for name, values in seen.items()}


def attributes(images: Images) -> dict[str, np.ndarray]:
    """CelebA's 40 attributes, bool (n,) each."""
    return dict(zip(ATTRIBUTES, images.known["attributes"].T, strict=True))


def brightness(pixels: np.ndarray) -> np.ndarray:
    """The mean of all pixels and colours of each image, (n,) from 0 to 1."""
    return pixels.mean(axis=(1, 2, 3)) / 255
