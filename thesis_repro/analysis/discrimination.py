"""Two kinds of images, and the discriminator of Appendix I that tells them apart (Section 4.6.1).

The network, its loss and its training are the model sample-discriminator's; here it learns from any
two kinds of images, on equal scales of grey values or on two. On two, the first on 0..255 and the
second on 0..1, it is right whatever the images show: so the original code ran it (erratum E13).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from data_prep.reading import PreparedData
from thesis_repro.analysis.statistics import Interval, wilson
from thesis_repro.models.decoding import Decode, grey
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.images import ImageData

LEARNING_RATE_AS_RUN = 0.001  # Adam's default; original code (erratum E21)
BLUR = 0.5  # px, standard deviation of a slight blur: the eye hardly sees it

_AT_ONCE = 2_000  # images that are held as float32


class Kind(NamedTuple):
    """One kind of images, uint8 (n, height, width, 1): to learn from, and held out."""

    name: str
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class OnTwoScales:
    """Images of which the first kind is 255 times as bright; indexed like an array.

    Read as training reads images, the first are on 0..255 and the others on 0..1.
    """

    images: np.ndarray
    first: int  # that come first and are brighter

    dtype = np.dtype("float32")

    @property
    def shape(self) -> tuple[int, ...]:
        """As NumPy's."""
        return self.images.shape

    @property
    def nbytes(self) -> int:
        """As NumPy's (bytes)."""
        return self.images.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.images)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, rows: np.ndarray | slice) -> np.ndarray:
        bright = np.arange(len(self))[rows] < self.first
        factors = np.where(bright, np.float32(255), np.float32(1))
        return self.images[rows].astype("float32") * factors[:, np.newaxis, np.newaxis, np.newaxis]


def labelled(first: Kind, second: Kind, source: PreparedData, *, two_scales: bool) -> ImageData:
    """What the discriminator learns from: the first kind is labelled 0, the second 1.

    ``source`` is the data set behind both. Images and scales make the fingerprint.
    """
    train = np.concatenate([first.train, second.train])
    test = np.concatenate([first.test, second.test])
    fingerprint = hashlib.sha256(b"two scales" if two_scales else b"one scale")
    for images in (train, test):
        fingerprint.update(np.ascontiguousarray(images))
    scaled = OnTwoScales if two_scales else lambda images, count: images
    return ImageData(
        scaled(train, len(first.train)),
        scaled(test, len(first.test)),
        f"{source.description}: {first.name} against {second.name}",
        fingerprint.hexdigest(),
        source.is_stand_in,
        {"label": np.repeat([0, 1], [len(first.train), len(second.train)])},
        {"label": np.repeat([0, 1], [len(first.test), len(second.test)])},
    )


def discriminator(generator: str | None, learning_rate: float | None = None) -> ModelSpec:
    """The spec of a discriminator of this model's images; as written, or with another rate."""
    spec = MODELS["sample-discriminator"]
    spec = replace(spec, generator=generator and Sourced(generator, "Section 4.6.1"))
    if learning_rate is None:
        return spec
    return replace(spec, learning_rate=Sourced(learning_rate, "original code", ("E21",)))


def accuracy(share: float, images: int) -> Interval:
    """The share of so many held-out images that a discriminator has right, with its interval."""
    return wilson(round(share * images), images)


# === Kinds of images ===


def grey_levels(decode: Decode, layers: Iterable[np.ndarray]) -> np.ndarray:
    """Images of positions (n, dimensions) in each layer, uint8 (n, height, width, 1).

    Rounded to the levels that real images have, since others would tell them apart.
    """
    layers = list(layers)
    parts = []
    for start in range(0, len(layers[0]), _AT_ONCE):
        images = decode([z[start : start + _AT_ONCE] for z in layers])
        parts.append(np.rint(grey(images) * 255).astype(np.uint8))
    return np.concatenate(parts)


def halves(kind: Kind, rng: np.random.Generator) -> tuple[Kind, Kind]:
    """Each half of the images, at random: two kinds that nothing tells apart."""
    train, test = (_halved(images, rng) for images in (kind.train, kind.test))
    return Kind(kind.name, train[0], test[0]), Kind(kind.name, train[1], test[1])


def _halved(images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    order, half = rng.permutation(len(images)), len(images) // 2
    return images[order[:half]], images[order[half : 2 * half]]


def blurred(kind: Kind) -> Kind:
    """The same images, slightly out of focus."""
    train, test = (
        np.rint(ndimage.gaussian_filter(images.astype("float32"), BLUR, axes=(1, 2))).astype(
            np.uint8
        )
        for images in (kind.train, kind.test)
    )
    return Kind(f"{kind.name}, blurred by {BLUR} px", train, test)
