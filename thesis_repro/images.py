"""Prepared images as training and analysis read them."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from data_prep.reading import Split, load
from thesis_repro.scale import Scale
from thesis_repro.seeds import derive_seed
from thesis_repro.spec import ModelSpec


@dataclass(frozen=True)
class ImageData:
    """One data set cut to a scale; images are uint8 of shape (n, height, width, channels)."""

    train: np.ndarray
    validation: np.ndarray
    description: str
    fingerprint: str
    is_stand_in: bool

    def identity(self) -> dict[str, str | int]:
        """What of the data determines a run: content and counts, not names or where files lie."""
        return {
            "fingerprint": self.fingerprint,
            "train_images": len(self.train),
            "validation_images": len(self.validation),
        }


def load_images(spec: ModelSpec, data_dir: Path, scale: Scale, *, stand_in: bool) -> ImageData:
    """The spec's data set, cut to the scale's number of images, with the channels it takes.

    Raises:
        data_prep.errors.DataError: the data set is missing, damaged or of another image size.
    """
    prepared = load(spec.dataset.value, data_dir, stand_in=stand_in)
    shape = spec.input_shape.value

    def images(split: Split, name: str, limit: int | None) -> np.ndarray:
        return with_channels(_subset(split.images, limit, name), shape[-1])

    return ImageData(
        train=images(prepared.train, "train", scale.train_images),
        validation=images(prepared.validation, "validation", scale.validation_images),
        description=prepared.description,
        fingerprint=prepared.fingerprint,
        is_stand_in=prepared.is_stand_in,
    )


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Grey images repeated in ``channels`` equal channels, as a view (erratum E01)."""
    return np.broadcast_to(images, (*images.shape[:-1], channels))


def _subset(images: np.ndarray, limit: int | None, split: str) -> np.ndarray:
    """A fixed random choice of images; the first n would not do, MNIST's files are not shuffled."""
    if limit is None or limit >= len(images):
        return images
    chosen = np.random.default_rng(derive_seed(0, "subset", split)).permutation(len(images))[:limit]
    return images[np.sort(chosen)]


class ImageBatches(keras.utils.PyDataset):
    """Batches of float32 images in [0, 1] from uint8 images, in a given order."""

    def __init__(self, images: np.ndarray, batch_size: int, order: np.ndarray | None = None):
        super().__init__()
        self.images = images
        self.batch_size = batch_size
        self.order = np.arange(len(images)) if order is None else order

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        return (self.images[chosen].astype("float32") / 255,)
