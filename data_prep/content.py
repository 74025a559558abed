"""What a reader of official files hands to the writer of TFRecords."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data_prep.checksums import SourceFile
from data_prep.manifest import Feature

Batch = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ReadOptions:
    """What the user may say about reading.

    Attributes:
        workers: Number of processes that read, resize, draw or measure pictures.
        leave_out_damaged: Leave damaged pictures out and name them, instead of stopping.
    """

    workers: int = 1
    leave_out_damaged: bool = False


@dataclass(frozen=True)
class SplitContent:
    """The images of one split, in file order.

    Attributes:
        count: Number of images that there should be.
        batches: One array of shape (n, *feature shape) per feature; the n of the batches add up to
            `count` less the images left out. It is consumed once, so it may be a generator that
            never holds a whole split.
        left_out: Names of the damaged images that were left out; grows while `batches` is consumed.
    """

    count: int
    batches: Iterable[Batch]
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Content:
    """A whole data set before it is written.

    Attributes:
        words: The words that tables and figures carry, e.g. "MNIST (official files)"; or what
            makes them of the number of images of each split.
        features: Data type, shape and encoding per feature.
        splits: "train" and "validation".
        sources: The files that it was made from.
        resized_from: Fingerprint of the prepared data set whose images these are in another size.
    """

    words: str | Callable[[Mapping[str, int]], str]
    features: Mapping[str, Feature]
    splits: Mapping[str, SplitContent]
    sources: tuple[SourceFile, ...]
    resized_from: str = ""

    @property
    def description(self) -> str:
        """The words that tables and figures carry; they count no image that was left out so far."""
        if isinstance(self.words, str):
            return self.words
        return self.words(
            {name: split.count - len(split.left_out) for name, split in self.splits.items()}
        )
