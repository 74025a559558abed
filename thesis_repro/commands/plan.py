"""``thesis-repro plan`` and ``thesis-repro all``: the whole thesis as jobs, shown or run."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thesis_repro.commands import exit_codes, terminal
from thesis_repro.commands.options import SectionName, out_option, training_options
from thesis_repro.commands.report import update_page, write_report
from thesis_repro.commands.workspace import (
    of_seeds,
    refuse_another_first,
    sections_of_seeds,
    try_places,
    workspace_of,
)
from thesis_repro.models import zoo
from thesis_repro.report.universes import universe_folder
from thesis_repro.section.registry import CHAPTERS

if TYPE_CHECKING:
    from thesis_repro.models.spec import ModelSpec
    from thesis_repro.plan.calibration import Machine
    from thesis_repro.plan.execution import Execution
    from thesis_repro.plan.jobs import Job
    from thesis_repro.section.workspace import Workspace

ALL = "all"

sections_argument = click.argument("sections", nargs=-1, type=SectionName([ALL, *CHAPTERS]))
gpus_option = click.option(
    "--gpus", type=click.IntRange(1), help="Trainings side by side, one GPU each, by Ray."
)


@click.command()
@sections_argument
@training_options
@out_option
@gpus_option
def plan(sections: tuple[str, ...], **options: Any) -> None:
    """Show the jobs that SECTIONS need (all: every model and section), and what they cost."""
    show(*sections_and_models(sections), **options)


@click.command(ALL)
@sections_argument
@training_options
@out_option
@gpus_option
@click.option("--address", help="Of a Ray cluster whose machines share the folders.")
def run_all(
    sections: tuple[str, ...],
    gpus: int | None,
    address: str | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Train every model and run every section, then put all of it on one page.

    With SECTIONS, only these and what they need. Each section is on the page as it ends. The jobs
    can be stopped at any time; the same command goes on with what is missing. Results of a larger
    scale, or of the data themselves where stand-ins are asked for, are kept.
    """
    if options["dry_run"]:
        show(*sections_and_models(sections), gpus=gpus, quiet=quiet, **options)
        return
    if address and not gpus:
        raise click.UsageError("--address wants --gpus as well: how many trainings side by side.")
    if gpus:
        from thesis_repro.plan.gpus import check_gpus

        check_gpus(gpus, address)
    from thesis_repro.plan.table import kept_line
    from thesis_repro.section.results_folder import places_of

    chosen, logs = sections_and_models(sections), options["runs_dir"] / "logs"
    by_seed = [*sections_of_seeds(chosen[0], **options)]
    for sections_of_seed, of_seed in by_seed:
        refuse_another_first(sections_of_seed, **of_seed)
    jobs = jobs_of(*chosen, **options)
    kept = {name: job for name, job in jobs.items() if job.kept}
    workspace, *_ = resolved_workspaces(**options)
    for section in chosen[0]:
        if f"chapter {section}" not in kept:
            workspace.check(section)
    if not all(job.is_done for job in jobs.values()):
        for sections_of_seed, of_seed in by_seed:
            try_places("--out", of_seed["out"], *places_of(sections_of_seed, of_seed["out"]))
        try_places("--runs-dir", logs)

    for job in kept.values() if not quiet else ():
        click.echo(kept_line(job))

    def add_to_page(job: "Job") -> None:
        if job.name.startswith("chapter "):
            update_page(options["out"], options["runs_dir"])

    execution = execute(jobs, logs, gpus, address, quiet=quiet, on_done=add_to_page)
    code = conclude(execution)  # before the page, which may fail
    is_whole = True
    page = options["out"] / "index.html"
    if page.exists() and not execution.has_run and not kept:
        click.echo(f"Nothing is new; the report: {page}")
    elif any(options["out"].glob("*/manifest.json")):
        is_whole = write_report(options["out"], options["runs_dir"])
    if code or not is_whole:
        raise click.exceptions.Exit(code or exit_codes.FAILED)


def sections_and_models(sections: tuple[str, ...]) -> tuple[Iterable[str], Iterable[str]]:
    """The sections that are named; all of them, and all of Table 2 as well, if none is."""
    if sections and ALL not in sections:
        return sections, ()
    return CHAPTERS, [spec.id for spec in zoo.MODELS.values() if spec.in_table_2]


