"""Complete designs of dSprites: every image in which some factors are fixed (Section 4.4.2).

Means over "all other parameters" are of one factor alone only if each of its values has the same
images in all else. A split, or a part of dSprites, has some of them; so they are drawn, which
gives the official images (`data_prep.dsprites.HELD_AGAINST`) whatever part is at hand.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from data_prep.dsprites_renderer import COUNT, FACTOR_SIZES, FACTORS, SHAPES, classes_of, render
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.trajectories import Trajectory, mean_by_value
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.thesis.readings import Reading

_LAST = FACTOR_SIZES[FACTORS.index("x")] - 1  # class of position 1.0, in x as in y

# The factors held fixed, as classes, while one varies: captions of Figures 44 and 80-83, taken for
# all such figures (erratum E62). Nothing is said of shape; its position is that of scale.
HELD_FIXED = {
    "x": {"shape": 0, "y": _LAST},
    "y": {"shape": 0, "x": _LAST},
    "shape": {"x": 0, "y": 0},
    "scale": {"shape": 0, "x": 0, "y": 0},
    "orientation": {"shape": 0, "x": 0, "y": 0},
}


class Design(NamedTuple):
    """All images with ``fixed`` factors (as classes) in which ``varied`` ones take every value.

    Of a factor that is neither, images of every ``steps``-th class are taken.
    """

    varied: tuple[str, ...]
    fixed: Mapping[str, int]
    steps: Mapping[str, int] = {}

    def rows(self, classes: np.ndarray) -> np.ndarray:
        """The rows of factor classes (n, 6) that belong to it."""
        rows = rows_with(classes, **self.fixed)
        for name, step in self.steps.items():
            if name not in self.varied and name not in self.fixed:
                rows = rows[classes[rows, FACTORS.index(name)] % step == 0]
        return rows


def rows_with(classes: np.ndarray, **fixed: int) -> np.ndarray:
    """Rows of dSprites' factor classes (n, 6) in which these factors have these classes."""
    columns = [FACTORS.index(name) for name in fixed]
    return np.flatnonzero((classes[:, columns] == list(fixed.values())).all(axis=1))


def drawn_images(name: str, designs: Iterable[Design]) -> Images:
    """The images of several designs, each once, in the order of the official file.

    uint8 (n, 64, 64, 1) of 0 and 255; "classes" (n, 6) are known.
    """
    every = classes_of(np.arange(COUNT))
    rows = np.unique(np.concatenate([design.rows(every) for design in designs]))
    classes = every[rows]
    return Images(name, 255 * render(classes)[..., np.newaxis], {"classes": classes})


# === One factor varies ===


def factor_designs(steps: Mapping[str, int]) -> dict[str, Design]:
    """By factor, the images of which its means are taken, as the captions fix the others."""
    return {factor: Design((factor,), fixed, steps) for factor, fixed in HELD_FIXED.items()}


def rotation_designs(steps: Mapping[str, int]) -> dict[str, Design]:
    """By shape, its images in all orientations, where Figure 44 has those of the square."""
    place = HELD_FIXED["orientation"]
    return {
        shape: Design(("orientation",), place | {"shape": index}, steps)
        for index, shape in enumerate(SHAPES)
    }


def mean_path(
    design: Design, posterior: SampledPosterior, classes: np.ndarray, reading: Reading
) -> Trajectory:
    """A layer's mean position for each class of the one factor that a design varies.

    As written of mean codes, whose differences are no chance; as run of sampled ones (erratum E51).
    ``posterior`` is that of images with these classes (n, 6), which may belong to other designs,
    too.
    """
    (factor,) = design.varied
    rows = design.rows(classes)
    values = classes[rows, FACTORS.index(factor)]
    if reading is Reading.WRITTEN:
        return mean_by_value(posterior.mu[rows], values, np.zeros(posterior.mu.shape[1]))
    scatter = (posterior.sd[rows].astype("float64") ** 2).mean(axis=0)
    return mean_by_value(posterior.z[rows], values, scatter)


def diagonal(classes: np.ndarray) -> np.ndarray:
    """Rows of images of one object by position, from the top left to the bottom right."""
    x, y = (classes[:, FACTORS.index(name)] for name in ("x", "y"))
    rows = np.flatnonzero(x == y)
    return rows[np.argsort(x[rows])]
