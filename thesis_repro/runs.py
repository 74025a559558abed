"""Run folders: named by what they are, written atomically, resumable after a kill at any moment.

``<runs-dir>/<model>/<run-id>/`` holds ``config.json`` (what the run is), ``provenance.json`` (what
made it), ``history.csv``, ``checkpoint/`` while it trains, then ``*.weights.h5`` and ``DONE``.
"""

import csv
import hashlib
import io
import json
import logging
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np
from numpy.typing import ArrayLike

from thesis_repro.errors import TrainingError
from thesis_repro.files import atomic_path, sha256, write_json

_log = logging.getLogger(__name__)

_HISTORY_ENTRY = "history"  # beside the arrays "0000", "0001", ... of a checkpoint


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
    """State after a whole epoch: all variables of model and optimiser, and the history so far.

    The variables are saved as they are, and become arrays of NumPy's one by one: AlexNet-VAE's are
    3.7 GB.
    """

    arrays: Sequence[ArrayLike]
    history: list[dict[str, float]]


class RunFolder:
    """One run on disk."""

    def __init__(self, runs_dir: Path, config: RunConfig):
        self.config = config
        self.path = runs_dir / config.model / config.run_id
        self._checkpoints = self.path / "checkpoint"

    @property
    def is_done(self) -> bool:
        """Whether the run has ended and its weights are on disk."""
        return (self.path / "DONE").exists()

    def weights(self, part: str) -> Path:
        """Where the weights of a part (encoder, decoder, ...) lie once the run is done."""
        return self.path / f"{part}.weights.h5"

    def verified_weights(self, part: str) -> Path:
        """The weights' path, after comparing their bytes with what the finished run noted.

        Raises:
            TrainingError: the file is missing or was changed.
        """
        path = self.weights(part)
        try:
            noted = json.loads((self.path / "DONE").read_text(encoding="utf-8"))[path.name]
            intact = sha256(path) == noted
        except (OSError, ValueError, KeyError):
            intact = False
        if not intact:
            raise TrainingError(
                f"{path}: the weights are missing or not those that the run ended with (noted in "
                f"DONE beside them). Delete the folder {self.path} to train this run again."
            )
        return path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run alone; another process on the same run waits here, saying so.

        The lock is the operating system's: it ends with the process, however that ends.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            _log.warning("Run %s is in the hands of another process; waiting for it.", self.path)
            lock.acquire()
        try:
            for leftover in self.path.rglob(".writing-*"):  # of a process killed while writing
                leftover.unlink()
            yield
        finally:
            lock.release()

    def begin(self, provenance: dict[str, Any]) -> None:
        """Write what the run is, and add this process to what made it."""
        write_json(self.path / "config.json", self.config.values)
        file = self.path / "provenance.json"
        sessions = json.loads(file.read_text())["sessions"] if file.exists() else []
        write_json(file, {"sessions": [*sessions, provenance]})

    def save_checkpoint(self, state: Checkpoint) -> None:
        """Write a checkpoint; the one before is kept in case this one is damaged later."""
        epoch = len(state.history)
        with atomic_path(self._checkpoints / f"epoch-{epoch:05d}.npz") as temporary:
            arrays = {f"{index:04d}": array for index, array in enumerate(state.arrays)}
            history = np.frombuffer(json.dumps(state.history).encode(), dtype=np.uint8)
            with temporary.open("wb") as file:
                np.savez(file, **arrays, **{_HISTORY_ENTRY: history})
        for old in sorted(self._checkpoints.glob("epoch-*.npz"))[:-2]:
            old.unlink()
        self.write_history(state.history)

    def load_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; None where there is none."""
        for file in sorted(self._checkpoints.glob("epoch-*.npz"), reverse=True):
            try:
                return _read_checkpoint(file)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                _log.warning("Checkpoint %s is damaged (%s); trying the one before.", file, error)
        return None

    def write_history(self, history: list[dict[str, float]]) -> None:
        """One row per epoch, epochs counted from 1."""
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
        with atomic_path(self.path / "history.csv") as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")

    def read_history(self) -> list[dict[str, float]]:
        """The rows of ``history.csv`` as numbers."""
        with (self.path / "history.csv").open(encoding="utf-8", newline="") as file:
            return [
                {key: float(value) for key, value in row.items()} for row in csv.DictReader(file)
            ]

    def finish(self, parts: dict[str, Any]) -> None:
        """Write the weights of each part, mark the run as done, drop the checkpoints."""
        for part, network in parts.items():
            with atomic_path(self.weights(part)) as temporary:
                network.save_weights(temporary)
        digests = {self.weights(part).name: sha256(self.weights(part)) for part in parts}
        write_json(self.path / "DONE", digests)
        shutil.rmtree(self._checkpoints, ignore_errors=True)


def _read_checkpoint(file: Path) -> Checkpoint:
    # Opened here, since np.load leaves the file of a damaged archive open.
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
        names = sorted(name for name in stored.files if name != _HISTORY_ENTRY)
        history = json.loads(stored[_HISTORY_ENTRY].tobytes())
        return Checkpoint([stored[name] for name in names], history)
