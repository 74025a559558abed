"""Finished runs by what people call them: an id, or a model that has one.

Those that were trained here, and those that are published.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from thesis_repro.models import zoo
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.names import did_you_mean
from thesis_repro.training.published import Published
from thesis_repro.training.run_folder import RunConfig, RunFolder, finished_runs


class UnknownRunError(LookupError):
    """No finished run is what was asked for, or several are; the message says which there are."""


def runs_at_hand(runs_dir: Path, published: Published) -> dict[str, RunFolder]:
    """The finished runs of all models that are to be had, by id; those trained here count first."""
    others = (published.folder(run, runs_dir) for run in published.index.runs)
    runs: dict[str, RunFolder] = {run.config.run_id: run for run in others if run}
    trained = (run for name in zoo.MODELS for run in finished_runs(runs_dir, name))
    return runs | {run.config.run_id: run for run in trained}


def chosen_run(name: str, runs: Mapping[str, RunFolder], **wanted: Any) -> RunFolder:
    """The run with this id, or the one of a model whose configuration has the values wanted.

    Raises:
        UnknownRunError: there is none, or there are several of the model.
    """
    if name in runs:
        return runs[name]
    known = [*dict.fromkeys(run.config.model for run in runs.values())]
    try:
        model = zoo.model(name).id
    except zoo.UnknownModelError:
        hint = did_you_mean(name, [*runs, *known, *zoo.MODELS])
        hint = hint or " `thesis-repro weights list` has some."
        raise UnknownRunError(f"No finished run is called {name!r}.{hint}") from None
    of_model = [run for run in runs.values() if run.config.model == model]
    fitting = [run for run in of_model if wanted.items() <= _comparable(run.config).items()]
    if not fitting:
        raise UnknownRunError(_none(model, of_model, wanted))
    if len(fitting) > 1:
        raise UnknownRunError(
            "\n".join((f"{model} has several finished runs; name one:", *map(_line, fitting)))
        )
    return fitting[0]


def spec_of(config: RunConfig) -> ModelSpec:
    """The model that a run is of, with the settings that it was made with.

    Raises:
        thesis_repro.models.zoo.UnknownModelError: this version has no such model.
    """
    spec, values = zoo.model(config.model), config.values["spec"]
    changed: dict[str, Any] = {
        name: Sourced(tuple(given) if isinstance(given, list) else given, "this run")
        for name, setting in spec.settings().items()
        if name in values and (given := values[name]) != _plain(setting.value)
    }
    return replace(spec, **changed)


def _comparable(config: RunConfig) -> dict[str, Any]:
    """The values of a configuration that are no collections."""
    return {name: value for name, value in config.values.items() if not isinstance(value, dict)}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return [*value] if isinstance(value, tuple) else value


def _none(model: str, others: Iterable[RunFolder], wanted: Mapping[str, Any]) -> str:
    """That no run of a model is there, what trains one, and which others there are."""
    options = "".join(f" --{name} {value}" for name, value in wanted.items())
    asked = f" with {', '.join(f'{name} {value}' for name, value in wanted.items())}"
    lines = [
        f"There is no finished run of {model}{asked if wanted else ''}: "
        f"`thesis-repro train {model}{options}`"
    ]
    if there := [_line(run) for run in others]:
        lines += ["There are these:", *there]
    return "\n".join(lines)


def _line(run: RunFolder) -> str:
    values = run.config.values
    return "  {0}: scale {scale}, seed {seed}, {precision}, {backend}".format(
        run.config.run_id, **values
    )
