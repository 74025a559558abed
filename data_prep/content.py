"""What a reader of official files hands to the writer of TFRecords."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data_prep.checksums import SourceFile
from data_prep.manifest import Feature

Batch = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class SplitContent:
    """The images of one split, in file order.

    Attributes:
        count: Number of images in all batches together.
        batches: One array of shape (n, *feature shape) per feature; the n of the batches add up to
            `count`. It is consumed once, so it may be a generator that never holds a whole split.
        shards: Number of TFRecord files to write.
    """

    count: int
    batches: Iterable[Batch]
    shards: int = 1


@dataclass(frozen=True)
class Content:
    """A whole data set before it is written.

    Attributes:
        description: The words that tables and figures carry, e.g. "MNIST (official files)".
        features: Data type, shape and encoding per feature.
        splits: "train" and "validation".
        sources: The files that it was made from.
    """

    description: str
    features: Mapping[str, Feature]
    splits: Mapping[str, SplitContent]
    sources: tuple[SourceFile, ...]