def show(
    sections: Iterable[str],
    models: Iterable["str | ModelSpec"],
    gpus: int | None = None,
    **options: Any,
) -> None:
    """Print the plan of these sections and models, so many trainings side by side.

    The options are those of `jobs_of`.
    """
    workspace, *_ = resolved_workspaces(**options)
    from thesis_repro.plan.table import render
    from thesis_repro.plan.timings import machine_of, timings

    def tell(line: str) -> None:
        if not options["quiet"]:
            click.echo(line, err=True)

    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice is not for users
    machine = machine_of(options["precision"])
    jobs = jobs_of(sections, models, **options)
    families = {job.family for job in jobs.values() if job.image_passes and not job.is_done}
    known = timings(families, machine, workspace, tell)
    text = render(jobs, known, _described(machine, gpus), gpus or 1, terminal.width())
    click.echo(text)


def _described(machine: "Machine", gpus: int | None) -> str:
    """What times hold for, in words."""
    from thesis_repro.training.devices import computes_on_gpu, may_have_gpu

    words = f"{machine.device} ({machine.backend}, {machine.precision})"
    if not gpus:
        return words
    if may_have_gpu() and computes_on_gpu():
        return f"{gpus} x {words}"
    return f"{words}, since no GPU is seen here"


def jobs_of(
    sections: Iterable[str],
    models: Iterable["str | ModelSpec"],
    universes: Iterable[tuple[str, tuple[str, ...]]] = (),
    again: bool = False,
    **options: Any,
) -> dict[str, "Job"]:
    """The plan of these sections and models with these options, ``seeds`` among them.

    ``universes`` are sections under other readings, which are run besides; ``again`` is whether
    sections are made whatever is there of them.
    """
    workspaces = resolved_workspaces(**options)
    from thesis_repro.plan.plan import add_readings, make_plan

    jobs, out = make_plan(sections, models, *workspaces, again=again), options["out"].resolve()
    for section, readings in universes:
        there = {"out": universe_folder(out, readings), "readings": readings}
        add_readings(jobs, section, out, *resolved_workspaces(**options | there), again=again)
    return jobs


def resolved_workspaces(**options: Any) -> list["Workspace"]:
    """The workspace of each seed that the options name, in folders that a job finds anywhere."""
    folders = {name: options[name].resolve() for name in ("data_dir", "runs_dir", "out")}
    return [workspace_of(**of_seed) for of_seed in of_seeds(**options | folders)]


def execute(
    jobs: dict[str, "Job"],
    logs: Path,
    gpus: int | None,
    address: str | None,
    *,
    quiet: bool,
    on_done: Callable[["Job"], None] = lambda job: None,
) -> "Execution":
    """Run the plan to its end; ``on_done`` is called with each job that has been done.

    Raises:
        thesis_repro.errors.TrainingError: more GPUs are asked for than there are.
    """
    from thesis_repro.plan.execution import Execution, InTurn
    from thesis_repro.plan.forks import SideBySide, can_fork

    if gpus:
        from thesis_repro.plan.gpus import OnGpus

        workers = OnGpus(gpus, address)
    else:
        workers = SideBySide() if can_fork() else InTurn()

    def tell(line: str) -> None:
        if not quiet:
            click.echo(line)

    execution = Execution(jobs, workers, logs, tell, on_done)
    execution.run()
    return execution


def conclude(execution: "Execution") -> int:
    """Name what failed and what is left, each with what to do; the exit code for it, or 0."""
    from thesis_repro.plan.execution import repeat_command

    for name, reason in execution.left.items():
        click.echo(f"not run: {name}: {reason}", err=True)
    for name in execution.failed:
        log, command = execution.log_of(name), repeat_command(execution.plan[name])
        click.echo(f"failed: {name}\n  log: {log}\n  again: {command}", err=True)
    if execution.failed:
        return exit_codes.FAILED
    if execution.left:
        return exit_codes.DATA
    click.echo(f"All {len(execution.plan)} jobs are done.")
    return 0
