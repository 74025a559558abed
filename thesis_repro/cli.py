"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from data_prep.errors import DataError
from data_prep.parallel import WorkerKilledError
from thesis_repro.commands import data, pictures, plan, report
from thesis_repro.commands.options import (
    data_dir_option,
    import_quietly,
    out_option,
    run_options,
    runs_dir_option,
)
from thesis_repro.commands.workspace import open_workspace
from thesis_repro.errors import TrainingError
from thesis_repro.models import zoo
from thesis_repro.report.collect import collect
from thesis_repro.section.registry import CHAPTERS, models_of, script
from thesis_repro.thesis.errata import UnknownErratumError
from thesis_repro.verdicts.discussions import DISCUSSIONS, describe

EXIT_JOB_FAILED, EXIT_USAGE, EXIT_DATA = 1, 2, 3

_EXIT_CODES: dict[type[Exception], int] = {
    TrainingError: EXIT_JOB_FAILED,
    WorkerKilledError: EXIT_JOB_FAILED,
    zoo.UnknownModelError: EXIT_USAGE,
    UnknownErratumError: EXIT_USAGE,
    DataError: EXIT_DATA,
}


class _Commands(click.Group):
    """A group whose known errors end with one clear message and their exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except tuple(_EXIT_CODES) as error:
            failure = click.ClickException(str(error))
            failure.exit_code = next(
                code for kind, code in _EXIT_CODES.items() if isinstance(error, kind)
            )
            raise failure from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thesis-repro")
def main() -> None:
    """Reproduce the thesis "Semantic Representations in VAEs as a Model of the Visual System".

    Exit codes: 0 done, 1 a job failed, 2 wrong usage, 3 data missing or corrupt, 4 a comparable
    claim does not replicate (claims --strict).
    """
    # "No GPU found" is not an error here; what really fails is raised as a Python exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


# === Commands ===


@main.command()
@click.argument("sections", nargs=-1, required=True, type=click.Choice([*CHAPTERS, *DISCUSSIONS]))
@run_options
@out_option
def chapter(sections: tuple[str, ...], out: Path, **options: Any) -> None:
    """Train or load what SECTIONS need; emit their figures, tables and verdicts.

    Sections 4.9 to 4.15 discuss: for them, the results that bear on them are listed.
    """
    experiments = [section for section in sections if section in CHAPTERS]
    if options["dry_run"]:
        plan.show(experiments, (), out=out, **options)
        return
    if experiments:
        _run_sections(experiments, out, **options)
    for section in sections:
        if section in DISCUSSIONS:
            click.echo(describe(section, collect(out, CHAPTERS).judgements))


def _run_sections(sections: Iterable[str], out: Path, **options: Any) -> None:
    """Run the scripts of these sections, one after another."""
    import_quietly("keras", "tensorflow")
    from thesis_repro.section.chapter import Chapter
    from thesis_repro.verdicts.judgements import render

    scripts = {section: script(section) for section in sections}
    needed = [data for found in scripts.values() for data in _datasets(found, options["scale"])]
    workspace = open_workspace(out, needed, **options)
    for section, found in scripts.items():
        work = Chapter(section, workspace)
        judgements = found.run(work)
        if not options["quiet"]:
            if judgements:
                click.echo(f"{render(judgements)}\n")
            for question, answer in work.answers.items():
                click.echo(f"{question}: {answer}\n")
            click.echo(f"{work.origin}\n{len(work.files)} files in {work.folder}")


def _datasets(found: ModuleType, scale: str) -> set[str]:
    """The data sets that a chapter script shows or trains on at a scale."""
    return {*found.DATASETS, *(zoo.model(n).dataset.value for n in models_of(found, scale))}


@main.command()
@click.argument("models", nargs=-1, required=True)
@run_options
def train(models: tuple[str, ...], **options: Any) -> None:
    """Train one or more MODELS of Table 2; finished runs are kept, interrupted ones go on."""
    specs = [zoo.model(name) for name in models]
    if options["dry_run"]:
        plan.show((), models, out=Path(), **options)
        return
    import_quietly("keras", "tensorflow")
    from thesis_repro.progress import describe
    from thesis_repro.training.train import TRAINERS

    workspace = open_workspace(Path(), [spec.dataset.value for spec in specs], **options)
    for spec in specs:
        trained = workspace.trained(spec.id, workspace.images(spec.id))
        if not options["quiet"]:
            click.echo(
                f"{spec.id}: {len(trained.history)} epochs, "
                f"{describe(trained.history[-1], TRAINERS[spec.family].headline)}; "
                f"{trained.run.path}"
            )


@main.command()
@click.argument("model", required=False)
def models(model: str | None) -> None:
    """Table 2 with parameter totals, or everything about one MODEL with its sources."""
    spec = zoo.model(model) if model else None
    import_quietly("keras")
    from thesis_repro.models.tables import model_table, table_2

    click.echo(model_table(spec) if spec else table_2())


@main.command()
@click.argument("number", required=False, type=click.IntRange(1, 39))
@click.option("--check", is_flag=True, help="Hold all 39 listings against the thesis.")
def listing(number: int | None, check: bool) -> None:
    """Print listing NUMBER as the thesis does, or --check all of them row by row."""
    if check == (number is not None):
        raise click.UsageError("Give either a listing's number (1-39) or --check.")
    import_quietly("keras")
    if check:
        _check_listings()
        return
    from appendix_architectures.registry import LISTINGS
    from appendix_architectures.shapes import build_shapes
    from appendix_architectures.summary import render

    found = LISTINGS[number]
    click.echo(render(build_shapes(found.builder)))
    click.echo(f"\nListing {number}: {found.title} (Appendix {found.section})")


def _check_listings() -> None:
    from appendix_architectures.check import check_all

    results = []
    for result in check_all():
        results.append(result)
        mark = "ok  " if result.ok else "FAIL"
        click.echo(f"{mark} Listing {result.number:2d}  {result.matching:2d} of {result.rows:2d} "
                   f"rows  {result.title}")  # fmt: skip
        for difference in result.differences:
            click.echo(f"       {difference}")
    good = sum(result.ok for result in results)
    matching, rows = sum(r.matching for r in results), sum(r.rows for r in results)
    click.echo(f"{good} of {len(results)} listings, {matching} of {rows} rows")
    if good < len(results):
        raise click.exceptions.Exit(EXIT_JOB_FAILED)


@main.command()
@click.argument("erratum", required=False, metavar="[ID]")
def errata(erratum: str | None) -> None:
    """Contradictions in the sources and the reading taken: all of them, or one ID in full."""
    from thesis_repro.thesis import errata as book

    if erratum:
        click.echo(book.render(book.get(erratum)))
    else:
        click.echo(book.render_table(book.load_errata().values()))


@main.command()
@data_dir_option
@runs_dir_option
def doctor(data_dir: Path, runs_dir: Path) -> None:
    """Versions, backend, devices, prepared data, free disk; what stands in the way, and the fix."""
    import_quietly("keras", "tensorflow")
    from thesis_repro.commands import doctor as examination

    click.echo(examination.render(examination.examine(data_dir, runs_dir)))


main.add_command(data.data)
main.add_command(plan.plan)
main.add_command(plan.run_all)
main.add_command(pictures.kernels)
main.add_command(pictures.feature_maps)
main.add_command(report.report)
main.add_command(report.claims)
