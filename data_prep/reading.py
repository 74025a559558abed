"""The reading interface: prepared data sets as tables of images and what is known about them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from data_prep.errors import READ_FIX, DataError, os_errors
from data_prep.folders import (
    AT_HAND,
    RESIZED,
    folder,
    is_filled,
    is_made_up,
    prepare_command,
    ways_to_prepare,
)
from data_prep.layout import Layout
from data_prep.manifest import Feature, Manifest, SplitEntry, read_manifest
from data_prep.records import ShardRecords

# Up to this size every byte is held against its sha256 whenever a data set is read. CelebA and
# ImageNet are larger: of them, `verify` reads every byte, reading only looks at each record's form.
CHECKED_BYTES = 2**30

# Records of about this size are read, checked and decoded together, so that only the first reading
# and the last writing of a byte go beyond the processor's cache.
CACHED_BYTES = 2**20


class Column:
    """One feature of all images of a split: indexed like an array (n, *feature shape).

    Indexing by rows (a number, a slice or an array of numbers) reads just these from the disk and
    gives a read-only array; ``[:]`` and `numpy.asarray` read them all. It has no arithmetic and no
    comparisons: those are the arrays'.

    Attributes:
        dtype: As NumPy's.
        shape: As NumPy's; for images (n, height, width, channels).

    Raises:
        DataError: When indexed: a record is not what the manifest says.
        TypeError: When compared, which would be False without a word.
    """

    def __init__(self, shards: list[ShardRecords], name: str, feature: Feature):
        self._shards = shards
        self._name = name
        self._bounds = np.cumsum([0, *map(len, shards)])
        self.dtype = np.dtype(feature.dtype)
        self.shape = (int(self._bounds[-1]), *feature.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<Column {self._name!r}: {self.dtype} {self.shape}, read when indexed>"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError(
            f"The column {self._name!r} is read when it is indexed, and not compared as a whole: "
            "compare column[:], or numpy.asarray(column)."
        )

    __hash__ = object.__hash__

    @property
    def nbytes(self) -> int:
        """Size of all values as an array in memory (bytes)."""
        return math.prod(self.shape) * self.dtype.itemsize

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        wanted = np.arange(len(self))[rows]
        if wanted.ndim == 0:
            return self[wanted[np.newaxis]][0]
        values = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        owners = np.searchsorted(self._bounds, wanted, side="right") - 1
        for owner in np.unique(owners):
            shard, of_shard = self._shards[owner], np.flatnonzero(owners == owner)
            some = max(1, CACHED_BYTES // shard.record_bytes)
            for start in range(0, len(of_shard), some):
                here = of_shard[start : start + some]
                values[here] = shard.read(wanted[here] - self._bounds[owner], self._name)
        values.flags.writeable = False
        return values

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


@dataclass(frozen=True, eq=False)
class Split:
    """One split of a prepared data set, in file order.

    Attributes:
        images: uint8, (n, height, width, channels).
        known: What else is known of each image, by name, each of length n: "label",
            "attributes", "factors" and "classes", or "morphometrics".
    """

    images: Column
    known: Mapping[str, Column | np.ndarray]

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        columns = {"images": self.images, **self.known}
        described = (f"{name} {each.dtype} {each.shape}" for name, each in columns.items())
        return f"<Split: {', '.join(described)}>"


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A prepared data set: its manifest and its two splits."""

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
    """Open a prepared data set; images are read when they are asked for.

    Raises:
        DataError: It has not been prepared, or it is damaged; the message has the command to run.
    """
    manifest = open_manifest(dataset, data_dir, stand_in)
    fix = again(dataset, data_dir, stand_in)
    location = folder(data_dir, dataset, stand_in)
    layout = layout_of(manifest, location, fix)
    check = manifest.bytes <= CHECKED_BYTES
    train, validation = (
        _open_split(location, manifest, layout, name, fix, check=check)
        for name in ("train", "validation")
    )
    return PreparedData(manifest, train, validation)


