"""A section's folder is replaced whole or not at all, and never by less in silence."""

import fcntl
import json
import threading
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro.cli import main
from thesis_repro.commands import run as run_commands
from thesis_repro.files import write_json
from thesis_repro.section import results_folder
from thesis_repro.section.results_folder import more_than, replacing

DONE, FAILED, USAGE = 0, 1, 2


def contents(folder):
    """Every file below a folder and its bytes, hidden ones too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def names(folder):
    return [path.name for path in folder.iterdir()]


def write_results(folder, text="old", scale="paper", stand_in=False, **others):
    """A figure and its manifest, as a section leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figure_20.png").write_text(text)
    manifest = {
        "section": "4.2", "created": "", "commit": None, "scale": scale, "data": "MNIST",
        "stand_in": stand_in, "seed": 0, "precision": "float32", "runs": {}, "versions": {},
        "files": {"figure_20.png": sha256(folder / "figure_20.png")},
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest | others)


@pytest.fixture
def folder(tmp_path):
    """Results of Section 4.2, and a file that a user has put there."""
    write_results(tmp_path / "4.2")
    (tmp_path / "4.2" / "notes.txt").write_text("a user's")
    return tmp_path / "4.2"


# --- Whole or not at all ---


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_half_way_leaves_the_results_before(folder, error):
    before = contents(folder.parent)

    def fail():
        with replacing(folder) as place:
            (place / "figure_20.png").write_text("new")
            assert folder.joinpath("figure_20.png").read_text() == "old"
            raise error

    with pytest.raises(error):
        fail()
    assert contents(folder.parent) == before
    assert names(folder.parent) == ["4.2"]


def test_what_succeeds_takes_the_place_of_all_that_was_made_before(folder):
    (folder / ".writing-abc-figure_21.png").write_text("half")
    with replacing(folder) as place:
        write_results(place, "new")
        (place / "table_3.csv").write_text("new")
        (place / "figure_20.png").rename(place / "figure_22.png")
    assert {path.name for path in folder.iterdir()} == {
        "figure_22.png", "table_3.csv", "manifest.json", "notes.txt",
    }  # fmt: skip
    assert (folder / "notes.txt").read_text() == "a user's"
    assert names(folder.parent) == ["4.2"]


def test_first_results_are_moved_to_their_place(tmp_path):
    with replacing(tmp_path / "new" / "4.2") as place:
        (place / "a.csv").write_text("a")
        assert not (tmp_path / "new" / "4.2").exists()
    assert contents(tmp_path) == {"new/4.2/a.csv": b"a"}


def test_results_behind_a_link_are_replaced_where_they_lie(folder, tmp_path):
    link = tmp_path / "elsewhere" / "4.2"
    link.parent.mkdir()
    link.symlink_to(folder)
    with replacing(link) as place:
        assert place.parent == folder.parent
        (place / "a.csv").write_text("a")
    assert link.is_symlink()
    assert (folder / "a.csv").exists()


def killed_while_writing(folder, new):
    new.mkdir()
    (new / "figure_20.png").write_text("new")


def killed_between_the_renames(folder, new):
    write_results(new, "new")
    folder.rename(folder.with_name(".4.2.replaced"))


def killed_after_the_renames(folder, new):
    killed_between_the_renames(folder, new)
    new.rename(folder)


@pytest.mark.parametrize(
    ("kill", "left"),
    [
        (killed_while_writing, "old"),
        (killed_between_the_renames, "old"),
        (killed_after_the_renames, "new"),
    ],
)
def test_what_a_killed_process_leaves_is_cleared_away(folder, kill, left):
    """Whatever the next call comes to; one set of results is there, whole."""
    kill(folder, folder.with_name(".4.2.partial"))

    def fail():
        with replacing(folder) as place:
            assert names(place) == []
            raise ValueError("it fails")

    with pytest.raises(ValueError, match="it fails"):
        fail()
    assert names(folder.parent) == ["4.2"]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (folder / "figure_20.png").read_text() == left
    assert manifest["files"]["figure_20.png"] == sha256(folder / "figure_20.png")
    assert (folder / "notes.txt").read_text() == "a user's"


