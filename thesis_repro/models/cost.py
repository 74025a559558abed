"""What a model costs: parameters, multiply-adds, in which scales and plans count work, and memory.

All follows from the sizes of its networks. They are measured on what Keras builds and kept in
``network_sizes.json``, so that asking needs no Keras; a test holds the file against the networks,
and ``python -m thesis_repro.models.cost`` writes it anew.
"""

from functools import cache
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from thesis_repro.files import Entry, read_entries, write_json
from thesis_repro.models import keras_settings
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS

if TYPE_CHECKING:
    import keras

FILE = "network_sizes.json"

_PROCESS = 0.8 * 2**30  # bytes: Python with TensorFlow


class NetworkSize(Entry):
    """What the costs of a network follow from.

    Attributes:
        parameters: Its weights, those that are not trained among them.
        multiply_adds: Of one image's forward pass. Convolutions and dense layers count; biases,
            normalisation and activations do not.
        outputs: Numbers that all of its layers together put out for one image.
    """

    parameters: int
    multiply_adds: int
    outputs: int


def network_sizes(spec: ModelSpec) -> dict[str, NetworkSize]:
    """The sizes of a model's networks, by part; only of networks not in the file, Keras builds."""
    known, names = _known_sizes(), _network_names(spec)
    if known.keys() >= set(names.values()):
        return {part: known[name] for part, name in names.items()}
    return measured_sizes(spec)


def forward_multiply_adds(spec: ModelSpec) -> dict[str, int]:
    """Multiply-adds of one image's forward pass through each network of a model, by part."""
    return {part: size.multiply_adds for part, size in network_sizes(spec).items()}


def training_multiply_adds(spec: ModelSpec) -> int:
    """Multiply-adds that one training image costs, all updates of the model's networks together."""
    passes = FAMILIES[spec.family].passes
    return sum(passes[part] * count for part, count in forward_multiply_adds(spec).items())


def training_memory(spec: ModelSpec, batch_size: int) -> float:
    """Estimate of the memory that training takes (bytes), within a fifth of what was measured.

    The process itself, four numbers per weight (value, gradient, two moments of Adam), and every
    layer's output for a batch, as often as the family keeps it.
    """
    sizes = network_sizes(spec).values()
    weights = sum(size.parameters for size in sizes)
    outputs = sum(size.outputs for size in sizes)
    kept = FAMILIES[spec.family].kept * outputs * batch_size
    return _PROCESS + 4 * (4 * weights + kept)


# === The file ===


@cache
def _known_sizes() -> dict[str, NetworkSize]:
    return read_entries("models", FILE, dict[str, NetworkSize])


def _network_names(spec: ModelSpec) -> dict[str, str]:
    """What the file calls a model's networks, by part: all that the shapes of a network depend on.

    Its listing or builder, and the latent dimensions, of which some builders make several models.
    """
    networks = spec.builders or [f"Listing {number}" for number in spec.listings.value]
    dimensions = "".join(f", {size}" for size in spec.latent_dims.value)
    parts = FAMILIES[spec.family].parts
    return {part: f"{name}{dimensions}" for part, name in zip(parts, networks, strict=True)}


def write_sizes() -> Path:
    """Measure the networks of all models, and write the file; its path."""
    sizes = {}
    for spec in MODELS.values():
        sizes |= zip(_network_names(spec).values(), measured_sizes(spec).values(), strict=True)
    path = Path(__file__).with_name(FILE)
    write_json(path, msgspec.to_builtins(sizes))
    return path


# === Measuring, with Keras ===


@cache
def measured_sizes(spec: ModelSpec) -> dict[str, NetworkSize]:
    """The sizes of a model's networks, by part, as Keras builds them by its defaults; kept.

    Raises:
        thesis_repro.errors.SettingsError: Keras is set to a backend that networks do not run on.
    """
    keras_settings.import_keras()
    keras_settings.use_defaults()
    from appendix_architectures.shapes import build_shapes
    from thesis_repro.models.building import builders

    return {part: measured(build_shapes(build)) for part, build in builders(spec).items()}


def measured(network: "keras.Model") -> NetworkSize:
    """The size of a built network."""
    from appendix_architectures.parameters import count_parameters

    outputs = [layer.output for layer in network.layers if not isinstance(layer.output, list)]
    return NetworkSize(
        parameters=count_parameters(network).total,
        multiply_adds=sum(map(_multiply_adds, network.layers)),
        outputs=sum(prod(output.shape[1:]) for output in outputs),
    )


def _multiply_adds(layer: "keras.Layer") -> int:
    from keras import layers

    if isinstance(layer, layers.Dense):
        return prod(layer.kernel.shape)
    # A transposed convolution applies its kernel once per input pixel, a convolution per output.
    if isinstance(layer, layers.Conv2DTranspose):
        return prod(layer.input.shape[1:3]) * prod(layer.kernel.shape)
    if isinstance(layer, layers.Conv2D):
        return prod(layer.output.shape[1:3]) * prod(layer.kernel.shape)
    return 0


if __name__ == "__main__":
    print(write_sizes())
