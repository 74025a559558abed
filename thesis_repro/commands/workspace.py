"""The workspace that a command's options describe."""

import importlib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data_prep.errors import DataError
from data_prep.writable import try_writing
from thesis_repro.commands.data import make_without_files
from thesis_repro.errors import SettingsError, TrainingError
from thesis_repro.models.spec import ModelSpec
from thesis_repro.report.seeds import seed_folder
from thesis_repro.section.registry import models_of
from thesis_repro.training.devices import check_precision
from thesis_repro.training.precision import FLOAT32
from thesis_repro.training.scale import SCALES
from thesis_repro.words import counted

if TYPE_CHECKING:
    from thesis_repro.section.workspace import Workspace
    from thesis_repro.training.published import PublishedFolder
    from thesis_repro.training.run_folder import RunFolder

_log = logging.getLogger(__name__)


def open_workspace(
    datasets: Iterable[str] = (),
    models: Iterable[str | ModelSpec] = (),
    places: Iterable[Path] = (),
    **options: Any,
) -> "Workspace":
    """The workspace that the options describe, with the data that need no file of the user's.

    Args:
        datasets: Ids of those that are needed, besides those of models that are to be trained.
        models: Those that are trained unless they have been, by id; changed ones by spec.
        places: Folders of results that the command writes to.
        options: Those of the command.

    Raises:
        DataError: a folder that is to be written to cannot be; nothing has been done yet.
        TrainingError: models are to be trained in a precision that this machine lacks.
    """
    level = logging.WARNING if options["quiet"] else logging.INFO
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("thesis_repro").setLevel(logging.DEBUG if options["verbose"] else level)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice is not for users

    from thesis_repro.training.published import PublishedFolder  # with NumPy

    workspace = workspace_of(**options)
    try_places("--out", *places)
    runs = _finished_runs(workspace, map(workspace.spec, models))
    to_train = [spec for spec, run in runs.items() if run is None]
    if to_train:
        check_precision(options["precision"])
    try_places("--runs-dir", *(workspace.runs_dir / spec.id for spec in to_train))
    if to_train:  # said now: Keras takes a while to import
        ahead = ", ".join(_ahead(workspace, spec) for spec in to_train)
        seed = f" with seed {options['seed']}" if options["seed"] else ""
        _log.info("To train at %s scale%s: %s.", options["scale"], seed, ahead)
    published = [run for run in runs.values() if isinstance(run, PublishedFolder)]
    _announce(published, workspace.published.index.address)
    needed = {*datasets, *(spec.dataset.value for spec in to_train)}
    stand_in, quiet = options["stand_in"], options["quiet"]
    make_without_files(needed, options["data_dir"], stand_in=stand_in, quiet=quiet)
    return workspace


def _finished_runs(
    workspace: "Workspace", models: Iterable[ModelSpec]
) -> "dict[ModelSpec, RunFolder | None]":
    """The finished run of each model, without models of which several fit: that is said later."""
    runs = {}
    for spec in models:
        with suppress(TrainingError):
            runs[spec] = workspace.loadable(spec)
    return runs


def _announce(published: "Iterable[PublishedFolder]", address: str | None) -> None:
    """Name the published runs that are loaded, after trying where they are downloaded to.

    Raises:
        DataError: nothing can be written there.
    """
    runs = [*published]
    try_places("--runs-dir", *(run.path.parent for run in runs if not run.is_here))
    for run in runs:
        way = f"loaded from {run.path}"
        if not run.is_here:
            way = f"downloaded from {address} ({run.published.bytes / 1e6:.1f} MB)"
        _log.info("%s: the published run is %s; --train trains it.", run.config.model, way)


def _ahead(workspace: "Workspace", spec: ModelSpec) -> str:
    """A model, and what of its training is still to come."""
    from thesis_repro.training.run_folder import RunFolder  # with NumPy

    config, epochs = workspace.config(spec), workspace.schedule(spec).epochs
    done = RunFolder(workspace.runs_dir, config).newest_epoch if config else 0
    state = f"goes on after epoch {done} of {epochs}" if done else counted(epochs, "epoch")
    return f"{spec.id} ({state})"


