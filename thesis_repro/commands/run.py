"""``thesis-repro chapter`` and ``thesis-repro train``: one section or model, trained or loaded."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from thesis_repro.commands import plan
from thesis_repro.commands.options import import_keras, out_option, run_options
from thesis_repro.commands.workspace import open_workspace
from thesis_repro.models import zoo
from thesis_repro.report.collect import collect
from thesis_repro.section.registry import CHAPTERS, datasets_of, script, scripts
from thesis_repro.verdicts.discussions import DISCUSSIONS, describe


@click.command()
@click.argument("sections", nargs=-1, required=True, type=click.Choice([*CHAPTERS, *DISCUSSIONS]))
@run_options
@out_option
def chapter(sections: tuple[str, ...], out: Path, **options: Any) -> None:
    """Train or load what SECTIONS need; emit their figures, tables and verdicts.

    Sections 4.9 to 4.15 discuss: for them, the results that bear on them are listed.
    """
    experiments = [section for section in sections if section in CHAPTERS]
    if options["dry_run"]:
        plan.show(experiments, (), out=out, **options)
        return
    if experiments:
        _run_sections(experiments, out, **options)
    for section in sections:
        if section in DISCUSSIONS:
            click.echo(describe(section, collect(out, scripts()).judgements))


def _run_sections(sections: Iterable[str], out: Path, **options: Any) -> None:
    """Run the scripts of these sections, one after another."""
    import_keras()
    from thesis_repro.section.chapter import Chapter
    from thesis_repro.verdicts.judgements import render

    needed = [name for each in sections for name in datasets_of(each, options["scale"])]
    workspace = open_workspace(needed, out=out, **options)
    for section in sections:
        work = Chapter(section, workspace)
        judgements = script(section).run(work)
        if not options["quiet"]:
            if judgements:
                click.echo(f"{render(judgements)}\n")
            for question, answer in work.answers.items():
                click.echo(f"{question}: {answer}\n")
            click.echo(f"{work.origin}\n{len(work.files)} files in {work.folder}")


@click.command()
@click.argument("models", nargs=-1, required=True)
@run_options
def train(models: tuple[str, ...], **options: Any) -> None:
    """Train one or more MODELS; finished runs are kept, interrupted ones go on."""
    specs = [zoo.model(name) for name in models]
    if options["dry_run"]:
        plan.show((), models, out=Path(), **options)
        return
    import_keras()
    from thesis_repro.progress import describe
    from thesis_repro.training.trainer import step_of

    workspace = open_workspace([spec.dataset.value for spec in specs], **options)
    for spec in specs:
        trained = workspace.trained(spec.id, workspace.images(spec.id))
        if not options["quiet"]:
            click.echo(
                f"{spec.id}: {len(trained.history)} epochs, "
                f"{describe(trained.history[-1], step_of(spec).headline)}; "
                f"{trained.run.path}"
            )
