"""Results under other readings: OUT/multiverse/E04/<section>/, beside those as written.

Such a folder is one of results in itself, with further seeds in it. What lies there never counts as
the section's own results: its manifests name the readings. What all of them come to is in
``OUT/multiverse/4.2.json``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro import provenance
from thesis_repro.files import write_json
from thesis_repro.report.collect import collect, require
from thesis_repro.report.reading import Damaged, read_json
from thesis_repro.report.results import Results, Script, Section
from thesis_repro.report.seeds import Made
from thesis_repro.verdicts.multiverse import Multiverse, Run, universes

FOLDER = "multiverse"


def universe_folder(out: Path, readings: Iterable[str]) -> Path:
    """Where results are with these errata read the other way; ``out`` itself without any."""
    name = "+".join(readings)
    return out / FOLDER / name if name else out


def summary_file(out: Path, section: str) -> Path:
    """Where it is written what a section comes to under all of its readings."""
    return out / FOLDER / f"{section}.json"


def put_together(
    out: Path,
    section: str,
    readings: Iterable[tuple[str, ...]],
    scripts: Mapping[str, Script],
    not_run: Mapping[str, str],
) -> Multiverse:
    """What a section comes to as written and under each of these readings.

    Args:
        out: The folder of the results as written.
        section: "4.2".
        readings: Those of each universe.
        scripts: Those of this version, by section.
        not_run: What else is in dispute, and why it is not run.

    Raises:
        DataError: results are missing or damaged, or those of a universe were not made as those as
            written: at another scale, on other data or with other seeds.
    """
    written = _section(collect(out, scripts), section)
    others = []
    for each in readings:
        folder = universe_folder(out, each)
        there = _section(collect(folder, scripts, readings=each), section)
        _refuse_other(written, there, folder / section)
        others.append(Run(each, there.judgements))
    headline, as_run, found = universes(written.judgements, others)
    made = written.manifest
    return Multiverse(
        section=section,
        scale=made.scale,
        data=made.data,
        seeds=written.seeds or (made.seed,),
        results=sha256(out / section / "manifest.json"),
        created=provenance.now(),
        commit=provenance.commit(),
        written=headline,
        run=as_run,
        universes=found,
        not_run=dict(not_run),
    )


def _section(results: Results, name: str) -> Section:
    """The section's results, whole."""
    (section,) = require(results).of([name]).sections or (None,)
    for problem in section.problems if section else ():
        raise DataError(problem.path, problem.cause, f"run `thesis-repro multiverse {name}` again")
    if section is None or section.manifest is None:
        fix = f"run `thesis-repro multiverse {name}`"
        raise DataError(results.out / name, "the results are missing", fix)
    return section


def _refuse_other(written: Section, other: Section, place: Path) -> None:
    """See that results are alike but for their readings."""
    ours, theirs = (
        Made.of(each.manifest)._replace(readings=())._asdict() | {"seeds": each.seeds}
        for each in (written, other)
    )
    differ = [name for name, value in ours.items() if theirs[name] != value]
    for name in differ:
        cause = f"its {name} is {theirs[name]}, that as written {ours[name]}"
        raise DataError(place, cause, f"run `thesis-repro multiverse {written.name}` again")


# === What was put together, as a file ===


def write_multiverse(path: Path, multiverse: Multiverse) -> None:
    """Write it as JSON, whole or not at all."""
    write_json(path, msgspec.to_builtins(multiverse))


def multiverses_of(results: Results) -> dict[str, Multiverse | str]:
    """What each section comes to under all of its readings, where that was put together.

    In place of what is damaged, or was put together of other results, the sentence that says so.
    """
    found: dict[str, Multiverse | str] = {}
    for section in results.sections:
        path = summary_file(results.out, section.name)
        if not path.exists():
            continue
        again = f"run `thesis-repro multiverse {section.name}` again"
        try:
            multiverse = read_multiverse(path)
            manifest = results.out / section.name / "manifest.json"
            is_of_these = manifest.exists() and multiverse.results == sha256(manifest)
            other = f"it is of other results of Section {section.name} than those beside it"
            found[section.name] = multiverse if is_of_these else f"{path.name}: {other}; {again}."
        except Damaged as error:
            found[section.name] = f"{path.name}: {error}; {again}."
    return found


def read_multiverse(path: Path) -> Multiverse:
    """Read what `write_multiverse` has written.

    Raises:
        Damaged: it cannot be read, is no JSON, or lacks a field.
    """
    return read_json(path, Multiverse)
