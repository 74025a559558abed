"""Runs by what people call them: an id, the beginning of one, or a model that has one run."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from thesis_repro.errors import UnknownRunError
from thesis_repro.models import zoo
from thesis_repro.models.changed import MARK, base_of, marked
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.names import did_you_mean
from thesis_repro.training.published import Published
from thesis_repro.training.run_folder import RunConfig, RunFolder, finished_runs


def runs_at_hand(runs_dir: Path, published: Published) -> dict[str, RunFolder]:
    """The finished runs of all models that are to be had, by id; those trained here count first."""
    others = (published.folder(run, runs_dir) for run in published.index.runs)
    runs: dict[str, RunFolder] = {run.config.run_id: run for run in others if run}
    trained = (run for name in zoo.MODELS for run in finished_runs(runs_dir, name))
    return runs | {run.config.run_id: run for run in trained}


def chosen_run(
    name: str, runs: Iterable[RunFolder], kind: str = "finished run", **wanted: Any
) -> RunFolder:
    """The run with this id, the only one whose id begins so, or that of a model.

    Args:
        name: What people call it, in any case.
        runs: Those that there are; of several with one id, the first is meant.
        kind: What they are, in words.
        wanted: Values that the configuration of a model's run has to have.

    Raises:
        UnknownRunError: there is none, or there are several.
    """
    by_id = {run.config.run_id: run for run in reversed([*runs])}
    sought, model = name.strip().casefold(), _model(name)
    if sought in by_id:
        return by_id[sought]
    of_model = [run for run in by_id.values() if run.config.model == model]
    if of_model or model in zoo.MODELS:
        fitting = [run for run in of_model if wanted.items() <= _comparable(run.config).items()]
        several = f"{model} has several {kind}s; name one:"
        if not fitting:
            raise UnknownRunError(_none(model, kind, of_model, wanted))
    else:
        fitting = [run for key, run in by_id.items() if sought and key.startswith(sought)]
        several = f"Several {kind}s begin with {name!r}; name one:"
        if not fitting:
            known = (*by_id, *(run.config.model for run in by_id.values()), *zoo.MODELS)
            hint = did_you_mean(name, [*dict.fromkeys(known)])
            hint = hint or " `thesis-repro runs list` shows those that are here."
            raise UnknownRunError(f"No {kind} is called {name!r}.{hint}")
    if len(fitting) > 1:
        raise UnknownRunError("\n".join((several, *sorted(map(_line, fitting)))))
    return fitting[0]


def _model(name: str) -> str:
    """The id of the model that is named, or the name itself: runs may be of models of one's own."""
    try:
        return zoo.model(name).id
    except zoo.UnknownModelError:
        return name


def spec_of(config: RunConfig) -> ModelSpec:
    """The model that a run is of, with the settings that it was made with.

    Raises:
        thesis_repro.models.zoo.UnknownModelError: this version has no such model.
    """
    spec, values = base_of(config.model), config.values["spec"]
    changed: dict[str, Any] = {
        name: Sourced(tuple(given) if isinstance(given, list) else given, "this run")
        for name, setting in spec.settings().items()
        if name in values and (given := values[name]) != _plain(setting.value)
    }
    if MARK in config.model:
        return marked(spec, config.model, **changed)
    return replace(spec, **changed)


def _comparable(config: RunConfig) -> dict[str, Any]:
    """The values of a configuration that are no collections."""
    return {name: value for name, value in config.values.items() if not isinstance(value, dict)}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return [*value] if isinstance(value, tuple) else value


def _none(model: str, kind: str, others: Iterable[RunFolder], wanted: Mapping[str, Any]) -> str:
    """That no run of a model is there, what trains one, and which others there are."""
    options = "".join(f" --{name} {value}" for name, value in wanted.items())
    asked = f" with {', '.join(f'{name} {value}' for name, value in wanted.items())}"
    lines = [
        f"There is no {kind} of {model}{asked if wanted else ''}: "
        f"`thesis-repro train {model}{options}`"
    ]
    if there := [_line(run) for run in others]:
        lines += ["There are these:", *there]
    return "\n".join(lines)


def _line(run: RunFolder) -> str:
    """What tells a run from others; runs of other versions may not say all of it."""
    names = ("scale", "seed", "precision", "backend")
    scale, seed, precision, backend = (run.config.values.get(name, "unknown") for name in names)
    of = f"{run.config.model}, scale {scale}, seed {seed}, {precision}, {backend}"
    return f"  {run.config.run_id}: {of}"
