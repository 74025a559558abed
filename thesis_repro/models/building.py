"""From a spec to its built networks."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from pkgutil import resolve_name

import keras

from appendix_architectures.registry import LISTINGS
from thesis_repro.errors import TrainingError
from thesis_repro.models import keras_settings
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.heads import keep_heads_in_float32
from thesis_repro.models.spec import ModelSpec

Builder = Callable[..., keras.Model]


def builders(spec: ModelSpec) -> dict[str, Callable[[], keras.Model]]:
    """The functions that build a model's networks, by part (`Family.parts`).

    A builder that takes them is bound to the spec's latent size, in which models of one listing
    differ, and to its dropout rate.
    """
    parts = zip(FAMILIES[spec.family].parts, _builders(spec), strict=True)
    return {part: _bound(builder, spec) for part, builder in parts}


def _builders(spec: ModelSpec) -> Iterator[Builder]:
    if spec.builders:
        yield from map(resolve_name, spec.builders)
    else:
        yield from (LISTINGS[number].builder for number in spec.listings.value)


def _bound(builder: Builder, spec: ModelSpec) -> Callable[[], keras.Model]:
    taken = inspect.signature(builder).parameters
    bound = {}
    if "latent_dim" in taken:
        bound["latent_dim"] = spec.latent_dims.value[0]
    if "dropout_rate" in taken and spec.dropout_rate is not None:
        bound["dropout_rate"] = spec.dropout_rate.value
    return partial(builder, **bound) if bound else builder


def build_model(spec: ModelSpec) -> keras.Model:
    """A trainable model with fresh weights: an autoencoder of either kind, or a classifier."""
    keras_settings.use_defaults()
    networks = {part: build() for part, build in builders(spec).items()}
    for network in networks.values():
        keep_heads_in_float32(network)
    return FAMILIES[spec.family].joined(spec, networks)


def first_convolution(network: keras.Model) -> keras.layers.Conv2D:
    """The convolution that sees the images, of an encoder or a classifier.

    Raises:
        TrainingError: there is none; runs keep the kernels of the first one.
    """
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    if not convolutions:
        raise TrainingError(
            f"The network {network.name!r} has no Conv2D, but a run keeps the kernels of its first "
            "one; build the network with one, or leave first_kernels.npy out of run folders "
            "(thesis_repro/training/train.py)."
        )
    return convolutions[0]