def import_matplotlib() -> None:
    """Import matplotlib, which reads the user's settings, though figures take none of them.

    No window is opened, so that the user's MPLBACKEND counts no more than these.

    Raises:
        SettingsError: these are no text.
    """
    os.environ["MPLBACKEND"] = "agg"
    try:
        importlib.import_module("matplotlib")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"matplotlib cannot read your matplotlibrc ({error}). Save it as UTF-8 or move it "
            "away; it is looked for in this folder, at MATPLOTLIBRC and in ~/.config/matplotlib."
        ) from error


def try_places(option: str, *folders: Path) -> None:
    """Make sure, before any work, that these folders can be written to; nothing is left there.

    Raises:
        DataError: one cannot be; ``option`` names another one.
    """
    for folder in dict.fromkeys(folders):
        try:
            try_writing(folder)
        except OSError as error:
            cause = f"it cannot be written to ({error.strerror or error})"
            fix = f"free some space, mend the permissions, or name another folder with {option}"
            raise DataError(folder, cause, fix) from error


def refuse_less(
    sections: Iterable[str],
    *,
    out: Path,
    scale: str,
    precision: str,
    stand_in: bool,
    readings: tuple[str, ...] = (),
    **others: Any,
) -> None:
    """Make sure, before any work, that no results are replaced by less.

    Raises:
        click.UsageError: these are of a smaller scale than those there, of fewer digits, or of
            stand-ins.
    """
    from thesis_repro.section.results_folder import more_than

    there = {
        name: more_than(name, out, scale, precision, stand_in=stand_in, readings=readings)
        for name in sections
    }
    kept = [f"{name} ({more})" for name, more in there.items() if more]
    under = "".join(f" --reading {reading}" for reading in readings)
    if kept:
        digits = "" if precision == FLOAT32 else f", {precision}"
        asked = f"scale {scale}{digits}{', stand-ins' if stand_in else ''}"
        raise click.UsageError(
            f"{out} holds more than what is asked for ({asked}): {'; '.join(kept)}. Name another "
            f"folder with --out, or say `thesis-repro chapter SECTION{under} --replace` with the "
            "same options to replace it."
        )


def refuse_another_first(sections: Iterable[str], *, out: Path, seed: int, **others: Any) -> None:
    """Make sure, before any work, that results of several seeds keep the first of them.

    Raises:
        click.UsageError: they would not.
    """
    from thesis_repro.section.results_folder import first_of_seeds

    if there := [each for name in sections if (each := first_of_seeds(name, out, seed))]:
        raise click.UsageError(
            f"{out} holds results of several seeds: {'; '.join(there)}. With {seed} as the "
            "first one they would be replaced, and the further ones no longer count. Name all "
            "seeds, beginning with the first there, or another folder with --out, or say "
            "`thesis-repro chapter SECTION --replace`."
        )


def of_seeds(seeds: Sequence[int], *, out: Path = Path(), **options: Any) -> list[dict[str, Any]]:
    """The options of each seed: results of the first go to ``out``, others into folders of it."""
    return [
        options | {"seed": seed, "out": seed_folder(out, seed) if number else out}
        for number, seed in enumerate(seeds)
    ]


def sections_of_seeds(
    sections: Iterable[str], seeds: Sequence[int], **options: Any
) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """The sections to be run with each seed and its options, those of the first seed last.

    Figures of the first can then show what is there of the others, for which only sections with
    models are run: all else is the same with each seed.
    """
    with_models = [name for name in sections if models_of(name, options["scale"])]
    first, *further = of_seeds(seeds, **options)
    for each in further:
        yield with_models, each
    yield [*sections], first


def workspace_of(
    *,
    data_dir: Path,
    runs_dir: Path,
    scale: str,
    seed: int,
    precision: str,
    stand_in: bool,
    out: Path = Path(),
    quiet: bool = True,
    train: bool = False,
    readings: tuple[str, ...] = (),
    **others: Any,
) -> "Workspace":
    """The workspace that the options describe; nothing is made."""
    from thesis_repro.progress import TrainingProgress
    from thesis_repro.section.workspace import Workspace
    from thesis_repro.training.configuration import TrainingOptions

    return Workspace(
        data_dir=data_dir,
        runs_dir=runs_dir,
        out=out,
        options=TrainingOptions(SCALES[scale], seed, precision),
        stand_in=stand_in,
        progress=TrainingProgress(quiet=quiet),
        train=train,
        readings=readings,
    )
