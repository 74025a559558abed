"""The command line. Heavy imports wait inside the commands, so that ``--help`` answers at once."""

import functools
import importlib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from data_prep.errors import DataError, prepare_command
from thesis_repro import zoo
from thesis_repro.errata import UnknownErratumError
from thesis_repro.errors import TrainingError
from thesis_repro.scale import SCALES

# The experimental sections that stand, and their scripts.
CHAPTERS = {"4.2": "chapters.ch4_2"}

EXIT_JOB_FAILED, EXIT_USAGE, EXIT_DATA = 1, 2, 3

_EXIT_CODES: dict[type[Exception], int] = {
    TrainingError: EXIT_JOB_FAILED,
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
            failure.exit_code = _EXIT_CODES[type(error)]
            raise failure from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="thesis-repro")
def main() -> None:
    """Reproduce the thesis "Semantic Representations in VAEs as a Model of the Visual System".

    Exit codes: 0 done, 1 a job failed, 2 wrong usage, 3 data missing or corrupt.
    """
    # "No GPU found" is not an error here; what really fails is raised as a Python exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _import_quietly(*modules: str) -> None:
    """Import modules without the notices that TensorFlow writes past Python while it loads."""
    stderr = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            for module in modules:
                importlib.import_module(module)
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


# === Options that mean the same everywhere ===

_directory = click.Path(file_okay=False, path_type=Path)

data_dir_option = click.option(
    "--data-dir", type=_directory, default="data", show_default=True, help="Prepared data sets."
)
stand_in_option = click.option(
    "--stand-in", is_flag=True, help="Use stand-in data that need no download; labelled as such."
)


def run_options(command: Callable) -> Callable:
    """The options of every command that trains."""
    options = (
        click.option(
            "--scale",
            type=click.Choice(list(SCALES)),
            default="paper",
            show_default=True,
            help="paper: the thesis's; quick: shows the effects on a CPU; smoke: proves the path.",
        ),
        data_dir_option,
        stand_in_option,
        click.option(
            "--runs-dir", type=_directory, default="runs", show_default=True, help="Trained models."
        ),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--precision",
            type=click.Choice(["float32", "mixed_bfloat16"]),
            default="float32",
            show_default=True,
            help="float32 is the thesis's.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Errors only."),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Also say which run is used and how each check of a verdict went.",
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def _workspace(out: Path, model_ids: Iterable[str], **options: Any):
    """The workspace that the options describe, with stand-in data made if they are asked for."""
    level = logging.WARNING if options["quiet"] else logging.INFO
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("thesis_repro").setLevel(logging.DEBUG if options["verbose"] else level)

    if options["stand_in"]:
        datasets = {zoo.model(name).dataset.value for name in model_ids}
        _make_stand_ins(datasets, options["data_dir"], quiet=options["quiet"])

    from thesis_repro.chapter import Workspace
    from thesis_repro.progress import TrainingProgress
    from thesis_repro.training import TrainingOptions

    return Workspace(
        data_dir=options["data_dir"],
        runs_dir=options["runs_dir"],
        out=out,
        options=TrainingOptions(SCALES[options["scale"]], options["seed"], options["precision"]),
        stand_in=options["stand_in"],
        progress=TrainingProgress(quiet=options["quiet"]),
    )


def _make_stand_ins(datasets: set[str], data_dir: Path, *, quiet: bool) -> None:
    """Prepare the stand-ins that are not there yet; they need no files."""
    from data_prep import prepare as preparation
    from data_prep.folders import folder

    for dataset in sorted(datasets):
        if not folder(data_dir, dataset, stand_in=True).exists():
            manifest = preparation.prepare(dataset, data_dir, stand_in=True)
            if not quiet:
                click.echo(_summary(manifest), err=True)


# === Commands ===


@main.command()
@click.argument("sections", nargs=-1, required=True, type=click.Choice(list(CHAPTERS)))
@run_options
@click.option("--out", type=_directory, default="results", show_default=True, help="Results.")
def chapter(sections: tuple[str, ...], out: Path, **options: Any) -> None:
    """Train or load what SECTIONS need; emit their figures, tables and verdicts."""
    _import_quietly("keras", "tensorflow")
    from thesis_repro.chapter import Chapter
    from thesis_repro.verdicts import render

    scripts = {section: importlib.import_module(CHAPTERS[section]) for section in sections}
    needed = [name for script in scripts.values() for name in script.MODELS]
    workspace = _workspace(out, needed, **options)
    for section, script in scripts.items():
        work = Chapter(section, workspace)
        judgements = script.run(work)
        if not options["quiet"]:
            click.echo(render(judgements))
            click.echo(f"\n{work.origin}\n{len(work.files)} files in {work.folder}")


