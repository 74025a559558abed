"""For who keeps the repository: ``python -m thesis_repro.commands.publish [RUN_FOLDER...]``.

``make published RUNS=...`` calls it.
"""

from pathlib import Path

import click

from thesis_repro.commands import program
from thesis_repro.training.published_places import CLONE
from thesis_repro.training.publishing import publish, write_index


@click.command(cls=program.Command)
@click.argument("runs", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(runs: tuple[Path, ...]) -> None:
    """Copy finished RUNS (folders) into published/, and make the index that of what lies there."""
    for run in runs:
        entry = publish(run, CLONE)
        click.echo(f"{CLONE / entry.model / entry.run_id}: {entry.bytes / 1e6:.1f} MB")
    index = write_index(CLONE)
    in_all = sum(run.bytes for run in index.runs)
    click.echo(f"{len(index.runs)} published, {in_all / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
