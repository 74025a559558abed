"""What the thesis says and where it is here: ``models``, ``listing``, ``errata``, ``where``."""

import click

from thesis_repro.columns import filled, table
from thesis_repro.commands import exit_codes, terminal
from thesis_repro.commands.names import erratum_id, figure_name, model_name
from thesis_repro.commands.other_settings import other_settings
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.section.other_readings import chosen_models, readings_of
from thesis_repro.section.places import find, render
from thesis_repro.section.registry import CHAPTERS


@click.command()
@click.argument("model", required=False, type=model_name)
@other_settings
def models(model: str | None, settings: dict[str, str], readings: tuple[str, ...]) -> None:
    """Table 2 with parameter totals, or everything about one MODEL with its sources.

    With --set and --reading, how the model that they make differs from the thesis's.
    """
    from thesis_repro.models.tables import difference_table, model_table, table_2

    changes = settings or readings
    if model is None:
        if changes:
            raise click.UsageError("--set and --reading change a model: name it.")
        click.echo(table_2(terminal.width()))
        return
    (spec,) = chosen_models([model], readings, settings)
    click.echo(difference_table(spec, zoo.MODELS[model]) if changes else model_table(spec))


@click.command()
@click.argument("number", required=False, type=click.IntRange(1, 39))
@click.option("--check", is_flag=True, help="Build all 39 networks and compare every row.")
def listing(number: int | None, check: bool) -> None:
    """List the 39 listings, print listing NUMBER as the thesis does, or --check all.

    --check builds the networks and holds them against the listings, row by row.
    """
    if check and number is not None:
        raise click.UsageError("--check is of all listings; leave out the number, or --check.")
    if check:
        _check_listings()
    elif number is None:
        click.echo(_all_listings())
    else:
        click.echo(_listing(number))


def _all_listings() -> str:
    """Number, title, models, and how many layers and parameters each listing has."""
    from appendix_architectures.listings import golden

    rows = []
    for number in range(1, 40):
        printed = golden(number)
        models = [spec.id for spec in zoo.MODELS.values() if number in spec.listings.value]
        size = (f"{len(printed['rows'])}", f"{printed['total_params']:,}")
        rows.append((f"{number}", printed["title"], ", ".join(models), *size))
    headers = ("listing", "title", "models", "layers", "parameters")
    return table(rows, headers, terminal.width(), right=(0, 3, 4))


def _listing(number: int) -> str:
    from appendix_architectures.listings import golden, printed_counts, printed_rows
    from appendix_architectures.summary import render

    printed = golden(number)
    rows = render(printed_rows(number), printed_counts(number))
    return f"{rows}\n\nListing {number}: {printed['title']} (Appendix {printed['section']})"


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
@click.option(
    "--section", help="Only those of a section, 4.3 or 3.4.1: its figures' and tables', too."
)
@click.option("--model", type=model_name, help="Only those that name a model.")
def errata(erratum: str | None, section: str | None, model: str | None) -> None:
    """Contradictions in the sources and the reading taken: all of them, or one ID in full.

    With --section and --model, those of both.
    """
    from thesis_repro.thesis import errata as book

    filters = section is not None or model is not None
    if erratum and filters:
        raise click.UsageError("--section and --model choose among all errata; leave out the ID.")
    if erratum:
        click.echo(book.render(book.get(erratum), terminal.width()))
        for each in _sections_under(erratum):
            click.echo(f"         - thesis-repro multiverse {each} --errata {book.get(erratum).id}")
        return
    names = () if model is None else (model, *zoo.model(model).aliases)
    chosen, known = book.chosen(section, names), book.load_errata()
    if chosen:
        click.echo(book.render_table(chosen, terminal.width()))
    runnable = sum(each.runnable for each in chosen)
    click.echo(
        f"{len(chosen)} of {len(known)} errata; {book.RUNNABLE} the other reading can be run, too: "
        f"{runnable} (`errata ID` says how)"
    )
    if section in CHAPTERS and (readings := readings_of(section, "paper")):
        line = f"`multiverse {section}` runs the section under {', '.join(readings)}."
        click.echo(filled(line, terminal.width()))


def _sections_under(erratum: str) -> list[str]:
    """The sections that can be run under the other reading of an erratum."""
    known = {section: readings_of(section, "paper") for section in CHAPTERS}
    return [section for section, readings in known.items() if erratum.upper() in readings]


@click.command()
@click.argument("name", nargs=-1, required=True, type=figure_name)
def where(name: tuple[str, ...]) -> None:
    """Find the code of a figure or table: 41, "Table 4", 27_as_run, or the name of a CSV file.

    Says the function with its file and line, the thesis's caption, and the models and data shown.
    """
    click.echo(render(find(" ".join(name))))
