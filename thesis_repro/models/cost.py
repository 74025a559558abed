"""What a model costs: multiply-adds, in which scales and plans count work, and memory."""

from functools import cache
from math import prod

import keras

from appendix_architectures.shapes import build_shapes
from thesis_repro.models.building import builders
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.spec import ModelSpec

_PROCESS = 0.8 * 2**30  # bytes: Python with TensorFlow


@cache
def forward_multiply_adds(spec: ModelSpec) -> dict[str, int]:
    """Multiply-adds of one image's forward pass through each network of a model, by part.

    Convolutions and dense layers count; biases, normalisation and activations do not.
    """
    return {
        part: sum(_of_layer(layer) for layer in build_shapes(builder).layers)
        for part, builder in builders(spec).items()
    }


def training_multiply_adds(spec: ModelSpec) -> int:
    """Multiply-adds that one training image costs, all updates of the model's networks together."""
    passes = FAMILIES[spec.family].passes
    return sum(passes[part] * count for part, count in forward_multiply_adds(spec).items())


def training_memory(spec: ModelSpec, batch_size: int) -> float:
    """Estimate of the memory that training takes (bytes), within a fifth of what was measured.

    The process itself, four numbers per weight (value, gradient, two moments of Adam), and every
    layer's output for a batch, as often as the family keeps it.
    """
    networks = [build_shapes(builder) for builder in builders(spec).values()]
    weights = sum(network.count_params() for network in networks)
    outputs = sum(
        prod(layer.output.shape[1:])
        for network in networks
        for layer in network.layers
        if not isinstance(layer.output, list)
    )
    kept = FAMILIES[spec.family].kept * outputs * batch_size
    return _PROCESS + 4 * (4 * weights + kept)


def _of_layer(layer: keras.Layer) -> int:
    if isinstance(layer, keras.layers.Dense):
        return prod(layer.kernel.shape)
    # A transposed convolution applies its kernel once per input pixel, a convolution per output.
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return prod(layer.input.shape[1:3]) * prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2D):
        return prod(layer.output.shape[1:3]) * prod(layer.kernel.shape)
    return 0
