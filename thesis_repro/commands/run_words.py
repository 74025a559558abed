"""What is said of runs in a word or a row."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thesis_repro import columns
from thesis_repro.commands import terminal
from thesis_repro.training.precision import FLOAT32

if TYPE_CHECKING:
    from thesis_repro.report.uses import Uses
    from thesis_repro.training.run_folder import RunFolder

USUAL_BACKEND = "tensorflow"

_HEADERS = ("model", "scale", "seed", "run", "state", "last trained (UTC)", "MB", "used by")
_NUMBERS = (2, 6)  # columns of them


def table(runs: "Iterable[RunFolder]", sizes: Mapping[Path, int], uses: "Uses") -> str:
    """A row for each run, with so many bytes."""
    from thesis_repro.training.folder_of_runs import last_trained

    rows = []
    for run in runs:
        trained = last_trained(run)
        rows.append(
            (
                run.config.model,
                ", ".join((str(value(run, "scale")), *unusual(run))),
                str(value(run, "seed")),
                run.config.run_id,
                state(run),
                f"{trained:%Y-%m-%d %H:%M}" if trained else "unknown",
                f"{sizes[run.path] / 1e6:,.1f}",
                " ".join(uses.places.get(run.config.run_id, ())),
            )
        )
    return columns.table(rows, _HEADERS, terminal.width(), right=_NUMBERS)


def value(run: "RunFolder", name: str) -> Any:
    """What its configuration says; runs of other versions may not say all of it."""
    return run.config.values.get(name, "unknown")


def unusual(run: "RunFolder") -> Iterator[str]:
    """What of precision, backend and version is not as a command of this version has it."""
    from thesis_repro.training.configuration import TRAINING_VERSION

    for name, usual in (("precision", FLOAT32), ("backend", USUAL_BACKEND)):
        if value(run, name) != usual:
            yield str(value(run, name))
    if value(run, "training_version") != TRAINING_VERSION:
        yield f"version {value(run, 'training_version')}"


def state(run: "RunFolder") -> str:
    """Whether it is finished, or how far it is."""
    from thesis_repro.training.published import PublishedFolder

    if isinstance(run, PublishedFolder):
        return "published, downloaded" if run.is_download else "published"
    return "finished" if run.is_done else f"epoch {run.newest_epoch} of {value(run, 'epochs')}"
