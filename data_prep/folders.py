"""Where a prepared data set lies, and how a folder is replaced without a half-written moment."""

import json
import logging
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from data_prep.downloads import DOWNLOADS
from data_prep.errors import DataError
from data_prep.locks import alone
from data_prep.manifest import MANIFEST_NAME
from data_prep.sources import NOTES, is_note

_log = logging.getLogger(__name__)

# These need no file from elsewhere, so they have no stand-in: MNIST's official files are in this
# package, Morpho-MNIST is measured from them, dSprites is rendered.
AT_HAND = frozenset({"mnist", "morpho-mnist", "dsprites"})


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
    return stand_in and dataset not in AT_HAND


def folder(data_dir: Path, dataset: str, stand_in: bool) -> Path:
    """The folder of a prepared data set; official files and stand-in never share one."""
    return data_dir / (f"{dataset}-stand-in" if is_made_up(dataset, stand_in) else dataset)


def is_filled(location: Path) -> bool:
    """Whether anything lies there; a folder that is mounted is there before it is filled."""
    try:
        if location.is_dir():
            return not all(_stays(entry.name) for entry in location.iterdir())
    except PermissionError:
        return True  # whoever reads it will say so
    return os.path.lexists(location)


def official_folder(data_dir: Path, dataset: str) -> Path:
    """Where official files are looked for and downloaded to, if no folder is named."""
    return data_dir / "official" / dataset


