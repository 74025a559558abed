"""TFRecord files, written and read as tables of records by NumPy alone.

TensorFlow reads the same files, but is not needed: a model that is trained by another backend
neither waits for it nor shares its GPU with it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from data_prep.checksums import sha256
from data_prep.content import Batch, SplitContent
from data_prep.errors import WRITE_FIX, DataError, os_errors, unreadable
from data_prep.layout import Layout
from data_prep.manifest import Feature, Shard, SplitEntry

SHARD_BYTES = 2**28  # a file has about this size at most
BYTES_AT_ONCE = 2**24  # records of about this size are looked at together in reading a whole file


def shard_count(count: int, layout: Layout) -> int:
    """The number of files for this many records."""
    return max(1, -(-count * layout.stride // SHARD_BYTES))


def write_split(
    folder: Path,
    name: str,
    split: SplitContent,
    features: Mapping[str, Feature],
    advance: Callable[[int], None] = lambda images: None,
) -> SplitEntry:
    """Write one split as files `<name>-00000.tfrecord`, ... of about equal length, in order.

    Args:
        folder: Where the files go.
        name: Of the split.
        split: The images.
        features: What every batch must hold.
        advance: Told the number of images after each batch.

    Raises:
        ValueError: The batches are not what `split` and `features` promise.
        DataError: A file cannot be written.
    """
    layout = Layout(features)
    digests = {feature: hashlib.sha256() for feature in features}
    rows = _Rows(_encoded(split.batches, features, layout, digests, advance))
    files = shard_count(split.count, layout)
    bounds = [index * split.count // files for index in range(files + 1)]
    shards = []
    for index, (start, stop) in enumerate(pairwise(bounds)):
        path = folder / f"{name}-{index:05d}.tfrecord"
        shards.append(_write_shard(path, rows.take(stop - start)))
    if any(len(block) for block in rows.take(1)):
        raise ValueError(f"split {name!r} holds more than its {split.count} images")
    written = sum(shard.count for shard in shards)
    if written + len(split.left_out) != split.count:
        raise ValueError(f"split {name!r} ended before its {split.count} images")
    content = {feature: digest.hexdigest() for feature, digest in digests.items()}
    return SplitEntry(written, content, tuple(shards), tuple(split.left_out))


class _Rows:
    """Blocks of rows that can be taken in other portions than they come in."""

    def __init__(self, blocks: Iterator[np.ndarray]):
        self._blocks = blocks
        self._rest: np.ndarray | None = None

    def take(self, count: int) -> Iterator[np.ndarray]:
        """Yield the next `count` rows, or as many as there are, in blocks."""
        while count:
            block = self._rest if self._rest is not None else next(self._blocks, None)
            if block is None:
                return
            self._rest = block[count:] if len(block) > count else None
            yield block[:count]
            count -= min(count, len(block))


def _encoded(
    batches: Iterable[Batch],
    features: Mapping[str, Feature],
    layout: Layout,
    digests: Mapping[str, Any],
    advance: Callable[[int], None],
) -> Iterator[np.ndarray]:
    for batch in batches:
        _check(batch, features)
        for name, feature in features.items():
            little_endian = np.dtype(feature.dtype).newbyteorder("<")
            digests[name].update(np.ascontiguousarray(batch[name], little_endian))
        rows = layout.encode(batch)
        yield rows
        advance(len(rows))


def _check(batch: Batch, features: Mapping[str, Feature]) -> None:
    if set(batch) != set(features):
        raise ValueError(f"a batch has {sorted(batch)}, promised were {sorted(features)}")
    for name, feature in features.items():
        values = batch[name]
        if values.dtype != np.dtype(feature.dtype) or values.shape[1:] != feature.shape:
            raise ValueError(f"{name} is {values.dtype} {values.shape[1:]}, promised was {feature}")
    if len({len(values) for values in batch.values()}) != 1:
        raise ValueError("the arrays of a batch differ in length; promised was one row per image")


def _write_shard(path: Path, blocks: Iterable[np.ndarray]) -> Shard:
    digest, count, size = hashlib.sha256(), 0, 0
    with os_errors(path, "it cannot be written", WRITE_FIX), path.open("wb") as stream:
        for block in blocks:
            stream.write(block)
            digest.update(block)
            count += len(block)
            size += block.nbytes
        stream.flush()
        os.fsync(stream.fileno())  # before the folder gets its name
    return Shard(path.name, count, size, digest.hexdigest())


class ShardRecords:
    """The records of one file, read from the disk when they are asked for.

    Raises:
        DataError: The file is missing or not as long as the manifest says; `fix` goes into
            the message.
    """

    def __init__(self, folder: Path, shard: Shard, layout: Layout, fix: str):
        self._path = folder / shard.file
        self._layout = layout
        self._shard = shard
        self._fix = fix
        self._table = self._open()

    def __len__(self) -> int:
        return self._shard.count

    @property
    def record_bytes(self) -> int:
        """Size of one record with its frame."""
        return self._layout.stride

    def read(self, rows: np.ndarray | slice, name: str) -> np.ndarray:
        """One feature of some records as a read-only array of shape (n, *feature shape).

        Raises:
            DataError: One of the records does not have the manifest's form.
        """
        table = self._checked(rows)
        if self._layout.is_bulk(name):  # the CRC covers the whole record, which is read anyway
            self._refuse(self._layout.damaged(table), rows, "does not fit its CRC: it has changed")
        return self._layout.decode(table, name)

    def batches(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield all features of all records, many records at a time.

        Raises:
            DataError: A record does not have the manifest's form.
        """
        step = max(1, BYTES_AT_ONCE // self._layout.stride)
        for start in range(0, len(self), step):
            rows = self._checked(slice(start, start + step))
            yield {name: self._layout.decode(rows, name) for name in self._layout.names}

    def check_bytes(self) -> None:
        """Hold the whole file against its sha256.

        Raises:
            DataError: The bytes have changed, or cannot be read.
        """
        try:
            digest = sha256(self._path)
        except OSError as error:
            raise unreadable(self._path, error, self._fix) from error
        if digest != self._shard.sha256:
            cause = "its bytes have changed since it was written (sha256 differs)"
            raise DataError(self._path, cause, self._fix)

    def _open(self) -> np.ndarray:
        """Map the file as a table of shape (records, bytes of a record with its frame)."""
        try:
            size = self._path.stat().st_size
            self._check_size(size)
            if not size:
                return np.empty((0, self._layout.stride), np.uint8)
            table = np.memmap(self._path, np.uint8, mode="r")
            return table.reshape(self._shard.count, self._layout.stride)
        except FileNotFoundError as error:
            cause = "the file is missing, the manifest names it"
            raise DataError(self._path, cause, self._fix) from error
        except OSError as error:
            raise unreadable(self._path, error, self._fix) from error

    def _check_size(self, size: int) -> None:
        if size != self._shard.bytes:
            cause = f"it has {size:,} bytes, the manifest says {self._shard.bytes:,}"
            raise DataError(self._path, cause, self._fix)
        if size != self._shard.count * self._layout.stride:
            cause = (
                f"its {size:,} bytes are not the manifest's {self._shard.count:,} records of "
                f"{self._layout.stride:,} bytes"
            )
            raise DataError(self._path, cause, self._fix)

    def _checked(self, rows: np.ndarray | slice) -> np.ndarray:
        table = np.asarray(self._table[rows])
        self._refuse(self._layout.misfit(table), rows, "does not have the manifest's form")
        return table

    def _refuse(self, position: int | None, rows: np.ndarray | slice, cause: str) -> None:
        if position is not None:
            number = np.arange(len(self))[rows][position]
            raise DataError(self._path, f"record {number:,} {cause}", self._fix)
