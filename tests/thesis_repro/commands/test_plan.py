"""The commands `plan` and `all`, and dry runs of the others."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from data_prep.dsprites_renderer import COUNT, classes_of, render, values_of
from data_prep.prepare import prepare
from thesis_repro.cli import main
from thesis_repro.commands.report import update_page
from thesis_repro.models import zoo
from thesis_repro.plan.rates import Measured, Work

DONE, FAILED, USAGE, DATA = 0, 1, 2, 3  # exit codes of the design


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def _nothing_timed(monkeypatch):
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)


@pytest.mark.usefixtures("_nothing_timed")
def test_dry_runs_show_the_plan_and_do_nothing(data_dir, tmp_path):
    folders = ["--data-dir", data_dir, "--runs-dir", tmp_path / "runs"]
    for arguments in (
        ("train", "mnist-vae"),
        ("chapter", "4.2", "--out", tmp_path / "out"),
        ("plan", "4.2", "--out", tmp_path / "out"),
        ("all", "--out", tmp_path / "out"),
    ):
        dry = () if arguments[0] == "plan" else ("--dry-run",)
        result = run(*arguments, *dry, "--scale", "smoke", "--stand-in", *folders)
        assert result.exit_code == DONE, result.output
        assert "data mnist" in result.stdout
        assert " jobs to do" in result.stdout
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", [("plan",), ("all", "--dry-run")])
def test_a_plan_for_gpus_is_one_side_by_side(command, data_dir, tmp_path, monkeypatch):
    """Where none is seen, times are the CPU's, and this is said."""
    made = SimpleNamespace(models=["mnist-vae"], measured=[Measured(Work(1, 0, 0, 0), 30.0)])
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: made)
    monkeypatch.setattr("thesis_repro.training.devices.computes_on_gpu", lambda: False)
    folders = ["--data-dir", data_dir, "--runs-dir", tmp_path / "runs", "--out", tmp_path]
    arguments = (*command, "4.2", "--gpus", 2, "--scale", "smoke", "--stand-in", *folders)
    result = run(*arguments)
    assert result.exit_code == DONE, result.output
    assert "Known from: VLAE calibrated on mnist-vae." in result.stdout
    assert "about 60 s of training 2 at a time" in result.stdout
    assert "float32), since no GPU is seen here" in result.stdout


def test_gpus_where_there_are_none_are_refused_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr("thesis_repro.plan.gpus.may_have_gpu", lambda: False)
    monkeypatch.setattr("thesis_repro.commands.plan.jobs_of", lambda *_: pytest.fail("planned"))
    result = run("all", "--gpus", 2, "--data-dir", tmp_path, "--runs-dir", tmp_path)
    assert result.exit_code == FAILED
    assert result.stderr.startswith("Error: 2 GPUs are asked for, but there are none on this mach")


def test_a_cluster_wants_a_number_of_gpus():
    result = run("all", "--address", "somewhere:6379")
    assert result.exit_code == USAGE
    assert "--address wants --gpus" in result.stderr


@pytest.mark.parametrize("command", [("all", "3.4", "4.3"), ("chapter", "3.4", "4.3")], ids=str)
def test_a_part_that_lacks_what_a_section_shows_is_missed_first(command, tmp_path, monkeypatch):
    """Three dSprites that differ in their shape alone: Section 4.3 would come last."""
    for work in ("plan.execute", "run.import_keras"):
        monkeypatch.setattr(f"thesis_repro.commands.{work}", lambda *_, **__: pytest.fail("begun"))
    classes = classes_of(np.random.default_rng(6).permutation(COUNT)[:40])
    arrays = {"imgs": render(classes), "latents_values": values_of(classes)}
    (tmp_path / "official").mkdir()
    np.savez(tmp_path / "official" / "part.npz", **arrays, latents_classes=classes)
    prepare("dsprites", tmp_path / "data", tmp_path / "official")
    folders = [f"--{name}-dir={tmp_path / name}" for name in ("data", "runs")]
    result = run(*command, "--scale", "smoke", *folders, "--out", tmp_path / "out")
    assert result.exit_code == DATA, result.output
    assert "among its 40 images no three of scale 0.5 differ in their shape alone" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def few_jobs(monkeypatch):
    """A thesis of one section and one small model."""
    monkeypatch.setattr("thesis_repro.commands.plan.CHAPTERS", {"3.4": "chapters.ch3_4"})
    small = replace(zoo.MODELS["digit-classifier"], in_table_2=True)
    models = SimpleNamespace(MODELS={small.id: small})
    monkeypatch.setattr("thesis_repro.commands.plan.zoo", models)


@pytest.mark.slow
@pytest.mark.usefixtures("few_jobs")
def test_all_does_what_is_missing_and_then_nothing(tmp_path, monkeypatch):
    updates = []

    def update(out, runs_dir):
        update_page(out, runs_dir)
        updates.append("Figure 17" in (out / "index.html").read_text(encoding="utf-8"))

    monkeypatch.setattr("thesis_repro.commands.plan.update_page", update)
    folders = ["--data-dir", tmp_path / "data", "--runs-dir", tmp_path / "runs", "--out", tmp_path]
    first, second = (run("all", "--scale", "smoke", "--stand-in", *folders) for _ in range(2))
    assert first.exit_code == second.exit_code == DONE, first.output
    started = [line.split("  ")[1] for line in first.stdout.splitlines() if line[:5] == "start"]
    assert sorted(started) == ["chapter 3.4", "data mnist", "train digit-classifier"]
    assert started.index("data mnist") < started.index("train digit-classifier")
    assert updates == [True]  # its one section, as it ended
    nothing = f"Nothing is new; the report: {tmp_path / 'index.html'}"
    assert second.stdout.splitlines() == ["All 3 jobs are done.", nothing]
    assert "2 epochs" in (tmp_path / "runs" / "logs" / "train-digit-classifier.log").read_text()


