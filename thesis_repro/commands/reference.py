"""What the thesis says and where it is here: ``models``, ``listing``, ``errata``, ``where``."""

import click

from thesis_repro.commands import exit_codes
from thesis_repro.commands.names import erratum_id, figure_name, model_name
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.section.places import find, render


@click.command()
@click.argument("model", required=False, type=model_name)
def models(model: str | None) -> None:
    """Table 2 with parameter totals, or everything about one MODEL with its sources."""
    from thesis_repro.models.tables import model_table, table_2

    click.echo(model_table(zoo.MODELS[model]) if model else table_2())


@click.command()
@click.argument("number", required=False, type=click.IntRange(1, 39))
@click.option("--check", is_flag=True, help="Build all 39 networks and compare every row.")
def listing(number: int | None, check: bool) -> None:
    """Print listing NUMBER as the thesis does, or --check all networks against them row by row."""
    if check == (number is not None):
        raise click.UsageError("Give either a listing's number (1-39) or --check.")
    if check:
        _check_listings()
        return
    from appendix_architectures.listings import golden, printed_counts, printed_rows
    from appendix_architectures.summary import render

    printed = golden(number)
    click.echo(render(printed_rows(number), printed_counts(number)))
    click.echo(f"\nListing {number}: {printed['title']} (Appendix {printed['section']})")


def _check_listings() -> None:
    import_keras()
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
        raise click.exceptions.Exit(exit_codes.FAILED)


@click.command()
@click.argument("erratum", required=False, metavar="[ID]", type=erratum_id)
def errata(erratum: str | None) -> None:
    """Contradictions in the sources and the reading taken: all of them, or one ID in full."""
    from thesis_repro.thesis import errata as book

    if erratum:
        click.echo(book.render(book.get(erratum)))
    else:
        click.echo(book.render_table(book.load_errata().values()))


@click.command()
@click.argument("name", nargs=-1, required=True, type=figure_name)
def where(name: tuple[str, ...]) -> None:
    """Find the code of a figure or table: 41, "Table 4", 27_as_run, or the name of a CSV file.

    Says the function with its file and line, the thesis's caption, and the models and data shown.
    """
    click.echo(render(find(" ".join(name))))
