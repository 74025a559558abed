"""Prepared images in another size, by the thesis's Lanczos filter (Section 3.3)."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from data_prep.content import Batch, Content, ReadOptions, SplitContent
from data_prep.folders import Resized
from data_prep.manifest import Feature
from data_prep.parallel import ordered
from data_prep.reading import Column, Split, load

BATCH = 64  # images that are read and resized at a time; 13 MB of CelebA's, both sizes together


def read_prepared(
    resized: Resized, data_dir: Path, stand_in: bool, options: ReadOptions
) -> Content:
    """A prepared data set, its images resized while the splits are consumed.

    Raises:
        DataError: The data set that they come from has not been prepared, or is damaged.
    """
    prepared = load(resized.origin, data_dir, stand_in)
    height, width = resized.size
    features = dict(prepared.manifest.features)
    shape = (height, width, prepared.manifest.image_shape[-1])
    features["image"] = Feature("uint8", shape, "raw")
    splits = {"train": prepared.train, "validation": prepared.validation}
    return Content(
        f"{prepared.description}, resized to {width}x{height} px",
        features,
        {
            name: SplitContent(len(split), _batches(split, resized.size, options.workers))
            for name, split in splits.items()
        },
        prepared.manifest.sources,
        resized_from=prepared.fingerprint,
    )


def resize(images: np.ndarray | Column, size: tuple[int, int]) -> np.ndarray:
    """Images, uint8 (n, height, width, 1 or 3), in another height and width (px)."""
    height, width = size
    result = np.empty((len(images), height, width, images.shape[-1]), np.uint8)
    for start in range(0, len(images), BATCH):  # a column is never read as a whole
        for row, image in enumerate(images[start : start + BATCH], start):
            # Pillow knows no third axis of length 1.
            picture = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
            pixels = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
            result[row] = pixels.reshape(result.shape[1:])
    return result


def _batches(split: Split, size: tuple[int, int], workers: int) -> Iterator[Batch]:
    starts = range(0, len(split), BATCH)
    images = (split.images[start : start + BATCH] for start in starts)
    resized = ordered(partial(resize, size=size), images, workers)
    for start, batch in zip(starts, resized, strict=True):
        known = {name: column[start : start + BATCH] for name, column in split.known.items()}
        yield {"image": batch, **known}
