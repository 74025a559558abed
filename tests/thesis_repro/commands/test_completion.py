"""What a shell completes, by click's own machinery and by the program that it calls."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from thesis_repro.cli import main
from thesis_repro.commands.data import DATASETS
from thesis_repro.models import zoo
from thesis_repro.models.zoo import MODELS
from thesis_repro.section import places
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.thesis import errata
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training import published_places
from thesis_repro.training.scale import SCALES

VARIABLE = "_THESIS_REPRO_COMPLETE"
HEAVY = {"numpy", "keras", "tensorflow", "jax", "pandas", "matplotlib", "scipy", "rich"}


def completed(*words, shell=BashComplete):
    """What the last of the words is completed to."""
    *before, incomplete = words
    completer = shell(main, {}, "thesis-repro", VARIABLE)
    items = completer.get_completions([str(word) for word in before], incomplete)
    return [item.value for item in items]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Runs of two models and one that is published, as far as a shell looks at them."""
    monkeypatch.setattr(published_places, "CLONE", tmp_path / "clone")
    for place in ("runs/mnist-vae/0a1b2c3d4e5f", "runs/mnist-vae/0afffff00000", "runs/celeba-vae/1",
                  "runs/published/7500-vae/77aa", "clone/5000-vae/55bb"):  # fmt: skip
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "config.json").write_text("{")
    (tmp_path / "runs/mnist-vae/notes").mkdir()
    return tmp_path


ALL_MODELS = {name for spec in MODELS.values() for name in (spec.id, *spec.aliases)}


@pytest.mark.parametrize("command", ["models", "train", "kernels", "feature-maps"])
def test_models_and_aliases(command):
    assert {*completed(command, "")} == ALL_MODELS
    assert completed(command, "1") == ["10000-vae"]
    assert completed(command, "MNIST-VLAE-F") == [f"mnist-vlae-factor-{n}" for n in (1, 2, 3)]
    assert completed(command, "nothing") == []


def test_each_of_several_models():
    assert completed("train", "celeba-vae", "alexnet-c") == ["alexnet-classifier"]
    assert completed("train", "no such model", "--scale", "smoke", "alexnet-c") == [
        "alexnet-classifier"
    ]


def test_every_model_that_is_completed_is_one():
    for name in completed("train", ""):
        assert zoo.model(name)


@pytest.mark.parametrize("command", ["chapter", "plan", "all", "claims", "controls"])
def test_sections(command):
    assert {*CHAPTERS} <= {*completed(command, "")}
    assert completed(command, "3") == ["3.3", "3.4"]
    assert completed(command, "4.2", "3.4") == ["3.4"]


def test_claims_once_their_section_is_typed():
    assert "4.2-best-epoch" not in completed("claims", "")
    assert completed("claims", "4.2-best-E") == ["4.2-best-epoch"]
    assert completed("claims", "4.2") == ["4.2", *(one.id for one in load_claims("4.2"))]


def test_figures_and_tables():
    reproduced = {str(number) for _, number in load_captions()}
    assert reproduced
    assert reproduced <= {*completed("where", "")}
    assert "figure_27_as_run" in completed("where", "figure_2")
    assert "kl_divergences" in completed("where", "KL")
    assert completed("where", "Table", "") == ["2", "3", "4", "5", "6"]
    assert completed("where", "fig.", "6") == [
        number for number in completed("where", "Figure", "") if number.startswith("6")
    ]
    assert completed("where", "41", "") == completed("where", "figure", "41", "") == []


def test_every_figure_that_is_completed_is_found():
    for name in completed("where", ""):
        assert places.find(name)


def test_errata():
    assert completed("errata", "") == [*load_errata()]
    assert completed("errata", "e04") == ["E04"]
    assert completed("errata", "--model", "7") == ["7500-vae"]


@pytest.mark.parametrize("command", ["train", "models"])
def test_settings_and_readings_that_change_a_training(command):
    assert completed(command, "mnist-vae", "--set", "lea") == ["learning_rate="]
    assert completed(command, "mnist-vae", "--reading", "e0") == [
        f"{name}=as-run" for name in ("E02", "E03", "E04", "E05")
    ]


def test_readings_of_a_section():
    assert completed("chapter", "4.2", "--reading", "e0") == [
        f"{name}=as-run" for name in ("E02", "E03", "E04", "E05", "E07", "E08", "E09")
    ]


