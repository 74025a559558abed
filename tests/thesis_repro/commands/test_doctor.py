"""The doctor: what it finds, and that each problem comes with its fix."""

import shutil

import pytest

from data_prep.prepare import DATASETS, prepare
from thesis_repro import provenance
from thesis_repro.commands import doctor
from thesis_repro.commands.doctor import Finding


@pytest.fixture
def examined(tmp_path):
    prepare("mnist", tmp_path, stand_in=True)
    prepare("morpho-mnist", tmp_path, stand_in=True)
    (tmp_path / "morpho-mnist-stand-in" / "manifest.json").write_text("{}")
    return {finding.topic: finding for finding in doctor.examine(tmp_path, tmp_path / "runs")}


def test_prepared_data_are_described(examined):
    finding = examined["mnist-stand-in"]
    assert finding == ("mnist-stand-in", "stand-in: scikit-learn digits, 28x28 by Lanczos", "")


def test_damaged_data_come_with_their_fix(examined):
    finding = examined["morpho-mnist-stand-in"]
    assert finding.state == "damaged"
    assert "schema_version is None" in finding.problem
    assert "data prepare morpho-mnist --stand-in" in finding.problem


@pytest.mark.parametrize("dataset", sorted(set(DATASETS) - {"mnist", "morpho-mnist"}))
def test_missing_data_come_with_the_command(examined, dataset):
    assert examined[dataset].state == "not prepared"
    assert f"`thesis-repro data prepare {dataset}" in examined[dataset].problem


def test_backend_devices_and_disk(examined, tmp_path):
    assert examined["backend"].state == "tensorflow"
    assert examined["device"].state == provenance.processor()
    assert examined["accelerator"].problem.endswith("pip install -e '.[gpu]'")
    free = shutil.disk_usage(tmp_path).free / 1e9
    assert abs(float(examined["disk for runs"].state.split()[0].replace(",", "")) - free) < 2


def test_nothing_is_changed(tmp_path):
    doctor.examine(tmp_path / "data", tmp_path / "runs")
    assert not list(tmp_path.iterdir())


def test_rendering_marks_problems():
    text = doctor.render([Finding("cores", "2"), Finding("mnist", "not prepared", "prepare it")])
    assert text.splitlines() == ["  cores  2", "! mnist  not prepared", "         -> prepare it"]