def test_all_keeps_results_that_are_more_than_what_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("thesis_repro.commands.plan.zoo", SimpleNamespace(MODELS={}))
    monkeypatch.setattr("thesis_repro.commands.plan.CHAPTERS", {"4.2": "chapters.ch4_2"})
    (tmp_path / "out" / "4.2").mkdir(parents=True)
    manifest = {
        "section": "4.2", "scale": "paper", "seed": 0, "runs": {}, "data": "MNIST", "files": {},
        "created": "", "commit": None, "stand_in": False, "precision": "float32", "versions": {},
    }  # fmt: skip
    (tmp_path / "out" / "4.2" / "manifest.json").write_text(json.dumps(manifest))
    folders = ["--data-dir", tmp_path, "--runs-dir", tmp_path / "runs", "--out", tmp_path / "out"]
    result = run("all", "--scale", "smoke", *folders)
    assert result.exit_code == DONE, result.output
    kept = "chapter 4.2 is kept: what is there is more than what is asked for (scale paper, MNIST)."
    assert kept in result.stdout
    assert json.loads((tmp_path / "out" / "4.2" / "manifest.json").read_text()) == manifest
    assert (tmp_path / "out" / "index.html").exists()
    quiet = run("all", "--scale", "smoke", *folders, "--quiet")
    assert kept not in quiet.output
    manifest["files"] = {"table_3.csv": "0" * 64}
    (tmp_path / "out" / "4.2" / "manifest.json").write_text(json.dumps(manifest))
    damaged = run("all", "--scale", "smoke", *folders)  # kept all the same, and said to be
    assert damaged.exit_code == FAILED
    assert "table_3.csv: manifest.json lists it, but it is not there" in damaged.stderr


def test_results_of_trained_networks_are_no_controls(tmp_path):
    folder = tmp_path / "seed-1" / "4.2"
    folder.mkdir(parents=True)
    manifest = {
        "section": "4.2", "scale": "quick", "seed": 1, "runs": {}, "data": "MNIST", "files": {},
        "created": "", "commit": None, "stand_in": False, "precision": "float32", "versions": {},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    folders = ["--data-dir", tmp_path, "--runs-dir", tmp_path / "runs", "--out", tmp_path]
    result = run("controls", "4.2", "--seeds", "0-1", *folders)
    assert result.exit_code == USAGE
    more = "holds more than what is asked for (scale untrained): 4.2 (scale quick, MNIST)"
    assert f"{folder.parent} {more}" in result.stderr
    assert not (tmp_path / "runs").exists()  # nothing of seed 0 either


def test_a_page_that_cannot_be_written_stops_no_job(tmp_path):
    """The end of `all` says so."""
    (tmp_path / "3.4").mkdir()
    (tmp_path / "3.4" / "table_2.csv").write_text("a,b\n1,2\n")
    (tmp_path / "index.html" / "in the way").mkdir(parents=True)
    update_page(tmp_path, tmp_path / "runs")
    assert (tmp_path / "index.html").is_dir()


@pytest.mark.slow
@pytest.mark.usefixtures("few_jobs")
def test_all_names_what_fails_with_its_log_and_command(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "digit-classifier").write_text("in the way")
    folders = ["--data-dir", tmp_path / "data", "--runs-dir", tmp_path / "runs", "--out", tmp_path]
    result = run("all", "--scale", "smoke", "--stand-in", *folders)
    assert result.exit_code == FAILED
    log = tmp_path / "runs" / "logs" / "train-digit-classifier.log"
    assert f"failed: train digit-classifier\n  log: {log}\n" in result.stderr
    assert "  again: thesis-repro train digit-classifier --scale smoke " in result.stderr
    assert "cannot be written" in log.read_text()
    assert "done   chapter 3.4" in result.stdout


@pytest.mark.usefixtures("few_jobs")
def test_all_without_data_says_what_is_missing(tmp_path, monkeypatch):
    models = SimpleNamespace(MODELS={"celeba-vae": zoo.MODELS["celeba-vae"]})
    monkeypatch.setattr("thesis_repro.commands.plan.zoo", models)
    monkeypatch.setattr("thesis_repro.commands.plan.CHAPTERS", {})
    (tmp_path / "out" / "4.2").mkdir(parents=True)
    (tmp_path / "out" / "4.2" / "manifest.json").write_text("{")  # so that there is no page either
    folders = ["--data-dir", tmp_path, "--runs-dir", tmp_path, "--out", tmp_path / "out"]
    result = run("all", "--scale", "smoke", *folders)
    assert result.exit_code == DATA
    assert (
        "not run: data celeba: its official files are missing: `thesis-repro data" in result.stderr
    )
    assert "not run: train celeba-vae: needs data celeba" in result.stderr