def open_manifest(dataset: str, data_dir: Path, stand_in: bool = False) -> Manifest:
    """Read a prepared data set's manifest and see that its files are there in their sizes.

    Raises:
        DataError: It has not been prepared, its manifest is damaged or another data set's, or a
            file is missing or of another size; or it was resized from other images than those that
            are prepared now.
    """
    location = folder(data_dir, dataset, stand_in)
    fix = again(dataset, data_dir, stand_in)
    resized = RESIZED.get(dataset)
    origin = resized and open_manifest(resized.origin, data_dir, stand_in)
    with os_errors(location, "it cannot be read", READ_FIX):
        if not (location.is_dir() and is_filled(location)):
            raise DataError(location, *_not_prepared(dataset, data_dir, stand_in, origin))
        manifest = read_manifest(location, fix)
        if (manifest.dataset, manifest.is_stand_in) != (dataset, is_made_up(dataset, stand_in)):
            cause = f"the folder holds {manifest.description!r}, which belongs elsewhere"
            raise DataError(location, cause, fix)
        if origin and manifest.resized_from != origin.fingerprint:
            cause = f"it was made from another {origin.title} than is prepared now"
            raise DataError(location, cause, fix)
        _check_files(location, manifest, fix)
    return manifest


def layout_of(manifest: Manifest, location: Path, fix: str) -> Layout:
    """How the manifest's features lie in a record.

    Raises:
        DataError: There is no such type or encoding.
    """
    try:
        return Layout(manifest.features)
    except ValueError as error:
        raise DataError(location, f"the manifest's features are malformed ({error})", fix) from None


def open_shards(
    location: Path, entry: SplitEntry, layout: Layout, fix: str, *, check: bool
) -> list[ShardRecords]:
    """Open the files of a split; `check` holds each of them against its sha256.

    Raises:
        DataError: A file is missing, changed, or does not fit the manifest.
    """
    shards = [ShardRecords(location, shard, layout, fix) for shard in entry.shards]
    if sum(map(len, shards)) != entry.count:
        raise DataError(location, f"the files do not add up to {entry.count:,} images", fix)
    if check:
        for shard in shards:
            shard.check_bytes()
    return shards


def again(dataset: str, data_dir: Path, stand_in: bool) -> str:
    """The advice for a damaged data set."""
    if is_made_up(dataset, stand_in):
        return f"prepare it again with {prepare_command(dataset, data_dir, stand_in)}"
    return f"prepare it again with {ways_to_prepare(dataset, data_dir)}"


def _not_prepared(
    dataset: str, data_dir: Path, stand_in: bool, origin: Manifest | None
) -> tuple[str, str]:
    if origin:
        count = sum(split.count for split in origin.splits.values())
        size = count * math.prod(RESIZED[dataset].size) * origin.image_shape[-1]
        command = prepare_command(dataset, data_dir, stand_in)
        fix = f"run {command}, which needs {origin.title} alone, and {size / 1e9:,.1f} GB"
        return "the data set has not been prepared in this size", fix
    made_up = prepare_command(dataset, data_dir, stand_in=True)
    if dataset in AT_HAND:
        return "the data set has not been prepared", f"run {made_up}, which needs no file"
    if stand_in:
        return "the stand-in data have not been prepared", f"run {made_up}"
    fix = (
        f"run {ways_to_prepare(dataset, data_dir)}, or, to go on without them, {made_up} and add "
        "--stand-in to this command"
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


def _open_split(
    location: Path, manifest: Manifest, layout: Layout, name: str, fix: str, *, check: bool
) -> Split:
    if name not in manifest.splits or "image" not in manifest.features:
        raise DataError(location, f"the manifest has no split {name!r} with images", fix)
    shards = open_shards(location, manifest.splits[name], layout, fix, check=check)
    columns = {
        feature: Column(shards, feature, entry) for feature, entry in manifest.features.items()
    }
    return Split(columns.pop("image"), columns)
