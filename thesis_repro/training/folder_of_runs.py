"""A folder of runs: each run in it, finished or not, and what lies there and is none."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from data_prep.errors import os_errors
from data_prep.sources import is_note
from thesis_repro.errors import TrainingError
from thesis_repro.models import zoo
from thesis_repro.training.published import Published, PublishedFolder
from thesis_repro.training.run_folder import RunFolder, described_run, why_passed_over

# Begins the name of what is being deleted: of a run, or within one.
DELETING = ".deleting-"

# What reading the history of a damaged run raises.
DAMAGE = (TrainingError, OSError, ValueError, LookupError, TypeError, csv.Error)

_NO_RUNS = {
    "logs",
    "published",
}  # folders of other things: plans keep logs, downloads are published
_NO_CONFIG = "no config.json is in it: no run, or one that was ended before its first epoch"


class Contents(NamedTuple):
    """What lies in a folder of runs.

    Attributes:
        runs: By model and id, finished or not.
        strays: What lies where runs do and is none, each with the reason.
        leftovers: What is left of deletions that were interrupted.
    """

    runs: list[RunFolder]
    strays: dict[Path, str]
    leftovers: list[Path]


def look_through(runs_dir: Path) -> Contents:
    """All that lies in a folder of runs; nothing where there is no such folder.

    Raises:
        data_prep.errors.DataError: it cannot be looked into.
    """
    contents = Contents([], {}, [])
    fix = "mend its permissions, or name another folder with --runs-dir"
    with os_errors(runs_dir, "it cannot be looked into", fix):
        folders = sorted(runs_dir.iterdir()) if runs_dir.exists() else []
    for folder in folders:
        if folder.name not in _NO_RUNS and not is_note(folder.name):
            _look_into(folder, contents)
    return contents


def _look_into(folder: Path, contents: Contents) -> None:
    """Add what lies in a model's folder."""
    runs, strays, leftovers = contents
    before = len(runs)
    without_config = []
    try:
        if leads_nowhere(folder):
            strays[folder] = f"a link to {folder.readlink()}, where nothing is"
        places = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        strays[folder] = f"it cannot be looked into ({error.strerror})"
        return
    for place in places:
        if place.name.startswith(DELETING):
            leftovers += [] if folder.is_symlink() else [place]
        elif not is_note(place.name):
            try:
                run = _run_in(place, strays, without_config)
            except OSError as error:
                strays[place] = f"it cannot be looked into ({error.strerror})"
                continue
            if run:
                runs.append(run)
                if not (folder.is_symlink() or place.is_symlink()):
                    leftovers += sorted(place.glob(f"{DELETING}*"))
    if len(without_config) > 1 and len(runs) == before and folder.name not in zoo.MODELS:
        strays[folder] = "no run is in it"
    else:
        strays |= dict.fromkeys(without_config, _NO_CONFIG)


def _run_in(place: Path, strays: dict[Path, str], without_config: list[Path]) -> RunFolder | None:
    """The run in a folder; None, and the reason among the others, where none is."""
    if leads_nowhere(place):
        strays[place] = f"a link to {place.readlink()}, where nothing is"
    elif place.is_dir():
        config = place / "config.json"
        if not config.exists():
            without_config.append(place)
            return None
        run = described_run(place)
        if run and run.path == place:
            return run
        strays[place] = why_passed_over(run)
    return None


def leads_nowhere(path: Path) -> bool:
    """Whether it is a link, and nothing is there."""
    return path.is_symlink() and not path.exists()


def published_here(published: Published, runs_dir: Path) -> Iterator[PublishedFolder]:
    """The published runs that are on this machine: the repository's, and what was downloaded."""
    for run in published.index.runs:
        yield from (each for each in published.folders(run, runs_dir) if each.is_here)


def file_sizes(folder: Path) -> dict[str, int]:
    """The bytes of each file below a folder, by its path from there; no link is followed."""
    sizes = {}
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(place, name)
            try:
                sizes[path.relative_to(folder).as_posix()] = path.lstat().st_size
            except OSError:  # it is being replaced, or deleted
                continue
    return sizes


def last_trained(run: RunFolder) -> datetime | None:
    """When the last epoch that is on disk ended (UTC), or its files were last written.

    None where neither can be told.
    """
    try:
        session = run.sessions[-1]
        started = datetime.fromisoformat(session["started"]).astimezone(UTC)
        seconds = [
            row["seconds"] for row in run.read_history() if row["epoch"] >= session["first_epoch"]
        ]
        if seconds:
            return started + timedelta(seconds=sum(seconds))
    except (*DAMAGE, OverflowError):
        pass
    try:
        files = (path for path in run.path.rglob("[!.]*") if path.is_file())
        written = max((path.stat().st_mtime for path in files), default=None)
    except OSError:
        return None
    return None if written is None else datetime.fromtimestamp(written, UTC)
