"""What an AlexNet encoder does along the borders of its feature maps, by layer (Section 4.8)."""

from collections.abc import Iterator, Mapping

import keras
import numpy as np
import pandas as pd

from thesis_repro.analysis.feature_maps import maps_after, mean_absolute_maps
from thesis_repro.analysis.stripes import SIDES, contrasts, padding_contrast, stripe_shares

BEFORE, AFTER, POOLED = "before re_lu_5", "re_lu_5", "max_pooling2d_3"
LAYERS = (*(f"re_lu_{depth}" for depth in range(1, 5)), BEFORE, AFTER, POOLED)


def sources(encoder: keras.Model) -> dict[str, str]:
    """The layers of an encoder whose outputs are the maps of `LAYERS`, in the same order."""
    names = {layer.name for layer in encoder.layers}
    before = "batch_normalization_5" if "batch_normalization_5" in names else "conv2d_5"
    return {label: before if label == BEFORE else label for label in LAYERS}


def last_maps(encoder: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Maps (height, width, maps) of one image before and after the last ReLU, and after pooling."""
    layers = {label: sources(encoder)[label] for label in (BEFORE, AFTER, POOLED)}
    maps = maps_after(encoder, tuple(layers.values()), image[np.newaxis])
    return {label: maps[layer][0] for label, layer in layers.items()}


def stripe_rows(
    encoder: keras.Model, images: Mapping[str, np.ndarray]
) -> Iterator[dict[str, float | str]]:
    """Shares of striped maps by images and layer, in the images' mean |activity|."""
    layers = sources(encoder)
    for name, pixels in images.items():
        maps = mean_absolute_maps(encoder, tuple(layers.values()), pixels)
        for label, layer in layers.items():
            what = {"images": name, "count": len(pixels), "layer": label}
            yield what | {"maps": maps[layer].shape[-1]} | stripe_shares(maps[layer])._asdict()


def stripe_index(encoder: keras.Model, images: np.ndarray) -> pd.DataFrame:
    """The stripe index of each map after the last ReLU, by side: see `contrasts`."""
    (maps,) = mean_absolute_maps(encoder, (AFTER,), images).values()
    return pd.DataFrame(contrasts(maps).T, columns=SIDES)


def contrast_rows(encoder: keras.Model, image: np.ndarray) -> Iterator[dict[str, float | str]]:
    """White and black against padding in test image (i), before and after the last ReLU."""
    maps = last_maps(encoder, image)
    for label in (BEFORE, AFTER):
        contrast = padding_contrast(maps[label])
        ratio = contrast.black_to_white
        yield {"layer": label, **contrast._asdict(), "black_to_white": ratio}
