"""What evidence is worth: the grade of a number by its scale, its precision and its data."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

PRECISION = "float32"


class Grade(StrEnum):
    """How much a number says about the thesis."""

    PAPER = "paper"  # the thesis's scale, the whole official data, float32: it decides
    REDUCED = "reduced"  # real and whole data, but fewer updates or digits: it indicates
    PATH = "path"  # too few updates, stand-ins or a part of the data: it proves that all runs


_OF_SCALES = {"paper": Grade.PAPER, "quick": Grade.REDUCED}


class Evidence(NamedTuple):
    """A grade, and what keeps it from being the highest, each in words."""

    grade: Grade
    obstacles: tuple[str, ...]


def graded(
    scale: str, precision: str, *, stand_in: bool, data: str, parts: Sequence[str] = ()
) -> Evidence:
    """What numbers are worth.

    Args:
        scale: name of the scale that they come from; of an unknown one they prove the path.
        precision: what the networks behind them were trained in.
        stand_in: whether they come from stand-in data.
        data: the data's description, e.g. "MNIST (official files)"; empty where it is not known.
        parts: of which data sets only a part is there; each as in "55,013 of 737,280 images of
            dSprites".
    """
    grade = _OF_SCALES.get(scale, Grade.PATH)
    obstacles = []
    if grade is not Grade.PAPER:
        obstacles.append(f"the scale is {scale}, not {Grade.PAPER}")
    if precision != PRECISION:
        obstacles.append(f"the precision is {precision}, not {PRECISION}")
        grade = Grade.PATH if grade is Grade.PATH else Grade.REDUCED
    if stand_in:
        obstacles.append(f"the data are no official files ({data})")
    if parts:
        obstacles.append(f"the data are but a part ({'; '.join(parts)})")
    if not data:
        obstacles.append("nothing says which data they are of")
    if stand_in or parts or not data:
        grade = Grade.PATH
    return Evidence(grade, tuple(obstacles))


def weakest(grades: Iterable[Grade]) -> Grade:
    """The grade of what rests on numbers of these grades."""
    return max(grades, key=list(Grade).index)
