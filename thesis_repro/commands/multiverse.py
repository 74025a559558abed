"""``thesis-repro multiverse``: a section under every reading in dispute."""

import csv
from collections.abc import Iterable, Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import click

from thesis_repro.commands import plan, terminal
from thesis_repro.commands.options import (
    SectionName,
    UnknownNameError,
    out_option,
    training_options,
)
from thesis_repro.commands.report import update_page
from thesis_repro.commands.workspace import (
    import_matplotlib,
    of_seeds,
    refuse_another_first,
    refuse_less,
    try_places,
)
from thesis_repro.errors import ModelError
from thesis_repro.files import atomic_path
from thesis_repro.report.multiverse import put_together
from thesis_repro.report.universes import (
    rows_file,
    summary_file,
    universe_folder,
    write_multiverse,
)
from thesis_repro.section.other_readings import checked_readings, readings_of
from thesis_repro.section.registry import CHAPTERS, scripts
from thesis_repro.thesis import errata as errata_list
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.multiverse import COLUMNS, Multiverse, render
from thesis_repro.words import counted

Readings = tuple[str, ...]


@click.command()
@click.argument("section", type=SectionName(CHAPTERS))
@click.option("--errata", help="Only these errata, E04,E10.  [default: all that can be run]")
@click.option("--full", is_flag=True, help="All combinations, not one erratum at a time.")
@training_options
@out_option
@plan.gpus_option
def multiverse(
    section: str, errata: str | None, full: bool, gpus: int | None, out: Path, **options: Any
) -> None:
    """Run SECTION under every reading in dispute, and show which verdicts flip, and by what.

    Each universe is run like the section itself, into OUT/multiverse, and never counts as it. Runs
    are shared, and the same command goes on after a stop. What they come to is a table, a picture,
    OUT/multiverse/SECTION.json and .csv, and a part of the report.
    """
    scale, quiet = options["scale"], options["quiet"]
    universes, contradictory = _universes(section, scale, _asked(section, scale, errata), full=full)
    if not quiet:
        click.echo(_ahead(section, universes, contradictory), err=True)
    options |= {"out": out, "gpus": gpus}
    for folder in (out, *(universe_folder(out, readings) for readings in universes)):
        first, *_ = of_seeds(**options | {"out": folder})
        refuse_another_first([section], **first)
        refuse_less([section], **first)
    by_section = [(section, readings) for readings in universes]
    if options["dry_run"]:
        plan.show([section], (), universes=by_section, **options)
        return
    _run(section, by_section, **options)
    not_run = _not_run(section, scale, universes)
    made = put_together(out, section, universes, scripts(), not_run)
    files = _write(made, out)
    update_page(out, options["runs_dir"])
    if not quiet:
        click.echo(f"\n{render(made, terminal.width())}\n{', '.join(map(str, files))}")


def _asked(section: str, scale: str, errata: str | None) -> Readings:
    """The errata to be read the other way, in their order."""
    if errata is None:
        known = readings_of(section, scale)
        if not known:
            raise UnknownNameError(
                f"Nothing of Section {section} can be run under another reading; "
                f"`thesis-repro errata --section {section}` lists what is in dispute."
            )
        return tuple(known)
    asked = [each.strip() for each in errata.split(",") if each.strip()]
    if not asked:
        raise UnknownNameError(f"{errata!r} names no erratum; write E04,E10.")
    single = [checked_readings(section, scale, [each]) for each in asked]
    return tuple(sorted({*chain.from_iterable(single)}))


def _universes(
    section: str, scale: str, readings: Readings, *, full: bool
) -> tuple[list[Readings], list[Readings]]:
    """The readings of each universe but that as written, and those that contradict each other."""
    sizes = range(1, len(readings) + 1) if full else (1,)
    universes: list[Readings] = []
    contradictory: list[Readings] = []
    for chosen in chain.from_iterable(combinations(readings, size) for size in sizes):
        try:
            universes.append(checked_readings(section, scale, chosen))
        except ModelError:
            contradictory.append(chosen)
    return universes, contradictory


def _ahead(section: str, universes: Sequence[Readings], contradictory: Sequence[Readings]) -> str:
    """How many universes there are."""
    count = counted(len(universes) + 1, "universe")
    readings = ", ".join(dict.fromkeys(chain.from_iterable(universes)))
    left_out = f"; {len(contradictory)} contradict themselves" if contradictory else ""
    return f"Section {section}, {count}: as written, and with {readings} as run{left_out}."


def _run(section: str, universes: Iterable[tuple[str, Readings]], **options: Any) -> None:
    """Run whatever is not done; what fails ends the command, when all else is done."""
    jobs = plan.jobs_of([section], (), universes=universes, **options)
    workspace, *_ = plan.resolved_workspaces(**options)
    workspace.check(section)
    logs = options["runs_dir"] / "logs"
    try_places("--out", options["out"])
    try_places("--runs-dir", logs)
    execution = plan.execute(jobs, logs, options["gpus"], None, quiet=options["quiet"])
    if code := plan.conclude(execution):
        raise click.exceptions.Exit(code)


def _not_run(section: str, scale: str, universes: Iterable[Readings]) -> dict[str, str]:
    """The errata of the section of which no universe reads the other way, and why."""
    read, known = {*chain.from_iterable(universes)}, readings_of(section, scale)
    return {
        erratum.id: "not asked for" if erratum.id in known else erratum.other_reading
        for erratum in errata_list.chosen(section)
        if erratum.id not in read
    }


def _write(made: Multiverse, out: Path) -> list[Path]:
    """JSON, CSV and the picture, beside the universes."""
    from thesis_repro.plots.figures import origin_line, save_figure
    from thesis_repro.plots.multiverse import specification_curve

    import_matplotlib()
    path, rows = summary_file(out, made.section), rows_file(out, made.section)
    with atomic_path(rows) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *made.rows])
    several = "seeds" if made.seeds[1:] else "seed"
    origin = origin_line(
        f"thesis-repro multiverse {made.section}",
        f"scale {made.scale}",
        made.data,
        f"{several} {', '.join(map(str, made.seeds))}",
    )
    caution = SCALES[made.scale].caution
    pictures = save_figure(specification_curve(made), path.with_suffix(""), origin, caution)
    write_multiverse(path, made)
    return [path, rows, *pictures]
