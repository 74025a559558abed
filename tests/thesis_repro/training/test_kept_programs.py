"""Compiled programs that stay with their run: under JAX, in processes that take a CPU for a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thesis_repro.training.kept_programs import programs_kept_in

WORKER = Path(__file__).with_name("jax_settings_worker.py")


def compiled(folder, device):
    pytest.importorskip("jax")
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, str(WORKER), "programs", str(folder), device]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_another_process_computes_by_the_programs_of_the_first(tmp_path):
    first = compiled(tmp_path / "run", "gpu")
    assert first["hits"] == 0
    assert len(first["programs"]) == 2  # neither what came before nor what came after
    (tmp_path / "run").rename(tmp_path / "moved")
    second = compiled(tmp_path / "moved", "gpu")
    assert second["hits"] >= 2
    assert second["programs"] == first["programs"]
    assert second["values"] == first["values"] == [24, 36]


@pytest.mark.slow
def test_nothing_is_kept_on_cpus(tmp_path):
    assert compiled(tmp_path, "cpu")["programs"] == []


def test_nothing_is_kept_by_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr("thesis_repro.training.kept_programs.computes_on_gpu", lambda: True)
    with programs_kept_in(tmp_path / "run"):
        pass
    assert not (tmp_path / "run").exists()
