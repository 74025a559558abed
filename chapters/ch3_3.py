"""Section 3.3: Datasets.

A picture of CelebA (Figure 13), ten digits of MNIST (Figure 14), and how the attributes of
Morpho-MNIST are distributed for each digit (Figure 15).
"""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.morphometry import UNITS
from data_prep.reading import Split
from thesis_repro.analysis.morphology import described
from thesis_repro.plots.digits import violins
from thesis_repro.plots.figures import new_figure, style
from thesis_repro.section.chapter import Chapter
from thesis_repro.verdicts.judgements import Judgement

MODELS: tuple[str, ...] = ()
DATASETS = ("celeba", "mnist", "morpho-mnist")

DIGITS = range(10)
ALL = "all"  # of them together
CELEBA_ASPECT = 218 / 178  # Section 3.3.1: "RGB images of size 178 x 218 pixels"


def run(chapter: Chapter) -> list[Judgement]:
    """Emit three figures and the numbers behind Figure 15; the section makes no claims."""
    celeba = chapter.prepared("celeba")
    figure = sample_picture(celeba.train.images[0], celeba.train.known["attributes"][0])
    chapter.save_figure(13, figure, data=celeba.description)

    mnist = chapter.prepared("mnist")
    chapter.save_figure(14, examples(first_of_each_digit(mnist.train)), data=mnist.description)

    morpho = chapter.prepared("morpho-mnist")
    digits = np.asarray(morpho.train.known["label"])
    values = np.asarray(morpho.train.known["morphometrics"])
    table = summary(digits, values)
    chapter.save_figure(15, distributions(digits, values, table), data=morpho.description)
    chapter.save_figure_numbers(15, table, data=morpho.description)

    judgements = chapter.judge([])
    chapter.write_manifest()
    return judgements


# === Figure 13 ===


def sample_picture(image: np.ndarray, attributes: np.ndarray) -> Figure:
    """Figure 13: a picture, uint8 (h, w, 3), over the names of its attributes, bool (40,).

    It is drawn in the proportions of the original file: the prepared one is squeezed to a square.
    """
    figure = new_figure(4.6, 6.2)
    with style():
        axes = figure.subplots()
        axes.imshow(image, aspect=CELEBA_ASPECT * image.shape[1] / image.shape[0])
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        names = [ATTRIBUTES[number].replace("_", " ") for number in np.flatnonzero(attributes)]
        axes.set_xlabel(textwrap.fill(", ".join(names) or "no attribute", 64), fontsize=7)
        axes.set_title("The first training picture")
    return figure


# === Figure 14 ===


def first_of_each_digit(split: Split) -> np.ndarray:
    """The first image of each digit, uint8 (10, 28, 28)."""
    digits = np.asarray(split.known["label"])
    rows = np.array([np.flatnonzero(digits == digit)[0] for digit in DIGITS])
    return split.images[rows][..., 0]


def examples(images: np.ndarray) -> Figure:
    """Figure 14: ten images, (10, h, w), white on black as they are stored."""
    figure = new_figure(7, 3.2)
    with style():
        for axes, image in zip(figure.subplots(2, 5).flat, images, strict=True):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set_axis_off()
        figure.suptitle("The first training image of each digit")
    return figure


# === Figure 15 ===


def summary(digits: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """The numbers of Figure 15: a row per attribute and digit, and one for all digits.

    Besides mean, standard deviation and skewness, what a violin's marks show: median, quartiles,
    and the extremes within 1.5 interquartile ranges of them.

    Args:
        digits: (n,).
        values: (n, 6), in the order of UNITS.
    """
    return pd.DataFrame(
        {"attribute": attribute, "unit": unit, "digit": name, **described(group)}
        for column, (attribute, unit) in enumerate(UNITS.items())
        for name, group in _groups(digits, values[:, column])
    )


def _groups(digits: np.ndarray, values: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Values of each digit by its name, then of all: the rows of Figure 15 from the top."""
    return [*((str(digit), values[digits == digit]) for digit in DIGITS), (ALL, values)]


def distributions(digits: np.ndarray, values: np.ndarray, table: pd.DataFrame) -> Figure:
    """Figure 15: a column per attribute, a violin per digit and, at the bottom, one for all.

    Marks are those of Figure 53, "created accordingly to Figure 15"; ``table`` has their places.
    """
    title = f"Morphometrics of {len(digits):,} training images"
    return violins(title, dict(_groups(digits, values)), table, ALL, "digit")
