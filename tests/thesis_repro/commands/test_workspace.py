"""All places that a command writes to are tried before any work, and left as they were."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from data_prep.errors import DataError
from thesis_repro.cli import main
from thesis_repro.commands.workspace import import_matplotlib, try_places
from thesis_repro.section import results_folder

DATA = 3  # exit code of the design


@pytest.fixture(autouse=True)
def _no_work(monkeypatch):
    """Whatever would be read, made or trained."""
    for name in (
        "thesis_repro.commands.run.script",
        "thesis_repro.commands.plan.execute",
        "thesis_repro.commands.workspace.make_without_files",
        "thesis_repro.training.train.train_or_load",
        "thesis_repro.commands.pictures.run_of",
    ):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("work was begun"))


@pytest.fixture
def places(tmp_path):
    """A file, below which nothing can be written, and a picture."""
    (tmp_path / "file").write_text("a user's")
    Image.new("RGB", (30, 30)).save(tmp_path / "picture.png")
    return tmp_path


def listed(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("chapter", "4.2"), "--out"),
        (("chapter", "4.2"), "--runs-dir"),
        (("chapter", "3.4", "4.2"), "--runs-dir"),
        (("train", "mnist-vae", "digit-classifier"), "--runs-dir"),
        (("kernels", "mnist-vae"), "--out"),
        (("feature-maps", "mnist-vae", "PICTURE"), "--out"),
        (("all", "4.2"), "--out"),
        (("all", "4.2"), "--runs-dir"),
        (("controls", "4.2"), "--out"),
        (("controls", "4.2"), "--runs-dir"),
    ],
    ids=str,
)
def test_a_place_that_cannot_be_written_to_is_said_before_any_work(places, command, option):
    wrong = places / "file" / "below"
    folders = {
        "--data-dir": places / "data",
        "--runs-dir": places / "runs",
        "--out": places / "out",
    }
    folders |= {option: wrong}
    if command[0] == "train":
        del folders["--out"]
    scale = () if command[0] == "controls" else ("--scale", "smoke")
    before = listed(places)
    asked = [places / "picture.png" if part == "PICTURE" else part for part in command]
    asked += [part for pair in folders.items() for part in pair] + ["--stand-in", *scale]
    result = CliRunner().invoke(main, [str(argument) for argument in asked])
    assert result.exit_code == DATA, result.output
    assert f"{wrong}" in result.stderr
    assert "it cannot be written to (Not a directory). To fix it: free some space" in result.stderr
    assert result.stderr.rstrip().endswith(f"name another folder with {option}.")
    assert listed(places) == before


@pytest.mark.parametrize("command", ["chapter", "all"])
@pytest.mark.parametrize("cause", ["a file is in the place", "it is a mount point"])
def test_results_that_cannot_be_replaced_are_said_before_any_work(
    places, command, cause, monkeypatch
):
    """Of the last section, too: the first is not run."""
    (places / "out").mkdir()
    if cause.startswith("a file"):
        (places / "out" / "4.2").write_text("a user's")
    else:
        monkeypatch.setattr(results_folder, "is_mount_point", lambda path: path.name == "4.2")
    before = listed(places)
    folders = ("--runs-dir", places / "runs", "--data-dir", places / "data", "--out")
    asked = (command, "3.4", "4.2", "--stand-in", *folders, places / "out")
    result = CliRunner().invoke(main, [str(argument) for argument in asked])
    assert result.exit_code == DATA, result.output
    assert f"{places / 'out' / '4.2'}: {cause}" in result.stderr
    assert listed(places) == before


def test_settings_of_matplotlib_that_are_no_text_are_said_before_any_work(tmp_path):
    """As Windows's editor may save them: in UTF-16."""
    (tmp_path / "matplotlibrc").write_bytes("font.size: 9".encode("utf-16"))
    code = "from thesis_repro.commands.workspace import import_matplotlib; import_matplotlib()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SettingsError: matplotlib cannot read your matplotlibrc ('utf-8' codec" in done.stderr


def test_a_window_of_the_users_is_not_asked_for(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    import_matplotlib()
    assert os.environ["MPLBACKEND"] == "agg"


def test_each_folder_is_tried_and_none_is_left(tmp_path):
    try_places("--out", tmp_path / "a", tmp_path / "b" / "c", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "d").write_text("")
    with pytest.raises(DataError, match=r"d: it cannot be written to .* with --runs-dir"):
        try_places("--runs-dir", tmp_path / "a", tmp_path / "d")
    assert listed(tmp_path) == [(tmp_path / "d").relative_to(tmp_path)]
