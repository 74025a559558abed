"""``thesis-repro data``: fetch, prepare, verify and list data sets."""

from pathlib import Path
from typing import Any

import click

from data_prep.folders import folder, official_folder, prepare_command
from thesis_repro.commands.options import data_dir_option, quiet_option, stand_in_option


@click.group()
def data() -> None:
    """Fetch, prepare, verify and list data sets."""


def _known_dataset(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """Check a data set's id without importing NumPy for ``--help``."""
    from data_prep.prepare import DATASETS

    return click.Choice(list(DATASETS)).convert(value, parameter, ctx)


dataset_argument = click.argument("dataset", callback=_known_dataset)


@data.command()
@dataset_argument
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the files go.  [default: DATA-DIR/official/DATASET]",
)
@data_dir_option
@quiet_option
def fetch(dataset: str, to: Path | None, data_dir: Path, quiet: bool) -> None:
    """Download the official files of DATASET where its terms allow it; else say how to get them."""
    from data_prep import fetch as downloads
    from thesis_repro.progress import DataProgress

    target = to or official_folder(data_dir, dataset)
    with DataProgress(quiet=quiet, unit="B") as progress:
        paths = downloads.fetch(dataset, target, progress)
    for path in paths:
        click.echo(f"{path}: checksum as published")
    source = f" --source {to}" if to else ""
    click.echo(f"next: `thesis-repro data prepare {dataset}{source} --data-dir {data_dir}`")


@data.command()
@dataset_argument
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="Folder that holds the official files.  [default: DATA-DIR/official/DATASET]",
)
@data_dir_option
@stand_in_option
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Processes that read, draw or measure pictures.  [default: one per core]",
)
@click.option(
    "--leave-out-damaged",
    is_flag=True,
    help="Leave damaged pictures out and name them, instead of stopping at the first.",
)
@quiet_option
def prepare(
    dataset: str,
    source: Path | None,
    data_dir: Path,
    stand_in: bool,
    workers: int | None,
    leave_out_damaged: bool,
    quiet: bool,
) -> None:
    """Turn the official files of DATASET into verified TFRecords.

    celeba-224 is made from the prepared celeba: 31 GB, in the size that AlexNet-VAE takes.
    """
    if stand_in and source is not None:
        raise click.UsageError("Give either --source DIR (official files) or --stand-in.")
    from data_prep.content import ReadOptions
    from data_prep.parallel import available_cores

    options = ReadOptions(workers or available_cores(), leave_out_damaged)
    manifest = _prepare(dataset, data_dir, source, stand_in, options=options, quiet=quiet)
    click.echo(summary(manifest))
    for name, split in manifest.splits.items():
        if split.left_out:
            click.echo(
                f"{len(split.left_out):,} damaged {name} pictures were left out: "
                f"{', '.join(split.left_out)}"
            )


@data.command()
@dataset_argument
@data_dir_option
@stand_in_option
@quiet_option
def verify(dataset: str, data_dir: Path, stand_in: bool, quiet: bool) -> None:
    """Hold every byte of a prepared DATASET against its manifest."""
    from data_prep import prepare as preparation
    from thesis_repro.progress import DataProgress

    with DataProgress(quiet=quiet) as progress:
        manifest = preparation.verify(dataset, data_dir, stand_in, progress)
    click.echo(f"verified: {summary(manifest)}")


@data.command("list")
@data_dir_option
def list_(data_dir: Path) -> None:
    """Show the prepared data sets and what is wrong with any of them."""
    from data_prep import prepare as preparation

    listing = preparation.listing(data_dir)
    if not listing:
        official, made_up = (prepare_command("DATASET", data_dir, flag) for flag in (False, True))
        click.echo(f"{data_dir}: nothing is prepared here; {official} or {made_up} does it.")
    for prepared in listing:
        problem, manifest = prepared.problem, prepared.manifest
        state = f"PROBLEM {problem}" if problem else summary(manifest)
        click.echo(f"{prepared.folder}: {state}")


def make_without_files(datasets: set[str], data_dir: Path, *, quiet: bool) -> None:
    """Prepare the stand-ins that are not there yet, and what can be rendered exactly."""
    from data_prep.content import ReadOptions
    from data_prep.parallel import available_cores

    for dataset in sorted(datasets):
        if not folder(data_dir, dataset, stand_in=True).exists():
            options = ReadOptions(available_cores())
            manifest = _prepare(dataset, data_dir, None, True, options=options, quiet=quiet)
            if not quiet:
                click.echo(summary(manifest), err=True)


def _prepare(
    dataset: str, data_dir: Path, source: Path | None, stand_in: bool, *, quiet: bool, **how: Any
):
    from data_prep import prepare as preparation
    from thesis_repro.progress import DataProgress

    with DataProgress(quiet=quiet) as progress:
        return preparation.prepare(dataset, data_dir, source, stand_in, progress=progress, **how)


def summary(manifest) -> str:
    """A prepared data set in a line: description, counts, fingerprint."""
    counts = ", ".join(f"{split.count:,} {name}" for name, split in manifest.splits.items())
    return f"{manifest.description}; {counts}; fingerprint {manifest.fingerprint[:12]}"
