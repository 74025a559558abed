"""For who keeps the repository: ``python -m thesis_repro.commands.publish_results OUT``.

``make results`` calls it.
"""

from pathlib import Path

import click

from data_prep.errors import DataError
from thesis_repro.commands import program
from thesis_repro.files import atomic_path
from thesis_repro.report.collect import collect, require
from thesis_repro.report.ledger import heads
from thesis_repro.report.published_results import (
    publish_results,
    publishable,
    readme_with,
)
from thesis_repro.report.results import Results
from thesis_repro.section.registry import scripts

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "results"


@click.command(cls=program.Command)
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--runs-dir", type=click.Path(file_okay=False, path_type=Path), help="For run times.")
def main(out: Path, runs_dir: Path | None) -> None:
    """Put the results in OUT into docs/results/, and what all there come to into README.

    Sections that are published and not in OUT stay.
    """
    readme, place = ROOT / "README.md", FOLDER.relative_to(ROOT).as_posix()
    shown = publishable(require(collect(out, scripts(), runs_dir)))
    _with_results(readme, shown, place)  # before anything is replaced
    published = publish_results(shown, FOLDER)
    text = _with_results(readme, published, place)
    with atomic_path(readme) as temporary:
        temporary.write_bytes(text.encode("utf-8"))
    in_all = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    sections = ", ".join(section.name for section in published.sections)
    click.echo(heads(published.judgements))
    click.echo(f"Sections {sections}; not shown: {len(published.withheld)} figures")
    click.echo(f"{FOLDER}: {in_all / 1e6:.1f} MB")


def _with_results(readme: Path, shown: Results, place: str) -> str:
    """README with what the results come to; line ends stay.

    Raises:
        DataError: it cannot be read, or has no place for that.
    """
    try:
        return readme_with(readme.read_bytes().decode("utf-8"), shown.judgements, place)
    except (OSError, ValueError) as error:
        cause = f"what the results come to cannot be put into it ({error})"
        fix = "it wants one place, from <!-- results: ... --> to <!-- /results -->"
        raise DataError(readme, cause, fix) from error


if __name__ == "__main__":
    main()
