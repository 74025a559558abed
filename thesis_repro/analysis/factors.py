"""Factors of variation: how images vary, as numbers, classes or directions (Section 4.4).

What is known of each image (a digit's slant, an object's shape) comes in three kinds, and each is
predicted in its own way. The orientation of dSprites is folded by the symmetry of the shape first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sklearn.model_selection import train_test_split

GROUPS = 10  # of a continuous factor: as many as MNIST has digits, so that both share one scale
LEAST_IMAGES = 100  # 10 for each group
LEAST_OF_A_CLASS = 10  # so that 3 of them are held out, for a bootstrap within the class
LEAST_OF_A_GROUP = 2  # of a number or an angle: one to learn from
HELD_OUT = 0.3  # of the images

# A shape looks the same after a turn by 2 pi over this: a square after a quarter of a turn, an
# ellipse after half of one. The heart has an axis to be mirrored at, but no turn leaves it alike.
SYMMETRIES = (4, 2, 1)  # of data_prep.dsprites_renderer.SHAPES


class Kind(StrEnum):
    """How the values of a factor are to be read."""

    CONTINUOUS = "continuous"  # numbers
    CATEGORICAL = "categorical"  # classes without an order
    CIRCULAR = "circular"  # angles in rad; those that differ by 2 pi are the same


@dataclass(frozen=True)
class Factor:
    """One factor of variation of n images.

    Attributes:
        values: Of shape (n,); angles of a circular factor in rad.
        kind: How to read them.
    """

    values: np.ndarray
    kind: Kind

    @property
    def targets(self) -> np.ndarray:
        """What is predicted by regression, float64: (n, 1), or sine and cosine (n, 2)."""
        values = np.asarray(self.values, dtype="float64")
        if self.kind is Kind.CIRCULAR:
            return np.stack([np.sin(values), np.cos(values)], axis=-1)
        return values[:, np.newaxis]

    @property
    def groups(self) -> np.ndarray:
        """What is predicted by classification: (n,) int64, from 0.

        The classes; of a number with more than `GROUPS` values, groups of about equally many
        images (equal numbers stay together); of an angle, so many equal arcs.
        """
        if self.kind is Kind.CIRCULAR:
            share = np.asarray(self.values, dtype="float64") / (2 * np.pi) % 1
            group = np.minimum(np.floor(share * GROUPS), GROUPS - 1)
        elif self.kind is Kind.CONTINUOUS and len(np.unique(self.values)) > GROUPS:
            edges = np.quantile(self.values, np.arange(1, GROUPS) / GROUPS)
            group = np.searchsorted(edges, self.values)
        else:
            group = self.values
        return np.unique(group, return_inverse=True)[1]


def fold(angle: np.ndarray, symmetry: int | np.ndarray) -> np.ndarray:
    """Angles in rad, (n,), of something that looks the same after a turn by 2 pi / symmetry.

    They are multiplied by the symmetry, so that a full circle, 0 to 2 pi, is once through all that
    can be told apart: images that are alike get the same angle, and others do not.
    """
    return np.asarray(angle) * symmetry % (2 * np.pi)


def dsprites_orientation(angle: np.ndarray, shape: np.ndarray) -> Factor:
    """The orientation of dSprites as a circular factor, folded by each image's shape.

    For all shapes at once. Angles of different shapes do not mean the same turn, so that a code can
    tell this factor only as far as it tells the shape; to know of one shape alone, pass its images
    alone.

    Args:
        angle: rad, (n,).
        shape: Classes from 0 in the order of `data_prep.dsprites_renderer.SHAPES`, (n,).
    """
    return Factor(fold(angle, np.take(SYMMETRIES, shape)), Kind.CIRCULAR)


def check(codes: Mapping[str, np.ndarray], factors: Mapping[str, Factor]) -> None:
    """Raise a ValueError unless codes (n, d) and factors (n,) can be held against each other."""
    if not codes or not factors:
        raise ValueError("There has to be at least one layer and one factor.")
    counts = {len(z) for z in codes.values()} | {len(f.values) for f in factors.values()}
    if len(counts) > 1:
        raise ValueError(f"Layers and factors are of different numbers of images: {sorted(counts)}")
    (count,) = counts
    if count < LEAST_IMAGES:
        raise ValueError(f"{count} images are too few: pass at least {LEAST_IMAGES}.")
    for layer, z in codes.items():
        if np.ndim(z) != 2 or not np.shape(z)[1]:
            raise ValueError(f"The codes of {layer} have the shape {np.shape(z)}, not (n, d).")
        if not np.isfinite(z).all():
            raise ValueError(f"The codes of {layer} hold NaN or infinity.")
    for name, factor in factors.items():
        _check_factor(name, factor)


def _check_factor(name: str, factor: Factor) -> None:
    values = np.asarray(factor.values)
    if values.ndim != 1:
        raise ValueError(f"The factor {name} has the shape {values.shape}, not (n,).")
    numeric = values.dtype.kind in "biuf"
    if not numeric and factor.kind is not Kind.CATEGORICAL:
        raise ValueError(f"The factor {name} is {factor.kind}, but its values are {values.dtype}.")
    if numeric and not np.isfinite(values).all():
        raise ValueError(f"The factor {name} holds NaN or infinity: leave these images out.")
    sizes = np.bincount(factor.groups)
    if len(sizes) < 2:
        cause = "is the same" if len(np.unique(values)) == 1 else "is nearly always the same"
        raise ValueError(f"The factor {name} {cause} in all images: leave it out.")
    least = LEAST_OF_A_CLASS if factor.kind is Kind.CATEGORICAL else LEAST_OF_A_GROUP
    if sizes.min() < least:
        raise ValueError(
            f"The factor {name} has too few images of one {'class' if least > 2 else 'group'}, "
            f"{sizes.min()}: pass at least {least} of each, or leave it out."
        )


def with_all(codes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The codes (n, d) of each layer in float64, and "all": all of them side by side.

    A single layer is all there is, and comes alone.
    """
    layers = {name: np.asarray(z, dtype="float64") for name, z in codes.items()}
    return layers if len(layers) == 1 else layers | {"all": np.concatenate([*layers.values()], 1)}


def split(factor: Factor, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out, each group of the factor in both alike."""
    groups = factor.groups
    learnt, held_out = train_test_split(
        np.arange(len(groups)), test_size=HELD_OUT, stratify=groups, random_state=seed
    )
    return learnt, held_out
