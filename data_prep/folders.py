"""Where a prepared data set lies, and how a folder is replaced without a half-written moment."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from data_prep.errors import DataError
from data_prep.manifest import MANIFEST_NAME

LOCK_TIMEOUT = 600.0  # s, how long to wait for another process that prepares the same data set


# These are made without any file and equal the official data, so they have no stand-in.
MADE_EXACTLY = frozenset({"dsprites"})


class Resized(NamedTuple):
    """A data set that is another one in another size, made from what is prepared of that.

    Attributes:
        title: Name for people.
        origin: Id of the other one.
        size: Height and width of the images (px).
    """

    title: str
    origin: str
    size: tuple[int, int]


RESIZED = {
    # For AlexNet-VAE (Section 4.8, E73): training resizes nothing that it reads from the disk.
    "celeba-224": Resized("CelebA, 224 px", "celeba", (224, 224)),
}


def resized_id(origin: str, size: tuple[int, int]) -> str | None:
    """The id of a data set in another height and width (px), if there is one of that size."""
    wanted = (origin, size)
    return next((name for name, entry in RESIZED.items() if entry[1:] == wanted), None)


def is_made_up(dataset: str, stand_in: bool) -> bool:
    """Whether asking for stand-ins gives made-up images of this data set."""
    return stand_in and dataset not in MADE_EXACTLY


def folder(data_dir: Path, dataset: str, stand_in: bool) -> Path:
    """The folder of a prepared data set; official files and stand-in never share one."""
    return data_dir / (f"{dataset}-stand-in" if is_made_up(dataset, stand_in) else dataset)


def official_folder(data_dir: Path, dataset: str) -> Path:
    """Where official files are looked for and downloaded to, if no folder is named."""
    return data_dir / "official" / dataset


def prepare_command(dataset: str, data_dir: Path, stand_in: bool) -> str:
    """The command line that prepares a data set in `data_dir`."""
    origin = " --stand-in" if stand_in else " --source DIR"
    if dataset in MADE_EXACTLY or (dataset in RESIZED and not stand_in):
        origin = ""
    return f"`thesis-repro data prepare {dataset}{origin} --data-dir {shlex.quote(str(data_dir))}`"


@contextmanager
def replacing(target: Path, timeout: float = LOCK_TIMEOUT) -> Iterator[Path]:
    """Give an empty folder to write into; it becomes `target` when the block ends without error.

    Until then an existing `target` stays as it is. A killed process leaves only hidden folders
    beside it, which the next call for the same `target` removes. Only one process at a time gets
    past this point for one `target`.

    Args:
        target: The folder to make or to replace.
        timeout: How long to wait for another process (s).

    Raises:
        DataError: Another process holds the lock for too long, or `target` holds files that are
            not a prepared data set's and would be lost.
    """
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    replaced = target.with_name(f".{target.name}.replaced")
    lock = FileLock(target.with_name(f".{target.name}.lock"))
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        fix = "wait for it to end, then try again"
        raise DataError(target, "another process is preparing this data set", fix) from error
    try:
        _recover(target, partial, replaced)
        _refuse_foreign(target)
        partial.mkdir()
        yield partial
        if target.exists():
            target.rename(replaced)
        partial.rename(target)
    finally:
        _recover(target, partial, replaced)
        lock.release()


def _recover(target: Path, partial: Path, replaced: Path) -> None:
    """Clear away what this or a killed process leaves behind."""
    if replaced.exists() and not target.exists():  # stopped between the two renames
        replaced.rename(target)
    for left_over in (partial, replaced):
        shutil.rmtree(left_over, ignore_errors=True)


def _refuse_foreign(target: Path) -> None:
    """Never replace what is not ours: --data-dir may hold a folder of official files as `mnist`."""
    if not target.exists():
        return
    fix = "choose another --data-dir, or move it away"
    if not target.is_dir():
        raise DataError(target, "a file is in the place of the prepared data set", fix)
    foreign = sorted(
        entry.name
        for entry in target.iterdir()
        if entry.is_dir() or (entry.name != MANIFEST_NAME and entry.suffix != ".tfrecord")
    )
    if foreign:
        cause = f"the folder holds other files than a prepared data set ({foreign[0]}), left alone"
        raise DataError(target, cause, fix)
