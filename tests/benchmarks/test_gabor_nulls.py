"""The simulation of Section 4.1's nulls makes the kernels that it says."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from thesis_repro.analysis.gabor import fit_gabors

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
benchmark = importlib.import_module("gabor_nulls")


@pytest.mark.parametrize(("smoothing", "expected"), [(0, 0.0), (1.2, np.exp(-1 / (4 * 1.2**2)))])
def test_fields_are_as_smooth_as_they_say(smoothing, expected):
    """Neighbours of noise blurred by s px correlate by exp(-1 / (4 s^2))."""
    made = benchmark.field(smoothing)(400, np.random.default_rng(0))
    assert made.shape == (400, 11, 11)
    found = np.corrcoef(made[:, :, 1:].ravel(), made[:, :, :-1].ravel())[0, 1]
    assert found == pytest.approx(expected, abs=0.03)


def test_gabor_functions_come_first_and_have_the_bandwidths_of_simple_cells():
    made = benchmark.gabors(0, 0.5)(8, np.random.default_rng(0))
    fits = fit_gabors(made)
    assert (fits.r2[:4] > 0.98).all()
    assert (fits.r2[4:] < 0.5).all()
    assert ((fits.bandwidth[:4] > 0.8) & (fits.bandwidth[:4] < 2.4)).all()


def test_a_row_for_each_kind(monkeypatch):
    cases = {name: benchmark.CASES[name] for name in ("blobs", "edges")}
    monkeypatch.setattr(benchmark, "CASES", cases)
    result = CliRunner().invoke(benchmark.main, ["--networks", "1", "--kernels", "8"])
    assert result.exit_code == 0, result.output
    assert "| blobs " in result.output
    assert "| edges " in result.output
