"""What may be published, and how a finished run comes into ``published/`` and into its index."""

import shutil
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from data_prep.checksums import sha256
from data_prep.errors import DataError, os_errors
from data_prep.folders import replacing
from thesis_repro.files import write_json
from thesis_repro.models import zoo
from thesis_repro.models.keras_settings import BACKENDS
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.images import Identity
from thesis_repro.training.precision import PRECISIONS
from thesis_repro.training.published import Index, PublishedFile, PublishedRun
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES
from thesis_repro.training.withheld import WITHHELD
from thesis_repro.words import counted

INDEX = Path(__file__).with_name("published.json")

# A repository is cloned whole, by everyone (bytes).
LARGEST_FILE, LARGEST_IN_ALL = 30_000_000, 60_000_000

# Besides the weights and whatever else DONE names.
_RUN_FILES = ("config.json", "provenance.json", "history.csv", "DONE")
_FIX = "put it back from a copy, or name another run"

Kind = TypeVar("Kind")


def publish(run: Path, folder: Path, index: Path = INDEX) -> PublishedRun:
    """Copy a finished run into the folder of published runs, and write the index anew.

    What is kept of a run is what it is loaded from, not what only helped to make it.

    Args:
        run: ``<runs-dir>/<model>/<run-id>``.
        folder: That of all published runs.
        index: Its file.

    Raises:
        DataError: the run has not ended, is damaged or must not be published; or another one is in
            its place.
    """
    run = run.resolve()
    entry = described(run)
    others = [other for other in runs_in(folder) if other.config != entry.config]
    check(Index(None, (*others, entry)), folder)
    target = folder / entry.model / entry.run_id

    def refuse_another(target: Path) -> None:
        if target.exists() and described(target) != entry:
            cause = "this run is published with other bytes: of another training of it"
            raise DataError(target, cause, "take it away first, if this one is to replace it")

    cannot = os_errors(target, "it cannot be written", "free some space, or mend the permissions")
    with cannot, replacing(target, refuse_another) as place:
        for name in entry.files:
            shutil.copyfile(run / name, place / name)
    write_index(folder, index)
    return entry


def write_index(folder: Path, index: Path = INDEX) -> Index:
    """Make the index that of what lies in the folder; the address that it has stays.

    Raises:
        DataError: what lies there is damaged or must not be published.
    """
    address = _decoded(index, Index).address if index.exists() else None
    content = Index(address, tuple(runs_in(folder)))
    check(content, folder)
    write_json(index, msgspec.to_builtins(content))
    return content


def runs_in(folder: Path) -> list[PublishedRun]:
    """The runs in a folder of published runs, by model and scale, the largest first.

    Raises:
        DataError: one is damaged.
    """
    scales = [*SCALES]

    def order(run: PublishedRun) -> tuple[str, int, int, str]:
        return run.model, scales.index(run.values["scale"]), run.values["seed"], run.run_id

    return sorted((described(path) for path in folder.glob("[!.]*/[!.]*")), key=order)


def check(index: Index, folder: Path) -> None:
    """See that all of an index may be published.

    Raises:
        DataError: it must not be.
    """
    for run in index.runs:
        _refuse_withheld(zoo.model(run.model), folder / run.model)
        for name, file in run.files.items():
            if file.bytes > LARGEST_FILE:
                cause = f"{file.bytes:,} bytes are more than the {LARGEST_FILE:,} of a file"
                path = folder / run.model / run.run_id / name
                raise DataError(path, cause, "leave this run out")
    in_all = sum(run.bytes for run in index.runs)
    if in_all > LARGEST_IN_ALL:
        cause = f"all runs would have {in_all:,} bytes, more than the {LARGEST_IN_ALL:,} allowed"
        raise DataError(folder, cause, "leave this run out, or take another one away")


def _refuse_withheld(spec: ModelSpec, path: Path) -> None:
    for dataset in sorted(datasets_behind(spec) & WITHHELD.keys()):
        cause = f"{spec.name} is trained on {dataset}, of which nothing is published: "
        fix = "leave it out; `thesis-repro train` makes it for whoever has the data"
        raise DataError(path, cause + WITHHELD[dataset], fix)


