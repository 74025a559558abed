"""Measures of many models' codes, shared out among processes (Section 4.4).

What a process imports here it imports without Keras.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from data_prep.parallel import ordered
from thesis_repro.analysis.disentanglement import (
    Score,
    disentanglement_scores,
    scores_of_the_told,
    standard_scores,
)
from thesis_repro.analysis.factor_information import Information, factor_information
from thesis_repro.analysis.factors import Factor


class Task(NamedTuple):
    """The codes of one model (n, d) by layer, factors of the same images, and a seed."""

    model: str
    codes: Mapping[str, np.ndarray]
    factors: Mapping[str, Factor]
    seed: int


def information(task: Task) -> list[Information]:
    """What each layer tells of each factor."""
    return _measured(factor_information, task)


def disentanglement(task: Task) -> list[Score]:
    """How disentangled each layer is."""
    return _measured(disentanglement_scores, task)


def standard_disentanglement(task: Task) -> list[Score]:
    """The same of factors whose every value is a class."""
    return _measured(standard_scores, task)


def disentanglement_of_the_told(task: Task) -> list[Score]:
    """The same gap as a share of what is told, of factors that are."""
    return _measured(scores_of_the_told, task)


def _measured(function: Callable[..., list], task: Task) -> list[Any]:
    with threadpool_limits(1):  # the cores have a process each
        return function(*task[:3], np.random.default_rng(task.seed))


def table(
    function: Callable[[Task], list], tasks: Iterable[Task], workers: int = 1
) -> pd.DataFrame:
    """The rows of all tasks, in their order; ``function`` is one of those above."""
    return pd.DataFrame(asdict(row) for rows in ordered(function, tasks, workers) for row in rows)