@pytest.mark.parametrize("command", ["train", "chapter", "plan", "kernels"])
def test_scales_and_precisions(command):
    argument = "4.2" if command in ("chapter", "plan") else "mnist-vae"
    assert completed(command, argument, "--scale", "") == [*SCALES]
    assert completed(command, argument, "--precision", "MIX") == ["mixed_bfloat16"]


@pytest.mark.parametrize("command", ["fetch", "prepare", "verify"])
def test_data_sets_as_they_are_written(command):
    """By their ids: "morphomnist", which only compares alike, is no name to offer."""
    assert completed("data", command, "") == [*DATASETS]
    assert completed("data", command, "morpho-") == ["morpho-mnist"]
    assert completed("data", command, "dS") == ["dsprites"]


@pytest.mark.parametrize("command", ["show", "prune"])
def test_runs_by_id_and_model(command, folders, monkeypatch):
    """Those under --runs-dir, downloaded and published ones; no file is opened for it."""
    given = ("runs", command, "--runs-dir", folders / "runs")
    runs = {"0a1b2c3d4e5f", "0afffff00000", "1", "77aa", "55bb"}
    assert {*completed(*given, "")} == runs | {"mnist-vae", "celeba-vae", "7500-vae", "5000-vae"}
    assert completed(*given, "0a1") == ["0a1b2c3d4e5f"]
    monkeypatch.chdir(folders)
    assert {*completed("runs", command, "0A")} == {"0a1b2c3d4e5f", "0afffff00000"}
    monkeypatch.chdir(folders / "clone")
    assert completed("runs", command, "0a") == []


def test_models_of_runs_and_scales_of_what_is_pruned():
    assert {*completed("runs", "list", "")} == ALL_MODELS
    assert completed("runs", "prune", "--scale", "Q") == ["quick"]


def test_what_is_damaged_is_said_by_the_command_alone(monkeypatch):
    def damaged(*arguments):
        raise ValueError("it is damaged")

    monkeypatch.setattr(places, "everything", damaged)
    monkeypatch.setattr(errata, "read_packaged", damaged)
    load_errata.cache_clear()
    assert completed("where", "4") == completed("errata", "E") == []


# --- As a shell calls it ---


def called(words, shell="bash", **environment):
    variables = {
        **os.environ,
        VARIABLE: f"{shell}_complete",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
        **environment,
    }
    code = "from thesis_repro.cli import main; main(prog_name='thesis-repro')"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["thesis-repro", "train", "mnist-vae"], "plain,mnist-vae"),
        (["thesis-repro", "chapter", "4.2"], "plain,4.2"),
        (["thesis-repro", "where", "41"], "plain,41"),
        (["thesis-repro", "errata", "E04"], "plain,E04"),
    ],
    ids=str,
)
def test_a_shell_gets_lines_and_nothing_else(words, line):
    done = called(words)
    assert line in done.stdout.splitlines()
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_evaluates(shell):
    done = called([], shell, **{VARIABLE: f"{shell}_source"})
    assert VARIABLE in done.stdout
    assert "thesis-repro" in done.stdout
    assert done.stderr == ""


def test_readme_has_the_line_of_each_shell():
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert re.findall(rf"{VARIABLE}=(\w+) thesis-repro", text) == [
        *("bash_source", "zsh_source", "fish_source")
    ]


@pytest.mark.parametrize("shell", [ZshComplete, FishComplete])
def test_other_shells_show_what_each_is(shell, monkeypatch):
    monkeypatch.setenv("COMP_WORDS", "thesis-repro train 10000")
    monkeypatch.setenv("COMP_CWORD", "2" if shell is ZshComplete else "10000")
    text = shell(main, {}, "thesis-repro", VARIABLE).complete()
    assert "10000-vae" in text
    assert MODELS["dsprites-vae"].name in text


def test_completing_loads_nothing_heavy(folders):
    code = """
import sys
from click.shell_completion import BashComplete
from thesis_repro.cli import main
for before in (["train"], ["where"], ["errata"], ["chapter"], ["claims"], ["data", "prepare"],
               ["runs", "show"]):
    assert BashComplete(main, {}, "thesis-repro", "_X").get_completions(before, ""), before
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folders,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert HEAVY & {*done.stdout.split()} == set()
