"""What a way of training says of one batch; all else is `thesis_repro.training.trainer`'s."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import keras
import numpy as np

from data_prep.reading import Column
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.compiled import Vjp


class Step(Protocol):
    """A model's update on a batch, and its losses on one without an update.

    Attributes:
        headline: The entries of an epoch's row that a line of progress shows.
        shown: The loss that is shown while an epoch goes on.
        whole_batches: Whether what is left over at the end of an epoch is not used.
        optimizers: Those of the updates, built.
    """

    headline: ClassVar[tuple[str, ...]]
    shown: ClassVar[str]
    whole_batches: ClassVar[bool] = False
    optimizers: Sequence[keras.optimizers.Optimizer]

    def __init__(self, spec: ModelSpec, model: keras.Model):
        """Take a model with fresh weights."""

    def known(self, known: Mapping[str, np.ndarray | Column]) -> list[np.ndarray]:
        """What the step takes of each image besides its pixels, of what is known of a split."""
        return []

    def update(self, vjp: Vjp, images: Any, *known: Any) -> dict[str, Any]:
        """Learn from images (batch, height, width, channels) in 0..1; scalar losses by name."""

    def validate(self, vjp: Vjp, images: Any, *known: Any) -> dict[str, Any]:
        """The losses of a batch in inference, without an update."""
