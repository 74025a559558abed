"""Results under other readings, put together: which verdicts flip, and by which erratum."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro import provenance
from thesis_repro.report.collect import collect, require
from thesis_repro.report.results import Results, Script, Section
from thesis_repro.report.seeds import Made
from thesis_repro.report.universes import universe_folder
from thesis_repro.verdicts.multiverse import Multiverse, Run, universes


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
        results=sha256(out / section / "claims.json"),
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
