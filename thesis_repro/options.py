"""Command-line options that mean the same everywhere, and imports that stay quiet."""

import importlib
import os
from pathlib import Path

import click

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
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Errors only.")


def import_quietly(*modules: str) -> None:
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
