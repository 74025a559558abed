"""Seconds per start, step, byte and multiply-add of training, from work whose time was measured.

A time is taken for the sum of these four. It is a model, and a coarse one: whatever a machine does
at once, as reading while it computes, makes the sum too long, and large networks compute at better
rates than small ones.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls


class Work(NamedTuple):
    """What a training, or a part of it, has to do.

    Attributes:
        starts: Processes that go into it; each compiles the step.
        steps: Updates.
        bytes: Of the images that are read, one a value.
        multiply_adds: Of convolutions and dense layers, and what takes as long in other layers.
    """

    starts: float
    steps: float
    bytes: float
    multiply_adds: float


class Measured(NamedTuple):
    """Work, and the seconds that it took."""

    work: Work
    seconds: float


class Rates(NamedTuple):
    """Seconds per unit of each kind of work."""

    start: float
    step: float
    byte: float
    multiply_add: float

    def seconds(self, work: Work) -> float:
        """How long it takes, by these rates."""
        return sum(rate * amount for rate, amount in zip(self, work, strict=True))


# What the measurements leave open is decided by an assumption: of those measured, the work that was
# richest in steps spends a tenth of its time on them, the richest in multiply-adds all the rest. It
# weighs little against a measurement, whose own noise it has to outweigh where networks hardly
# differ. Starts and bytes are assumed to cost nothing; bytes go with steps as long as all images
# are of one size, and are to be told from them by measurements alone.
_SHARES = np.array([0.0, 0.1, 0.0, 0.9])
_WEIGHTS = np.array([0.05, 0.05, 0.2, 0.05])


def fit(measured: Sequence[Measured]) -> Rates:
    """The rates, none negative, by which the measured times come out with least relative errors.

    Least squares; of a single time, nine tenths are put down to its multiply-adds. Of what was in
    no work, the rate is 0.

    Raises:
        ValueError: nothing is measured, or a time is not positive.
    """
    seconds = np.array([each.seconds for each in measured])
    if not measured or not (seconds > 0).all():
        raise ValueError(f"no rates can be had from the times {seconds.tolist()}")
    speeds = np.array([each.work for each in measured], float) / seconds[:, np.newaxis]
    richest = speeds.max(axis=0)
    units = np.where(richest > 0, richest, 1.0)  # in which an unknown is a share of a time
    rows = np.vstack([speeds / units, np.diag(_WEIGHTS)])
    aims = np.concatenate([np.ones(len(measured)), _WEIGHTS * _SHARES])
    shares, _ = nnls(rows, aims)
    return Rates(*np.where(richest > 0, shares / units, 0.0).tolist())
