"""Trained models by their names, from their run folders alone: no data set is needed."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from thesis_repro.errors import UnknownRunError
from thesis_repro.library.keras_process import keras_imported
from thesis_repro.models import zoo
from thesis_repro.models.changed import MARK
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import UnknownModelError
from thesis_repro.names import did_you_mean, named
from thesis_repro.training.finding import chosen_run, runs_at_hand, spec_of
from thesis_repro.training.published import PublishedFolder, published_runs
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.scale import SCALES, Scale

if TYPE_CHECKING:
    from thesis_repro.training.trained_model import TrainedModel

_LISTS = "`thesis_repro.list_models()` gives all models and the runs that can be loaded."


def list_models(runs_dir: str | Path = "runs") -> pd.DataFrame:
    """All models, a row for each finished run that can be loaded, one row where there is none.

    Columns: model, name, family, data, latent (dimensions of each layer, lowest first), scale,
    seed, run and where: the folder that it is loaded from, or will lie in once it is downloaded.

    Args:
        runs_dir: Where models were trained that are looked for besides the published ones.
    """
    runs = runs_at_hand(Path(runs_dir), published_runs()).values()
    rows = []
    for spec in zoo.MODELS.values():
        what = {
            "model": spec.id,
            "name": spec.name,
            "family": spec.family,
            "data": spec.dataset.value,
            "latent": spec.latent_dims.value,
        }
        of_model = [_row(run) for run in runs if run.config.model == spec.id]
        rows += [what | row for row in of_model or [{}]]
    columns = (*what, "scale", "seed", "run", "where")
    return pd.DataFrame(rows, columns=columns).astype({"seed": "Int64"})


def _row(run: RunFolder) -> dict[str, object]:
    values = run.config.values
    return {
        "scale": values["scale"],
        "seed": values["seed"],
        "run": run.config.run_id,
        "where": str(run.path),
    }


def load_model(
    name: str | Path,
    run: str | None = None,
    seed: int = 0,
    scale: str = "paper",
    *,
    runs_dir: str | Path = "runs",
) -> "TrainedModel":
    """A trained model, from a finished run of it: one that was trained here, else a published one.

    Keras is imported and, for the whole process, set to what runs were made with: TensorFlow's
    operations give the same bits each time. What Python and NumPy draw afterwards stays as it is.

    Args:
        name: A model of `list_models`, by its id or name in any case; or the path of a run folder,
            which says all else by itself.
        run: The id of its run, or the beginning of it; else the one with this seed and scale.
        seed: Of its training.
        scale: How much of the thesis's training it had: "paper", "quick", "smoke" or "untrained".
        runs_dir: Where models were trained, and downloaded runs go.

    Raises:
        UnknownModelError: no model is called so.
        UnknownRunError: it has no such run, or several; the message says what trains one.
        TrainingError: a file of the run is missing or damaged; the message says what to do.
        DataError: the same of a published run, or it cannot be downloaded.
    """
    published = published_runs()
    if (path := _as_path(name)) is not None:
        folder = RunFolder.at(path)
        entry = published.run(folder.config)
        places = published.folders(entry, Path(runs_dir)) if entry else ()
        same = (each for each in places if each.is_here and each.path.samefile(path))
        folder = next(same, folder)
    else:
        runs = runs_at_hand(Path(runs_dir), published)
        folder = _run_of(_spec_of(name, runs), runs, run, seed, scale)
    if isinstance(folder, PublishedFolder):
        published.ready(folder, quiet=True)
    with keras_imported():
        from thesis_repro.training.train import load_run

        return load_run(spec_of(folder.config), folder)


def _spec_of(name: str | Path, runs: dict[str, RunFolder]) -> ModelSpec:
    """The model that is named, where the name is none of a run."""
    if not isinstance(name, str):
        raise UnknownModelError(f"Models are named by text or a path, not {name!r}. {_LISTS}")
    try:
        return zoo.model(name)
    except UnknownModelError as error:
        if MARK in name:
            raise UnknownModelError(
                f"{name!r} is no model of the thesis, and loaded by the path of its run: "
                f"load_model(Path(runs_dir) / {name!r} / RUN)."
            ) from None
        if ids := _beginning_with(name, runs):
            raise UnknownModelError(
                f"{name!r} is a run and no model: load_model({runs[ids[0]].config.model!r}, "
                f"run={ids[0]!r})."
            ) from None
        raise UnknownModelError(f"{error} {_LISTS}") from None


def _beginning_with(name: str, ids: Iterable[str]) -> list[str]:
    """The runs with this id, or whose ids begin so."""
    wanted = name.strip().casefold()
    return [each for each in ids if wanted and each.startswith(wanted)]


def _as_path(name: str | Path) -> Path | None:
    """The folder that is meant, where it is no name."""
    if not isinstance(name, str | Path):
        return None
    is_path = isinstance(name, Path) or any(sign and sign in name for sign in (os.sep, os.altsep))
    if is_path or (Path(name) / "config.json").is_file():
        return Path(name).expanduser()
    return None


def _run_of(
    spec: ModelSpec, runs: dict[str, RunFolder], run: str | None, seed: int, scale: str
) -> RunFolder:
    if run is not None:
        of_model = [each for each in runs.values() if each.config.model == spec.id]
        return _chosen(str(run) if of_model else spec.id, of_model)
    return _chosen(spec.id, runs.values(), scale=scale_called(scale).name, seed=seed)


def scale_called(name: str) -> Scale:
    """The scale of this name, in any case.

    Raises:
        UnknownRunError: there is none.
    """
    scale = named(name, SCALES) if isinstance(name, str) else None
    if scale is None:
        raise UnknownRunError(
            f"No scale is called {name!r}.{did_you_mean(str(name), SCALES)} There are "
            f"{', '.join(SCALES)}."
        )
    return scale


def _chosen(name: str, runs: Iterable[RunFolder], **wanted: Any) -> RunFolder:
    try:
        return chosen_run(name, runs, **wanted)
    except UnknownRunError as error:
        raise UnknownRunError(f"{error}\n{_LISTS}") from None
