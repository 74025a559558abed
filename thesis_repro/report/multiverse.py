"""Results under other readings are put together: those that were made like the section's own."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from data_prep.errors import DataError
from thesis_repro.report.collect import collect, require
from thesis_repro.report.reading import Damaged
from thesis_repro.report.results import Results, Script, Section
from thesis_repro.report.seeds import Made
from thesis_repro.report.universes import claims_file, derived, universe_folder, universes_in
from thesis_repro.verdicts.judgements import Verdict
from thesis_repro.verdicts.multiverse import Multiverse


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
        readings: Those of each universe that has to be there; others that are there count, too.
        scripts: Those of this version, by section.
        not_run: What is in dispute where no universe reads it the other way, and why that is so.

    Raises:
        DataError: results are missing or damaged, or those of a universe were not made as those as
            written: at another scale, on other data or with other seeds.
    """
    asked = [*readings]
    written = _section(collect(out, scripts), section)
    for each in asked:
        _check(out, each, written, scripts)
    there = {*asked}
    for each in universes_in(out, section):
        if each not in asked:
            with suppress(DataError):  # of another scale, or damaged: nobody asked for it
                _check(out, each, written, scripts)
                there.add(each)
    try:
        made = derived(out, section, sorted(there, key=lambda readings: (len(readings), readings)))
    except Damaged as error:  # as they have been read just now: they change
        raise DataError(out, str(error), _again(section)) from error
    others = {name: why for name, why in not_run.items() if name not in made.errata}
    return structs.replace(made, not_run=others)


def _check(
    out: Path, readings: tuple[str, ...], written: Section, scripts: Mapping[str, Script]
) -> None:
    """See that a section's results under these readings were made like those as written."""
    folder = universe_folder(out, readings)
    there = _section(collect(folder, scripts, readings=readings), written.name)
    _refuse_other(written, there, folder / written.name)


def _section(results: Results, name: str) -> Section:
    """The section's results, whole; files that are not theirs, and other seeds', do not matter."""
    again = _again(name)
    (section,) = require(results).of([name]).sections or (None,)
    for problem in section.problems if section else ():
        if problem.is_damage or problem.path.name == "manifest.json":
            raise DataError(problem.path, problem.cause, again)
    if section is None or not section.judgements:
        raise DataError(claims_file(results.out, name), "it is missing", again)
    return section


def _again(section: str) -> str:
    return f"run `thesis-repro multiverse {section}` again, with the options that made the results"


def _refuse_other(written: Section, other: Section, place: Path) -> None:
    """See that results are alike but for their readings, and of the same claims.

    Raises:
        DataError: they are not.
    """
    ours, theirs = (Made.of(each.manifest)._replace(readings=()) for each in (written, other))
    reason = theirs.unlike(ours)
    if not reason and other.seeds != written.seeds:
        seeds = (", ".join(map(str, each.seeds)) or "one alone" for each in (other, written))
        reason = "its seeds are {}, not {}".format(*seeds)
    if reason:
        cause = f"{reason} as of the section as written"
        raise DataError(place, cause, _again(written.name))
    claims = {one.claim.id for one in other.judgements}
    missing = [one.claim.id for one in written.judgements if one.claim.id not in claims]
    if missing or all(one.verdict is Verdict.NOT_RUN for one in other.judgements):
        cause = f"it lacks {', '.join(missing)}" if missing else "nothing was measured"
        raise DataError(claims_file(place.parent, written.name), cause, _again(written.name))
