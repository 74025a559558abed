"""`--set` and `--reading`: what they make is trained and shown, and is never the thesis's."""

import json

import pytest
from click.testing import CliRunner

from data_prep.errors import DataError
from thesis_repro.cli import main
from thesis_repro.commands.workspace import workspace_of
from thesis_repro.errors import UnknownRunError
from thesis_repro.library.models import load_model
from thesis_repro.models.changed import with_settings
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.plan.plan import make_plan
from thesis_repro.section.other_readings import chosen_models
from thesis_repro.thesis.errata import load_errata

NAME = "mnist-vlae-factor-3"
SET = ("--set", "learning_rate=5e-4", "--set", "epochs=10")
ID = f"{NAME}+learning_rate=0.0005+epochs=10"


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def said(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


# --- Shown ---


def test_a_difference_has_both_values_sources_and_errata():
    title, head, _, row = (
        said("models", "MNIST-VLAE", "--reading", "e04=as-run").split("\n")[::1][:1]
        + said("models", "MNIST-VLAE", "--reading", "e04=as-run").rstrip().split("\n")[2:]
    )
    assert title.endswith(": not the thesis's MNIST-VLAE-factor-1, but")
    assert head.split() == ["setting", "the", "thesis's", "source", "here", "source", "errata"]
    assert row.split() == [
        *("learning", "rate", "0.0005", "Section", "4.2,", "original", "code's", "default"),
        *("0.005", "the", "other", "reading", "E04"),
    ]


def test_another_network_shows_its_size():
    text = said("models", "mnist-vae", "--reading", "E02=as-run")
    assert "MNIST-VAE (as run) (mnist-vae-as-run): not the thesis's MNIST-VAE, but" in text
    assert "207,237" in text  # counted by hand in test_tables.py
    assert "E02" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("mnist-vae", "--set", "lerning_rate=1"), "Did you mean learning_rate?"),
        (("mnist-vae", "--set", "epochs"), "'epochs' sets nothing; write FIELD=VALUE"),
        (("mnist-vae", "--set", "epochs="), "'epochs=' sets nothing; write FIELD=VALUE"),
        (("mnist-vae", "--set", "epochs=1", "--set", "epochs=2"), "epochs is set twice;"),
        (("mnist-vae", "--reading", "E02="), "'E02=' is no reading; write E02, or E02=as-run."),
        (("mnist-vae", "--reading", "E02=as-written"), "Without the option, the reading taken is"),
        (("mnist-vae", "--reading", "E04=as-run"), "E04 changes nothing of mnist-vae"),
        (("mnist-vae", "--reading", "E7=as-run"), "Did you mean E07?"),
    ],
)
@pytest.mark.parametrize("command", ["models", "train"])
def test_what_is_wrong_is_said_in_one_line(command, arguments, line, tmp_path):
    result = run(command, *arguments, *(("--data-dir", tmp_path) if command == "train" else ()))
    assert result.exit_code == 2
    assert line in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert not [*tmp_path.iterdir()]


def test_without_a_model_there_is_nothing_to_change():
    result = run("models", "--set", "epochs=1")
    assert result.exit_code == 2
    assert "--set and --reading change a model: name it." in result.stderr


# --- Never the thesis's ---


@pytest.fixture(scope="module")
def other():
    settings = {"learning_rate": Sourced(0.0005, "mine"), "epochs": Sourced(10, "mine")}
    return with_settings(MODELS[NAME], settings)


@pytest.fixture
def workspace(tmp_path, data_dir):
    options = {"scale": "smoke", "seed": 0, "precision": "float32", "stand_in": False}
    return workspace_of(data_dir=data_dir, runs_dir=tmp_path / "runs", train=True, **options)


def test_a_run_of_another_model_is_not_found_for_the_thesis_s(
    finished_run, workspace, other, publish
):
    identity = workspace.identity(MODELS[NAME])
    path = finished_run(workspace.runs_dir, other, scale="smoke", identity=identity)
    assert workspace.loadable(other).path == path
    assert workspace.finished(NAME) is workspace.loadable(NAME) is None
    with pytest.raises(UnknownRunError, match="no finished run of mnist-vlae-factor-3"):
        load_model(NAME, scale="smoke", runs_dir=workspace.runs_dir)
    (job,) = [job for job in make_plan([], [NAME], workspace).values() if job.is_training]
    assert not job.is_done  # what a section shows and judges is what its plan has done
    (job,) = [job for job in make_plan([], [other], workspace).values() if job.is_training]
    assert job.is_done
    assert job.command[:6] == ("train", NAME, *SET[:1], "learning_rate=0.0005", *SET[2:])
    assert said("runs", "list", "--runs-dir", workspace.runs_dir).count(ID) == 1
    page = said("runs", "show", path.name, "--runs-dir", workspace.runs_dir)
    assert f"{ID}: changed, no model of the thesis" in page
    command = f"thesis-repro train {NAME} --set learning_rate=0.0005 --set epochs=10 --scale smoke"
    assert command in " ".join(page.split())
    with pytest.raises(DataError, match="publish models of the zoo alone"):
        publish(path)
    assert not [*publish().glob("*/*")]


def test_a_run_of_the_thesis_s_is_not_found_for_another(finished_run, workspace, other):
    finished_run(workspace.runs_dir, scale="smoke", identity=workspace.identity(MODELS[NAME]))
    assert workspace.finished(NAME)
    assert workspace.loadable(other) is None


def test_no_section_shows_a_model_under_another_reading_as_the_thesis_s():
    """What sections train is of the zoo; an id with a mark is none of it."""
    for erratum in load_errata().values():
        for name in erratum.settings:
            (spec,) = chosen_models([name], [erratum.id])
            assert spec.id not in MODELS


# --- Trained ---


@pytest.mark.slow
def test_another_model_is_trained_planned_and_loaded(data_dir, tmp_path, monkeypatch):
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs")
    call = ("train", NAME, *SET, "--scale", "smoke", *folders)
    text = said(*call)
    (done,) = (tmp_path / "runs").glob("*/*/DONE")
    assert text == f"{ID}: 2 epochs, {text.partition('epochs, ')[2]}"
    assert text.endswith(f"; {done.parent}\n")
    assert done.parent.parent.name == ID
    spec = json.loads(done.with_name("config.json").read_text())["spec"]
    changed = {"model": ID, "learning_rate": 0.0005, "epochs": 10}
    assert spec == json.loads(json.dumps(MODELS[NAME].values() | changed))
    monkeypatch.setattr("thesis_repro.training.train._train", None)
    assert said(*call) == text
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)
    plan = said(*call, "--dry-run")
    assert f"train {ID}" in plan
    assert "0 of 2 jobs to do" in plan
    assert "1 of 2 jobs to do" in said("train", NAME, "--train", *call[-6:], "--dry-run")
