"""``thesis-repro controls``: the rules of the verdicts, held against untrained networks."""

from pathlib import Path
from typing import Any

import click

from data_prep.errors import DataError
from thesis_repro.commands import plan
from thesis_repro.commands.claims import with_claims
from thesis_repro.commands.options import (
    Seeds,
    data_dir_option,
    directory,
    quiet_option,
    runs_dir_option,
    stand_in_option,
)
from thesis_repro.commands.workspace import refuse_less, try_places
from thesis_repro.files import atomic_path
from thesis_repro.report.collect import collect, require, require_claims
from thesis_repro.report.seeds import seed_folder
from thesis_repro.section.registry import scripts
from thesis_repro.training.precision import FLOAT32
from thesis_repro.verdicts.controls import as_markdown, of_other_rules

UNTRAINED = "untrained"


@click.command()
@plan.sections_argument
@data_dir_option
@stand_in_option
@runs_dir_option
@click.option(
    "--out", type=directory, default="results/untrained", show_default=True, help="Results."
)
@click.option(
    "--seeds",
    type=Seeds(),
    default="0-2",
    show_default=True,
    help="Of the initial weights; results of each are in OUT/seed-N.",
)
@quiet_option
def controls(
    sections: tuple[str, ...], out: Path, seeds: tuple[int, ...], quiet: bool, **options: Any
) -> None:
    """Run SECTIONS (all with claims) on untrained networks, and show which rules these pass.

    The networks have their initial weights, and batch normalisation the statistics of training
    images. A rule that they pass finds no effect of training. The table is OUT/controls.md; results
    of trained networks in OUT are refused.
    """
    chosen = with_claims(() if plan.ALL in sections else sections)
    logs = options["runs_dir"] / "logs"
    try_places("--out", out)
    try_places("--runs-dir", logs)
    settings = {"scale": UNTRAINED, "precision": FLOAT32} | options
    places = {seed: seed_folder(out, seed) for seed in seeds}
    for results in places.values():
        refuse_less(chosen, out=results, **settings)
    by_seed = []
    for seed, results in places.items():
        jobs = plan.jobs_of(chosen, (), seeds=(seed,), out=results, **settings)
        if code := plan.conclude(plan.execute(jobs, logs, None, None, quiet=quiet)):
            raise click.exceptions.Exit(code)
        collected = require(collect(results, scripts()).of(chosen))
        require_claims(collected)
        if other := of_other_rules(collected.judgements):
            cause = f"{other.claim.id} was judged by the rule of another version"
            raise DataError(results / other.claim.section, cause, "move it away, and begin again")
        by_seed.append(collected.judgements)
    table = as_markdown(by_seed)
    path = out / "controls.md"
    with atomic_path(path) as temporary:
        temporary.write_text(table + "\n", encoding="utf-8")
    click.echo(f"{table}\n\n{path}")