def test_two_on_the_same_results_are_one_after_the_other(folder, caplog):
    done = []
    with folder.with_name(".4.2.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)  # as another process holds it

        def end():
            done.append("the other")
            fcntl.flock(other, fcntl.LOCK_UN)

        timer = threading.Timer(0.2, end)
        timer.start()
        with replacing(folder):
            assert done == ["the other"]
        timer.join()
    assert f"{folder} is in the hands of another process; waiting for it." in caplog.text


def test_what_cannot_be_replaced_is_said(folder, monkeypatch):
    file = folder.with_name("4.3")
    file.write_text("a user's")
    # By bind, too, which `Path.is_mount` does not tell (tests/data_prep/test_folders.py).
    monkeypatch.setattr(results_folder, "is_mount_point", lambda path: path.name == "4.2")
    for place, cause in ((file, "a file is in the place"), (folder, "it is a mount point")):
        with pytest.raises(DataError, match=cause), replacing(place):
            pytest.fail("begun")
    assert file.read_text() == "a user's"


# --- Never by less in silence ---


@pytest.mark.parametrize(
    ("section", "there", "asked", "is_more"),
    [
        ("4.2", {"scale": "paper"}, {"scale": "quick"}, True),
        ("4.2", {"scale": "quick"}, {"scale": "smoke"}, True),
        ("4.2", {"scale": "smoke"}, {"scale": "untrained"}, True),
        ("4.2", {"scale": "smoke"}, {"scale": "smoke"}, False),
        ("4.2", {"scale": "smoke"}, {"scale": "quick"}, False),
        ("4.2", {"scale": "untrained"}, {"scale": "smoke"}, False),
        ("4.8", {"scale": "smoke"}, {"scale": "paper", "stand_in": True}, True),
        ("4.8", {"scale": "smoke", "stand_in": True}, {"scale": "smoke", "stand_in": True}, False),
        ("4.2", {"scale": "smoke"}, {"scale": "smoke", "stand_in": True}, False),  # at hand
        ("4.3", {"scale": "smoke"}, {"scale": "smoke", "stand_in": True}, False),
        ("3.3", {"scale": "paper"}, {"scale": "smoke"}, False),  # of no model
        ("3.3", {"scale": "paper"}, {"scale": "paper", "stand_in": True}, True),
        ("4.2", {"scale": "of another version"}, {"scale": "smoke"}, False),
        ("4.2", {"scale": 3}, {"scale": "smoke"}, False),  # damaged
        ("4.8", {"scale": "paper", "stand_in": True}, {"scale": "quick"}, False),  # of the data
        ("4.2", {"scale": "quick"}, {"scale": "quick", "precision": "mixed_bfloat16"}, True),
        ("4.2", {"scale": "quick", "precision": "mixed_bfloat16"}, {"scale": "quick"}, False),
        ("4.2", {"scale": "paper", "section": "4.3"}, {"scale": "quick"}, False),  # another's
        ("4.2", {"scale": "paper", "readings": ["E10"]}, {"scale": "quick"}, False),  # another's
        (
            "4.2",
            {"scale": "paper", "readings": ["E10"]},
            {"scale": "quick", "readings": ("E10",)},
            True,
        ),
    ],
)
def test_what_is_less_than_what_is_there(tmp_path, section, there, asked, is_more):
    write_results(tmp_path / section, **{"section": section} | there)
    more = more_than(section, tmp_path, **{"stand_in": False, "precision": "float32"} | asked)
    assert more == (f"scale {there['scale']}, MNIST" if is_more else "")
    assert not more_than(section, tmp_path / "elsewhere", "smoke", "float32", stand_in=True)


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.fixture
def sections_run(monkeypatch):
    """Stand-ins for the scripts of sections, which need no data or models: those that were run."""
    started = []

    def script(section):
        def run_script(chapter):
            started.append(section)
            write_results(chapter.folder, "new", chapter.workspace.options.scale.name)
            return []

        return SimpleNamespace(run=run_script)

    monkeypatch.setattr(run_commands, "script", script)
    for needs in ("datasets_of", "models_of"):
        monkeypatch.setattr(run_commands, needs, lambda *_: ())
    monkeypatch.setattr("thesis_repro.section.chapter.Chapter.origin", "origin")
    return started


def test_a_smaller_scale_replaces_results_only_where_it_is_told(folder, tmp_path, sections_run):
    before = contents(tmp_path)
    folders = ("--data-dir", tmp_path / "data", "--runs-dir", tmp_path / "runs", "--out", tmp_path)
    asked = ("4.3", "4.2", "--scale", "smoke", *folders)
    refused = run("chapter", *asked)
    assert refused.exit_code == USAGE
    more = "holds more than what is asked for (scale smoke): 4.2 (scale paper, MNIST). "
    ways = "Name another folder with --out, or say `thesis-repro chapter SECTION --replace`"
    assert f"{tmp_path} {more}{ways}" in refused.stderr
    assert (sections_run, contents(tmp_path)) == ([], before)
    done = run("chapter", *asked, "--replace")
    assert done.exit_code == DONE, done.output
    assert sections_run == ["4.3", "4.2"]
    assert f"0 files in {folder}" in done.stdout
    assert (folder / "figure_20.png").read_text() == "new"
    assert run("chapter", "4.2", "--scale", "smoke", *folders).exit_code == DONE  # of the same


def test_a_script_that_fails_leaves_the_results_before(folder, tmp_path, monkeypatch, sections_run):
    def fail(chapter):
        (chapter.folder / "figure_20.png").write_text("new")
        raise DataError("train.tfrecord", "it is damaged", "prepare it again")

    before = contents(tmp_path)
    monkeypatch.setattr(run_commands, "script", lambda _: SimpleNamespace(run=fail))
    result = run("chapter", "4.2", "--runs-dir", tmp_path / "runs", "--out", tmp_path)
    assert result.exit_code == 3
    assert contents(tmp_path) == before
