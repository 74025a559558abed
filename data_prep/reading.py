"""The reading interface: prepared data sets as arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.errors import READ_FIX, DataError, os_errors, prepare_command
from data_prep.folders import folder
from data_prep.manifest import Manifest, read_manifest
from data_prep.records import read_shard


class Split(NamedTuple):
    """Images, uint8 of shape (n, height, width, channels), and labels, int64 of shape (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A prepared data set in memory, in file order; the arrays are read-only."""

    manifest: Manifest
    train: Split
    validation: Split

    @property
    def description(self) -> str:
        """The words that every table and figure carries about its data."""
        return self.manifest.description

    @property
    def is_stand_in(self) -> bool:
        """Whether the images are not those of the data set itself."""
        return self.manifest.is_stand_in

    @property
    def fingerprint(self) -> str:
        """The sha256 (hex) over everything that a model can see of the data set."""
        return self.manifest.fingerprint


def load(dataset: str, data_dir: Path, stand_in: bool = False) -> PreparedData:
    """Read a prepared data set into memory; every byte is checked on the way.

    Raises:
        DataError: It has not been prepared, or it is damaged; the message has the command to run.
    """
    manifest = open_manifest(dataset, data_dir, stand_in)
    fix = again(dataset, data_dir, stand_in)
    location = folder(data_dir, dataset, stand_in)
    train, validation = (
        _read_split(location, manifest, name, fix) for name in ("train", "validation")
    )
    return PreparedData(manifest, train, validation)


def open_manifest(dataset: str, data_dir: Path, stand_in: bool = False) -> Manifest:
    """Read a prepared data set's manifest and see that its files are there in their sizes.

    Raises:
        DataError: It has not been prepared, its manifest is damaged or another data set's, or a
            file is missing or of another size.
    """
    location = folder(data_dir, dataset, stand_in)
    fix = again(dataset, data_dir, stand_in)
    with os_errors(location, "it cannot be read", READ_FIX):
        if not location.is_dir():
            raise DataError(location, *_not_prepared(dataset, data_dir, stand_in))
        manifest = read_manifest(location, fix)
        if (manifest.dataset, manifest.is_stand_in) != (dataset, stand_in):
            cause = f"the folder holds {manifest.description!r}, which belongs elsewhere"
            raise DataError(location, cause, fix)
        _check_files(location, manifest, fix)
    return manifest


def again(dataset: str, data_dir: Path, stand_in: bool) -> str:
    """Return the advice for a damaged data set."""
    return f"prepare it again with {prepare_command(dataset, data_dir, stand_in)}"


def _not_prepared(dataset: str, data_dir: Path, stand_in: bool) -> tuple[str, str]:
    made_up = prepare_command(dataset, data_dir, stand_in=True)
    if stand_in:
        return "the stand-in data have not been prepared", f"run {made_up}"
    official = prepare_command(dataset, data_dir, stand_in=False)
    fix = (
        f"run {official} (DIR holds the official files), or, to go on without them, "
        f"{made_up} and add --stand-in to this command"
    )
    return "the data set has not been prepared", fix


def _check_files(location: Path, manifest: Manifest, fix: str) -> None:
    for split in manifest.splits.values():
        for shard in split.shards:
            path = location / shard.file
            if not path.is_file():
                raise DataError(path, "the file is missing, the manifest names it", fix)
            size = path.stat().st_size
            if size != shard.bytes:
                cause = f"it has {size:,} bytes, the manifest says {shard.bytes:,}"
                raise DataError(path, cause, fix)


def _read_split(location: Path, manifest: Manifest, name: str, fix: str) -> Split:
    if name not in manifest.splits:
        raise DataError(location, f"the manifest has no split {name!r}", fix)
    entry = manifest.splits[name]
    shards = [read_shard(location, shard, manifest.features, fix) for shard in entry.shards]
    if sum(shard.count for shard in shards) != entry.count:
        raise DataError(location, f"the files of {name!r} do not add up to {entry.count:,}", fix)
    images, labels = (_joined([s.columns[key] for s in shards]) for key in ("image", "label"))
    return Split(images, labels)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]
    whole = np.concatenate(parts)
    whole.flags.writeable = False
    return whole
