"""Run folders: named by what they are, written atomically, resumable after a kill at any moment.

``<runs-dir>/<model>/<run-id>/`` holds ``config.json`` (what the run is), ``provenance.json`` (what
made it), ``history.csv``, ``checkpoint/`` while it trains, then ``*.weights.h5``,
``first_kernels.npy`` and ``DONE`` (the SHA-256 of weights, kernels and history). Where JAX trained
it on a GPU, there is also ``compiled/``: `thesis_repro.training.kept_programs`.
"""

import csv
import errno
import hashlib
import io
import json
import logging
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import msgspec
import numpy as np
from numpy.typing import ArrayLike

from data_prep.checksums import sha256
from data_prep.locks import acquire
from thesis_repro.errors import TrainingError
from thesis_repro.files import atomic_path, write_json
from thesis_repro.models.changed import way_to_train

_log = logging.getLogger(__name__)

_RUN_ID = re.compile("[0-9a-f]{12}")

_OTHER_ENTRIES = ("history", "kernels")  # after the arrays "0000", "0001", ... of a checkpoint

# What reading a damaged checkpoint raises: seen when each bit of one was flipped.
_DAMAGE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)

# What HDF5 writes besides the numbers, at most (bytes); seen were up to 4,300 a weight in all.
_HDF5_FILE, _HDF5_WEIGHT = 2**16, 2**13
_ZEROS = bytes(2**24)


