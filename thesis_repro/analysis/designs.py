"""Complete designs of dSprites: every image in which some factors are fixed (Section 4.4.2).

Means over "all other parameters" are of one factor alone only if each of its values has the same
images in all else. A split, or a part of dSprites, has some of them; so they are drawn, which
gives the official images (`data_prep.dsprites.HELD_AGAINST`) whatever part is at hand.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from data_prep.dsprites_renderer import COUNT, FACTORS, classes_of, render
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.trajectories import rows_with

DRAWN = "images drawn from their factors"  # what a figure of them says of its data


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


def drawn_images(name: str, designs: Sequence[Design]) -> Images:
    """The images of several designs, each once, in the order of the official file.

    uint8 (n, 64, 64, 1) of 0 and 255; "classes" (n, 6) are known.
    """
    every = classes_of(np.arange(COUNT))
    rows = np.unique(np.concatenate([design.rows(every) for design in designs]))
    classes = every[rows]
    return Images(name, 255 * render(classes)[..., np.newaxis], {"classes": classes})