def has_official_files(data_dir: Path, dataset: str) -> bool:
    """Whether there are official files, or a part of them, where they are looked for."""
    try:
        entries = list(official_folder(data_dir, dataset).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # whoever reads them will say why they cannot be read
    return not all(is_note(entry.name) or entry.suffix == ".part" for entry in entries)


def prepare_command(dataset: str, data_dir: Path, stand_in: bool) -> str:
    """The shortest command line that prepares a data set in `data_dir`, from what lies there."""
    place = f"--data-dir {shlex.quote(str(data_dir))}"
    prepare = f"thesis-repro data prepare {dataset}"
    if dataset in AT_HAND or (dataset in RESIZED and not stand_in):
        return f"`{prepare} {place}`"
    if stand_in:
        return f"`{prepare} --stand-in {place}`"
    if has_official_files(data_dir, dataset):
        return f"`{prepare} {place}`"
    if dataset in DOWNLOADS:
        return f"`thesis-repro data fetch {dataset} {place} && {prepare} {place}`"
    return f"`{prepare} --source DIR {place}`"


def ways_to_prepare(dataset: str, data_dir: Path) -> str:
    """How a data set is prepared from official files, wherever they lie."""
    command = prepare_command(dataset, data_dir, stand_in=False)
    if dataset in AT_HAND or dataset in RESIZED or has_official_files(data_dir, dataset):
        return command
    if dataset in DOWNLOADS:
        return f"{command} (or, if you have the files, `data prepare` with --source DIR)"
    place = shlex.quote(str(data_dir))
    get = f"`thesis-repro data fetch {dataset} --data-dir {place}`"
    return f"{command} (DIR holds the official files; {get} says how to get them)"


def hidden_place(target: Path) -> Path:
    """Where the hidden folders for a folder lie: beside it, or inside where a disk is mounted."""
    target = Path(os.path.realpath(target))
    return target if is_mount_point(target) else target.parent


def refuse_foreign(target: Path) -> None:
    """Never replace what is not ours: --data-dir may hold a folder of official files as `mnist`.

    Raises:
        DataError: What lies there is no prepared data set, or holds other files than one.
    """
    if not target.exists():
        return
    fix = "choose another --data-dir, or move it away"
    if not target.is_dir():
        raise DataError(target, "a file is in the place of the prepared data set", fix)
    mounted = is_mount_point(target)
    foreign = sorted(
        entry.name
        for entry in target.iterdir()
        if not (mounted and _stays(entry.name))
        and not (entry.name.startswith("._") or entry.name.lower() in NOTES)
        and (entry.is_dir() or (entry.name != MANIFEST_NAME and entry.suffix != ".tfrecord"))
    )
    if foreign:
        cause = f"the folder holds other files than a prepared data set ({foreign[0]}), left alone"
        raise DataError(target, cause, fix)


def _keep_nothing(replaced: Path, target: Path) -> None:
    """The default: `refuse_foreign` has let nothing else through."""


@contextmanager
def replacing(
    target: Path,
    refuse: Callable[[Path], None] = refuse_foreign,
    keep: Callable[[Path, Path], None] = _keep_nothing,
) -> Iterator[Path]:
    """Give an empty folder to write into; it becomes `target` when the block ends without error.

    Until then an existing `target` stays as it is. A killed process leaves only hidden folders
    beside it, which the next call for the same `target` clears away. Only one process at a time
    gets past this point for one `target`; the next waits, saying so.

    A mount point cannot be renamed, and what lies beside it is on another disk: there all is
    written inside it, and the files change places one by one, the manifest last. Who is killed
    while they do leaves a folder without a manifest, which the next call completes.

    Args:
        target: The folder to make or to replace.
        refuse: Raises a `DataError` where `target` must not be replaced.
        keep: Moves what should not be lost from the folder that was replaced, the first, to the
            one in its place, the second; called again after a kill.

    Raises:
        DataError: `target` must not be replaced, or what another process has left beside it is not
            to be taken away.
    """
    target = Path(os.path.realpath(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    place = hidden_place(target)
    mounted = place == target
    partial, replaced, complete = (
        place / f".{target.name}.{kind}" for kind in ("partial", "replaced", "complete")
    )

    def recover() -> None:
        """Clear away what this or a killed process leaves behind."""
        if replaced.exists():
            if target.exists():
                keep(replaced, target)
            else:  # stopped between the two renames
                replaced.rename(target)
        if complete.exists():
            _move_in(complete, target)
        for left_over in (partial, replaced):
            shutil.rmtree(left_over, ignore_errors=True)

    def busy() -> None:
        _log.warning("%s is in the hands of another process; waiting for it.", target)

    with alone(place / f".{target.name}.lock", busy):
        try:
            recover()
            refuse(target)
            _refuse_left(partial, replaced)
            partial.mkdir()
            yield partial
            if mounted:
                partial.rename(complete)
            else:
                if target.exists():
                    target.rename(replaced)
                partial.rename(target)
        finally:
            recover()


def is_mount_point(path: Path) -> bool:
    """Whether another disk, or another folder of the same one, is mounted here."""
    if os.path.ismount(path):
        return True
    try:  # Linux: a folder mounted from the same disk is told by nothing else
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return False
    places = (mount.split(b" ")[4] for mount in mounts)
    return os.fsencode(path) in {
        re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), place) for place in places
    }


def _refuse_left(*hidden: Path) -> None:
    for path in hidden:
        if path.exists():
            cause = "this, which another process has left, cannot be taken away"
            raise DataError(path, cause, "take it away, or have its owner do it")


def _move_in(complete: Path, target: Path) -> None:
    """Put a complete data set into the folder around it; called again, it goes on."""
    manifest = complete / MANIFEST_NAME
    if manifest.exists():
        (target / MANIFEST_NAME).unlink(missing_ok=True)  # nobody takes a mixture for whole
        splits = json.loads(manifest.read_text(encoding="utf-8"))["splits"].values()
        new = {shard["file"] for split in splits for shard in split["shards"]}
        for path in target.glob("*.tfrecord"):
            if path.name not in new:
                path.unlink()
        for path in complete.glob("*.tfrecord"):
            path.replace(target / path.name)
        manifest.replace(target / MANIFEST_NAME)
    complete.rmdir()


def _stays(name: str) -> bool:
    """Whether a mounted disk may hold this: our lock, and what systems keep for themselves."""
    return is_note(name) or name in ("lost+found", "System Volume Information")
