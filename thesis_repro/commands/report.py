"""``thesis-repro report`` and ``claims``: all results on one page, and what became of claims."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import click

from data_prep.errors import DataError, os_errors
from thesis_repro.commands import exit_codes
from thesis_repro.commands.options import (
    Name,
    SectionName,
    UnknownNameError,
    out_option,
    runs_dir_option,
)
from thesis_repro.commands.workspace import try_places
from thesis_repro.report.collect import collect, problems_of_claims, require, require_claims
from thesis_repro.report.ledger import heads
from thesis_repro.report.results import Problem, Results, ThesisPages
from thesis_repro.section.registry import CHAPTERS, scripts
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims, load_unchecked, render_unchecked
from thesis_repro.verdicts.judgements import Judgement, Verdict, render


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
    "--pdf",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The thesis: its page with each figure and table is shown beside ours.",
)
def report(out: Path, runs_dir: Path, kind: str, single_file: bool, pdf: Path | None) -> None:
    """Put everything under OUT on one page: claims, tables, figures, and what is missing.

    With --runs-dir, the run times of the models, too. Exits with 1 if a result is missing, damaged
    or not the file that its manifest lists; the page is written and says which.
    """
    if pdf and kind != "html":
        raise click.UsageError("--pdf shows the thesis's pages on the HTML page; leave out one.")
    if single_file and kind != "html":
        raise click.UsageError("--single-file is of the HTML page; leave out one.")
    name = "report.html" if single_file else f"index.{kind}"
    if not write_report(out, runs_dir, name, pdf):
        raise click.exceptions.Exit(exit_codes.FAILED)


def write_report(
    out: Path, runs_dir: Path, name: str = "index.html", pdf: Path | None = None
) -> bool:
    """Write the report and print its counts; whether all results are as they were made.

    ``name`` is that of the file: "index.html", "report.html" with the pictures, or "index.json".

    Raises:
        DataError: there are no results, the PDF cannot be read, or the page cannot be written.
    """
    results = require(collect(out, scripts(), runs_dir))
    try_places("--out", out)
    _warn(results.problems)
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


@click.command()
@click.argument("sections", nargs=-1, metavar="[SECTION]...", type=SectionName(CHAPTERS))
@out_option
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 4 if a claim is not replicated as written, or is not decided: not run, or of "
    "another scale, precision or data than the thesis's, or undefined. With 3 if a file of claims "
    "is damaged, or the manifest beside it.",
)
@click.option(
    "--allow-missing",
    is_flag=True,
    help="With --strict: claims that are not decided pass, if others are.",
)
def claims(sections: tuple[str, ...], out: Path, strict: bool, allow_missing: bool) -> None:
    """Every claim, or those of SECTIONs: reported, ours and the verdict, as written and as run.

    Then the statements that no check can decide, with the reasons, and all in counts.
    """
    if allow_missing and not strict:
        raise click.UsageError("--allow-missing says what --strict lets pass; give both.")
    chosen = with_claims(sections)
    results = collect(out, scripts()).of(chosen)
    _tell_absent(results, sections)
    _warn(problems_of_claims(results))
    judgements = [one for one in results.judgements if one.claim.section in chosen]
    unchecked = [one for one in load_unchecked() if one.section in chosen]
    click.echo(f"{render(judgements)}\n")
    if unchecked:
        click.echo(f"Statements that no check can decide:\n\n{render_unchecked(unchecked)}\n")
    click.echo(heads(judgements))
    kinds = Counter(one.claim.kind for one in judgements)
    click.echo(f"By kind: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}")
    click.echo(f"Not checked: {len(unchecked)} statements")
    if strict:
        require_claims(results)
        _require_replication(judgements, allow_missing=allow_missing)


def with_claims(sections: Sequence[str]) -> tuple[str, ...]:
    """These sections, or if none is named all that make claims.

    Raises:
        UnknownNameError: one of them makes none.
    """
    try:
        chosen = [claim for name in sections or (None,) for claim in load_claims(name)]
    except ValueError as error:
        raise UnknownNameError(str(error)) from error
    return tuple(dict.fromkeys(claim.section for claim in chosen))


def _tell_absent(results: Results, sections: Sequence[str]) -> None:
    """Say which of the sections that were named have no results, or that none has."""
    there = {section.name for section in results.sections}
    absent = [name for name in sections if name not in there]
    of, them = (f" of {', '.join(absent)}", "them") if absent else ("", "some")
    if absent or not there:
        command = f"thesis-repro chapter {' '.join(absent or ['4.2'])}"
        click.echo(f"{results.out}: it holds no results{of}; `{command}` makes {them}.", err=True)


def _require_replication(judgements: Sequence[Judgement], *, allow_missing: bool) -> None:
    """End with an exit code of its own unless every claim is replicated as written.

    Where none is decided, nothing was held against the thesis, and nothing passes.
    """
    failed = [one for one in judgements if one.verdict is Verdict.NOT_REPLICATED]
    for judgement in failed:
        click.echo(f"{judgement.claim.id} is not replicated: {judgement.why}", err=True)
    missing = [one for one in judgements if not one.verdict.decides]
    if allow_missing and len(missing) < len(judgements):
        missing = []
    for verdict in dict.fromkeys(one.verdict for one in missing):
        names = [one.claim.id for one in missing if one.verdict is verdict]
        click.echo(f"{len(names)} {verdict}: {', '.join(names)}", err=True)
    if missing:
        others = ", where others are" if allow_missing else ""
        click.echo(f"--allow-missing lets claims pass that are not decided{others}.", err=True)
    if failed or missing:
        raise click.exceptions.Exit(exit_codes.NOT_REPLICATED)


def _write(results: Results, path: Path, pages: ThesisPages | None) -> None:
    """Write the report that the path's name stands for."""
    if path.suffix == ".json":
        from thesis_repro.report.plain import write_plain

        write_plain(results, path)
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


def _warn(problems: Iterable[Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)
