"""``thesis-repro report``: all results on one page."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from data_prep.errors import DataError, os_errors
from thesis_repro.commands import exit_codes
from thesis_repro.commands.options import Name, out_option, runs_dir_option
from thesis_repro.commands.workspace import try_places
from thesis_repro.report.collect import collect, require
from thesis_repro.report.ledger import heads
from thesis_repro.report.results import Problem, Results, ThesisPages
from thesis_repro.section.registry import scripts
from thesis_repro.thesis.captions import load_captions

_FILES = {"--single-file": "report.html", "--summary": "REPORT.md", "--latex": "report.tex"}


@click.command()
@out_option
@runs_dir_option
@click.option(
    "--format",
    "kind",
    type=Name("format", ["html", "json"]),
    default="html",
    show_default=True,
    help="html: OUT/index.html, an offline page; json: OUT/index.json.",
)
@click.option(
    "--single-file",
    is_flag=True,
    help="OUT/report.html instead, with the pictures in it, to be sent alone.",
)
@click.option(
    "--summary",
    is_flag=True,
    help="OUT/REPORT.md instead: a page in the form of a report to a reproducibility challenge.",
)
@click.option(
    "--latex",
    is_flag=True,
    help="OUT/report.tex instead: a macro for each value and verdict, and the thesis's tables.",
)
@click.option(
    "--pdf",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The thesis: its page with each figure and table is shown beside ours.",
)
def report(
    out: Path,
    runs_dir: Path,
    kind: str,
    single_file: bool,
    summary: bool,
    latex: bool,
    pdf: Path | None,
) -> None:
    """Put everything under OUT on one page: claims, tables, figures, and what is missing.

    With --runs-dir, the run times of the models, too. Exits with 1 if a result is missing, damaged
    or not the file that its manifest lists; the page is written and says which.
    """
    asked = {"--single-file": single_file, "--summary": summary, "--latex": latex}
    given = [name for name, is_given in asked.items() if is_given]
    if pdf and (kind != "html" or summary or latex):
        raise click.UsageError("--pdf shows the thesis's pages on the HTML page; leave out one.")
    if given and kind != "html":
        of = "is of the HTML page" if single_file else "writes a file of another format"
        raise click.UsageError(f"{given[0]} {of}; leave out one.")
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} are files of their own; ask for one.")
    name = _FILES[given[0]] if given else f"index.{kind}"
    if not write_report(out, runs_dir, name, pdf):
        raise click.exceptions.Exit(exit_codes.FAILED)


def write_report(
    out: Path, runs_dir: Path, name: str = "index.html", pdf: Path | None = None
) -> bool:
    """Write the report and print its counts; whether all results are as they were made.

    ``name`` is that of the file: "index.html", "report.html" with the pictures, "index.json",
    "REPORT.md", or "report.tex".

    Raises:
        DataError: there are no results, the PDF cannot be read, or the page cannot be written.
    """
    results = require(collect(out, scripts(), runs_dir))
    try_places("--out", out)
    warn(results.problems)
    path = out / name
    pages = _thesis_pages(pdf, results) if pdf else None
    with os_errors(path, "it cannot be written", "free some space, or mend the permissions"):
        _write(results, path, pages)
    there, missing = len(results.reproduced), len(results.missing)
    click.echo(heads(results.judgements))
    click.echo(f"{there} of {there + missing} figures and tables; {path}")
    damaged = [section.name for section in results.sections if section.is_damaged]
    if damaged:
        again = f"thesis-repro chapter {' '.join(damaged)}"
        click.echo(f"Results are damaged; `{again}` with their options makes them anew.", err=True)
    return not damaged


def update_page(out: Path, runs_dir: Path) -> None:
    """Write the page of what there is so far, without a word; `write_report` says what is wrong."""
    with suppress(DataError, OSError):
        _write(collect(out, scripts(), runs_dir), out / "index.html", None)


def _write(results: Results, path: Path, pages: ThesisPages | None) -> None:
    """Write the report that the path's name stands for."""
    if path.suffix == ".json":
        from thesis_repro.report.plain import write_plain

        write_plain(results, path)
    elif path.suffix == ".md":
        from thesis_repro.report.summary import write_summary

        write_summary(results, path)
    elif path.suffix == ".tex":
        from thesis_repro.report.latex import write_latex

        write_latex(results, path)
    else:
        from thesis_repro.report.page import picture_inside, write_page

        write_page(results, path, pages, picture_inside if path.name == "report.html" else None)


def _thesis_pages(pdf: Path, results: Results) -> ThesisPages:
    """The thesis's pages with the figures and tables that are reproduced."""
    from thesis_repro.report.pdf import thesis_pages

    captions = [caption for key, caption in load_captions().items() if key in results.reproduced]
    pages = thesis_pages(pdf, captions)
    for page in pages.values():
        if isinstance(page, str):
            click.echo(page, err=True)
    return pages


def warn(problems: Iterable[Problem]) -> None:
    """Say what is damaged, missing or of another run."""
    for problem in problems:
        click.echo(str(problem), err=True)
