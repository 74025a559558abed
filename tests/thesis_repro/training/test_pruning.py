"""What may be deleted of runs, and that it goes as a whole or not at all."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from data_prep.errors import DataError
from thesis_repro.training import pruning
from thesis_repro.training.folder_of_runs import look_through
from thesis_repro.training.pruning import (
    LeftAloneError,
    delete_leftover,
    delete_no_longer_needed,
    no_longer_needed,
    progress,
    size,
    why_left_alone,
)
from thesis_repro.training.publishing import checked_files
from thesis_repro.training.run_folder import described_run, finished_runs

WORKER = Path(__file__).with_name("pruning_worker.py")
MODEL = "mnist-vlae-factor-3"


@pytest.fixture
def run(finished_run, tmp_path):
    return described_run(finished_run(tmp_path / "runs"))


def delete_run(run):
    pruning.delete_run(run, progress(run))


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_run_goes_with_all_its_files(run, tmp_path):
    assert why_left_alone(run) == ""
    delete_run(run)
    assert files(tmp_path / "runs") == [MODEL]


def test_what_a_finished_run_no_longer_needs(run):
    (run.path / "checkpoint").mkdir()
    (run.path / "checkpoint" / "epoch-00002.npz").write_bytes(b"12345")
    (run.path / ".writing-0-decoder.weights.h5").write_bytes(b"123")
    loaded_from = checked_files(run.path)
    paths = no_longer_needed(run)
    assert [path.name for path in paths] == [
        "checkpoint",
        "compiled",
        ".writing-0-decoder.weights.h5",
    ]
    assert size(paths) == 8
    delete_no_longer_needed(run)
    assert no_longer_needed(run) == []
    assert checked_files(run.path) == loaded_from
    assert {*files(run.path)} == {*loaded_from, ".lock"}
    assert run.read_history()
    assert run.read_kernels().size


def test_an_unfinished_run_needs_all_it_has(run):
    (run.path / "DONE").unlink()
    assert no_longer_needed(run) == []


def test_a_run_under_way_is_left_alone(run):
    before = files(run.path)
    with run.lock():
        assert why_left_alone(run) == "a training is under way in it"
        for delete in (delete_run, delete_no_longer_needed):
            with pytest.raises(LeftAloneError, match="a training is under way in it"):
                delete(run)
    assert files(run.path) == before
    delete_run(run)


def test_a_training_that_begins_after_the_question(run, monkeypatch):
    """Whoever looked before it began must not delete it."""
    monkeypatch.setattr(pruning, "why_left_alone", lambda run: "")
    with run.lock(), pytest.raises(LeftAloneError, match="under way"):
        delete_run(run)
    assert run.is_done


def test_a_run_that_was_trained_since_it_was_chosen(run):
    """While a question waits for its answer, an unfinished run may come to its end."""
    for seen in ((False, 0), (True, 3)):
        with pytest.raises(LeftAloneError, match="it has been trained since it was chosen"):
            pruning.delete_run(run, seen)
    assert run.is_done


def test_a_lock_that_may_not_be_opened(run, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    assert why_left_alone(run).startswith("whether a training is under way in it is not known")
    with pytest.raises(LeftAloneError, match=r"its \.lock, Permission denied"):
        delete_run(run)
    (run.path / ".lock").unlink()  # it would have to be made
    with pytest.raises(DataError) as raised:
        delete_run(run)
    assert str(raised.value).startswith(f"{run.path}: it cannot be deleted (Permission denied).")
    assert run.is_done


def test_looking_makes_no_lock(run):
    (run.path / ".lock").unlink()
    assert why_left_alone(run) == ""
    assert not (run.path / ".lock").exists()


@pytest.mark.parametrize("linked", ["run", "model"])
def test_nothing_goes_through_a_link(run, linked, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    place = run.path if linked == "run" else run.path.parent
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    before = files(elsewhere)
    (found,) = look_through(tmp_path / "runs").runs
    assert why_left_alone(found).startswith("it is a link to ")
    for delete in (delete_run, delete_no_longer_needed):
        with pytest.raises(LeftAloneError):
            delete(found)
    assert files(elsewhere) == before


def test_a_folder_of_runs_may_be_a_link(run, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    (found,) = look_through(tmp_path / "link").runs
    delete_run(found)
    assert not run.path.exists()


def test_what_is_in_a_linked_folder_of_a_run_stays(run, tmp_path):
    """The link is no file of a run: the run stays as it is, and so does what it leads to."""
    (tmp_path / "big disk").mkdir()
    (tmp_path / "big disk" / "precious").touch()
    (run.path / "checkpoint").symlink_to(tmp_path / "big disk")
    with pytest.raises(LeftAloneError, match="it holds checkpoint, which is no file of a run"):
        delete_run(run)
    assert (tmp_path / "big disk" / "precious").exists()


def test_a_run_with_files_of_somebody_else_is_left_alone(run):
    (run.path / ".DS_Store").touch()
    assert why_left_alone(run) == ""
    (run.path / "notes.txt").touch()
    with pytest.raises(LeftAloneError, match=r"it holds notes\.txt, which is no file of a run"):
        delete_run(run)
    assert run.is_done


def test_a_published_run_is_left_alone(run, publish):
    folder = publish(run.path)
    (found,) = look_through(folder).runs
    assert why_left_alone(found) == "it is published with the repository"
    with pytest.raises(LeftAloneError):
        delete_run(found)
    assert found.is_done


def test_a_run_that_is_gone(run):
    delete_run(run)
    with pytest.raises(LeftAloneError, match="it is gone"):
        delete_run(run)
    assert not run.path.exists()


def test_where_nothing_can_be_renamed_the_run_stays_whole(run, monkeypatch):
    whole = checked_files(run.path)

    def refuse(self, target):
        raise PermissionError(errno.EACCES, "Permission denied", str(self), None, str(target))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(DataError) as raised:
        delete_run(run)
    assert str(raised.value).startswith(f"{run.path}: it cannot be deleted (Permission denied).")
    assert checked_files(run.path) == whole


def test_what_is_half_deleted_is_no_run_and_goes_the_next_time(run, monkeypatch, tmp_path):
    def refuse(path):
        raise OSError(errno.EIO, "Input/output error", str(path / "encoder.weights.h5"))

    with monkeypatch.context() as patch:
        patch.setattr(pruning.shutil, "rmtree", refuse)
        with pytest.raises(DataError, match="what is left goes the next time"):
            delete_run(run)
    assert not run.path.exists()
    assert finished_runs(tmp_path / "runs", MODEL) == []
    runs, strays, (leftover,) = look_through(tmp_path / "runs")
    assert (runs, strays) == ([], {})
    assert not (leftover / "DONE").exists()
    delete_leftover(leftover)
    assert files(tmp_path / "runs") == [MODEL]


def test_a_deletion_that_is_killed_leaves_a_whole_run_or_none(run, tmp_path):
    command = [sys.executable, str(WORKER), str(tmp_path / "kills"), str(run.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert result["kills"] > len(checked_files(run.path))
    assert result["whole"] == 1  # before the first step, its new name
    assert result["problems"] == []
    assert result["left"] == []


@pytest.mark.parametrize(
    "place",
    [
        *("checkpoint/mine.txt", "checkpoint/more/epoch-00001.npz", "compiled/more/program"),
        *("mine.weights.h5/notes", ".writing-mine/notes", "README.md/notes"),
    ],
)
def test_a_users_own_in_a_place_of_ours_stays(run, place):
    """By its name alone it would be taken for what training leaves."""
    (run.path / place).parent.mkdir(parents=True, exist_ok=True)
    (run.path / place).write_text("a user's")
    assert "which is no file of a run" in why_left_alone(run)
    with pytest.raises(LeftAloneError):
        delete_run(run)
    with pytest.raises(LeftAloneError):
        delete_no_longer_needed(run)
    assert (run.path / place).read_text() == "a user's"
