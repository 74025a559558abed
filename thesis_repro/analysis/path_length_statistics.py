"""Path lengths in numbers, and whether models differ in them (Section 4.3, Table 4)."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from thesis_repro.analysis.path_length import PathLengths
from thesis_repro.analysis.statistics import (
    benjamini_hochberg,
    mean_sd,
    rank_sum_p,
    signed_rank_p,
    smallest_rank_sum_p,
)


class MeasuredLengths(NamedTuple):
    """One model's path lengths in both readings, and its share of empty images."""

    as_written: PathLengths
    as_run: PathLengths
    empty: float


def per_seed(lengths: PathLengths) -> np.ndarray:
    """The mean path length of each seed, (seeds,)."""
    return lengths.distances.mean(axis=1)


def summaries(measured: MeasuredLengths) -> list[dict[str, float]]:
    """As written and as run: mean and SD over the seeds' mean path lengths, and more.

    ``sd_of_steps`` is the spread over single steps, which the text argues from (erratum E56);
    ``of_objects`` the mean over the steps of which neither image is empty, ``of_nothing`` over
    those of which both are, NaN without such a step; ``empty_images`` the share of empty images
    among random samples.
    """
    return [
        {
            **mean_sd(per_seed(lengths))._asdict(),
            "sd_of_steps": lengths.distances.std(),
            "seeds": len(lengths.distances),
            "of_objects": _mean(lengths.of_objects),
            "of_nothing": _mean(lengths.of_nothing),
            "empty_images": measured.empty,
        }
        for lengths in (measured.as_written, measured.as_run)
    ]


def _mean(distances: np.ndarray) -> float:
    return float(distances.mean()) if distances.size else np.nan


def p_values(measured: Mapping[str, MeasuredLengths]) -> pd.DataFrame:
    """All pairs of models: rank-sum tests, corrected, as written; signed-rank tests as run.

    ``smallest`` is the smallest p-value that so many seeds can give as written (erratum E06).
    """
    pairs = list(combinations(measured, 2))
    written = [[per_seed(measured[name].as_written) for name in pair] for pair in pairs]
    run = [[per_seed(measured[name].as_run) for name in pair] for pair in pairs]
    return pd.DataFrame(
        {
            "model": [first for first, _ in pairs],
            "other_model": [second for _, second in pairs],
            "as_written": benjamini_hochberg([rank_sum_p(*pair) for pair in written]),
            "smallest": [smallest_rank_sum_p(*map(len, pair)) for pair in written],
            "as_run": [signed_rank_p(*pair) for pair in run],
        }
    )
