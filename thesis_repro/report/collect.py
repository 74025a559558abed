"""Read everything under the results folder and hold it against the manifests.

Nothing here stops at a damaged file: it becomes a `Problem`, and the rest is collected.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from data_prep.checksums import sha256
from data_prep.errors import DataError, os_errors
from data_prep.opening import open_file
from data_prep.sources import is_note
from thesis_repro.report.reading import (
    Damaged,
    Manifest,
    Run,
    read_answers,
    read_judgements,
    read_manifest,
    read_picture,
    read_table,
    readings_in_words,
)
from thesis_repro.report.results import (
    File,
    Item,
    Maker,
    Problem,
    Results,
    Script,
    Section,
    numbered,
)
from thesis_repro.report.seeds import with_further_seeds
from thesis_repro.report.universes import curve_of, multiverse_of, summary_file
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training import published_places

SECTION = re.compile(r"\d+\.\d+", re.ASCII)

PICTURES = (".png", ".webp")  # as sections write them, and as they are published

# The states of a file, and why all but the first and the last are problems.
AS_MADE, CHANGED, GONE, UNREADABLE = "as made", "changed since", "gone", "not readable"
UNLISTED, UNKNOWN = "not in the manifest", "without a manifest"
_CAUSES = {
    CHANGED: "it is not the file that manifest.json lists: its SHA-256 is another one",
    GONE: "manifest.json lists it, but it is not there",
    UNREADABLE: "it cannot be read",
    UNLISTED: "manifest.json does not list it: it is of another or an unfinished run",
}

Read = TypeVar("Read")


def require(results: Results) -> Results:
    """The results, if there are any.

    Raises:
        DataError: no section has left anything in the folder.
    """
    if not results.sections:
        fix = (
            "run `thesis-repro chapter 4.2` (in minutes: --scale smoke --stand-in), or name the "
            "folder of the results with --out"
        )
        raise DataError(results.out, "it holds no results", fix)
    return results


def require_claims(results: Results) -> None:
    """Make sure that every verdict is as its section wrote it.

    Raises:
        DataError: a ``claims.json``, or the manifest that it is held against, is damaged, changed
            or missing; also of a further seed. One that only does not count with the first is none.
    """
    for problem in problems_of_claims(results):
        of_seeds = SECTION.fullmatch(problem.path.name)
        if problem.is_damage or not of_seeds:
            section = problem.path.name if of_seeds else problem.path.parent.name
            again = f"run `thesis-repro chapter {section}` again"
            fix = f"{again} with all --seeds, or move it away" if of_seeds else again
            raise DataError(problem.path, problem.cause, fix)


def problems_of_claims(results: Results) -> Iterator[Problem]:
    """What is wrong with files of claims, the manifests they are held against, further seeds."""
    with_claims = {claim.section for claim in load_claims()}
    for section in results.sections:
        for problem in section.problems if section.name in with_claims else ():
            if problem.path.name in ("claims.json", "manifest.json", section.name):
                yield problem


def problems_of_readings(results: Results) -> Iterator[Problem]:
    """What is wrong with summaries of the multiverse; verdicts as written stand without them."""
    for section in results.sections:
        summary = summary_file(results.out, section.name)
        yield from (problem for problem in section.problems if problem.path == summary)


def collect(
    out: Path,
    scripts: Mapping[str, Script],
    runs_dir: Path | None = None,
    readings: tuple[str, ...] = (),
) -> Results:
    """Read the results in ``<out>/<section>/``.

    Args:
        out: the folder of the results.
        scripts: those of this version, by section.
        runs_dir: where the trained models lie; their run times are read there, else from the
            published runs, if they are there.
        readings: ids of the errata that were read the other way; results under others do not count.

    Raises:
        DataError: the folder cannot be looked into.
    """
    with os_errors(out, "it cannot be read", "mend its permissions, or name another with --out"):
        entries = [*out.iterdir()] if out.exists() else []
        folders = [path for path in entries if SECTION.fullmatch(path.name) and _holds_any(path)]
    order = sorted(folders, key=lambda path: [int(part) for part in path.name.split(".")])
    unknown = Script("", {})
    sections = (
        _section(path, scripts.get(path.name, unknown), runs_dir, readings) for path in order
    )
    return Results(out, scripts, tuple(sections))


def section_results(folder: Path) -> Section:
    """What lies in the folder of one section, without the functions that made it."""
    return _section(folder, Script("", {}), None)


def _holds_any(folder: Path) -> bool:
    """Whether a file lies there that is no note of a file manager."""
    return folder.is_dir() and any(
        path.is_file() and not is_note(path.name) for path in folder.iterdir()
    )


class _Folder:
    """A section's folder on reading: what is wrong with a file is kept, and the rest read on."""

    def __init__(self, path: Path):
        self.path = path
        self.problems: list[Problem] = []

    def read(self, read: Callable[[Path], Read], name: str) -> Read | None:
        """The file's content; None where it is not there or, as a problem says, damaged."""
        path = self.path / name
        if not path.exists():
            return None
        try:
            return read(path)
        except Damaged as error:
            self.problems.append(Problem(path, str(error)))
            return None

    def items(
        self,
        files: Iterable[File],
        suffixes: Sequence[str],
        read: Callable,
        makers: Mapping[str, Maker],
    ) -> tuple[Item, ...]:
        """The figures or tables among the files, those with a number of the thesis first.

        The first suffix is what sections write.
        """
        items = [
            Item(*numbered(file.name), file, content, makers.get(f"{stem}{suffixes[0]}"))
            for file in files
            for stem in [Path(file.name).stem]
            if Path(file.name).suffix in suffixes
            and (content := self.read(read, file.name)) is not None
        ]
        return tuple(
            sorted(items, key=lambda item: (item.key is None, item.key or (), item.variant))
        )


