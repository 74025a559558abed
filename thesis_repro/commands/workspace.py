"""The workspace that a command's options describe."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thesis_repro.commands.data import make_without_files
from thesis_repro.training.scale import SCALES

if TYPE_CHECKING:
    from thesis_repro.section.workspace import Workspace


def open_workspace(datasets: Iterable[str], **options: Any) -> "Workspace":
    """The workspace that the options describe, with stand-in data made if they are asked for."""
    level = logging.WARNING if options["quiet"] else logging.INFO
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("thesis_repro").setLevel(logging.DEBUG if options["verbose"] else level)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # its advice is not for users

    if options["stand_in"]:
        make_without_files(set(datasets), options["data_dir"], quiet=options["quiet"])
    return workspace_of(**options)


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
    **others: Any,
) -> "Workspace":
    """The workspace that the options describe; nothing is made."""
    from thesis_repro.progress import TrainingProgress
    from thesis_repro.section.workspace import Workspace
    from thesis_repro.training.train import TrainingOptions

    return Workspace(
        data_dir=data_dir,
        runs_dir=runs_dir,
        out=out,
        options=TrainingOptions(SCALES[scale], seed, precision),
        stand_in=stand_in,
        progress=TrainingProgress(quiet=quiet),
    )
