"""Deleting runs, and what finished ones no longer need: never what is not theirs, never by halves.

What is deleted gets another name first, in one step, and then goes file by file. Whoever is killed
in between leaves a run as it was, or something under that name, which nothing takes for a run and
the next call clears away.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import filelock

from data_prep.errors import os_errors
from data_prep.sources import NOTES
from thesis_repro.training import published_places
from thesis_repro.training.folder_of_runs import DELETING, file_sizes
from thesis_repro.training.run_folder import RunFolder

# All that a run's folder holds, with an exported one's card, and its temporary files.
_FILES = frozenset(
    (
        *("config.json", "provenance.json", "history.csv", "first_kernels.npy", "DONE"),
        *("README.md", ".lock"),
    )
)
_TEMPORARY = (".writing-", ".trial-")
_FOR_TRAINING = ("checkpoint", "compiled")  # folders that only a training reads

_TRAINING = "a training is under way in it"
_CAUSE, _FIX = "it cannot be deleted", "mend its permissions, or have its owner do it"
_HALF = "it cannot be deleted as a whole"
_FIX_HALF = f"{_FIX}; what is left goes the next time that something is deleted"


class LeftAloneError(Exception):
    """A run must not be touched; the message says why."""


def why_left_alone(run: RunFolder) -> str:
    """Why a run that lies in a folder of runs must not be deleted; empty where it may be."""
    folder, clone = run.path.resolve(), published_places.CLONE.resolve()
    if clone in folder.parents:
        return "it is published with the repository"
    in_place = run.path.parents[1].resolve() / run.config.model / run.config.run_id
    if folder != in_place:
        return f"it is a link to {folder}"
    try:
        others = sorted(path.name for path in run.path.iterdir() if not _is_of_a_run(path))
    except OSError as error:
        return f"it cannot be looked into ({error.strerror})"
    if others:
        return f"it holds {others[0]}, which is no file of a run"
    return _why_held(run)


def _is_of_a_run(path: Path) -> bool:
    """Whether it is what training leaves: by its name and kind, and of folders what is in them."""
    if path.is_symlink():
        return False
    if path.is_dir():
        is_ours = path.name in _FOR_TRAINING or path.name.startswith(DELETING)
        return is_ours and all(_is_of(path.name, each) for each in path.iterdir())
    return (
        path.name in _FILES
        or path.name.endswith(".weights.h5")
        or path.name.startswith((*_TEMPORARY, DELETING))
        or path.name.lower() in NOTES
    )


def _is_of(folder: str, path: Path) -> bool:
    """Whether a file of ``checkpoint/`` or another folder for training is what that holds."""
    is_note = path.name.startswith(_TEMPORARY) or path.name.lower() in NOTES
    is_checkpoint = path.name.startswith("epoch-") and path.suffix == ".npz"
    return path.is_file() and (folder != "checkpoint" or is_checkpoint or is_note)


def _why_held(run: RunFolder) -> str:
    """That another process has the run's lock, or it cannot be told; no lock is made for it."""
    lock = filelock.FileLock(run.path / ".lock")
    if not Path(lock.lock_file).exists():
        return ""
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return _TRAINING
    except OSError as error:
        return f"whether a training is under way in it is not known: its .lock, {error.strerror}"
    lock.release()
    return ""


def no_longer_needed(run: RunFolder) -> list[Path]:
    """What only the training of a finished run read: checkpoints, programs that JAX compiled.

    With what a process that was killed while it wrote has left.
    """
    if not run.is_done:
        return []
    paths = [run.path / name for name in _FOR_TRAINING]
    return [*(path for path in paths if path.exists()), *sorted(run.path.glob(".writing-*"))]


def size(paths: Sequence[Path]) -> int:
    """The bytes of files and folders."""
    return sum(
        sum(file_sizes(path).values()) if path.is_dir() else path.lstat().st_size for path in paths
    )


def progress(run: RunFolder) -> tuple[bool, int]:
    """Whether a run is finished, and the epoch of its newest checkpoint."""
    return run.is_done, run.newest_epoch


def delete_run(run: RunFolder, seen: tuple[bool, int]) -> None:
    """Delete a run with all its files.

    Args:
        run: It lies in a folder of runs.
        seen: Its `progress` when somebody chose it: what has gone on since was not chosen.

    Raises:
        LeftAloneError: it must not be deleted, has gone on, or is no longer there.
        data_prep.errors.DataError: it cannot be; it is whole, or no longer taken for a run.
    """
    with os_errors(run.path, _CAUSE, _FIX), _held(run):
        if progress(run) != seen:
            raise LeftAloneError("it has been trained since it was chosen")
        doomed = _renamed(run.path)
    delete_leftover(doomed)


def delete_no_longer_needed(run: RunFolder) -> None:
    """Delete what a finished run no longer needs.

    Raises:
        LeftAloneError: it must not be touched, or is no longer there.
        data_prep.errors.DataError: it cannot be; the run is loaded as before.
    """
    with os_errors(run.path, _CAUSE, _FIX), _held(run):
        for path in no_longer_needed(run):
            delete_leftover(_renamed(path))


def delete_leftover(path: Path) -> None:
    """Delete what has its new name: by now, or since a deletion that was interrupted.

    Raises:
        data_prep.errors.DataError: it cannot be deleted.
    """
    with os_errors(path, _HALF, _FIX_HALF):
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
        (path / "DONE").unlink(missing_ok=True)  # first, should anybody give it its name back
        shutil.rmtree(path)


@contextmanager
def _held(run: RunFolder) -> Iterator[None]:
    """Hold a run that may be deleted, so that no training begins in it.

    Raises:
        LeftAloneError: it may not, or is no longer there.
    """
    if not run.path.is_dir():  # else the lock would make it anew
        raise LeftAloneError("it is gone")
    if why := why_left_alone(run):
        raise LeftAloneError(why)
    lock = filelock.FileLock(run.path / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise LeftAloneError(_TRAINING) from None
    except OSError as error:  # it is the run that is to be named
        raise OSError(error.errno, error.strerror, str(run.path)) from error
    try:
        yield
    finally:
        lock.release()


def _renamed(path: Path) -> Path:
    doomed = path.with_name(f"{DELETING}{path.name.lstrip('.')}-{secrets.token_hex(4)}")
    try:
        return path.rename(doomed)
    except OSError as error:  # of the two, the one that is there is to be named
        raise OSError(error.errno, error.strerror, str(path)) from error
