"""The bytes of one record: a `tf.train.Example` in which every value has its fixed place.

All features are stored as bytes of fixed length, so all records of a data set have the same length
and differ only in their values. So a file of records can be read like a table, by NumPy alone.

Wire format: protocol buffers (https://protobuf.dev/programming-guides/encoding), framed as
TFRecord (https://www.tensorflow.org/tutorials/load_data/tfrecord): length (8 bytes), its masked
CRC-32C (4), the record, its masked CRC-32C (4). TensorFlow itself is not needed.
"""

import math
import struct
from collections.abc import Mapping

import google_crc32c
import numpy as np

from data_prep.manifest import Feature

LENGTH = struct.Struct("<Q")
CRC = struct.Struct("<I")
# What data sets are made of. Other types in a manifest are damage: NumPy has many, even objects.
TYPES = frozenset(("bool", "uint8", "int64", "float32", "float64"))
LARGEST_RECORD = 2**24  # bytes; ImageNet's have 150,000, a damaged manifest may ask for any number
BEFORE, AFTER = LENGTH.size + CRC.size, CRC.size  # bytes of the frame on both sides of a record


class _Raw:
    """Values as little-endian bytes, row by row."""

    def __init__(self, feature: Feature):
        self.dtype = np.dtype(feature.dtype).newbyteorder("<")
        self.shape = feature.shape
        self.size = math.prod(feature.shape) * self.dtype.itemsize

    def encode(self, values: np.ndarray) -> np.ndarray:
        data = np.ascontiguousarray(values, self.dtype)
        return np.frombuffer(data.tobytes(), np.uint8).reshape(len(values), self.size)

    def decode(self, data: np.ndarray) -> np.ndarray:
        return np.frombuffer(data.tobytes(), self.dtype).reshape(len(data), *self.shape)


class _Bits:
    """Images of 0 and 255, one bit a pixel, the first pixel in the highest bit."""

    def __init__(self, feature: Feature):
        if feature.dtype != "uint8":
            raise ValueError(f"only uint8 can be packed to bits, not {feature.dtype}")
        self.shape = feature.shape
        self.pixels = math.prod(feature.shape)
        self.size = -(-self.pixels // 8)

    def encode(self, values: np.ndarray) -> np.ndarray:
        on = values == 255
        if not np.array_equal(on, values != 0):
            raise ValueError("only images of 0 and 255 can be packed to bits")
        return np.packbits(on.reshape(len(values), self.pixels), axis=1)

    def decode(self, data: np.ndarray) -> np.ndarray:
        values = np.unpackbits(data, axis=1, count=self.pixels)
        values *= 255
        values.flags.writeable = False
        return values.reshape(len(data), *self.shape)


ENCODINGS = {"raw": _Raw, "bits": _Bits}


class Layout:
    """Where the features lie in a record.

    Raises:
        ValueError: A feature's type or encoding is unknown, or a record would be too large.
    """

    def __init__(self, features: Mapping[str, Feature]):
        for name, feature in features.items():
            if feature.encoding not in ENCODINGS or feature.dtype not in TYPES:
                unknown = "encoding" if feature.encoding not in ENCODINGS else "type"
                raise ValueError(f"unknown {unknown} of {name}: {feature}")
        self._codecs = {name: ENCODINGS[f.encoding](f) for name, f in sorted(features.items())}
        size = sum(codec.size for codec in self._codecs.values())
        if size > LARGEST_RECORD:
            raise ValueError(f"records of {size:,} bytes are too large")
        zeros = {name: bytes(codec.size) for name, codec in self._codecs.items()}
        empty = _example(zeros)
        self._places = {
            name: _place(empty, _example(zeros | {name: b"\xff" * codec.size}))
            for name, codec in self._codecs.items()
        }
        length = LENGTH.pack(len(empty))
        framed = length + CRC.pack(masked_crc(length)) + empty + bytes(AFTER)
        self._empty = np.frombuffer(framed, np.uint8)
        fixed = np.ones(len(self._empty), bool)
        fixed[-AFTER:] = False
        for place in self._places.values():
            fixed[place] = False
        self._fixed = np.flatnonzero(fixed)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of their bytes."""
        return tuple(self._codecs)

    @property
    def stride(self) -> int:
        """Bytes from one record of a file to the next, frame included."""
        return len(self._empty)

    def is_bulk(self, name: str) -> bool:
        """Whether a feature makes up more than half of each record."""
        return 2 * self._codecs[name].size > self.stride

    def encode(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The batch as framed records, uint8 of shape (n, stride).

        Raises:
            ValueError: Values cannot be stored in their encoding.
        """
        count = len(next(iter(batch.values())))
        rows = np.tile(self._empty, (count, 1))
        for name, codec in self._codecs.items():
            rows[:, self._places[name]] = codec.encode(batch[name])
        rows[:, -AFTER:] = self._crcs(rows)
        return rows

    def decode(self, rows: np.ndarray, name: str) -> np.ndarray:
        """One feature of framed records, (n, stride), as a read-only array (n, *shape)."""
        return self._codecs[name].decode(rows[:, self._places[name]])

    def misfit(self, rows: np.ndarray) -> int | None:
        """The first of these framed records, (n, stride), that is not of this layout."""
        return _first((rows[:, self._fixed] != self._empty[self._fixed]).any(axis=1))

    def damaged(self, rows: np.ndarray) -> int | None:
        """The first of these framed records, (n, stride), that does not fit its CRC."""
        return _first((rows[:, -AFTER:] != self._crcs(rows)).any(axis=1))

    def _crcs(self, rows: np.ndarray) -> np.ndarray:
        """The masked CRC of each framed record, as bytes: uint8 of shape (n, 4)."""
        crcs = [masked_crc(row[BEFORE:-AFTER].tobytes()) for row in rows]
        return np.array(crcs, "<u4").view(np.uint8).reshape(len(rows), CRC.size)


def masked_crc(data: bytes) -> int:
    """The CRC-32C as TFRecord stores it: rotated, and a constant added."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _first(marked: np.ndarray) -> int | None:
    return int(np.argmax(marked)) if marked.any() else None


def _example(values: Mapping[str, bytes]) -> bytes:
    """Serialise a `tf.train.Example` whose features are one `bytes_list` entry each, by name."""
    entries = (
        _field(1, _field(1, name.encode()) + _field(2, _field(1, _field(1, value))))
        for name, value in sorted(values.items())
    )
    return _field(1, b"".join(entries))


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    length, digits = len(payload), []
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *digits, length]) + payload


def _place(empty: bytes, filled: bytes) -> slice:
    """Where two serialised examples differ."""
    first, second = (np.frombuffer(data, np.uint8) for data in (empty, filled))
    (differing,) = np.nonzero(first != second)
    start, stop = (BEFORE + differing[0], BEFORE + differing[-1] + 1) if len(differing) else (0, 0)
    return slice(int(start), int(stop))
