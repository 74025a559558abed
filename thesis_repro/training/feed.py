"""From images in memory or on the disk to batches on the device."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any

import numpy as np

from data_prep.reading import Column
from thesis_repro.training.compiled import STEPS_A_CALL, on_device
from thesis_repro.training.devices import resident_bytes

CHUNK_BYTES = 2**28  # of the images that are read ahead, at most

Arrays = Sequence[np.ndarray | Column]
Piece = tuple[list[Any], np.ndarray]  # arrays on the device, and rows (steps, batch) of them


class Feed:
    """What is known of each image of a split, all of one length, brought to the device.

    Once for the whole training where it fits; else chunk by chunk, the next one read by a thread
    while the device computes. Images stay uint8.
    """

    def __init__(self, arrays: Arrays):
        self._arrays = [_stored(array) for array in arrays]
        self._row_bytes = sum(array.nbytes for array in self._arrays) / len(arrays[0])
        self._resident: list[Any] | None = None

    def pieces(self, rows: np.ndarray) -> Iterator[Piece]:
        """The rows (steps, batch), some steps after the others, with the arrays that have them.

        Raises:
            data_prep.errors.DataError: they can no longer be read.
        """
        if self._row_bytes * len(self._arrays[0]) > resident_bytes():
            yield from self._chunks(rows)
            return
        if self._resident is None:
            self._resident = [on_device(np.asarray(array)) for array in self._arrays]
        yield self._resident, rows

    def _chunks(self, rows: np.ndarray) -> Iterator[Piece]:
        batch = rows.shape[1]
        steps = max(1, min(STEPS_A_CALL, len(rows), int(CHUNK_BYTES / self._row_bytes / batch)))
        chunks = [rows[start : start + steps] for start in range(0, len(rows), steps)]
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self._read, chunks[0], steps)
            for chunk, following in zip_longest(chunks, chunks[1:]):
                arrays = ahead.result()
                if following is not None:
                    ahead = reader.submit(self._read, following, steps)
                yield arrays, np.arange(chunk.size).reshape(chunk.shape)

    def _read(self, chunk: np.ndarray, steps: int) -> list[Any]:
        # A last, shorter chunk is filled up by repetition: arrays of one size are compiled once.
        wanted = np.resize(chunk, steps * chunk.shape[1])
        return [on_device(np.asarray(array[wanted])) for array in self._arrays]


def _stored(array: np.ndarray | Column) -> np.ndarray | Column:
    """One channel of grey images that were repeated in several, as a view (erratum E01)."""
    repeated = isinstance(array, np.ndarray) and array.ndim == 4 and array.strides[-1] == 0
    return array[..., :1] if repeated else array
