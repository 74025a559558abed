"""TFRecord files of raw bytes: one `tf.train.Example` per image.

Written by TensorFlow's record writer and parsed by its `Example` message. Neither runs a
TensorFlow operation: the first operation would reserve a GPU's memory, also where the model is
trained by another backend. TensorFlow is imported late, because that takes seconds.
"""

import hashlib
import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from data_prep.checksums import file_sha256
from data_prep.content import Batch, SplitContent
from data_prep.errors import WRITE_FIX, DataError
from data_prep.manifest import Feature, Shard, SplitEntry

# A record is framed by its length (8 bytes) and that length's CRC (4), and its own CRC (4) after.
# The CRCs are not looked at: the sha256 of the whole file has been checked before.
LENGTH = struct.Struct("<Q")
BEFORE, AFTER = 12, 4


class ShardColumns(NamedTuple):
    """The records of one file: array of shape (n, *feature shape) per feature."""

    count: int
    columns: dict[str, np.ndarray]


class _Raw:
    """Values as little-endian bytes in one `bytes_list` entry."""

    def __init__(self, feature: Feature):
        self.dtype = np.dtype(feature.dtype).newbyteorder("<")
        self.size = math.prod(feature.shape) * self.dtype.itemsize

    def put(self, slot: Any, value: np.ndarray) -> None:
        slot.bytes_list.value.append(value.tobytes())

    def get(self, slot: Any) -> bytes:
        values = slot.bytes_list.value
        if len(values) != 1 or len(values[0]) != self.size:
            raise ValueError(f"holds {list(map(len, values))} bytes, expected one of {self.size}")
        return values[0]


class _Integers:
    """Values as an `int64_list`."""

    def __init__(self, feature: Feature):
        self.dtype = np.dtype("<i8")
        self.layout = struct.Struct(f"<{math.prod(feature.shape)}q")

    def put(self, slot: Any, value: np.ndarray) -> None:
        slot.int64_list.value.extend(value.ravel().tolist())

    def get(self, slot: Any) -> bytes:
        return self.layout.pack(*slot.int64_list.value)


ENCODINGS = {"raw": _Raw, "int64": _Integers}


def write_split(
    folder: Path, name: str, split: SplitContent, features: Mapping[str, Feature]
) -> SplitEntry:
    """Write one split as `<name>-00000-of-0000N.tfrecord` files of nearly equal length, in order.

    Raises:
        ValueError: The batches are not what `split` and `features` promise.
        DataError: A file cannot be written.
    """
    digests = {feature: hashlib.sha256() for feature in features}
    records = _serialised(split.batches, features, digests)
    bounds = [index * split.count // split.shards for index in range(split.shards + 1)]
    shards = []
    for index, (start, stop) in enumerate(pairwise(bounds)):
        path = folder / f"{name}-{index:05d}-of-{split.shards:05d}.tfrecord"
        written = _write_records(path, islice(records, stop - start))
        if written != stop - start:
            raise ValueError(f"split {name!r} ended before its {split.count} images")
        shards.append(Shard(path.name, written, path.stat().st_size, file_sha256(path)))
    if next(records, None) is not None:
        raise ValueError(f"split {name!r} holds more than its {split.count} images")
    content = {feature: digest.hexdigest() for feature, digest in digests.items()}
    return SplitEntry(split.count, content, tuple(shards))


def read_shard(
    folder: Path, shard: Shard, features: Mapping[str, Feature], fix: str
) -> ShardColumns:
    """Read one file whole, after its size and sha256 have been checked; the arrays are read-only.

    Raises:
        DataError: The file is missing or is not, byte for byte, the one in the manifest, or its
            records do not have the manifest's features. `fix` goes into the message.
    """
    from google.protobuf.message import DecodeError

    path = folder / shard.file
    data = _read_bytes(path, fix)
    if len(data) != shard.bytes:
        cause = f"it has {len(data):,} bytes, the manifest says {shard.bytes:,}"
        raise DataError(path, cause, fix)
    if hashlib.sha256(data).hexdigest() != shard.sha256:
        raise DataError(path, "its bytes have changed since it was written (sha256 differs)", fix)
    try:
        found = _decode(data, features)
    except (ValueError, TypeError, struct.error, DecodeError) as error:
        raise DataError(
            path, f"a record does not have the manifest's form ({error})", fix
        ) from error
    if found.count != shard.count:
        cause = f"it holds {found.count:,} records, the manifest says {shard.count:,}"
        raise DataError(path, cause, fix)
    return found


def _serialised(
    batches: Iterable[Batch], features: Mapping[str, Feature], digests: Mapping[str, Any]
) -> Iterator[bytes]:
    import tensorflow as tf

    codecs = _codecs(features)
    for batch in batches:
        columns = _checked(batch, features, codecs)
        for name, values in columns.items():
            digests[name].update(values)
        for row in zip(*columns.values(), strict=True):
            example = tf.train.Example()
            slots = example.features.feature
            for (name, codec), value in zip(codecs.items(), row, strict=True):
                codec.put(slots[name], value)
            yield example.SerializeToString(deterministic=True)


def _checked(
    batch: Batch, features: Mapping[str, Feature], codecs: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    if set(batch) != set(features):
        raise ValueError(f"a batch has {sorted(batch)}, promised were {sorted(features)}")
    for name, feature in features.items():
        values = batch[name]
        if values.dtype != np.dtype(feature.dtype) or values.shape[1:] != feature.shape:
            raise ValueError(f"{name} is {values.dtype} {values.shape[1:]}, promised was {feature}")
    return {name: np.ascontiguousarray(batch[name], codec.dtype) for name, codec in codecs.items()}


def _write_records(path: Path, records: Iterable[bytes]) -> int:
    import tensorflow as tf

    count = 0
    try:
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
                count += 1
    except tf.errors.OpError as error:
        cause = f"it cannot be written ({error.message})"
        raise DataError(path, cause, WRITE_FIX) from error
    return count


def _read_bytes(path: Path, fix: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(path, "the file is missing, the manifest names it", fix) from error
    except OSError as error:
        raise DataError(path, f"it cannot be read ({error.strerror})", fix) from error


def _decode(data: bytes, features: Mapping[str, Feature]) -> ShardColumns:
    import tensorflow as tf

    codecs = _codecs(features)
    values: dict[str, list[bytes]] = {name: [] for name in features}
    count = 0
    for record in _frames(data):
        slots = tf.train.Example.FromString(record).features.feature
        for name, codec in codecs.items():
            values[name].append(codec.get(slots[name]))
        count += 1
    columns = {
        name: np.frombuffer(b"".join(values.pop(name)), codec.dtype).reshape(
            count, *features[name].shape
        )
        for name, codec in codecs.items()
    }
    return ShardColumns(count, columns)


def _frames(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        (length,) = LENGTH.unpack_from(data, position)
        start = position + BEFORE
        position = start + length + AFTER
        if position > len(data):
            raise ValueError("the last record is cut off")
        yield data[start : start + length]


def _codecs(features: Mapping[str, Feature]) -> dict[str, Any]:
    unknown = [name for name, feature in features.items() if feature.encoding not in ENCODINGS]
    if unknown:
        raise ValueError(f"unknown encoding of {', '.join(unknown)}")
    return {name: ENCODINGS[feature.encoding](feature) for name, feature in features.items()}
