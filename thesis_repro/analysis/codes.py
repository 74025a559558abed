"""Codes of images, each set of images encoded once per model (Section 4.4).

A section that draws and measures the same codes many times asks here; images are read when a model
first encodes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from data_prep.reading import Column, PreparedData, Split
from thesis_repro.analysis.posteriors import Posterior, posteriors
from thesis_repro.chapter import Chapter
from thesis_repro.images import with_channels
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


@dataclass
class Codes:
    """The codes of a chapter's models, kept from when they are first asked for."""

    chapter: Chapter
    found: dict[tuple[str, str], list[Posterior]] = field(default_factory=dict)

    def of(self, model_id: str, images: Images) -> list[Posterior]:
        """The posterior of each latent layer, the lowest first; ``mu``, ``log_var``, sampled ``z``.

        What is sampled depends on the seed, the model and the name of the images alone.
        """
        key = model_id, images.name
        if key not in self.found:
            trained = self.chapter.trained(model_id)
            pixels = with_channels(images.pixels, trained.spec.input_shape.value[-1])
            seed = self.chapter.workspace.options.seed
            rng = np.random.default_rng(derive_seed(seed, self.chapter.section, *key))
            self.found[key] = posteriors(trained.model, pixels, rng)
        return self.found[key]

    def means(self, model_id: str, images: Images) -> dict[str, np.ndarray]:
        """The mean codes of each layer by its name, "z_1", "z_2", ...; a single one's is "z"."""
        return {name: own.mu for name, own in by_layer(self.of(model_id, images)).items()}


def by_layer(layers: list) -> dict[str, object]:
    """What there is of each latent layer by its name: "z_1", "z_2", ..., or "z" of a single one."""
    if len(layers) == 1:
        return {"z": layers[0]}
    return {f"z_{number}": own for number, own in enumerate(layers, 1)}


# === Images ===


def encoded_rows(count: int, limit: int | None, section: str) -> np.ndarray:
    """The images that are encoded: all, or a fixed random choice in file order."""
    if limit is None or limit >= count:
        return np.arange(count)
    rng = np.random.default_rng(derive_seed(0, section, "rows"))
    return np.sort(rng.permutation(count)[:limit])


def some_images(name: str, split: Split, rows: np.ndarray) -> Images:
    """The images in these rows of a split."""
    return Images(name, split.images[rows], {key: own[rows] for key, own in split.known.items()})


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
