"""The kit for GPUs: its folder holds what it needs, and its parts run, are cut and may fail."""

import importlib
import json
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))  # scripts, not a package
gpu = importlib.import_module("gpu")
gpu_report = importlib.import_module("gpu_report")
gpu_speed = importlib.import_module("gpu_speed")


def run(out, *options):
    result = CliRunner().invoke(gpu.main, ["run", f"--out={out}", f"--work={out}/work", *options])
    assert result.exit_code == 0, result.output
    return result.output


def rows(out, part):
    lines = (out / "rows.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["part"] == part]


# --- The folder ---


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """A kit with MNIST's files, in which a wheel brings the module `carried`."""

    def download(folder, python_version):
        folder.mkdir()
        with zipfile.ZipFile(folder / "carried-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr("carried.py", "VALUE = 1")

    monkeypatch.setattr(gpu, "download", download)
    options = ["pack", str(tmp_path / "kit")]
    return tmp_path / "kit", lambda: CliRunner().invoke(gpu.main, options)


def test_kit_has_all_that_it_imports(packed, tmp_path):
    kit, pack = packed
    assert pack().exit_code == 0
    assert (kit / "data_prep" / "mnist_files" / "train-images-idx3-ubyte.gz").is_file()
    (kit / "benchmarks" / "gpu_parts.py").write_text(
        "import carried, sys, thesis_repro.models.zoo, data_prep.mnist, chapters.ch4_2\n"
        "sys.exit(f'{thesis_repro.__file__} {carried.VALUE}')"
    )
    command = [sys.executable, str(kit / "benchmarks" / "gpu.py"), "run", "--out=out"]
    command += ["--parts=transfers", "--backends=jax"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (failure,) = rows(tmp_path / "out", "failures")
    assert failure["why"] == f"jax: it ended with 1: {kit / 'thesis_repro' / '__init__.py'} 1"


def test_kit_is_not_mixed_with_an_older_one(packed):
    kit, pack = packed
    kit.mkdir()
    assert "exists" in pack().output


def test_kit_too_large_to_be_carried_is_refused(packed, monkeypatch):
    _, pack = packed
    monkeypatch.setattr(gpu, "MOST_BYTES", 1e5)
    result = pack()
    assert result.exit_code == 1
    assert "more than can be carried" in result.output


# --- Parts ---


@pytest.mark.long  # six processes that import Keras
def test_what_runs_without_a_gpu(tmp_path):
    options = ["--parts=devices,digests", "--steps=2", "--models=digit-classifier", "--minutes=9"]
    text = run(tmp_path, *options, f"--backends={keras.backend.backend()}")
    given, without, missing = rows(tmp_path, "devices")
    assert "was given a GPU" in given["refused"]
    assert without["gpu"] is False
    assert "was given a GPU" in missing["refused"]
    digests = rows(tmp_path, "digests")
    assert [row["run"] for row in digests] == ["first", "its programs", "anew"]
    assert len({row["digest"] for row in digests}) == 1
    assert "digit-classifier" in text
    assert "| yes |" in text
    assert text.strip() == (tmp_path / "gpu.md").read_text().strip()
    assert not rows(tmp_path, "failures")


def test_a_part_that_fails_is_named_and_the_next_one_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "PART", (sys.executable, "-c", "import sys; sys.exit('out of luck')"))
    text = run(tmp_path, "--parts=digests,transfers", "--backends=jax")
    failures = rows(tmp_path, "failures")
    assert [row["of"] for row in failures] == ["digests"] * 3 + ["transfers"]
    assert all(row["why"] == "jax: it ended with 1: out of luck" for row in failures)
    assert "out of luck" in text


def test_what_takes_too_long_is_stopped_and_its_rows_are_kept(tmp_path, monkeypatch):
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from gpu_report import add;"
        "from pathlib import Path; add(Path(sys.argv[3][7:]), 'transfers', found='none');"
        "print('half way', flush=True); time.sleep(100)"
    )
    monkeypatch.setattr(gpu, "PART", (sys.executable, "-c", code, str(BENCHMARKS)))
    monkeypatch.setattr(gpu, "LEAST_SECONDS", 0.1)
    run(tmp_path, "--parts=transfers", "--backends=jax", "--minutes=0.05")
    assert rows(tmp_path, "transfers") == [{"part": "transfers", "found": "none"}]
    (failure,) = rows(tmp_path, "failures")
    assert failure["why"] == "jax: stopped after 3 s: half way"


def test_nothing_is_started_without_time(tmp_path):
    run(tmp_path, "--parts=devices", "--backends=jax", "--minutes=0.05")
    assert {row["why"] for row in rows(tmp_path, "failures")} == {"jax: no time is left"}


def test_unknown_part_is_refused(tmp_path):
    result = CliRunner().invoke(gpu.main, ["run", f"--out={tmp_path}", "--parts=devices,all"])
    assert result.exit_code == 2
    assert "'all' is none of devices, " in result.output


def test_each_part_leaves_time_to_those_behind_it():
    clock = gpu.Clock(list(gpu.SHARES), 1_000.0, 540.0)
    assert clock.deadline("devices") == pytest.approx(1_000 + 0.06 * 540)
    assert clock.deadline("table") == pytest.approx(1_000 + 0.6 * 540)
    assert clock.deadline("training") == clock.end == 1_540
    assert gpu.Clock(["table"], 0.0, 60.0).deadline("table") == 60


# --- The report ---


def test_one_other_digest_is_seen():
    def row(run, digest):
        return {"backend": "jax", "model": "mnist-vae", "run": run, "digest": digest}

    same = [row("first", "a" * 64), row("anew", "a" * 64)]
    assert gpu_report.compared(same)[0]["equal"] == "yes"
    (other,) = gpu_report.compared([*same, row("its programs", "b" * 64)])
    assert other["equal"] == "NO"
    assert gpu_report.compared(same[:1])[0]["equal"] == "one process only"


def test_table_of_rows_with_different_entries():
    text = gpu_report.table([{"model": "a", "ms": 0.12345}, {"model": "b", "note": "x|y\nz"}])
    assert text.splitlines() == [
        "| model | ms | note |",
        "| --- | --- | --- |",
        "| a | 0.1235 |  |",
        "| b |  | x/y z |",
    ]


# --- Speed ---


def test_each_precision_is_what_its_row_says(monkeypatch):
    """Rows of a training that does nothing, and the policy under which it was built."""
    policies, kept = [], []

    def built(spec):
        policies.append(keras.config.dtype_policy().name)
        return lambda rows: None

    monkeypatch.setattr(gpu_speed, "_ours", built)
    monkeypatch.setattr(gpu_speed, "check_precision", lambda precision: None)
    gpu_speed.table(lambda **row: kept.append(row), time.monotonic() + 60, "mnist-vlae-factor-3")
    assert [row["precision"] for row in kept] == ["mixed_bfloat16", "tensorfloat32", "float32"]
    assert policies == ["mixed_bfloat16", "float32", "float32"]
    spec = MODELS["mnist-vlae-factor-3"]
    for row in kept:
        assert row["ms_a_step"] == pytest.approx(1e3 * 128 / row["images_a_second"])
        flops = 2 * training_multiply_adds(spec) * row["images_a_second"]
        assert row["tflops"] == pytest.approx(flops / 1e12)


def test_a_failure_is_kept_and_the_next_row_measured(monkeypatch):
    def broken(spec):
        raise RuntimeError("out of memory\nmore words")

    kept = []
    monkeypatch.setattr(gpu_speed, "_ours", broken)
    monkeypatch.setattr(gpu_speed, "check_precision", lambda precision: None)
    gpu_speed.table(lambda **row: kept.append(row), time.monotonic() + 60, "digit-classifier")
    assert [row["note"] for row in kept] == ["RuntimeError: out of memory"] * 3


def test_rows_that_time_was_too_short_for_are_named():
    kept = []
    gpu_speed.table(lambda **row: kept.append(row), time.monotonic() - 1, "mnist-vae")
    (row,) = kept
    assert row["note"] == "no time was left"


# --- Rivals ---


@pytest.mark.slow  # on processors without bfloat16
def test_pytorch_trains_gans_in_bfloat16():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch_gan = importlib.import_module("torch_gan")
    spec = replace(MODELS["mnist-vae-gan"], batch_size=Sourced(4, "small, for a test"))
    images = importlib.import_module("workload").digits(spec)
    with torch.autocast("cpu", torch.bfloat16):
        torch_gan.gan_loop("NCHW", spec, images)(np.arange(8))  # raises where a loss is no number
