"""Strict reading of plain arrays from `.npz` files, in blocks; pickled objects are never loaded.

Format: a zip file of `.npy` files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
"""

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file

FIX = "put an intact copy of the official file there"


@contextmanager
def _one_error(path: Path, key: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        raise unreadable(path, error, FIX) from error
    except Exception as error:  # NumPy, zipfile and its decompressors raise nearly anything
        cause = f"its array {key!r} cannot be read ({type(error).__name__}: {error})"
        raise DataError(path, cause, FIX) from error


def read_blocks(
    path: Path, key: str, dtype: str, shape: tuple[int, ...], block: int, largest: int
) -> Iterator[np.ndarray]:
    """Yield an array of a `.npz` file, `block` rows at a time.

    Args:
        path: The file.
        key: Name of the array.
        dtype: What its values must be.
        shape: What each of its rows must be.
        block: Rows at a time; the last block may be shorter.
        largest: The most rows that there can be.

    Raises:
        DataError: The file or the array is missing, damaged, pickled or of another type or shape.
    """
    with _one_error(path, key), open_file(path) as file, zipfile.ZipFile(file) as archive:
        if f"{key}.npy" not in archive.namelist():
            found = ", ".join(sorted(archive.namelist())) or "nothing"
            raise DataError(path, f"there is no array {key!r} in it, but {found}", FIX)
        with archive.open(f"{key}.npy") as stream:
            count = _read_header(stream, path, key, np.dtype(dtype), shape, largest)
            for start in range(0, count, block):
                rows = min(block, count - start)
                yield _read_rows(stream, np.dtype(dtype), (rows, *shape))
            if stream.read(1):  # reads to the end, so that zipfile compares the checksum
                raise ValueError("more bytes follow than its header says")


def read_array(path: Path, key: str, dtype: str, shape: tuple[int, ...], largest: int):
    """A whole array; arguments and errors as of `read_blocks`."""
    blocks = list(read_blocks(path, key, dtype, shape, largest, largest))
    return np.concatenate(blocks) if blocks else np.empty((0, *shape), dtype)


def _read_header(
    stream: IO[bytes],
    path: Path,
    key: str,
    dtype: np.dtype,
    shape: tuple[int, ...],
    largest: int,
) -> int:
    """Read the header of the `.npy` file; the number of rows that it promises."""
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):  # the others are for headers of up to 4 GB, which would be read whole
        raise ValueError(f"version {version} of the format is not for plain arrays")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the official file was written by Python 2
        found_shape, fortran, found_dtype = np.lib.format.read_array_header_1_0(stream)
    if found_dtype.hasobject:
        raise DataError(path, f"its array {key!r} is pickled, which is never loaded", FIX)
    fits = len(found_shape) == 1 + len(shape) and found_shape[1:] == shape
    if found_dtype != dtype or not fits or fortran:
        order = " in Fortran's order" if fortran else ""
        expected = ", ".join(["n", *map(str, shape)])
        cause = f"its array {key!r} is {found_dtype} of shape {found_shape}{order}"
        raise DataError(path, f"{cause}; expected is {dtype} of shape ({expected})", FIX)
    if not 0 < found_shape[0] <= largest:
        cause = f"its array {key!r} has {found_shape[0]:,} rows; there are 1 to {largest:,}"
        raise DataError(path, cause, FIX)
    return found_shape[0]


def _read_rows(stream: IO[bytes], dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    size = int(np.prod(shape)) * dtype.itemsize
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("it is cut off")
    return np.frombuffer(data, dtype).reshape(shape)
