"""Prepared images as training and analysis read them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.folders import resized_id
from data_prep.manifest import Manifest
from data_prep.reading import Column, Split, load
from data_prep.resizing import resize
from thesis_repro.models.spec import ModelSpec
from thesis_repro.seeds import derive_seed
from thesis_repro.training.schedule import Schedule

# Larger splits stay on the disk and are read batch by batch: dSprites, CelebA, ImageNet.
IN_MEMORY_BYTES = 2**31

# Images, and what else is known of each.
_Part = tuple[np.ndarray | Column, Mapping[str, np.ndarray | Column]]


class Identity(NamedTuple):
    """What of a data set determines a run on it."""

    fingerprint: str  # SHA-256 (hex) of the whole prepared data set
    train_images: int
    validation_images: int

    @classmethod
    def of(cls, manifest: Manifest, schedule: Schedule) -> "Identity":
        """That of a prepared data set cut to a schedule, without reading an image."""

        def count(name: str, limit: int | None) -> int:
            whole = manifest.splits[name].count
            return whole if limit is None else min(whole, limit)

        return cls(
            manifest.fingerprint,
            count("train", schedule.train_images),
            count("validation", schedule.validation_images),
        )


@dataclass(frozen=True)
class ImageData:
    """One data set cut to a schedule.

    Attributes:
        train: uint8 images, (n, height, width, channels): an array, or read when indexed.
        validation: The same.
        description: The words that figures and tables carry about the data.
        fingerprint: SHA-256 (hex) of the whole prepared data set.
        is_stand_in: Whether the images are not those of the data set itself.
        train_known: What else is known of each training image, by name ("label", "factors", ...).
        validation_known: The same of each validation image.
    """

    train: np.ndarray | Column
    validation: np.ndarray | Column
    description: str
    fingerprint: str
    is_stand_in: bool
    train_known: Mapping[str, np.ndarray | Column] = field(default_factory=dict)
    validation_known: Mapping[str, np.ndarray | Column] = field(default_factory=dict)

    def identity(self) -> "Identity":
        """What of the data determines a run: content and counts, not names or where files lie."""
        return Identity(self.fingerprint, len(self.train), len(self.validation))


def load_images(
    spec: ModelSpec, data_dir: Path, schedule: Schedule, *, stand_in: bool
) -> ImageData:
    """The spec's data set, cut to the schedule's number of images, in the shape that it takes.

    Raises:
        data_prep.errors.DataError: the data set is missing or damaged, or has not been prepared in
            the size that the model takes.
    """
    dataset, shape = spec.dataset.value, spec.input_shape.value
    prepared = load(dataset, data_dir, stand_in=stand_in)

    def part(name: str, limit: int | None) -> _Part:
        split = getattr(prepared, name)
        count = len(split) if limit is None else min(limit, len(split))
        if resized := resized_dataset(spec, count):
            split = getattr(load(resized, data_dir, stand_in=stand_in), name)
        images, known = _cut(split, limit, name)
        if images.shape[1:3] != shape[:2]:
            images = resize(images, shape[:2])
        return with_channels(images, shape[-1]), known

    train, train_known = part("train", schedule.train_images)
    validation, validation_known = part("validation", schedule.validation_images)
    return ImageData(
        train=train,
        validation=validation,
        description=prepared.description,
        fingerprint=prepared.fingerprint,
        is_stand_in=prepared.is_stand_in,
        train_known=train_known,
        validation_known=validation_known,
    )


def resized_dataset(spec: ModelSpec, count: int | None) -> str | None:
    """The data set that holds so many of a model's images in the size that it takes.

    ``None`` where they are of that size anyway, or are few: these are resized once, in memory
    (erratum E73). ``count`` is ``None`` where nobody knows how many there are.
    """
    shape = spec.input_shape.value
    is_small = count is not None and count * math.prod(shape) <= IN_MEMORY_BYTES
    return None if is_small else resized_id(spec.dataset.value, shape[:2])


def with_channels(images: np.ndarray | Column, channels: int) -> np.ndarray | Column:
    """Grey images repeated in ``channels`` equal channels, as a view (erratum E01)."""
    if images.shape[-1] == channels:
        return images
    return np.broadcast_to(np.asarray(images), (*images.shape[:-1], channels))


def _cut(split: Split, limit: int | None, name: str) -> _Part:
    """A fixed random choice of images; the first n would not do, MNIST's files are not shuffled."""
    count = len(split)
    if limit is not None and limit < count:
        rng = np.random.default_rng(derive_seed(0, "subset", name))
        rows = np.sort(rng.permutation(count)[:limit])
        return split.images[rows], {key: column[rows] for key, column in split.known.items()}
    if split.images.nbytes <= IN_MEMORY_BYTES:
        return split.images[:], split.known
    return split.images, split.known


def image_batches(
    images: np.ndarray | Column, batch_size: int, order: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Batches of float32 images in [0, 1] from uint8 images, in file order or a given one."""
    order = np.arange(len(images)) if order is None else order
    for start in range(0, len(order), batch_size):
        yield images[order[start : start + batch_size]].astype("float32") / 255
