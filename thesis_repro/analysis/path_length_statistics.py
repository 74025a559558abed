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
    smallest_signed_rank_p,
)


class MeasuredLengths(NamedTuple):
    """One model's path lengths in both readings, and its share of empty images."""

    as_written: PathLengths
    as_run: PathLengths
    empty: float


def per_seed(lengths: PathLengths) -> np.ndarray:
    """The mean path length of each seed, (seeds,)."""
    return lengths.distances.mean(axis=1)


def summaries(
    measured: MeasuredLengths, *, sd_of_steps: bool = False
) -> tuple[dict[str, float], dict[str, float]]:
    """As written and as run: mean and SD over the seeds' mean path lengths, and more.

    ``sd_of_steps`` is the spread over single steps, which the text argues from (erratum E56): where
    asked, it is the SD as written, too;
    ``of_objects`` the mean over the steps of which neither image is empty, ``of_nothing`` over
    those of which both are, NaN without such a step; ``empty_images`` the share of empty images
    among random samples.
    """
    written, run = (
        {
            **mean_sd(per_seed(lengths))._asdict(),
            "sd_of_steps": lengths.distances.std(),
            "seeds": len(lengths.distances),
            "of_objects": _mean(lengths.of_objects),
            "of_nothing": _mean(lengths.of_nothing),
            "empty_images": measured.empty,
        }
        for lengths in (measured.as_written, measured.as_run)
    )
    return written | ({"sd": written["sd_of_steps"]} if sd_of_steps else {}), run


def _mean(distances: np.ndarray) -> float:
    return float(distances.mean()) if distances.size else np.nan


def p_values(
    measured: Mapping[str, MeasuredLengths], *, paired: bool = False, corrected: bool = True
) -> pd.DataFrame:
    """All pairs of models: rank-sum tests, corrected, as written; signed-rank tests as run.

    ``smallest`` is the smallest p-value that so many seeds can give as written (erratum E06). What
    is as written can be ``paired`` (erratum E07) and not ``corrected`` (E08), too.
    """
    test = signed_rank_p if paired else rank_sum_p
    pairs = list(combinations(measured, 2))
    written = [[per_seed(measured[name].as_written) for name in pair] for pair in pairs]
    run = [[per_seed(measured[name].as_run) for name in pair] for pair in pairs]
    p = [test(*pair) for pair in written]
    sizes = [[*map(len, pair)] for pair in written]
    return pd.DataFrame(
        {
            "model": [first for first, _ in pairs],
            "other_model": [second for _, second in pairs],
            "as_written": benjamini_hochberg(p) if corrected else p,
            "smallest": [
                smallest_signed_rank_p(n) if paired else smallest_rank_sum_p(n, m) for n, m in sizes
            ],
            "as_run": [signed_rank_p(*pair) for pair in run],
        }
    )
