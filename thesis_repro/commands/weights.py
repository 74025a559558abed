"""``thesis-repro weights``: published runs, and finished runs to hand on."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from thesis_repro.columns import table
from thesis_repro.commands import exit_codes, terminal
from thesis_repro.commands.names import run_name
from thesis_repro.commands.options import directory, runs_dir_option

if TYPE_CHECKING:
    from thesis_repro.training.published import Published, PublishedRun

_NONE = "No runs are published with this version: `thesis-repro train MODEL` trains one."


@click.group()
def weights() -> None:
    """List and verify published runs, and export a finished run with a model card."""


@weights.command("list")
@runs_dir_option
def list_(runs_dir: Path) -> None:
    """Show the published runs, and where each is loaded from."""
    from thesis_repro.training.published import published_runs

    published = published_runs()
    rows = [
        (
            run.model,
            run.values["scale"],
            str(run.values["seed"]),
            run.run_id,
            f"{run.bytes / 1e6:.1f}",
            _where(run, published, runs_dir),
        )
        for run in published.index.runs
    ]
    headers = ("model", "scale", "seed", "run", "MB", "where")
    click.echo(table(rows, headers, terminal.width(), right=(2, 4)) if rows else _NONE)


def _where(run: "PublishedRun", published: "Published", runs_dir: Path) -> str:
    """The folder that a run is loaded from, or the address."""
    from thesis_repro.training.run_folder import RunFolder

    trained = RunFolder(runs_dir, run.config)
    folder = trained if trained.is_done else published.folder(run, runs_dir)
    if folder is None:
        return "not here: the package came without its repository"
    return str(folder.path if folder.path.exists() else published.index.address)


@weights.command()
@runs_dir_option
def verify(runs_dir: Path) -> None:
    """Hold every byte of the published runs that are here against the index.

    Exits with 3 if a file is missing or is not what was published.
    """
    from thesis_repro.training.published import published_runs

    published, damaged = published_runs(), 0
    for run in published.index.runs:
        folders = [one for one in published.folders(run, runs_dir) if one.path.exists()]
        if not folders:
            click.echo(f"{run.model} {run.run_id}: not here, nothing is verified")
        for folder in folders:
            problems = [*folder.damage()]
            damaged += bool(problems)
            for problem in problems:
                click.echo(f"PROBLEM {problem}. {folder.mending}")
            if not problems:
                click.echo(f"{folder.path}: verified: {len(run.files)} files")
    if not published.index.runs:
        click.echo(_NONE)
    if damaged:
        raise click.exceptions.Exit(exit_codes.DATA)


@weights.command()
@click.argument("run", type=run_name)
@runs_dir_option
@click.option(
    "--out", type=directory, default="exported", show_default=True, help="Where the folder goes."
)
def export(run: str, runs_dir: Path, out: Path) -> None:
    """Write RUN (an id, its beginning, or a model that has one run) with a card for others.

    The folder OUT/MODEL/ID can be given to anyone: `--runs-dir OUT` loads it, and README.md in it
    says what it is.
    """
    from thesis_repro.training.finding import chosen_run, runs_at_hand
    from thesis_repro.training.model_card import export_run
    from thesis_repro.training.published import PublishedFolder, published_runs

    published = published_runs()
    folder = chosen_run(run, runs_at_hand(runs_dir, published).values())
    if isinstance(folder, PublishedFolder):
        published.ready(folder)
    click.echo(export_run(folder, out))
