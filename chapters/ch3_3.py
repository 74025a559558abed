"""Section 3.3: Datasets.

A picture of CelebA (Figure 13), ten digits of MNIST (Figure 14), and how the attributes of
Morpho-MNIST are distributed for each digit (Figure 15).
"""

if __name__ == "__main__":  # the same as `thesis-repro chapter 3.3`
    from thesis_repro.cli import run_section

    run_section("3.3")

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.mnist import DIGITS
from data_prep.morphometry import UNITS
from data_prep.reading import Split
from thesis_repro.analysis.morphology import described
from thesis_repro.plots.datasets import examples, sample_picture
from thesis_repro.plots.digits import violins
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import Shown, figure, numbers
from thesis_repro.verdicts.judgements import Judgement

ALL = "all"  # of them together


def run(chapter: Chapter) -> list[Judgement]:
    """Emit three figures and the numbers behind Figure 15; the section makes no claims."""
    chapter.emit(figure_13)
    chapter.emit(figure_14)
    morpho = chapter.prepared("morpho-mnist").train
    digits = np.asarray(morpho.known["label"])
    values = np.asarray(morpho.known["morphometrics"])
    table = chapter.compute(figure_15_numbers, digits, values)
    chapter.emit(figure_15, digits, values, table)
    judgements = chapter.judge([])
    chapter.write_manifest()
    return judgements


@figure(13, data="celeba", shows_pictures=True)
def figure_13(chapter: Chapter, shown: Shown) -> Figure:
    """The first training picture and its attributes."""
    celeba = chapter.prepared("celeba").train
    return sample_picture(celeba.images[0], celeba.known["attributes"][0])


@figure(14, data="mnist")
def figure_14(chapter: Chapter, shown: Shown) -> Figure:
    """The first training image of each digit."""
    return examples(first_of_each_digit(chapter.prepared("mnist").train))


def first_of_each_digit(split: Split) -> np.ndarray:
    """The first image of each digit, uint8 (10, 28, 28)."""
    digits = np.asarray(split.known["label"])
    rows = np.array([np.flatnonzero(digits == digit)[0] for digit in DIGITS])
    return split.images[rows][..., 0]


# === Figure 15 ===


@numbers("figure_15", data="morpho-mnist")
def figure_15_numbers(
    chapter: Chapter, shown: Shown, digits: np.ndarray, values: np.ndarray
) -> pd.DataFrame:
    """A row per attribute and digit, and one for all digits: what a violin and its marks show.

    ``digits`` is (n,); ``values`` (n, 6), in the order of UNITS.
    """
    return pd.DataFrame(
        {"attribute": attribute, "unit": unit, "digit": name, **described(group[:, column])}
        for column, (attribute, unit) in enumerate(UNITS.items())
        for name, group in by_digit(digits, values).items()
    )


@figure(15, data="morpho-mnist")
def figure_15(
    chapter: Chapter, shown: Shown, digits: np.ndarray, values: np.ndarray, table: pd.DataFrame
) -> Figure:
    """A column per attribute, a violin per digit and, at the bottom, one for all.

    Marks are those of Figure 53, "created accordingly to Figure 15"; ``table`` has their places.
    """
    title = f"Morphometrics of {len(digits):,} training images"
    return violins(title, by_digit(digits, values), table, ALL, "digit")


def by_digit(digits: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
    """Values of each digit by its name, then of all: the rows of Figure 15 from the top."""
    return {str(digit): values[digits == digit] for digit in DIGITS} | {ALL: values}
