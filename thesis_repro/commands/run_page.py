"""One run in full, as text for a terminal."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import printable
from thesis_repro.commands.run_words import USUAL_BACKEND, state, value
from thesis_repro.models import zoo
from thesis_repro.models.changed import MARK, arguments, is_typed, way_to_train
from thesis_repro.training.precision import FLOAT32
from thesis_repro.words import duration

if TYPE_CHECKING:
    from thesis_repro.models.spec import ModelSpec
    from thesis_repro.training.run_folder import RunConfig, RunFolder

_WIDTH = 96


def history_of(run: "RunFolder") -> tuple[list[dict[str, float]], str]:
    """The epochs of a run; none, and why, where they cannot be read."""
    from thesis_repro.training.folder_of_runs import DAMAGE

    path = run.path / "history.csv"
    try:
        history = run.read_history() if run.is_done or path.exists() else []
        _ = [(row["epoch"], row["seconds"]) for row in history]  # what every row has to have
    except DAMAGE as error:
        said = str(error)
        return [], said if str(run.path) in said else f"{path}: it is damaged ({error!r})."
    return history, ""


def page(
    run: "RunFolder", history: list[dict[str, float]], runs_dir: Path, uses: Sequence[str]
) -> str:
    """What the run is, what has worked on it, its losses and files.

    Args:
        run: Finished or not.
        history: Its epochs, of which there may be none.
        runs_dir: Where it is loaded from.
        uses: Folders of results that name it.
    """
    blocks = (
        "\n".join(_facts(run, runs_dir, uses)),
        _sessions(run, history),
        _losses(history) if history else "",
        _files(run),
    )
    return "\n\n".join(filter(None, blocks))


def _facts(run: "RunFolder", runs_dir: Path, uses: Sequence[str]) -> Iterator[str]:
    """A line for each."""
    from thesis_repro.training.configuration import TRAINING_VERSION

    version, ours = value(run, "training_version"), TRAINING_VERSION
    facts = {
        "run": run.config.run_id,
        "folder": str(run.path),
        "state": state(run),
        "scale": f"{value(run, 'scale')}: {value(run, 'epochs')} epochs",
        "data": ", ".join(run.recorded("data")) or "not known: its provenance does not say it",
        "images": _images(value(run, "data")),
        "seed": value(run, "seed"),
        "precision": value(run, "precision"),
        "backend": value(run, "backend"),
        "version": version if version == ours else f"{version}; this package trains {ours}",
        "code": ", ".join(run.recorded("commit")) or "of no commit",
        "used by": ", ".join(uses) or "none of these results",
        "command": _command(run, runs_dir),
    }
    yield f"{run.config.model}{_name(run.config.model)}"
    for name, what in facts.items():
        yield printable(f"  {name:<11}{what}")


def _name(model_id: str) -> str:
    """What stands after a model's id."""
    if spec := zoo.MODELS.get(model_id):
        return f" ({spec.name})"
    return ": changed, no model of the thesis" if MARK in model_id else ": no model of this version"


def _images(data: Any) -> str:
    """How many an epoch has, by what the configuration says of the data."""
    try:
        return "{train_images:,} for training, {validation_images:,} for validation".format(**data)
    except (TypeError, KeyError, ValueError):  # of another version
        return "not known"


def _command(run: "RunFolder", runs_dir: Path) -> str:
    """The command that loads the run, or goes on with it, where its data are prepared."""
    from thesis_repro.training.publishing import is_asked_for

    name, values = run.config.model, run.config.values
    if MARK in name and not is_typed(name):
        return f"none: {way_to_train(name)} in Python"
    spec = _spec_with_settings(run.config) if MARK in name else zoo.MODELS.get(name)
    if spec is None or not is_asked_for(spec, values):
        return "none: this version of the package would train it otherwise, and never loads it"
    backend = values["backend"]
    words = ["thesis-repro", "train", *arguments(spec.id), "--scale", values["scale"]]
    words += ["--seed", str(values["seed"])] if values["seed"] else []
    words += ["--precision", values["precision"]] if values["precision"] != FLOAT32 else []
    words += ["--stand-in"] if run.of_stand_ins else []
    words += ["--runs-dir", str(runs_dir)] if runs_dir != Path("runs") else []
    return f"{'' if backend == USUAL_BACKEND else f'KERAS_BACKEND={backend} '}{shlex.join(words)}"


def _spec_with_settings(config: "RunConfig") -> "ModelSpec | None":
    """A changed model; None of one that this version has not."""
    from thesis_repro.training.finding import spec_of

    with suppress(zoo.UnknownModelError, KeyError, TypeError):  # of another version
        return spec_of(config)
    return None


def _sessions(run: "RunFolder", history: Sequence[Mapping[str, float]]) -> str:
    """A row for each process that has worked on the run, with the epochs that count."""
    from tabulate import tabulate

    from thesis_repro.training.run_facts import versions_of

    sessions = run.sessions
    rows = []
    for number, session in enumerate(sessions):
        first = session.get("first_epoch", 1)
        next_one = sessions[number + 1].get("first_epoch") if number + 1 < len(sessions) else None
        epochs = [row for row in history if _is_between(row["epoch"], first, next_one)]
        rows.append(
            (
                session.get("started", "unknown"),
                first,
                len(epochs),
                duration(sum(row["seconds"] for row in epochs)),
                session.get("device", "unknown"),
                session.get("commit") or "none",
            )
        )
    if not rows:
        return "Its provenance names no session."
    headers = ("session", "from epoch", "epochs", "time", "device", "commit")
    alignment = ("left", "right", "right", "right", "left", "left")
    table = tabulate(rows, headers, colalign=alignment, disable_numparse=True)
    versions = dict.fromkeys(filter(None, map(versions_of, sessions)))
    return "\n".join((table, *(textwrap.fill(line, _WIDTH) for line in versions)))


def _is_between(epoch: float, first: Any, next_one: Any) -> bool:
    """Whether a session made the epoch that the run has: one that was killed made others, too."""
    try:
        return first <= epoch and (next_one is None or epoch < next_one)
    except TypeError:  # of damaged provenance
        return False


def _losses(history: list[dict[str, float]]) -> str:
    from tabulate import tabulate

    from thesis_repro.training.run_facts import losses, milestones

    epochs = milestones(history)
    headers = ["", *(f"{name} ({history[row]['epoch']:.0f})" for name, row in epochs.items())]
    rows = [(name, *numbers) for name, numbers in losses(history)]
    alignment = ("left", *("right" for _ in epochs))
    return tabulate(rows, headers, colalign=alignment, disable_numparse=True)


def _files(run: "RunFolder") -> str:
    from tabulate import tabulate

    from thesis_repro.training.folder_of_runs import file_sizes

    sizes = file_sizes(run.path)
    rows = [(printable(name), f"{size:,}") for name, size in sorted(sizes.items()) if size]
    rows.append(("in all", f"{sum(sizes.values()):,}"))
    return tabulate(rows, ("file", "bytes"), colalign=("left", "right"), disable_numparse=True)