@main.command()
@click.argument("models", nargs=-1, required=True)
@run_options
def train(models: tuple[str, ...], **options: Any) -> None:
    """Train one or more MODELS of Table 2; finished runs are kept, interrupted ones go on."""
    specs = [zoo.model(name) for name in models]
    _import_quietly("keras", "tensorflow")
    workspace = _workspace(Path(), models, **options)
    for spec in specs:
        trained = workspace.trained(spec.id, workspace.images(spec.id))
        if not options["quiet"]:
            last = trained.history[-1]
            click.echo(
                f"{spec.id}: {len(trained.history)} epochs, loss {last['loss']:.2f}, validation "
                f"loss {last['val_loss']:.2f}; {trained.run.path}"
            )


@main.command()
@click.argument("model", required=False)
def models(model: str | None) -> None:
    """Table 2 with parameter totals, or everything about one MODEL with its sources."""
    spec = zoo.model(model) if model else None
    _import_quietly("keras")
    from thesis_repro.zoo_tables import model_table, table_2

    click.echo(model_table(spec) if spec else table_2())


@main.command()
@click.argument("number", required=False, type=click.IntRange(1, 39))
@click.option("--check", is_flag=True, help="Hold all 39 listings against the thesis.")
def listing(number: int | None, check: bool) -> None:
    """Print listing NUMBER as the thesis does, or --check all of them row by row."""
    if check == (number is not None):
        raise click.UsageError("Give either a listing's number (1-39) or --check.")
    _import_quietly("keras")
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
    from thesis_repro import errata as book

    if erratum:
        click.echo(book.render(book.get(erratum)))
    else:
        click.echo(book.render_table(book.load_errata().values()))


@main.group()
def data() -> None:
    """Prepare, verify and list data sets."""


def _known_dataset(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """Check a data set's id without importing NumPy for ``--help``."""
    from data_prep.prepare import DATASETS

    return click.Choice(list(DATASETS)).convert(value, parameter, ctx)


dataset_argument = click.argument("dataset", callback=_known_dataset)


@data.command()
@dataset_argument
@click.option(
    "--source", type=click.Path(path_type=Path), help="Folder that holds the official files."
)
@data_dir_option
@stand_in_option
def prepare(dataset: str, source: Path | None, data_dir: Path, stand_in: bool) -> None:
    """Turn the official files of DATASET into verified TFRecords."""
    if stand_in == (source is not None):
        raise click.UsageError("Give either --source DIR (official files) or --stand-in.")
    _import_quietly("tensorflow")
    from data_prep import prepare as preparation

    manifest = preparation.prepare(dataset, data_dir, source=source, stand_in=stand_in)
    click.echo(_summary(manifest))


@data.command()
@dataset_argument
@data_dir_option
@stand_in_option
def verify(dataset: str, data_dir: Path, stand_in: bool) -> None:
    """Hold every byte of a prepared DATASET against its manifest."""
    _import_quietly("tensorflow")
    from data_prep import prepare as preparation

    click.echo(f"verified: {_summary(preparation.verify(dataset, data_dir, stand_in=stand_in))}")


@data.command("list")
@data_dir_option
def list_(data_dir: Path) -> None:
    """Show the prepared data sets and what is wrong with any of them."""
    from data_prep import prepare as preparation

    listing = preparation.listing(data_dir)
    if not listing:
        official, made_up = (prepare_command("DATASET", data_dir, flag) for flag in (False, True))
        click.echo(f"{data_dir}: nothing is prepared here; {official} or {made_up} does it.")
    for found in listing:
        state = f"PROBLEM {found.problem}" if found.problem else _summary(found.manifest)
        click.echo(f"{found.folder}: {state}")


def _summary(manifest) -> str:
    counts = ", ".join(f"{split.count:,} {name}" for name, split in manifest.splits.items())
    return f"{manifest.description}; {counts}; fingerprint {manifest.fingerprint[:12]}"
