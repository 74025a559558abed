"""Some images of a data set, and what is known of each: which rows, read in which order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from data_prep.reading import Column, PreparedData, Split
from thesis_repro.seeds import derive_seed


@dataclass(frozen=True, eq=False)
class Images:
    """Some images of a data set, and what is known of each.

    Attributes:
        name: Images of equal names are the same images.
        pixels: uint8 (n, height, width, channels).
        known: By name ("label", "classes", ...), each of length n.
    """

    name: str
    pixels: np.ndarray
    known: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.pixels)


def encoded_rows(count: int, limit: int | None, section: str) -> np.ndarray:
    """The images that are encoded: all, or a fixed random choice in file order."""
    if limit is None or limit >= count:
        return np.arange(count)
    rng = np.random.default_rng(derive_seed(0, section, "rows"))
    return np.sort(rng.permutation(count)[:limit])


def some_images(name: str, split: Split, rows: np.ndarray) -> Images:
    """The images in these rows of a split."""
    return Images(
        name, split.images[rows], {key: column[rows] for key, column in split.known.items()}
    )


def known_of_all(data: PreparedData, key: str) -> np.ndarray:
    """What is known of every image, those of the training split first: "classes" (N, 6)."""
    return np.concatenate([np.asarray(split.known[key]) for split in (data.train, data.validation)])


def images_of_all(name: str, data: PreparedData, rows: np.ndarray) -> Images:
    """The images in these rows, in their order, counted through both splits, training first."""

    def read(column: Callable[[Split], Column]) -> np.ndarray:
        return _of_both(column(data.train), column(data.validation), rows)

    known = {key: read(lambda split, key=key: split.known[key]) for key in data.train.known}
    return Images(name, read(lambda split: split.images), known)


def _of_both(first: Column, second: Column, rows: np.ndarray) -> np.ndarray:
    values = np.empty((len(rows), *first.shape[1:]), first.dtype)
    early = rows < len(first)
    values[early] = first[rows[early]]
    values[~early] = second[rows[~early] - len(first)]
    return values
