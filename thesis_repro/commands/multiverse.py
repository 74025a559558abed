"""``thesis-repro multiverse``: a section under every reading in dispute."""

import re
from collections.abc import Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import click
from msgspec import structs

from data_prep.checksums import sha256
from data_prep.errors import DataError
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
from thesis_repro.report.multiverse import put_together
from thesis_repro.report.reading import Damaged, read_manifest
from thesis_repro.report.seeds import Made, further_results
from thesis_repro.report.universes import (
    curve_file,
    refuse_links,
    rows_file,
    summary_file,
    universe_folder,
    write_multiverse,
    write_rows,
)
from thesis_repro.section.other_readings import (
    AS_RUN,
    checked_readings,
    model_under,
    readings_of,
)
from thesis_repro.section.registry import CHAPTERS, models_of, scripts
from thesis_repro.thesis import errata as errata_list
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.multiverse import NOT_ASKED_FOR, Multiverse, render
from thesis_repro.words import counted

_MOST = 1_024  # universes

Readings = tuple[str, ...]


@click.command()
@click.argument("section", type=SectionName(CHAPTERS))
@click.option("--errata", help="Only these errata, E04,E10.  [default: all that can be run]")
@click.option(
    "--full", is_flag=True, help="All combinations, not one erratum at a time: of n errata 2^n."
)
@training_options
@out_option
@plan.gpus_option
def multiverse(
    section: str, errata: str | None, full: bool, gpus: int | None, out: Path, **options: Any
) -> None:
    """Run SECTION under every reading in dispute, and show which verdicts flip, and by what.

    Each universe is run like the section itself, into OUT/multiverse, and never counts as it. Runs
    are shared, and the same command goes on after a stop. What they come to, with universes that
    are there from before, is a table, a picture, OUT/multiverse/SECTION.json and .csv, a line of
    `claims CLAIM`, and a part of the report.
    """
    scale, quiet = options["scale"], options["quiet"]
    universes, contradictory = _universes(section, scale, _asked(section, scale, errata), full=full)
    if not quiet:
        click.echo(_ahead(section, universes, contradictory), err=True)
    refuse_links(out, section, universes)
    options |= {"out": out, "gpus": gpus}
    for readings in ((), *universes):
        there = {"out": universe_folder(out, readings), "readings": readings}
        first, *further = of_seeds(**options | there)
        refuse_another_first([section], **first)
        for each in (first, *further):
            refuse_less([section], **each)
    _refuse_other_seeds(out, section, options["seeds"])
    by_section = [(section, readings) for readings in universes]
    if options["dry_run"]:
        plan.show([section], (), universes=by_section, **options)
        return
    _run(section, by_section, **options)
    made = put_together(out, section, universes, scripts(), _not_run(section, scale))
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
    asked = [each.removesuffix(f"={AS_RUN}") for each in re.split(r"[,\s]+", errata.strip(", "))]
    if asked == [""]:
        raise UnknownNameError(f"{errata!r} names no erratum; write E04,E10.")
    single = [checked_readings(section, scale, [each]) for each in asked]
    return tuple(sorted({*chain.from_iterable(single)}))


def _universes(
    section: str, scale: str, readings: Readings, *, full: bool
) -> tuple[list[Readings], list[Readings]]:
    """The readings of each universe but that as written, and those that contradict each other."""
    if full and 2 ** len(readings) > _MOST:
        raise click.UsageError(
            f"{len(readings)} errata have {2 ** len(readings):,} combinations, more than "
            f"{_MOST:,}; name fewer with --errata."
        )
    sizes = range(1, len(readings) + 1) if full else (1,)
    universes: list[Readings] = []
    contradictory: list[Readings] = []
    models = models_of(section, scale)
    for chosen in chain.from_iterable(combinations(readings, size) for size in sizes):
        try:
            for model in models:
                model_under(model, chosen)
            universes.append(chosen)
        except ModelError:
            contradictory.append(chosen)
    return universes, contradictory


def _refuse_other_seeds(out: Path, section: str, seeds: Sequence[int]) -> None:
    """See that the universes will have the seeds that count with the section's results.

    Raises:
        click.UsageError: there are further ones.
    """
    try:
        first = Made.of(read_manifest(out / section / "manifest.json"))
    except Damaged:
        return
    there = {first.seed, *(each.seed for each in further_results(out, first).values())}
    if there - {*seeds}:
        known = ",".join(map(str, sorted(there)))
        raise click.UsageError(
            f"{out} holds results of Section {section} with seeds {known}, which count together: "
            f"say --seeds {known}, or name another folder with --out."
        )


def _ahead(section: str, universes: Sequence[Readings], contradictory: Sequence[Readings]) -> str:
    """How many universes there are."""
    count = counted(len(universes) + 1, "universe")
    readings = ", ".join(dict.fromkeys(chain.from_iterable(universes)))
    left_out = f"; {len(contradictory)} contradict themselves" if contradictory else ""
    return f"Section {section}, {count}: ours, and with {readings} read the other way{left_out}."


def _run(section: str, universes: Sequence[tuple[str, Readings]], **options: Any) -> None:
    """Run whatever is not done; what fails ends the command, when all else is done."""
    jobs = plan.jobs_of([section], (), universes=universes, **options)
    workspace, *_ = plan.resolved_workspaces(**options)
    workspace.check(section)
    logs = options["runs_dir"] / "logs"
    folders = [universe_folder(options["out"], readings) for _, readings in universes]
    try_places("--out", options["out"], *folders)
    for of in (summary_file, rows_file, curve_file):
        if (path := of(options["out"], section)).is_dir():
            raise DataError(path, "a folder is in the place of what comes of it", "move it away")
    try_places("--runs-dir", logs)
    execution = plan.execute(jobs, logs, options["gpus"], None, quiet=options["quiet"])
    if code := plan.conclude(execution):
        raise click.exceptions.Exit(code)


def _not_run(section: str, scale: str) -> dict[str, str]:
    """What is in dispute of the section, and why it is not run under the other reading."""
    known = readings_of(section, scale)
    others = {each.id: each for each in errata_list.chosen(section) if each.id not in known}
    return dict.fromkeys(known, NOT_ASKED_FOR) | {
        name: f"It stands beside ours: {erratum.commands[0]}."
        if erratum.runnable
        else erratum.other_reading
        for name, erratum in others.items()
    }


def _write(made: Multiverse, out: Path) -> list[Path]:
    """JSON, CSV and the picture, beside the universes."""
    from thesis_repro.plots.figures import origin_line, save_figure
    from thesis_repro.plots.multiverse import specification_curve

    import_matplotlib()
    path, rows = summary_file(out, made.section), rows_file(out, made.section)
    write_rows(rows, made)
    origin = origin_line(f"thesis-repro multiverse {made.section}", made.made_of, made.data)
    caution = SCALES[made.scale].caution
    pictures = save_figure(specification_curve(made), path.with_suffix(""), origin, caution)
    drawn = sha256(curve_file(out, made.section))
    write_multiverse(path, structs.replace(made, curve=drawn))
    return [path, rows, *pictures]
