"""Strict reading of IDX files, the format of MNIST, packed by gzip or not.

Format: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values row by row (http://yann.lecun.com/exdb/mnist/).
"""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file

GZIP_MAGIC = b"\x1f\x8b"
IDX_MAGIC = bytes([0, 0, 0x08])  # of unsigned bytes; the number of dimensions follows
# A header of a foreign file can ask for any size. MNIST's largest file holds 47 MB.
LARGEST_BYTES = 2**26

FIX = "put an intact copy of the official file there"


def read_idx(path: Path) -> np.ndarray:
    """Read a file of unsigned bytes; the result is read-only uint8 in the file's own shape.

    Whether it is packed, its first bytes say: browsers unpack and leave the name.

    Raises:
        DataError: The file is missing, unreadable, cut off, damaged, no IDX file of unsigned
            bytes, or longer or shorter than its header says.
    """
    try:
        with open_file(path) as file:
            packed = _is_packed(file, path)
            return _read(gzip.GzipFile(fileobj=file) if packed else file, path)
    except EOFError as error:
        raise DataError(path, "the file is cut off (the compressed data end early)", FIX) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        cause = f"the compressed data are damaged, or followed by foreign bytes ({error})"
        raise DataError(path, cause, FIX) from error
    except OSError as error:
        raise unreadable(path, error, FIX) from error


def unpacked_md5(values: np.ndarray) -> str:
    """The md5 (hex) of the unpacked file that holds these values, whichever way it is packed."""
    header = IDX_MAGIC + struct.pack(f">B{values.ndim}I", values.ndim, *values.shape)
    return hashlib.md5(header + values.tobytes(), usedforsecurity=False).hexdigest()


def _is_packed(file: IO[bytes], path: Path) -> bool:
    start = file.read(4)
    file.seek(0)
    if not start:
        raise DataError(path, "the file is empty", FIX)
    if start.startswith((GZIP_MAGIC, IDX_MAGIC)):
        return start.startswith(GZIP_MAGIC)
    raise DataError(path, f"neither an IDX nor a gzip file (it starts with {start.hex(' ')})", FIX)


def _read(stream: IO[bytes], path: Path) -> np.ndarray:
    shape = _read_shape(stream, path)
    size = math.prod(shape)
    if size > LARGEST_BYTES:
        raise DataError(path, f"the header asks for {size:,} bytes, which cannot be right", FIX)
    values = stream.read(size + 1)  # one more than there should be, to see the end of the file
    if len(values) < size:
        cause = f"the header promises {size:,} values ({_times(shape)}), there are {len(values):,}"
        raise DataError(path, cause, FIX)
    if len(values) > size:
        cause = f"more bytes follow after the {size:,} values ({_times(shape)}) of the header"
        raise DataError(path, cause, FIX)
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_shape(stream: IO[bytes], path: Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != IDX_MAGIC or not 1 <= magic[3] <= 4:
        cause = (
            f"the magic number is 0x{magic.hex()}, not that of an IDX file of unsigned bytes "
            "(0x00000803 for images, 0x00000801 for labels)"
        )
        raise DataError(path, cause, FIX)
    lengths = stream.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise DataError(path, "the header is cut off", FIX)
    return struct.unpack(f">{magic[3]}I", lengths)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{length:,}" for length in shape)