def datasets_behind(spec: ModelSpec) -> set[str]:
    """Data sets that a model has seen, its generator's among them."""
    seen = {spec.dataset.value}
    if spec.generator is not None:
        seen |= datasets_behind(zoo.model(spec.generator.value))
    return seen


def described(run: Path) -> PublishedRun:
    """The index's entry of a finished run, after reading every byte of it.

    Raises:
        DataError: it has not ended, is damaged, or others could not load it or know what it is.
    """
    files = checked_files(run)
    values = _decoded(run / "config.json", dict[str, Any])
    folder = RunFolder(run.parents[1], RunConfig(run.parent.name, values))
    if run.name != folder.config.run_id:
        cause = f"its config.json is that of run {folder.config.run_id}"
        raise DataError(run, cause, "name the folder by its run, <model>/<run-id>")
    _check_configuration(folder)
    return PublishedRun(run.parent.name, run.name, _data_of(folder), values, files)


def checked_files(run: Path) -> dict[str, PublishedFile]:
    """The files of a finished run that it is loaded from, each read and held against ``DONE``.

    Raises:
        DataError: the run has not ended, or is damaged.
    """
    if not (run / "DONE").exists():
        raise DataError(run, "it is no finished run: DONE is missing", "name one that has ended")
    with os_errors(run, "it cannot be read", _FIX):
        noted = _decoded(run / "DONE", dict[str, str])
        if elsewhere := [name for name in noted if Path(name).name != name]:
            raise DataError(run / "DONE", f"it names a file elsewhere: {elsewhere[0]}", _FIX)
        names = sorted({*_RUN_FILES, *noted})
        files = {
            name: PublishedFile(sha256(run / name), (run / name).stat().st_size) for name in names
        }
    for name, digest in noted.items():
        if files[name].sha256 != digest:
            raise DataError(run / name, "it has changed since the run ended", _FIX)
    return files


def _decoded(path: Path, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (ValueError, msgspec.MsgspecError) as error:
        raise DataError(path, f"it is damaged ({error})", _FIX) from error


def _check_configuration(folder: RunFolder) -> None:
    """See that a run may be published, and that this version asks for such runs.

    Raises:
        DataError: it is not.
    """
    config, values = folder.config, folder.config.values
    try:
        spec = zoo.model(config.model)
    except zoo.UnknownModelError as error:
        raise DataError(folder.path, str(error), "publish models of the zoo alone") from error
    _refuse_withheld(spec, folder.path)
    if values.get("scale") not in SCALES:
        cause = "it is of a scale that no command asks for"
        raise DataError(folder.path, cause, "train it at another")
    if config.model != spec.id or not is_asked_for(spec, values):
        cause = "this version of the package trains the model otherwise, and would never load it"
        raise DataError(folder.path, cause, "train it anew")
    rows = len(folder.read_history())
    if rows != values["epochs"]:
        cause = f"its history has {counted(rows, 'epoch')}, its configuration {values['epochs']}"
        raise DataError(folder.path, cause, _FIX)


def is_asked_for(spec: ModelSpec, values: dict[str, Any]) -> bool:
    """Whether a command of this version would make a run of this configuration."""
    try:
        seed, precision, backend = (values[name] for name in ("seed", "precision", "backend"))
        options = TrainingOptions(SCALES[values["scale"]], seed, precision)
        asked = run_config(spec, Identity(**values["data"]), options).values
    except (KeyError, TypeError):
        return False
    return (
        type(seed) is int
        and precision in PRECISIONS
        and backend in BACKENDS
        and values == asked | {"backend": backend}
    )


def _data_of(folder: RunFolder) -> str:
    """What data the run is of, in words.

    Raises:
        DataError: its provenance does not say it, it is of stand-ins, or others cannot get the
            source code that made it.
    """
    path, data = folder.path / "provenance.json", folder.recorded("data")
    if folder.of_stand_ins or not data:
        of = "stand-ins" if data else "data that are not named"
        raise DataError(path, f"the run is of {of}", "publish runs of the data sets alone")
    commits = {str(session.get("commit") or "") for session in folder.sessions}
    if any(not commit or commit.endswith("-dirty") for commit in commits):
        known = [commit or "of no commit" for commit in sorted(commits)]
        cause = f"its source code was {', '.join(known)}"
        raise DataError(path, cause, "train it with code that is committed")
    return ", ".join(data)
