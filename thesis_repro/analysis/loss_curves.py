"""What loss curves say: how fast they fall, where they turn, how far they rise after (Section 4.2).

Epochs are counted from 1 (erratum E29). A curve with NaN among its validation losses has NaN for
all that is asked of it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

COMMON = 1.1  # times the highest of the lowest losses: a level that all curves reach on the slope


class Curve(NamedTuple):
    """Losses of one training by epoch, (epochs,) each."""

    training: np.ndarray
    validation: np.ndarray

    @classmethod
    def of(cls, history: Sequence[dict[str, float]]) -> "Curve":
        """The curves of a run's history."""
        return cls(*(np.array([row[key] for row in history]) for key in ("loss", "val_loss")))

    @property
    def best_epoch(self) -> int | float:
        """The first epoch with the lowest validation loss."""
        return np.nan if np.isnan(self.lowest) else int(np.argmin(self.validation)) + 1

    @property
    def lowest(self) -> float:
        """The lowest validation loss."""
        return float(self.validation.min())

    @property
    def share_of_first(self) -> float:
        """The lowest validation loss over that of the first epoch: 1 if nothing was learned."""
        return float(self.lowest / self.validation[0])

    @property
    def rise(self) -> float:
        """By how much the last validation loss lies above the lowest: the curve's overfitting."""
        return float(self.validation[-1] - self.lowest)

    @property
    def fall_in_training(self) -> float:
        """By how much the training loss fell after the epoch of the lowest validation loss."""
        if np.isnan(self.best_epoch):
            return np.nan
        return float(self.training[int(self.best_epoch) - 1] - self.training[-1])

    def epochs_to(self, level: float) -> float:
        """After how many epochs the validation loss has come down to a level, between two epochs.

        Losses are joined by straight lines. 1 if the first is there already, NaN if none is.
        """
        reached = np.flatnonzero(self.validation <= level)
        if not reached.size or np.isnan(self.lowest):
            return np.nan
        first = int(reached[0])
        if first == 0:
            return 1.0
        before, after = self.validation[first - 1 : first + 1]
        return float(first + (before - level) / (before - after))


def common_level(curves: Sequence[Curve]) -> float:
    """A loss that all of these models reach while their curves still fall.

    A tenth above the highest of their lowest losses: at that one itself a curve is flat, so that
    the epoch would be ill-determined.
    """
    return float(COMMON * np.max([curve.lowest for curve in curves]))
