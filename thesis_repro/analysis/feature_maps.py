"""Activities of feature maps, and the encoder with most of them switched off.

Sections 4.2 (Figures 21, 22 and 57-60) and 4.8.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np

from thesis_repro.training.images import image_batches, with_channels

BATCH_SIZE = 32  # AlexNet's first maps are 1.2 MB an image
ENCODER_BATCH_SIZE = 250  # of the encoders of Section 4.2


class LayerActivity(NamedTuple):
    """What one convolution of the encoder does on a set of images.

    ``map_means`` has shape (images, maps): the mean over height and width of each feature map, of
    the convolution's output before the ReLU, bias included (erratum E23). ``mean_map`` has shape
    (height, width, maps): the mean over images of every pixel.
    """

    layer: str
    map_means: np.ndarray
    mean_map: np.ndarray


def convolutions(encoder: keras.Model) -> list[keras.layers.Layer]:
    """The encoder's convolution layers in the order of its listing."""
    return [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]


def few_active_layers(encoder: keras.Model) -> list[keras.layers.Layer]:
    """The replacing layers of an encoder made by ``deactivated``, in the order of the listing."""
    return [layer for layer in encoder.layers if isinstance(layer, KeepFeatureMaps)]


def activities(
    encoder: keras.Model,
    layers: list[keras.layers.Layer],
    images: np.ndarray,
) -> list[LayerActivity]:
    """Activity of layers of the encoder on uint8 images (n, height, width, channels)."""
    map_means: list[list[np.ndarray]] = [[] for _ in layers]
    sums = [np.zeros(layer.output.shape[1:]) for layer in layers]
    for outputs in _outputs(encoder, layers, images, ENCODER_BATCH_SIZE):
        for index, maps in enumerate(outputs):
            map_means[index].append(maps.mean(axis=(1, 2)))
            sums[index] += maps.sum(axis=0, dtype=np.float64)
    return [
        LayerActivity(layer.name, np.concatenate(means), total / len(images))
        for layer, means, total in zip(layers, map_means, sums, strict=True)
    ]


def without_bias(
    encoder: keras.Model, layer_activities: list[LayerActivity]
) -> list[LayerActivity]:
    """The activities of all its convolutions less the bias of each map (erratum E23).

    As measured, or after the layers that replace maps: these pass the bias on, too.
    """
    biases = [keras.ops.convert_to_numpy(layer.bias) for layer in convolutions(encoder)]
    return [
        activity._replace(map_means=activity.map_means - bias)
        for activity, bias in zip(layer_activities, biases, strict=True)
    ]


def maps_after(
    network: keras.Model, layer_names: Sequence[str], images: np.ndarray
) -> dict[str, np.ndarray]:
    """The feature maps after these layers, by name: float32 (n, height, width, maps).

    Args:
        network: An encoder or a classifier.
        layer_names: Layers of it that make feature maps, in any order.
        images: uint8 (n, height, width, channels); grey ones are repeated in its channels.
    """
    return joined(map_batches(network, layer_names, images))


def map_batches(
    network: keras.Model, layer_names: Sequence[str], images: np.ndarray
) -> Iterator[dict[str, np.ndarray]]:
    """As `maps_after`, of some images at a time: for any number of them."""
    layers = [network.get_layer(name) for name in layer_names]
    for maps in _outputs(network, layers, images, BATCH_SIZE):
        yield dict(zip(layer_names, maps, strict=True))


def joined(batches: Iterable[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The maps of all batches, by name."""
    parts = list(batches)
    return {name: np.concatenate([maps[name] for maps in parts]) for name in parts[0]}


def _outputs(
    network: keras.Model, layers: list[keras.layers.Layer], images: np.ndarray, batch_size: int
) -> Iterator[list[np.ndarray]]:
    """What these layers put out, as float32 arrays, batch by batch."""
    probe = keras.Model(network.input, {layer.name: layer.output for layer in layers})
    images = with_channels(images, network.input.shape[-1])
    for batch in image_batches(images, batch_size):
        outputs = probe(batch, training=False)
        maps = [keras.ops.cast(outputs[layer.name], "float32") for layer in layers]
        yield [keras.ops.convert_to_numpy(of_layer) for of_layer in maps]


def most_active(activity: LayerActivity, *, rounded_up: bool = False) -> np.ndarray:
    """The floor(n / 4) maps whose mean varies most over images, as sorted indices.

    Section 4.2 keeps floor(n / 4) of n maps; captions of Figures 58 and 60 say ceil, which is
    ``rounded_up`` (erratum E09).
    """
    spread = activity.map_means.std(axis=0)
    kept = math.ceil(len(spread) / 4) if rounded_up else len(spread) // 4
    return np.sort(np.argsort(spread)[::-1][:kept])


class KeepFeatureMaps(keras.layers.Layer):
    """Passes the feature maps where ``keep`` is 1 and puts ``replacement`` where it is 0.

    ``keep`` has shape (maps,); ``replacement`` broadcasts to (height, width, maps).
    """

    def __init__(self, keep: np.ndarray, replacement: np.ndarray, **kwargs):
        super().__init__(**kwargs)
        self.keep = np.asarray(keep, dtype="float32")
        self.replacement = np.asarray(replacement, dtype="float32")

    def call(self, maps):
        """Kept maps unchanged, the others constant over images."""
        return maps * self.keep + self.replacement * (1 - self.keep)


def deactivated(
    encoder: keras.Model,
    layer_activities: list[LayerActivity],
    *,
    mean_maps: bool,
    rounded_up: bool = False,
) -> keras.Model:
    """The encoder with only the most active maps of each convolution left; weights are shared.

    The others are set to their mean value, one number per map, as the text says, or with
    ``mean_maps`` to their mean map, as the original code did (erratum E10); ``rounded_up`` is that
    of `most_active`. The replacing layer stands right after the convolution; its name is
    ``<rung>_few_active_<i>`` as in Figure 22.
    """
    filters = {}
    for activity in layer_activities:
        kept = most_active(activity, rounded_up=rounded_up)
        keep = np.zeros(activity.map_means.shape[1])
        keep[kept] = 1
        value = activity.mean_map if mean_maps else activity.mean_map.mean(axis=(0, 1))
        name = activity.layer.replace("conv2d", "few_active")
        filters[activity.layer] = KeepFeatureMaps(keep, value, name=name)

    def call(layer, *args, **kwargs):
        output = layer(*args, **kwargs)
        return filters[layer.name](output) if layer.name in filters else output

    return keras.models.clone_model(encoder, clone_function=lambda layer: layer, call_function=call)
