"""The benchmark of the plan's times asks for data before it calibrates."""

import importlib
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package
plan_times = importlib.import_module("plan_times")


@pytest.fixture
def no_calibration(monkeypatch):
    def fail(*_, **__):
        raise AssertionError("something was timed")

    monkeypatch.setattr(plan_times, "timings", fail)


@pytest.mark.usefixtures("no_calibration")
def test_data_are_missed_before_anything_is_timed(tmp_path):
    answer = CliRunner().invoke(plan_times.main, ["--data-dir", str(tmp_path)])
    assert answer.exit_code == 1
    assert f"{tmp_path / 'mnist'}: the data set has not been prepared" in answer.output


def test_unknown_model_is_refused(tmp_path):
    answer = CliRunner().invoke(plan_times.main, ["--models", "vgg", "--data-dir", str(tmp_path)])
    assert answer.exit_code == 2
    assert "'vgg' is none of " in answer.output
