"""Command-line options that mean the same everywhere, and imports that stay quiet."""

import functools
import importlib
import os
from collections.abc import Callable
from pathlib import Path

import click

from thesis_repro.training.precision import FLOAT32, PRECISIONS
from thesis_repro.training.scale import SCALES

directory = click.Path(file_okay=False, path_type=Path)

data_dir_option = click.option(
    "--data-dir", type=directory, default="data", show_default=True, help="Prepared data sets."
)
stand_in_option = click.option(
    "--stand-in",
    is_flag=True,
    help="Use stand-in data that need no download; labelled as such. dSprites needs none: it is "
    "rendered.",
)
runs_dir_option = click.option(
    "--runs-dir", type=directory, default="runs", show_default=True, help="Trained models."
)
out_option = click.option(
    "--out", type=directory, default="results", show_default=True, help="Results."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Errors only.")
dry_run_option = click.option(
    "--dry-run",
    is_flag=True,
    help="Only show the jobs, what is done of them, and what they cost (timed once, if not known).",
)


def run_options(command: Callable) -> Callable:
    """The options of every command that trains."""
    options = (
        click.option(
            "--scale",
            type=click.Choice(list(SCALES)),
            default="paper",
            show_default=True,
            help="paper: the thesis's; quick: shows the effects on a CPU; smoke: proves the path; "
            "untrained: a control, as quick but that nothing is learned.",
        ),
        data_dir_option,
        stand_in_option,
        runs_dir_option,
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True),
        click.option(
            "--precision",
            type=click.Choice(list(PRECISIONS)),
            default=FLOAT32,
            show_default=True,
            help="; ".join(f"{name}: {what}" for name, what in PRECISIONS.items()) + ".",
        ),
        dry_run_option,
        quiet_option,
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Also say which run is used and how each check of a verdict went.",
        ),
    )
    return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)


def import_keras() -> None:
    """Import Keras and its backend, without the notices that TensorFlow writes past Python."""
    stderr = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            importlib.import_module("keras")
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
