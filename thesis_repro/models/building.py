"""From a spec to its built networks."""

import inspect
from collections.abc import Callable
from functools import partial

import keras

from appendix_architectures.registry import LISTINGS
from thesis_repro.models import unlisted
from thesis_repro.models.ablations import ABLATIONS
from thesis_repro.models.adversarial import AdversarialAutoencoder
from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.spec import ModelSpec

_UNLISTED = {
    "mnist-vae-as-run": {
        "encoder": unlisted.mnist_vae_as_run_encoder,
        "decoder": unlisted.mnist_vae_as_run_decoder,
    },
    "digit-classifier": {"classifier": unlisted.digit_classifier},
    **ABLATIONS,
}

_PARTS = {
    "vae": ("encoder", "decoder"),
    "vlae": ("encoder", "decoder"),
    "vae-gan": ("encoder", "decoder", "discriminator"),
    "vlae-gan": ("encoder", "decoder", "discriminator"),
    "classifier": ("classifier",),
}


def builders(spec: ModelSpec) -> dict[str, Callable[[], keras.Model]]:
    """The functions that build a model's networks, by part.

    Parts are encoder, decoder, discriminator or classifier. Where Table 2 derives several models
    from one listing, the builder is bound to the spec's latent size.
    """
    if not spec.listings.value:
        return _UNLISTED[spec.id]
    parts = zip(_PARTS[spec.family], spec.listings.value, strict=True)
    return {part: _bound(LISTINGS[number].builder, spec) for part, number in parts}


def _bound(builder: Callable[..., keras.Model], spec: ModelSpec) -> Callable[[], keras.Model]:
    if "latent_dim" in inspect.signature(builder).parameters:
        return partial(builder, latent_dim=spec.latent_dims.value[0])
    return builder


def build_model(spec: ModelSpec) -> keras.Model:
    """A trainable model with fresh weights: an autoencoder of either kind, or a classifier."""
    networks = {part: build() for part, build in builders(spec).items()}
    if spec.family == "classifier":
        return networks["classifier"]
    if spec.feature_weight is not None:
        return AdversarialAutoencoder(**networks, feature_weight=spec.feature_weight.value)
    return VariationalAutoencoder(
        **networks, reconstruction_weight=spec.reconstruction_weight.value
    )


def parts_of(spec: ModelSpec, model: keras.Model) -> dict[str, keras.Model]:
    """A built model's networks by part: what a finished run stores."""
    if spec.family == "classifier":
        return {"classifier": model}
    return {part: getattr(model, part) for part in _PARTS[spec.family]}


def first_convolution(parts: dict[str, keras.Model]) -> keras.layers.Conv2D:
    """The convolution that sees the images: of the encoder, or of a classifier."""
    network = parts["classifier" if "classifier" in parts else "encoder"]
    return next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