@dataclass(frozen=True)
class RunConfig:
    """Everything that determines the weights a run ends with."""

    model: str
    values: dict[str, Any]  # spec, scale, data, seed, precision, backend, code version

    @property
    def run_id(self) -> str:
        """The first 12 hex digits of the SHA-256 of the sorted values."""
        text = json.dumps(self.values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class Checkpoint(NamedTuple):
    """State after a whole epoch: all variables of model and optimiser, and what there was so far.

    The variables are saved as they are, and become arrays of NumPy's one by one: AlexNet-VAE's are
    3.7 GB. ``kernels`` are those of the first layer, before training and after each epoch.
    """

    arrays: Sequence[ArrayLike]
    history: list[dict[str, float]]
    kernels: Sequence[np.ndarray] = ()


class RunFolder:
    """One run on disk."""

    def __init__(self, runs_dir: Path, config: RunConfig, path: Path | None = None):
        self.config = config
        self.path = path or runs_dir / config.model / config.run_id
        self._runs_dir = runs_dir
        self._checkpoints = self.path / "checkpoint"
        self._history = self.path / "history.csv"
        self._kernels = self.path / "first_kernels.npy"
        self._kept = 0  # the epoch of the checkpoint that was read or written last
        self._held: os.stat_result | None = None  # the folder that is locked

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.config.model}: {self.path}>"

    @classmethod
    def at(cls, path: Path) -> "RunFolder":
        """The finished run in a folder, wherever it lies and whatever it is called.

        Raises:
            TrainingError: there is no run, it has not ended, or what it is cannot be read.
        """
        file = path / "config.json"
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            config = RunConfig(values["spec"]["model"], values)
        except (FileNotFoundError, NotADirectoryError):
            raise TrainingError(
                f"{path}: it is no run folder, as there is no config.json in it. Name "
                "<runs-dir>/<model>/<run-id>, as `thesis-repro train` says it."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise TrainingError(
                f"{file}: it is damaged ({error!r}), and only it says what the run is. Put it back "
                "from a copy."
            ) from error
        name = path.resolve().name
        if _RUN_ID.fullmatch(name) and name != config.run_id:
            raise TrainingError(
                f"{file}: it is that of run {config.run_id}, and not of {name}: put it back from a "
                "copy, or give the folder that name."
            )
        run = cls(path.parent.parent, config, path)
        if not run.is_done:
            raise TrainingError(
                f"{path}: the run has not ended: there is no file DONE. It goes on with "
                f"{way_to_train(config.model)} and the options that it was started with."
            )
        return run

    @property
    def is_done(self) -> bool:
        """Whether the run has ended and its weights are on disk."""
        return (self.path / "DONE").exists()

    @property
    def newest_epoch(self) -> int:
        """That of the newest checkpoint, which nobody has looked into; 0 where there is none."""
        numbers = (path.stem.removeprefix("epoch-") for path in self._checkpoints.glob("*.npz"))
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    def weights(self, part: str) -> Path:
        """Where the weights of a part (encoder, decoder, ...) lie once the run is done."""
        return self.path / f"{part}.weights.h5"

    def verified_weights(self, part: str) -> Path:
        """The weights' path, after comparing their bytes with what the finished run noted.

        Raises:
            TrainingError: the file is missing or was changed.
        """
        return self._verified(self.weights(part), "weights")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run alone; another process on the same run waits here, saying so.

        The lock is the operating system's: it ends with the process, however that ends.
        """
        lock = filelock.FileLock(self.path / ".lock")
        try:
            with self._writing(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
                acquire(lock, self._say_that_it_waits)
                self._held = self.path.stat()
                for leftover in self.path.rglob(".writing-*"):  # of a process killed while writing
                    leftover.unlink()
            yield
        finally:
            self._held = None
            lock.release()

    def begin(self, provenance: dict[str, Any]) -> None:
        """Write what the run is, and add this process to what made it."""
        config, made = self.path / "config.json", self.path / "provenance.json"
        sessions = _sessions(made)
        with self._writing(config):
            write_json(config, self.config.values)
        with self._writing(made):
            write_json(made, {"sessions": [*sessions, provenance]})

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """What each process that has worked on the run knew of itself, in turn."""
        return _sessions(self.path / "provenance.json")

    def recorded(self, what: str) -> list[Any]:
        """What its sessions recorded of something ("device", "commit", ...), each value once."""
        values = (session.get(what) for session in self.sessions)
        return list(
            dict.fromkeys(value for value in values if isinstance(value, str | int | float))
        )

    @property
    def of_stand_ins(self) -> bool | None:
        """Whether its images were stand-ins; None where its provenance does not describe them."""
        described = self.recorded("data")
        return any(str(words).startswith("stand-in:") for words in described) if described else None

    def save_checkpoint(self, state: Checkpoint) -> None:
        """Write a checkpoint; the one before is kept in case this one is damaged later."""
        epoch = len(state.history)
        path, before = self._checkpoint(epoch), self._checkpoint(self._kept)
        with self._writing(path), atomic_path(path) as temporary:
            arrays = {f"{index:04d}": array for index, array in enumerate(state.arrays)}
            history = np.frombuffer(json.dumps(state.history).encode(), dtype=np.uint8)
            with temporary.open("wb") as file:
                np.savez(file, **arrays, history=history, kernels=np.array(state.kernels))
        self._kept = epoch
        with self._writing(self._checkpoints):
            for other in set(self._checkpoints.glob("epoch-*.npz")) - {path, before}:
                other.unlink()
        self.write_history(state.history)

    def load_checkpoint(self, variables: Sequence[Any]) -> Checkpoint | None:
        """The newest checkpoint that is whole and fits these variables; None where there is none.

        Args:
            variables: What the checkpoint will be put into: of the same shapes and types.
        """
        files = sorted(self._checkpoints.glob("epoch-*.npz"), reverse=True)
        for file in files:
            try:
                checkpoint = _read_checkpoint(file, variables)
            except _DAMAGE as error:
                _log.warning("Checkpoint %s is damaged (%s); trying the one before.", file, error)
            else:
                self._kept = len(checkpoint.history)
                return checkpoint
        if files:
            _log.warning("No whole checkpoint is left of run %s: it starts anew.", self.path)
        return None

    def write_history(self, history: list[dict[str, float]]) -> None:
        """One row per epoch, epochs counted from 1."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        with self._writing(self._history), atomic_path(self._history) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")

    def read_history(self) -> list[dict[str, float]]:
        """The rows of ``history.csv`` as numbers, after comparing its bytes with those noted.

        Raises:
            TrainingError: the file is missing or was changed.
        """
        if self._history.name in self._noted() or not self._history.exists():
            self._verified(self._history, "history")  # else of a run from before it was noted
        with self._history.open(encoding="utf-8", newline="") as file:
            return [
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
            ]

    def read_kernels(self) -> np.ndarray:
        """The first layer's kernels before training and after each epoch, float32.

        (epochs + 1, height, width, channels, maps), after comparing the file's bytes with those
        noted.

        Raises:
            TrainingError: the file is missing, as of a run made before it was kept, or was changed.
        """
        return np.load(self._verified(self._kernels, "kernels"))

    def finish(self, parts: dict[str, Any], kernels: Sequence[np.ndarray]) -> None:
        """Write kernels and the weights of each part, mark the run as done, drop checkpoints."""
        with self._writing(self._kernels), atomic_path(self._kernels) as temporary:
            np.save(temporary, np.array(kernels))
        for part, network in parts.items():
            path = self.weights(part)
            with self._writing(path), atomic_path(path) as temporary:
                _try_room(temporary, network)
                network.save_weights(temporary)
        done = self.path / "DONE"
        kept = (*map(self.weights, parts), self._history, self._kernels)
        digests = {path.name: sha256(path) for path in kept}
        with self._writing(done):
            write_json(done, digests)
        shutil.rmtree(self._checkpoints, ignore_errors=True)

    def _say_that_it_waits(self) -> None:
        _log.warning("Run %s is in the hands of another process; waiting for it.", self.path)

    def _checkpoint(self, epoch: int) -> Path:
        return self._checkpoints / f"epoch-{epoch:05d}.npz"

    def _noted(self) -> dict[str, str]:
        """The digests that a finished run noted, by file name.

        Raises:
            TrainingError: the file is damaged.
        """
        try:
            noted = msgspec.json.decode((self.path / "DONE").read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (ValueError, msgspec.MsgspecError) as error:
            raise TrainingError(
                f"{self.path / 'DONE'}: it is damaged ({error}), and only it tells whether the "
                f"files beside it are as the run left them. {self._copy_or_again('DONE')}"
            ) from error
        return noted

    def _verified(self, path: Path, what: str) -> Path:
        noted = self._noted()
        try:
            intact = sha256(path) == noted.get(path.name)
        except FileNotFoundError:
            intact = False
        if not intact:
            raise TrainingError(
                f"{path}: the {what} of this run, or the digest in DONE beside it, is missing or "
                f"has changed since the run ended. {self._copy_or_again(path.name)}"
            )
        return path

    def _copy_or_again(self, name: str) -> str:
        """What to do about a damaged file of a finished run."""
        return (
            f"Put back {name} from a copy; without one, delete {self.path / 'DONE'}, and the run "
            "is trained again when it is asked for."
        )

    def _check_in_place(self) -> None:
        """See that the folder that was locked, if it is, is still to be found by its name."""
        try:
            if not self._held or os.path.samestat(self._held, self.path.stat()):
                return
        except (FileNotFoundError, NotADirectoryError):
            pass
        kept = f": the run goes on after epoch {self._kept}, whose checkpoint is in it"
        raise TrainingError(
            f"{self.path}: this folder was moved or removed while the run was trained in it. Put "
            f"it back, then start again{kept if self._kept else ''}."
        )

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Say of a failure to write the path what is kept and what to do.

        Nothing is written to a folder that is no longer the one that was locked: there it would lie
        without what the run has written before, and in the way of who puts that back.
        """
        try:
            self._check_in_place()
            yield
        except OSError as error:
            self._check_in_place()  # it may be moved while a file is written
            cause = os.strerror(error.errno) if error.errno else str(error)
            fix = "Mend this"
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                cause, fix = f"the disk is full ({cause})", "Free some space"
            kept = f"the run goes on after epoch {self._kept}, whose checkpoint is kept"
            raise TrainingError(
                f"{path}: it cannot be written: {cause}. {fix}, or move the folder "
                f"{self._runs_dir} elsewhere and name it with --runs-dir; then start again"
                f"{f': {kept}' if self._kept else ''}."
            ) from error


def finished_runs(runs_dir: Path, model: str) -> list[RunFolder]:
    """The finished runs of a model, by id; without those that are `passed_over`."""
    runs = _finished(runs_dir, model)
    return [run for folder, run in runs.items() if run and run.path == folder]


def passed_over(runs_dir: Path, model: str) -> dict[Path, str]:
    """What there is of a model and is not taken for a finished run, each with the reason."""
    places = (runs_dir, runs_dir / model, *(runs_dir / model).glob("*"))
    links = (path for path in places if path.is_symlink() and not path.exists())
    return {path: f"a link to {path.readlink()}, where nothing is" for path in links} | {
        folder: why_passed_over(run)
        for folder, run in _finished(runs_dir, model).items()
        if not run or run.path != folder
    }


def why_passed_over(run: RunFolder | None) -> str:
    """Why a folder is not taken for a run: what its ``config.json`` says is None or another run."""
    if run:
        return f"its config.json is that of run {run.config.run_id}: rename it to that"
    return "its config.json cannot be read: mend it, or put it back from a copy"


def _finished(runs_dir: Path, model: str) -> dict[Path, RunFolder | None]:
    """What each folder with ``DONE`` is by its ``config.json``; None where that cannot be read."""
    # Not of hidden folders: they are what is left of runs that were deleted.
    folders = sorted(done.parent for done in (runs_dir / model).glob("[!.]*/DONE"))
    return {folder: described_run(folder) for folder in folders}


def described_run(folder: Path) -> RunFolder | None:
    """The run that the ``config.json`` of ``<runs-dir>/<model>/<run-id>/`` describes.

    None where that cannot be read. Its path is another one where the folder has not its name.
    """
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    return RunFolder(folder.parents[1], RunConfig(folder.parent.name, values))


class _Provenance(msgspec.Struct):
    """``provenance.json``: what each process that has worked on the run knew of itself."""

    sessions: list[dict[str, Any]]


def _sessions(provenance: Path) -> list[dict[str, Any]]:
    """What made the run so far; nothing, and a warning, where the file no longer says."""
    if not provenance.exists():
        return []
    try:
        made = msgspec.json.decode(provenance.read_bytes(), type=_Provenance)
        return made.sessions
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        _warn_of_damage(provenance, repr(error))
        return []


@cache
def _warn_of_damage(provenance: Path, cause: str) -> None:
    """Once, however often the file is asked."""
    _log.warning(
        "%s is damaged (%s): what made this run so far is no longer known. Where the run goes on, "
        "it is written anew.",
        provenance,
        cause,
    )


def _read_checkpoint(file: Path, variables: Sequence[Any]) -> Checkpoint:
    # Opened here, since np.load leaves the file of a damaged archive open.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        names = [f"{index:04d}" for index in range(len(variables))]
        if stored.files != [*names, *_OTHER_ENTRIES]:
            raise ValueError("its arrays are not as many as this model's variables")
        history = json.loads(stored["history"].tobytes())
        kernels = tuple(stored["kernels"])
        arrays = [stored[name] for name in names]
    for name, array, variable in zip(names, arrays, variables, strict=True):
        if (array.shape, str(array.dtype)) != (tuple(variable.shape), str(variable.dtype)):
            raise ValueError(f"its array {name} has not the shape and type of this model's")
    return Checkpoint(arrays, history, kernels)


def _try_room(path: Path, network: Any) -> None:
    """Fill a file with as many zeros as the network's weights will need at most.

    Where the disk is full, this raises an OSError, while HDF5 may take the whole process down.
    """
    sizes = [np.asarray(weight).nbytes + _HDF5_WEIGHT for weight in network.weights]
    left = _HDF5_FILE + sum(sizes)
    with path.open("wb") as file:
        while left > 0:
            left -= file.write(_ZEROS[:left])
