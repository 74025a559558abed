"""``thesis-repro data``: fetch, prepare, verify and list data sets."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.downloads import DOWNLOADS, RESTRICTED
from data_prep.errors import DataError, printable
from data_prep.folders import AT_HAND, RESIZED, folder, is_filled, official_folder, prepare_command
from thesis_repro.commands import exit_codes
from thesis_repro.commands.options import (
    Name,
    Place,
    data_dir_option,
    directory,
    quiet_option,
    stand_in_option,
)

if TYPE_CHECKING:
    from data_prep.manifest import Manifest
    from data_prep.prepare import Listed


# All of `data_prep.prepare`, whose NumPy is not to be imported for ``--help``.
DATASETS = (*DOWNLOADS, *RESTRICTED, *RESIZED)


class _DatasetName(Name):
    """A data set's id, or its title ("dSprites"): only letters and digits count."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """Without blanks, dashes and capitals."""
        return re.sub(r"[\W_]", "", str(choice).casefold())


dataset_name = _DatasetName("data set", DATASETS)
names_of_datasets = f"Data sets: {', '.join(DATASETS)}."


@click.group()
def data() -> None:
    """Fetch, prepare, verify and list data sets."""


@data.command(epilog=names_of_datasets)
@click.argument("dataset", type=dataset_name)
@click.option(
    "--to",
    type=directory,
    help="Where the files go.  [default: DATA-DIR/official/DATASET]",
)
@data_dir_option
@quiet_option
def fetch(dataset: str, to: Path | None, data_dir: Path, quiet: bool) -> None:
    """Download the official files of DATASET where its terms allow it; else say how to get them."""
    from data_prep import fetch as downloads
    from thesis_repro.progress import DataProgress

    command = ["thesis-repro", "data", "prepare", dataset]
    command += ["--source", str(to)] if to else []
    then = shlex.join([*command, "--data-dir", str(data_dir)])
    target = to or official_folder(data_dir, dataset)
    with DataProgress(quiet=quiet, unit="B") as progress:
        paths = downloads.fetch(dataset, target, progress, then=then)
    for path in paths:
        click.echo(f"{_shown(path)}: checksum as published")
    click.echo(f"next: `{printable(then)}`")


@data.command(epilog=names_of_datasets)
@click.argument("dataset", type=dataset_name)
@click.option(
    "--source",
    type=Place(),
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
            pictures = "picture was" if len(split.left_out) == 1 else "pictures were"
            click.echo(
                f"{len(split.left_out):,} damaged {name} {pictures} left out: "
                f"{', '.join(split.left_out)}"
            )
    written = _shown(folder(data_dir, dataset, stand_in))
    size = manifest.bytes / 1e6
    click.echo(f"written to {written}, {f'{size:,.0f}' if size >= 1 else f'{size:.1g}'} MB")


@data.command(epilog=names_of_datasets)
@click.argument("dataset", required=False, type=dataset_name)
@data_dir_option
@stand_in_option
@quiet_option
def verify(dataset: str | None, data_dir: Path, stand_in: bool, quiet: bool) -> None:
    """Hold every byte of a prepared DATASET against its manifest.

    Without DATASET, all that are prepared; with --stand-in alone, the stand-ins.
    """
    if dataset is not None:
        click.echo(f"verified: {summary(_verify(dataset, data_dir, stand_in, quiet=quiet))}")
        return
    problems = 0
    prepared = [entry for entry in _prepared(data_dir) if entry.is_stand_in or not stand_in]
    for entry in prepared:
        try:
            manifest = _verify(entry.dataset, data_dir, entry.is_stand_in, quiet=quiet)
        except DataError as problem:
            problems += 1
            click.echo(f"{_shown(entry.folder)}: PROBLEM {problem}")
        else:
            click.echo(f"{_shown(entry.folder)}: verified: {summary(manifest)}")
    if not prepared:
        raise DataError(data_dir, "nothing is prepared here", f"run {_any_way(data_dir)}")
    if problems:
        raise click.exceptions.Exit(exit_codes.DATA)


@data.command("list")
@data_dir_option
def list_(data_dir: Path) -> None:
    """Show the prepared data sets and what is wrong with any of them.

    Looks at manifests and sizes of files; `data verify` reads every byte.
    """
    prepared = _prepared(data_dir)
    for entry in prepared:
        state = f"PROBLEM {entry.problem}" if entry.problem else summary(entry.manifest)
        click.echo(f"{_shown(entry.folder)}: {state}")
    if not prepared:
        click.echo(f"{_shown(data_dir)}: nothing is prepared here; {_any_way(data_dir)} does it.")
        return
    place = shlex.quote(str(data_dir))
    click.echo(
        "Looked at manifests and sizes of files alone; `thesis-repro data verify --data-dir "
        f"{printable(place)}` reads every byte.",
        err=True,
    )
    if any(entry.problem for entry in prepared):
        raise click.exceptions.Exit(exit_codes.DATA)


def make_without_files(datasets: set[str], data_dir: Path, *, stand_in: bool, quiet: bool) -> None:
    """Prepare those that are not there yet of what is at hand, and stand-ins if asked for."""
    from data_prep.content import ReadOptions
    from data_prep.parallel import available_cores

    for dataset in sorted(datasets if stand_in else datasets & AT_HAND):
        if not is_filled(folder(data_dir, dataset, stand_in)):
            options = ReadOptions(available_cores())
            manifest = _prepare(dataset, data_dir, None, stand_in, options=options, quiet=quiet)
            if not quiet:
                click.echo(summary(manifest), err=True)


def _prepare(
    dataset: str, data_dir: Path, source: Path | None, stand_in: bool, *, quiet: bool, **how: Any
) -> "Manifest":
    from data_prep import prepare as preparation
    from thesis_repro.progress import DataProgress

    with DataProgress(quiet=quiet) as progress:
        return preparation.prepare(dataset, data_dir, source, stand_in, progress=progress, **how)


def _verify(dataset: str, data_dir: Path, stand_in: bool, *, quiet: bool) -> "Manifest":
    from data_prep import prepare as preparation
    from thesis_repro.progress import DataProgress

    with DataProgress(quiet=quiet) as progress:
        return preparation.verify(dataset, data_dir, stand_in, progress)


def _prepared(data_dir: Path) -> "list[Listed]":
    from data_prep import prepare as preparation

    return preparation.listing(data_dir)


def _any_way(data_dir: Path) -> str:
    """How any data set is prepared, or its stand-in."""
    return " or ".join(prepare_command("DATASET", data_dir, flag) for flag in (False, True))


def _shown(path: Path) -> str:
    return printable(str(path))


def summary(manifest: "Manifest") -> str:
    """A prepared data set in a line: description, counts, fingerprint."""
    counts = ", ".join(f"{split.count:,} {name}" for name, split in manifest.splits.items())
    return f"{manifest.description}; {counts}; fingerprint {manifest.fingerprint[:12]}"
