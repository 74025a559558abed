"""The doctor: what it finds, and that each problem comes with its fix."""

import shutil
import sys

import pytest

from data_prep.prepare import DATASETS, prepare
from thesis_repro import provenance
from thesis_repro.commands import doctor
from thesis_repro.commands.doctor import Finding


@pytest.fixture(scope="module")
def examined(tmp_path_factory):
    """The findings where MNIST is prepared, and CelebA's stand-in damaged."""
    folder = tmp_path_factory.mktemp("data")
    prepare("mnist", folder)
    (folder / "celeba-stand-in").mkdir()
    (folder / "celeba-stand-in" / "manifest.json").write_text("{}")
    return {finding.topic: finding for finding in doctor.examine(folder, folder / "runs")}


def test_prepared_data_are_described(examined):
    assert examined["mnist"] == ("mnist", "MNIST (official files)", "")


def test_damaged_data_come_with_their_fix(examined):
    finding = examined["celeba-stand-in"]
    assert finding.state == "damaged"
    assert "schema_version is None" in finding.problem
    assert "data prepare celeba --stand-in" in finding.problem


@pytest.mark.parametrize("dataset", sorted(set(DATASETS) - {"mnist", "celeba"}))
def test_missing_data_come_with_the_command(examined, dataset):
    assert examined[dataset].state == "not prepared"
    assert f"`thesis-repro data prepare {dataset}" in examined[dataset].problem


def test_backend_devices_and_disk(examined, tmp_path):
    assert examined["backend"].state == "tensorflow"
    assert examined["device"].state == provenance.processor()
    assert examined["accelerator"].problem.endswith("pip install -e '.[gpu]'")
    free = shutil.disk_usage(tmp_path).free / 1e9
    assert abs(float(examined["disk for runs"].state.split()[0].replace(",", "")) - free) < 2


@pytest.mark.parametrize(
    ("setting", "installed", "state", "fix"),
    [
        ("torch", True, "unknown", "KERAS_BACKEND=tensorflow"),
        ("jax", False, "jax; keras and jax not installed", "pip install -e '.[jax]'"),
        ("tensorflow", False, "tensorflow; keras and tensorflow not installed", "pip install -e ."),
    ],
)
def test_a_backend_that_cannot_be_used_comes_with_the_fix(
    monkeypatch, tmp_path, setting, installed, state, fix
):
    monkeypatch.delitem(sys.modules, "keras", raising=False)  # as in a command of its own
    monkeypatch.setenv("KERAS_BACKEND", setting)
    if not installed:
        monkeypatch.setattr(doctor, "find_spec", lambda package: None)
    findings = {finding.topic: finding for finding in doctor.examine(tmp_path, tmp_path)}
    assert findings["backend"].state == state
    assert fix in findings["backend"].problem
    assert "device" not in findings


def test_nothing_is_changed(tmp_path):
    doctor.examine(tmp_path / "data", tmp_path / "runs")
    assert not list(tmp_path.iterdir())


def test_rendering_marks_problems():
    text = doctor.render([Finding("cores", "2"), Finding("mnist", "not prepared", "prepare it")])
    assert text.splitlines() == ["  cores  2", "! mnist  not prepared", "         -> prepare it"]
