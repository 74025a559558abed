"""What an AlexNet encoder does along the borders of its feature maps, by layer (Section 4.8).

The thesis's network had LeakyReLUs, Listing 36 has ReLUs (erratum E72). Maps after a LeakyReLU are
here those of the listed network, whose pre-activations of a layer go through one as well.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from thesis_repro.analysis.feature_maps import joined, map_batches
from thesis_repro.analysis.stripes import (
    SIDES,
    contrasts,
    negative_stripes,
    padding_contrast,
    stripe_shares,
)

SLOPE = 0.3  # of a LeakyReLU below 0: the default of Keras 2.2.4, as in the original decoders

LEAKY_RELUS = tuple(f"LeakyReLU in place of re_lu_{depth}" for depth in range(1, 6))  # by depth
BEFORE, LEAKY, AFTER = "before re_lu_5", LEAKY_RELUS[-1], "re_lu_5"
LEAKY_POOLED, POOLED = "LeakyReLU, max-pooled", "max_pooling2d_3"
LAYERS = (*LEAKY_RELUS[:-1], BEFORE, LEAKY, AFTER, LEAKY_POOLED, POOLED)


class MeanMaps(NamedTuple):
    """Means over images of a layer's activity and of its size without sign, (height, width, maps).

    Both float64.
    """

    activity: np.ndarray
    size: np.ndarray


def sources(encoder: keras.Model) -> dict[str, str]:
    """The layers of an encoder that give the maps of `LAYERS`, by their labels.

    Of a LeakyReLU, that with its pre-activations; its pooling is computed as well.
    """
    names = {layer.name for layer in encoder.layers}

    def before(depth: int) -> str:
        normalised = f"batch_normalization_{depth}"
        return normalised if normalised in names else f"conv2d_{depth}"

    of_leaky = {label: before(depth) for depth, label in enumerate(LEAKY_RELUS, start=1)}
    return of_leaky | {BEFORE: before(len(LEAKY_RELUS)), AFTER: AFTER, POOLED: POOLED}


def maps_by_layer(encoder: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    """The maps of `LAYERS`, in their order, of uint8 images: float32 (n, height, width, maps)."""
    return joined(_batches(encoder, images))


def _batches(encoder: keras.Model, images: np.ndarray) -> Iterator[dict[str, np.ndarray]]:
    """As `maps_by_layer`, of some images at a time."""
    layers = sources(encoder)
    for maps in map_batches(encoder, tuple(dict.fromkeys(layers.values())), images):
        labelled = {label: maps[layer] for label, layer in layers.items()}
        for label in LEAKY_RELUS:
            leaky = keras.ops.leaky_relu(labelled[label], SLOPE)
            labelled[label] = keras.ops.convert_to_numpy(leaky)
        pooled = keras.ops.max_pool(labelled[LEAKY], 2, 2, "same")  # as in Listing 36
        labelled[LEAKY_POOLED] = keras.ops.convert_to_numpy(pooled)
        yield {label: labelled[label] for label in LAYERS}


def last_maps(encoder: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Maps (height, width, maps) of one image from before the last ReLU on."""
    maps = maps_by_layer(encoder, image[np.newaxis])
    return {label: maps[label][0] for label in (BEFORE, LEAKY, AFTER, LEAKY_POOLED, POOLED)}


def mean_maps(encoder: keras.Model, images: np.ndarray) -> dict[str, MeanMaps]:
    """The means over any number of images (n, height, width, channels), by layer."""
    sums: dict[str, np.ndarray] = {}
    for batch in _batches(encoder, images):
        for label, maps in batch.items():
            both = np.stack([maps.sum(0, dtype=np.float64), np.abs(maps).sum(0, dtype=np.float64)])
            sums[label] = sums.get(label, 0.0) + both
    return {label: MeanMaps(*(total / len(images))) for label, total in sums.items()}


def stripe_rows(maps: Mapping[str, MeanMaps]) -> Iterator[dict[str, float | str]]:
    """Shares of striped maps by layer, in the images' mean |activity|."""
    for layer, means in maps.items():
        shares = stripe_shares(means.size)._asdict()
        negative = negative_stripes(means.activity, means.size)
        yield {"layer": layer, "maps": means.size.shape[-1], **shares, "negative": negative}


def stripe_index(maps: Mapping[str, MeanMaps]) -> pd.DataFrame:
    """The stripe index of each map of the last convolution, by side: see `contrasts`."""
    parts = []
    for layer in (LEAKY, AFTER):
        table = pd.DataFrame(contrasts(maps[layer].size).T, columns=SIDES)
        parts.append(table.assign(layer=layer, map=table.index))
    return pd.concat(parts, ignore_index=True)


def contrast_rows(maps: Mapping[str, np.ndarray]) -> Iterator[dict[str, float | str]]:
    """White and black against padding in maps of test image (i), around the last ReLU."""
    for label in (BEFORE, LEAKY, AFTER):
        contrast = padding_contrast(maps[label])
        ratio = contrast.black_to_white
        yield {"layer": label, **contrast._asdict(), "black_to_white": ratio}
