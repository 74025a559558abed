"""``thesis-repro chapter`` and ``thesis-repro train``: one section or model, trained or loaded."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from thesis_repro.commands import plan
from thesis_repro.commands.options import SectionName, out_option, run_options, train_option
from thesis_repro.commands.workspace import import_matplotlib, open_workspace, refuse_less
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.report.collect import collect
from thesis_repro.section.registry import CHAPTERS, datasets_of, models_of, script, scripts
from thesis_repro.verdicts.discussions import DISCUSSIONS, describe
from thesis_repro.words import counted


@click.command()
@click.argument("sections", nargs=-1, required=True, type=SectionName([*CHAPTERS, *DISCUSSIONS]))
@run_options
@train_option
@out_option
@click.option(
    "--replace",
    is_flag=True,
    help="Replace results of a larger scale, and with --stand-in those of the data themselves.",
)
def chapter(sections: tuple[str, ...], out: Path, replace: bool, **options: Any) -> None:
    """Train or load what SECTIONS need; emit their figures, tables and verdicts.

    3.3, 3.4 and 4.1 to 4.8 are computed. 4.9 to 4.15 discuss: for them, the results that bear on
    them are listed.
    """
    experiments = [section for section in sections if section in CHAPTERS]
    if options["dry_run"]:
        plan.show(experiments, (), out=out, **options)
        return
    if experiments:
        if not replace:
            refuse_less(experiments, out=out, **options)
        _run_sections(experiments, out, **options)
    for section in sections:
        if section in DISCUSSIONS:
            click.echo(describe(section, collect(out, scripts()).judgements))


def _run_sections(sections: Iterable[str], out: Path, **options: Any) -> None:
    """Run the scripts of these sections, one after another."""
    from thesis_repro.section.results_folder import places_of, replacing

    needed = [name for each in sections for name in datasets_of(each, options["scale"])]
    trained = [name for each in sections for name in models_of(each, options["scale"])]
    places = places_of(sections, out)
    workspace = open_workspace(needed, trained, places, out=out, **options)
    for dataset in needed:
        workspace.manifest(dataset)  # those of the last section are missed before the first is run
    for section in sections:
        workspace.check(section)
    import_matplotlib()
    import_keras()
    from thesis_repro.section.chapter import Chapter
    from thesis_repro.verdicts.judgements import render

    for section in sections:
        with replacing(out / section) as place:
            work = Chapter(section, workspace, place=place)
            judgements = script(section).run(work)
        if not options["quiet"]:
            if judgements:
                click.echo(f"{render(judgements)}\n")
            for question, answer in work.answers.items():
                click.echo(f"{question}: {answer}\n")
            click.echo(f"{work.origin}\n{len(work.files)} files in {out / section}")


@click.command()
@click.argument("models", nargs=-1, required=True)
@run_options
@train_option
def train(models: tuple[str, ...], **options: Any) -> None:
    """Train one or more MODELS; finished runs are kept, interrupted ones go on.

    A model whose run is published is loaded, unless --train says otherwise.
    """
    specs = [zoo.model(name) for name in models]
    if options["dry_run"]:
        plan.show((), models, out=Path(), **options)
        return
    workspace = open_workspace(models=[spec.id for spec in specs], **options)
    for spec in specs:
        if workspace.loadable(spec.id) is None:
            workspace.manifest(spec.dataset.value)  # missed before Keras is imported
    import_keras()
    from thesis_repro.progress import describe
    from thesis_repro.training.published import PublishedFolder
    from thesis_repro.training.trainer import step_of

    for spec in specs:
        trained = workspace.trained(spec.id)
        if not options["quiet"]:
            published = isinstance(trained.run, PublishedFolder)
            click.echo(
                f"{spec.id}: {counted(len(trained.history), 'epoch')}, "
                f"{describe(trained.history[-1], step_of(spec).headline)}; "
                f"{'the published run, loaded from ' if published else ''}{trained.run.path}"
            )
