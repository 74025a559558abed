"""``thesis-repro runs``: the runs that are here, what each is, and which of them can go."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data_prep.errors import DataError, printable
from thesis_repro.commands import exit_codes
from thesis_repro.commands.names import model_name, run_name
from thesis_repro.commands.options import Name, out_option, runs_dir_option
from thesis_repro.commands.run_page import history_of, page
from thesis_repro.commands.run_words import table, value
from thesis_repro.training.scale import SCALES
from thesis_repro.words import counted

if TYPE_CHECKING:
    from thesis_repro.report.uses import Uses
    from thesis_repro.training.run_folder import RunFolder


@click.group()
def runs() -> None:
    """List runs, show what one is, and delete those that are no longer needed."""


@runs.command("list")
@click.argument("models", nargs=-1, type=model_name)
@runs_dir_option
@out_option
def list_(models: tuple[str, ...], runs_dir: Path, out: Path) -> None:
    """Show runs, finished or not: all, or those of MODELS.

    Those that are published and lie here are among them. A run is used by results under OUT whose
    manifest names it.
    """
    there, strays = _runs_here(runs_dir)
    shown = [run for run in there if not models or run.config.model in models]
    uses = _uses(out)
    sizes = {run.path: _bytes_of(run) for run in shown}
    if shown:
        click.echo(table(shown, sizes, uses))
        finished = sum(run.is_done for run in shown)
        total = f"{sum(sizes.values()) / 1e6:,.1f} MB"
        click.echo(f"{counted(len(shown), 'run')}, {finished} of them finished: {total}")
    else:
        of = f" of {', '.join(models)}" if models else ""
        command = f"thesis-repro train {models[0] if models else 'MODEL'}"
        click.echo(f"No run{of} is in {runs_dir}: `{command}` trains one.")
    _tell_strays(strays)


def _runs_here(runs_dir: Path) -> "tuple[list[RunFolder], dict[Path, str]]":
    """The runs on this machine, those that were trained here first; what is none, with reasons."""
    from thesis_repro.training.folder_of_runs import look_through, published_here
    from thesis_repro.training.published import published_runs

    trained, strays, leftovers = look_through(runs_dir)
    there = {run.path.resolve() for run in trained}
    published = published_here(published_runs(), runs_dir)
    others = [run for run in published if run.path.resolve() not in there]
    half = "half deleted: `thesis-repro runs prune` clears it away"
    return [*trained, *others], strays | dict.fromkeys(leftovers, half)


def _uses(out: Path) -> "Uses":
    """What results name which runs; whatever cannot be read is named."""
    from thesis_repro.report.uses import uses_of_runs

    uses = uses_of_runs(out)
    for problem in uses.problems:
        click.echo(str(problem), err=True)
    return uses


def _tell_strays(strays: Mapping[Path, str]) -> None:
    for path, reason in strays.items():
        click.echo(printable(f"{path}: {reason}."), err=True)


def _bytes_of(run: "RunFolder") -> int:
    from thesis_repro.training.folder_of_runs import file_sizes

    return sum(file_sizes(run.path).values())


# === One run ===


@runs.command()
@click.argument("run", type=run_name)
@runs_dir_option
@out_option
def show(run: str, runs_dir: Path, out: Path) -> None:
    """Show all of one RUN.

    RUN is an id, the beginning of one, or a model that has one run. Exits with 3 if its history is
    damaged.
    """
    from thesis_repro.training.finding import chosen_run

    there, strays = _runs_here(runs_dir)
    folder = chosen_run(run, there, "run")
    history, damage = history_of(folder)
    uses = _uses(out).places.get(folder.config.run_id, [])
    click.echo(page(folder, history, runs_dir, uses))
    _tell_strays({path: why for path, why in strays.items() if folder.path in path.parents})
    if damage:
        click.echo(f"PROBLEM {damage}", err=True)
        raise click.exceptions.Exit(exit_codes.DATA)


# === Deleting ===


@runs.command()
@click.argument("names", nargs=-1, metavar="[RUN]...", type=run_name)
@click.option("--scale", type=Name("scale", SCALES), help="Runs of this scale.")
@click.option("--unfinished", is_flag=True, help="Runs that have not ended, with checkpoints.")
@click.option("--unused", is_flag=True, help="Runs that no results under OUT name, or not yet.")
@click.option(
    "--checkpoints",
    is_flag=True,
    help="Of finished runs, what only their training read: checkpoint/ and compiled/.",
)
@click.option("--yes", is_flag=True, help="Delete it, without a question.")
@runs_dir_option
@out_option
def prune(
    names: tuple[str, ...],
    scale: str | None,
    unfinished: bool,
    unused: bool,
    checkpoints: bool,
    yes: bool,
    runs_dir: Path,
    out: Path,
) -> None:
    """Delete the runs that meet all that is named.

    These RUNs, of this --scale, --unfinished, --unused: at least one has to be named. What could go
    is shown, with its bytes, and goes after a question or with --yes; without a terminal and
    without --yes, nothing does. Published runs, runs that are being trained, links, and folders
    that hold anything else stay. A deleted run is trained again where a command needs it; its
    results stay, but reports no longer know how long it took.
    """
    if not (names or scale or unfinished or unused or checkpoints):
        raise click.UsageError(
            "Say what can go: RUNs, --scale, --unfinished, --unused or --checkpoints; of several, "
            "what is all of them."
        )
    if checkpoints and unfinished:
        raise click.UsageError("--checkpoints is of finished runs: --unfinished ones need theirs.")
    from thesis_repro.training import pruning
    from thesis_repro.training.finding import chosen_run
    from thesis_repro.training.folder_of_runs import look_through

    trained, strays, leftovers = look_through(runs_dir)
    uses = _uses(out)
    if unused:
        _require_uses(uses, out)
    _tell_strays(strays)
    named = {chosen_run(name, trained, "run").path for name in names}
    doomed, sizes, steps = [], {}, {}
    for path in leftovers:
        steps[path] = partial(pruning.delete_leftover, path)
    for run in trained:
        is_meant = (
            (not names or run.path in named)
            and scale in (None, value(run, "scale"))
            and not (unfinished and run.is_done)
            and not (unused and run.config.run_id in uses.places)
        )
        paths = pruning.no_longer_needed(run) if checkpoints else [run.path]
        if not (is_meant and paths):
            continue
        if why := pruning.why_left_alone(run):
            _tell_strays({run.path: f"{why}: left alone"})
            continue
        doomed.append(run)
        sizes[run.path] = pruning.size(paths)
        steps[run.path] = (
            partial(pruning.delete_no_longer_needed, run)
            if checkpoints
            else partial(pruning.delete_run, run, pruning.progress(run))
        )
    if not steps:
        click.echo(f"Nothing in {runs_dir} is to be deleted.")
        return
    if doomed:
        click.echo(table(doomed, sizes, uses))
    for path in leftovers:
        click.echo(printable(f"{path}: left of a deletion that was interrupted"))
    of = "checkpoints and compiled programs of " if checkpoints else ""
    total = sum(sizes.values()) + pruning.size(leftovers)
    click.echo(
        f"To delete: {of}{counted(len(doomed), 'run')}, {total:,} bytes ({total / 1e6:,.1f} MB)."
    )
    if yes or _is_confirmed():
        _delete(steps)


def _require_uses(uses: "Uses", out: Path) -> None:
    """Make sure that it is known which runs results name.

    Raises:
        DataError: there are no results, or some cannot be read.
    """
    if uses.problems:
        problem = uses.problems[0]
        fix = "mend it or move it away: which runs it names is not known, and nothing is deleted"
        raise DataError(problem.path, problem.cause, fix)
    if not uses.has_results:
        fix = "name the folder of the results with --out, or leave out --unused"
        raise DataError(out, "it holds no results, so that every run would be unused", fix)


def _is_confirmed() -> bool:
    """Whether the user at the terminal agrees; where there is none, it is said how."""
    if all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        with suppress(click.Abort):
            if click.confirm("Delete it?"):
                return True
    click.echo("Nothing is deleted; --yes deletes it.")
    return False


def _delete(steps: Mapping[Path, Callable[[], None]]) -> None:
    """Delete one after another; what cannot be deleted is named, and stops no other."""
    from thesis_repro.training.pruning import LeftAloneError

    deleted, failed = 0, 0
    for path, delete in steps.items():
        try:
            delete()
        except LeftAloneError as error:
            _tell_strays({path: f"{error}: left alone"})
        except DataError as error:
            click.echo(str(error), err=True)
            failed += 1
        else:
            deleted += 1
    click.echo(f"Deleted: {deleted} of {len(steps)}.")
    if failed:
        raise click.exceptions.Exit(exit_codes.DATA)
