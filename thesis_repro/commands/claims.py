"""``thesis-repro claims``: what became of the thesis's claims, of all or of one in full."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from thesis_repro.columns import filled
from thesis_repro.commands import exit_codes, terminal
from thesis_repro.commands.options import ClaimName, Name, UnknownNameError, out_option
from thesis_repro.commands.report import warn
from thesis_repro.report.collect import (
    collect,
    problems_of_claims,
    problems_of_readings,
    require_claims,
)
from thesis_repro.report.detail import describe
from thesis_repro.report.ledger import heads, ledger_table
from thesis_repro.report.plain import claim_entries, claim_rows
from thesis_repro.report.results import Results
from thesis_repro.section.registry import CHAPTERS, scripts
from thesis_repro.thesis.claims import Claim, load_claims, load_unchecked, render_unchecked
from thesis_repro.verdicts.judgements import Judgement, Verdict
from thesis_repro.verdicts.text import render

_FORMATS: dict[str, Callable[[Results, Sequence[Judgement]], str]] = {
    "json": lambda results, chosen: json.dumps(
        claim_entries(results, chosen), indent=2, ensure_ascii=False
    ),
    "csv": lambda results, chosen: claim_rows(results, chosen).removesuffix("\n"),
    "md": lambda _, chosen: ledger_table(chosen),
}


@click.command()
@click.argument("names", nargs=-1, metavar="[SECTION|CLAIM]...", type=ClaimName(CHAPTERS))
@out_option
@click.option(
    "--format",
    "kind",
    type=Name("format", ["text", *_FORMATS]),
    default="text",
    show_default=True,
    help="text: for reading; json: all of each claim, as in index.json; csv: a line for each "
    "number; md: the ledger as Markdown.",
)
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
def claims(
    names: tuple[str | Claim, ...], out: Path, kind: str, strict: bool, allow_missing: bool
) -> None:
    """Every claim, or those of SECTIONs: reported, ours and the verdict, as written and as run.

    Then the statements that no check can decide, with the reasons, and all in counts. Of a CLAIM,
    such as 4.2-best-epoch, every check with its ground, the errata that touch it and, where
    `multiverse` was run, what becomes of it under other readings.
    """
    if allow_missing and not strict:
        raise click.UsageError("--allow-missing says what --strict lets pass; give both.")
    in_full = {name.id: name.section for name in names if isinstance(name, Claim)}
    sections = [name for name in names if not isinstance(name, Claim)]
    listed = with_claims(sections) if sections or not in_full else ()
    results = collect(out, scripts()).of({*listed, *in_full.values()})
    _tell_absent(results, list(dict.fromkeys([*sections, *in_full.values()])))
    warn([*problems_of_claims(results), *problems_of_readings(results)])
    chosen = [
        one for one in results.judgements if one.claim.section in listed or one.claim.id in in_full
    ]
    if kind == "text":
        if listed:
            _show_ledger([one for one in chosen if one.claim.section in listed], listed)
        by_id = {one.claim.id: one for one in chosen}
        for at, name in enumerate(in_full):
            blank = "\n" if at or listed else ""
            others = results.under_other_readings(by_id[name].claim)
            click.echo(f"{blank}{describe(by_id[name], terminal.width(), others)}")
    else:
        click.echo(_FORMATS[kind](results, chosen))
    if strict:
        require_claims(results)
        _require_replication(chosen, allow_missing=allow_missing)


def _show_ledger(judgements: Sequence[Judgement], sections: Sequence[str]) -> None:
    """The claims of sections, their statements that no check can decide, and all in counts."""
    width = terminal.width()
    unchecked = [one for one in load_unchecked() if one.section in sections]
    click.echo(f"{render(judgements, width)}\n")
    if unchecked:
        text = render_unchecked(unchecked, width)
        click.echo(f"Statements that no check can decide:\n\n{text}\n")
    kinds = Counter(one.claim.kind for one in judgements)
    counts = [
        *heads(judgements).splitlines(),
        f"By kind: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}",
        f"Not checked: {len(unchecked)} statements",
    ]
    click.echo("\n".join(filled(line, width, hanging="  ") for line in counts))


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
