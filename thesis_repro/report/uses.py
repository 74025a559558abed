"""Which results are of which runs: what manifests under the results folder name."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from thesis_repro.report.reading import Damaged, read_runs
from thesis_repro.report.results import Problem

_DEEPEST = 4  # below the results: under another reading, multiverse/E04/seed-1/4.2


class Uses(NamedTuple):
    """The results that name each run, and what could not be read.

    Attributes:
        places: By run id, the folders of the results from the results folder: "4.2", "seed-1/4.2".
        problems: Manifests and folders of which it is not known what runs they name.
        has_results: Whether there is any manifest.
    """

    places: dict[str, list[str]]
    problems: list[Problem]
    has_results: bool


def uses_of_runs(out: Path) -> Uses:
    """What the manifests below a folder of results say, also those of further seeds."""
    places, problems, has_results = defaultdict(list), [], False
    for folder in _folders(out, problems, _DEEPEST):
        manifest = folder / "manifest.json"
        try:
            if not manifest.exists():
                continue
            has_results = True
            runs = read_runs(manifest)
        except Damaged as error:
            problems.append(Problem(manifest, str(error)))
        except OSError as error:
            problems.append(Problem(manifest, f"it cannot be read ({error.strerror})"))
        else:
            for run_id in dict.fromkeys(runs.values()):
                places[run_id].append(folder.relative_to(out).as_posix())
    return Uses(dict(places), problems, has_results)


def _folders(place: Path, problems: list[Problem], deepest: int) -> Iterator[Path]:
    """The folders below a place, links among them, so many levels down, in order."""
    if not deepest:
        return
    try:
        paths = sorted(place.iterdir()) if place.exists() else []
        folders = [path for path in paths if path.is_dir()]
    except OSError as error:
        problems.append(Problem(place, f"it cannot be looked into ({error.strerror})"))
        return
    for folder in folders:
        yield folder
        yield from _folders(folder, problems, deepest - 1)
