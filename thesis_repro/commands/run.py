"""``thesis-repro chapter`` and ``thesis-repro train``: one section or model, trained or loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thesis_repro.commands import plan, terminal
from thesis_repro.commands.names import model_name
from thesis_repro.commands.options import SectionName, out_option, training_options
from thesis_repro.commands.other_settings import other_settings, reading_option
from thesis_repro.commands.workspace import (
    import_matplotlib,
    of_seeds,
    open_workspace,
    refuse_another_first,
    refuse_less,
    sections_of_seeds,
)
from thesis_repro.models.keras_settings import import_keras
from thesis_repro.report.collect import collect
from thesis_repro.report.reading import readings_in_words
from thesis_repro.report.universes import refuse_links, universe_folder
from thesis_repro.section.other_readings import checked_readings, chosen_models
from thesis_repro.section.registry import CHAPTERS, datasets_of, models_of, script, scripts
from thesis_repro.verdicts.discussions import DISCUSSIONS, describe
from thesis_repro.words import counted

if TYPE_CHECKING:
    from thesis_repro.section.workspace import Workspace


@click.command()
@click.argument("sections", nargs=-1, required=True, type=SectionName([*CHAPTERS, *DISCUSSIONS]))
@reading_option
@training_options
@out_option
@click.option(
    "--replace",
    is_flag=True,
    help="Replace results of a larger scale, and with --stand-in those of the data themselves.",
)
def chapter(
    sections: tuple[str, ...],
    readings: tuple[str, ...],
    seeds: tuple[int, ...],
    out: Path,
    replace: bool,
    **options: Any,
) -> None:
    """Train or load what SECTIONS need; emit their figures, tables and verdicts.

    3.3, 3.4 and 4.1 to 4.8 are computed. 4.9 to 4.15 discuss: for them, the results that bear on
    them are listed. With --reading, results go to a folder of that reading in OUT/multiverse, and
    never count as the section's own.
    """
    experiments = [section for section in sections if section in CHAPTERS]
    discussions = [section for section in sections if section in DISCUSSIONS]
    if readings and discussions:
        raise click.UsageError(
            f"--reading is of sections that compute; leave out {', '.join(discussions)}, which "
            "discuss results as written."
        )
    under = {
        section: checked_readings(section, options["scale"], readings) for section in experiments
    }
    universe = next(iter(under.values()), ())  # the same for each section, which has all of them
    place = universe_folder(out, universe)
    by_seed = [*sections_of_seeds(experiments, seeds, out=place, readings=universe, **options)]
    for section in experiments if readings else ():
        refuse_links(out, section, [universe])
    if not replace:
        for chosen, of_seed in by_seed:
            refuse_another_first(chosen, **of_seed)
            refuse_less(chosen, **of_seed)
    if options["dry_run"]:
        universes, chosen = (under.items(), ()) if readings else ((), experiments)
        options |= {"seeds": seeds, "out": out, "again": True}
        plan.show(chosen, (), universes=universes, **options)
        return
    if experiments:
        _run_sections(by_seed)
        if len(seeds) > 1 and not options["quiet"]:
            _tell_over_seeds(experiments, place, universe)
    for section in discussions:
        click.echo(describe(section, collect(out, scripts()).judgements, terminal.width()))


def _run_sections(by_seed: Sequence[tuple[list[str], dict[str, Any]]]) -> None:
    """Run the scripts of the sections of each seed, one after another."""
    opened = [(sections, _opened(sections, **options)) for sections, options in by_seed]
    import_matplotlib()
    import_keras()
    for sections, workspace in opened:
        for section in sections:
            _run_section(section, workspace)


def _opened(sections: Sequence[str], **options: Any) -> "Workspace":
    """The workspace of these sections, with all that can be missed before the first is run."""
    from thesis_repro.section.results_folder import places_of

    needed = [name for each in sections for name in datasets_of(each, options["scale"])]
    trained = [name for each in sections for name in models_of(each, options["scale"])]
    places = places_of(sections, options["out"])
    workspace = open_workspace(needed, trained, places, **options)
    for dataset in needed:
        workspace.manifest(dataset)
    for section in sections:
        workspace.check(section)
    return workspace


def _run_section(section: str, workspace: "Workspace") -> None:
    """Run a section's script, and say what came out."""
    from thesis_repro.section.chapter import Chapter
    from thesis_repro.section.results_folder import replacing
    from thesis_repro.verdicts.text import render

    folder = workspace.out / section
    with replacing(folder) as place:
        work = Chapter(section, workspace, place=place)
        judgements = script(section).run(work)
    if not workspace.progress.quiet:
        note = ""
        if workspace.readings:
            under = readings_in_words(workspace.readings)
            note = f"Section {section} under {under}: never the section's own results."
            click.echo(f"{note}\n")
        if judgements:
            click.echo(f"{render(judgements, terminal.width())}\n")
        for question, answer in work.answers.items():
            click.echo(f"{question}: {answer}\n")
        click.echo(f"{work.origin}\n{len(work.files)} files in {folder}")
        if note:
            click.echo(note)


def _tell_over_seeds(sections: Sequence[str], out: Path, readings: tuple[str, ...]) -> None:
    """The judgements over seeds, and whatever does not count among them."""
    from thesis_repro.verdicts.text import render

    results = collect(out, scripts(), readings=readings).of(sections)
    for problem in results.problems:
        click.echo(str(problem), err=True)
    for section in results.sections:
        if section.seeds:
            seeds = ", ".join(map(str, section.seeds))
            click.echo(f"\nSection {section.name} over seeds {seeds}:\n")
            click.echo(render(section.judgements, terminal.width()))


@click.command()
@click.argument("models", nargs=-1, required=True, type=model_name)
@other_settings
@training_options
def train(
    models: tuple[str, ...],
    seeds: tuple[int, ...],
    settings: dict[str, str],
    readings: tuple[str, ...],
    **options: Any,
) -> None:
    """Train one or more MODELS; finished runs are kept, interrupted ones go on.

    A model whose run is published is loaded, unless --train says otherwise.
    """
    specs = chosen_models(models, readings, settings)
    if options["dry_run"]:
        plan.show((), specs, seeds=seeds, out=Path(), **options)
        return
    workspaces = [open_workspace(models=specs, **of_seed) for of_seed in of_seeds(seeds, **options)]
    for workspace in workspaces:
        for spec in specs:
            if workspace.loadable(spec) is None:
                workspace.manifest(spec.dataset.value)  # missed before Keras is imported
    import_keras()
    from thesis_repro.progress import describe
    from thesis_repro.training.published import PublishedFolder
    from thesis_repro.training.trainer import step_of

    for workspace in workspaces:
        seed = f", seed {workspace.options.seed}" if len(seeds) > 1 else ""
        for spec in specs:
            trained = workspace.trained(spec)
            if not options["quiet"]:
                published = isinstance(trained.run, PublishedFolder)
                click.echo(
                    f"{spec.id}{seed}: {counted(len(trained.history), 'epoch')}, "
                    f"{describe(trained.history[-1], step_of(spec).headline)}; "
                    f"{'the published run, loaded from ' if published else ''}{trained.run.path}"
                )