def _section(
    path: Path, script: Script, runs_dir: Path | None, readings: tuple[str, ...] = ()
) -> Section:
    """One section's folder; every file that is not right is among the problems."""
    folder = _Folder(path)
    if not (path / "manifest.json").exists():
        cause = "it is missing: the section's run was not finished"
        folder.problems.append(Problem(path / "manifest.json", cause))
    manifest = folder.read(read_manifest, "manifest.json")
    if manifest and (manifest.section, manifest.readings) != (path.name, readings):
        under = f" under {readings_in_words(manifest.readings)}" if manifest.readings else ""
        cause = f"it is of Section {manifest.section}{under}: nothing here counts as this section's"
        is_damage = manifest.section != path.name
        folder.problems.append(Problem(path / "manifest.json", cause, is_damage))
        files, problems = tuple(_files(path, None)), tuple(folder.problems)
        return Section(path.name, script.name, None, (), (), (), (), files, problems)
    if manifest and runs_dir:
        timed = (
            run if run.seconds else run._replace(seconds=_seconds(runs_dir, run))
            for run in manifest.runs
        )
        manifest = replace(manifest, runs=tuple(timed))
    files = tuple(_files(path, manifest))
    folder.problems += [
        Problem(path / file.name, _CAUSES[file.state], is_damage=file.state != UNLISTED)
        for file in files
        if file.state in _CAUSES
    ]
    read = partial(read_judgements, readings=readings)
    judgements = tuple((folder.read(read, "claims.json") or {}).values())
    seeds: tuple[int, ...] = ()
    if manifest and File("claims.json", manifest.files.get("claims.json", ""), AS_MADE) in files:
        judgements, seeds, problems = with_further_seeds(path.parent, manifest, judgements)
        folder.problems += problems
    multiverse = None
    try:
        if manifest:
            multiverse = multiverse_of(path.parent, manifest, seeds[1:])
    except Damaged as error:
        summary = summary_file(path.parent, path.name)
        folder.problems.append(Problem(summary, str(error), is_damage=False))
    return Section(
        name=path.name,
        script=script.name,
        manifest=manifest,
        judgements=judgements,
        figures=folder.items(files, PICTURES, read_picture, script.makers),
        tables=folder.items(files, (".csv",), read_table, script.makers),
        answers=folder.read(read_answers, "research_questions.json") or (),
        files=files,
        problems=tuple(folder.problems),
        seeds=seeds,
        multiverse=multiverse,
        curve=curve_of(path.parent, multiverse) if multiverse else b"",
    )


def _files(folder: Path, manifest: Manifest | None) -> Iterator[File]:
    """The files of a section, those of the manifest first."""
    listed = manifest.files if manifest else {}
    paths = (path for path in sorted(folder.glob("*.*")) if not is_note(path.name))
    there = {path.name: path for path in paths if path.is_file()}
    there.pop("manifest.json", None)
    for name in (*listed, *(name for name in there if name not in listed)):
        if name not in there:
            yield File(name, "", GONE)
            continue
        try:
            digest = sha256(there[name])
        except OSError:
            yield File(name, "", UNREADABLE)
            continue
        if name in listed:
            yield File(name, digest, AS_MADE if digest == listed[name] else CHANGED)
        else:
            yield File(name, digest, UNLISTED if manifest else UNKNOWN)


def _seconds(runs_dir: Path, run: Run) -> float | None:
    """How long a run trained, by its history; None where that is not at hand or not whole."""
    places = (runs_dir, published_places.CLONE, published_places.downloads(runs_dir))
    paths = [place / run.model / run.run_id / "history.csv" for place in places]
    path = next((path for path in paths if path.exists()), paths[0])
    try:
        with io.TextIOWrapper(open_file(path), encoding="utf-8", newline="") as file:
            seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return None
    return sum(seconds) if len(seconds) == run.epochs else None
