"""Statistics of path lengths, by hand and against SciPy."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from thesis_repro.analysis.path_length import PathLengths
from thesis_repro.analysis.path_length_statistics import (
    MeasuredLengths,
    p_values,
    per_seed,
    summaries,
)


def made(mean, sd, seeds, steps):
    """Path lengths with this mean and SD over the seeds, equal within a seed."""
    around = np.linspace(-1, 1, seeds)
    means = mean + sd * around / around.std()
    empty = np.zeros((seeds, steps, 2), dtype=bool)
    empty[:, 0, 0] = True
    return PathLengths(np.repeat(means[:, np.newaxis], steps, axis=1), empty)


@pytest.fixture(scope="module")
def measured():
    values = {"a": (936, 779), "b": (2835, 568), "c": (4498, 1091), "d": (174, 36)}
    return {
        name: MeasuredLengths(made(*value, 50, 100), made(*value, 200, 128), 0.25)
        for name, value in values.items()
    }


def test_means_and_sds_over_the_seeds(measured):
    as_written, as_run = summaries(measured["a"])
    assert (as_written["mean"], as_written["sd"]) == pytest.approx((936, 779))
    assert (as_written["seeds"], as_run["seeds"]) == (50, 200)
    for row in (as_written, as_run):
        assert row["empty_images"] == 0.25
        assert row["of_objects"] == pytest.approx(row["mean"])
        assert row["sd_of_steps"] == pytest.approx(row["sd"])  # equal within a seed


def test_path_lengths_of_objects_leave_out_empty_images():
    distances = np.array([[1.0, 5.0, 9.0]] * 2)
    empty = np.array([[(False, False), (True, False), (False, True)]] * 2)
    lengths = PathLengths(distances, empty), PathLengths(distances, empty | True)
    as_written, as_run = summaries(MeasuredLengths(*lengths, 0.5))
    assert (as_written["mean"], as_written["of_objects"]) == (5, 1)
    assert np.isnan(as_run["of_objects"])
    assert np.isnan(as_written["of_nothing"])  # one of two images is empty: neither
    assert as_written["sd"] == 0  # over the seeds, not the steps
    assert as_written["sd_of_steps"] == pytest.approx(np.std([1, 5, 9]))


def test_the_sd_as_written_can_be_that_of_the_steps():  # erratum E56
    lengths = PathLengths(np.array([[1.0, 5.0, 9.0]] * 2), np.zeros((2, 3, 2), bool))
    as_written, as_run = summaries(MeasuredLengths(lengths, lengths, 0.5), sd_of_steps=True)
    assert as_written["sd"] == as_written["sd_of_steps"] == pytest.approx(np.std([1, 5, 9]))
    assert as_run["sd"] == 0


def test_p_values_as_written_paired_and_not_corrected(measured):  # errata E07, E08
    def raw(test):
        means = [per_seed(lengths.as_written) for lengths in measured.values()]
        return [test(*pair).pvalue for pair in combinations(means, 2)]

    unpaired = raw(stats.ranksums)
    paired = raw(lambda *pair: stats.wilcoxon(*pair, method="asymptotic"))
    default = p_values(measured)
    for one, other, expected in [
        (False, False, unpaired),
        (True, True, multipletests(paired, method="fdr_bh")[1]),
        (True, False, paired),
    ]:
        table = p_values(measured, paired=one, corrected=other)
        np.testing.assert_allclose(table["as_written"], expected)
        assert table["as_run"].equals(default["as_run"])
        assert (table["smallest"] == default["smallest"]).all() == (not one)
    same = {name: lengths._replace(as_written=lengths.as_run) for name, lengths in measured.items()}
    joint = p_values(same, paired=True, corrected=False)
    assert joint["as_written"].equals(joint["as_run"].rename("as_written"))


def test_p_values_of_all_pairs(measured):
    table = p_values(measured)
    assert len(table) == 6
    pairs = list(zip(table["model"], table["other_model"], strict=True))
    assert pairs[:3] == [("a", "b"), ("a", "c"), ("a", "d")]
    means = {name: per_seed(lengths.as_written) for name, lengths in measured.items()}
    raw = [stats.ranksums(means[a], means[b]).pvalue for a, b in pairs]
    np.testing.assert_allclose(table["as_written"], multipletests(raw, method="fdr_bh")[1])
    np.testing.assert_allclose(table["smallest"], 6.9e-18, rtol=0.01)  # erratum E06
    first = [per_seed(measured[name].as_run) for name in "ab"]
    assert table["as_run"][0] == stats.wilcoxon(*first, method="asymptotic").pvalue
