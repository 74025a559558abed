"""``thesis-repro audit``: what the thesis's significance tests can show at their n."""

import json
from collections.abc import Callable, Sequence

import click

from thesis_repro.commands import terminal
from thesis_repro.commands.options import Name, SectionName, UnknownNameError
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.thesis.significance_tests import load_significance_tests
from thesis_repro.verdicts.audit import Audit, as_csv, as_entries, as_markdown, audits, render

_FORMATS: dict[str, Callable[[Sequence[Audit]], str]] = {
    "json": lambda chosen: json.dumps(as_entries(chosen), indent=2, ensure_ascii=False),
    "csv": lambda chosen: as_csv(chosen).removesuffix("\n"),
    "md": as_markdown,
}


@click.command()
@click.argument("sections", nargs=-1, metavar="[SECTION]...", type=SectionName(CHAPTERS))
@click.option(
    "--format",
    "kind",
    type=Name("format", ["text", *_FORMATS]),
    default="text",
    show_default=True,
    help="text: for reading; json: all of each test; csv: a line for each; md: the table as "
    "Markdown.",
)
def audit(sections: tuple[str, ...], kind: str) -> None:
    """Every significance test of the thesis: its least p, and what it finds with 80 % power.

    Of SECTIONs, each in full: what a value is, pairing, correction, sides, and what the test can
    tell. Nothing has to be run for it.
    """
    tested = dict.fromkeys(test.section for test in load_significance_tests())
    chosen = [one for section in dict.fromkeys(sections) or tested for one in audits(section)]
    if not chosen:
        raise UnknownNameError(
            f"Section {', '.join(sections)} has no significance test; there are some in "
            f"{', '.join(tested)}."
        )
    if kind == "text":
        click.echo(render(chosen, terminal.width(), in_full=bool(sections)))
        if not sections:
            click.echo("\n`thesis-repro audit SECTION` has each test of a section in full.")
    else:
        click.echo(_FORMATS[kind](chosen))
