"""Prepared images as training and analysis read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from PIL import Image

from data_prep.manifest import Manifest
from data_prep.reading import Column, Split, load
from thesis_repro.models.spec import ModelSpec
from thesis_repro.seeds import derive_seed
from thesis_repro.training.schedule import Schedule

# Larger splits stay on the disk and are read batch by batch: dSprites, CelebA, ImageNet.
IN_MEMORY_BYTES = 2**31


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
        data_prep.errors.DataError: the data set is missing, damaged or of another image size.
    """
    prepared = load(spec.dataset.value, data_dir, stand_in=stand_in)
    shape = spec.input_shape.value
    train, train_known = _cut(prepared.train, schedule.train_images, "train")
    validation, validation_known = _cut(
        prepared.validation, schedule.validation_images, "validation"
    )
    return ImageData(
        train=with_shape(train, shape),
        validation=with_shape(validation, shape),
        description=prepared.description,
        fingerprint=prepared.fingerprint,
        is_stand_in=prepared.is_stand_in,
        train_known=train_known,
        validation_known=validation_known,
    )


def with_shape(
    images: np.ndarray | Column, shape: tuple[int, int, int]
) -> "np.ndarray | Column | Resized":
    """Images in the height, width and channels that a network takes."""
    height, width, channels = shape
    same_size = images.shape[1:3] == (height, width)
    return with_channels(images if same_size else Resized(images, height, width), channels)


class Resized:
    """Images of another size than the prepared ones, made when they are asked for (E73).

    Indexed like an array, (n, height, width, channels); with the thesis's Lanczos filter.
    """

    def __init__(self, images: np.ndarray | Column, height: int, width: int):
        self._images = images
        self._size = (width, height)
        self.shape = (len(images), height, width, images.shape[-1])

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: int | slice | np.ndarray) -> np.ndarray:
        return _resized(self._images[rows], self._size)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self[:], dtype)


def _resized(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    if images.ndim > 3:
        return np.stack([_resized(image, size) for image in images])
    is_grey = images.shape[-1] == 1
    picture = Image.fromarray(images[..., 0] if is_grey else images)
    pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
    return pixels[..., np.newaxis] if is_grey else pixels


def with_channels(images: np.ndarray | Column, channels: int) -> np.ndarray | Column:
    """Grey images repeated in ``channels`` equal channels, as a view (erratum E01)."""
    if images.shape[-1] == channels:
        return images
    return np.broadcast_to(np.asarray(images), (*images.shape[:-1], channels))


def _cut(
    split: Split, limit: int | None, name: str
) -> tuple[np.ndarray | Column, Mapping[str, np.ndarray | Column]]:
    """A fixed random choice of images; the first n would not do, MNIST's files are not shuffled."""
    count = len(split)
    if limit is not None and limit < count:
        rng = np.random.default_rng(derive_seed(0, "subset", name))
        rows = np.sort(rng.permutation(count)[:limit])
        return split.images[rows], {key: column[rows] for key, column in split.known.items()}
    if split.images.nbytes <= IN_MEMORY_BYTES:
        return split.images[:], split.known
    return split.images, split.known


class ImageBatches(keras.utils.PyDataset):
    """Batches of float32 images in [0, 1] from uint8 images, in a given order.

    Attributes:
        error: What reading a batch raised, kept because TensorFlow raises another in its place.
    """

    def __init__(
        self, images: np.ndarray | Column, batch_size: int, order: np.ndarray | None = None
    ):
        super().__init__()
        self.error: Exception | None = None
        self.images = images
        self.batch_size = batch_size
        self.order = np.arange(len(images)) if order is None else order

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        try:
            return self.batch(self.order[index * self.batch_size : (index + 1) * self.batch_size])
        except Exception as error:
            self.error = error
            raise

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """The images in these rows."""
        return (self.images[rows].astype("float32") / 255,)
