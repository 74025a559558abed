"""Multiply-adds: by hand for small layers, and against the counts made of the thesis's networks."""

from dataclasses import replace

import keras
import pytest

from thesis_repro.models import cost, unlisted
from thesis_repro.models.cost import (
    NetworkSize,
    forward_multiply_adds,
    measured,
    measured_sizes,
    network_sizes,
    training_memory,
    training_multiply_adds,
)
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS

M, G = 1e6, 1e9


@pytest.mark.parametrize(
    ("model_id", "expected"),  # counted from the listings by other means, to the digits given
    [
        ("mnist-vae", [103 * M]),
        ("mnist-vlae-factor-1", [31 * M]),
        ("mnist-vlae-factor-2", [8 * M]),
        ("mnist-vlae-factor-3", [4 * M]),
        ("dsprites-vae", [397 * M]),
        ("dsprites-vlae", [1.18 * G]),
        ("celeba-vae", [1.61 * G]),
        ("celeba-vlae", [5.99 * G]),
        ("mnist-vae-gan", [103 * M, 7 * M]),
        ("mnist-vlae-gan", [735 * M, 7 * M]),
        ("dsprites-vae-gan", [397 * M, 68 * M]),
        ("dsprites-vlae-gan", [1.18 * G, 68 * M]),
        ("celeba-vae-gan", [1.61 * G, 0.42 * G]),
        ("celeba-vlae-gan", [5.99 * G, 0.42 * G]),
        ("alexnet-classifier", [1.27 * G]),
        ("alexnet-vae", [2.57 * G]),
    ],
)
def test_forward_passes_of_the_thesis(model_id, expected):
    parts = forward_multiply_adds(MODELS[model_id])
    counts = [sum(parts[part] for part in parts if part != "discriminator")]
    counts += [parts["discriminator"]] if "discriminator" in parts else []
    # 4.1 M and 8.2 M are printed as 4 and 8; a GAN's decoder has no bias, which nobody counts.
    assert counts == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # 8 outputs (2 x 4 pixels), each of 3 x 3 pixels times 2 channels, 5 maps.
        (keras.layers.Conv2D(5, 3, 2, "same"), 8 * 3 * 3 * 2 * 5),
        # Every one of 4 x 8 input pixels is spread over 3 x 3 pixels and 5 maps.
        (keras.layers.Conv2DTranspose(5, 3, 2, "same"), 32 * 3 * 3 * 2 * 5),
        (keras.layers.Dense(7), 2 * 7),
        (keras.layers.BatchNormalization(), 0),
    ],
)
def test_layers_by_hand(layer, expected):
    image = keras.Input((2,) if isinstance(layer, keras.layers.Dense) else (4, 8, 2))
    assert measured(keras.Model(image, layer(image))).multiply_adds == expected


def small_network():
    image = keras.Input((4, 4, 1))
    maps = keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, 2, "same")(image))
    return keras.Model(image, keras.layers.Dense(10)(keras.layers.Flatten()(maps)))


# 9 weights and a bias for each of 5 maps, 4 numbers to normalise each, 20 features to 10 units.
# 16 pixels, then three times 20 features, then 10 units.
SMALL = NetworkSize(5 * 10 + 5 * 4 + 21 * 10, 4 * 9 * 5 + 20 * 10, 16 + 3 * 20 + 10)


def test_a_network_by_hand():
    assert measured(small_network()) == SMALL


def test_a_gan_costs_more_than_its_vae():
    """Ten passes through the decoder instead of three, and the discriminator besides."""
    vae, gan = (MODELS[f"celeba-{kind}"] for kind in ("vae", "vae-gan"))
    assert training_multiply_adds(vae) == 3 * sum(forward_multiply_adds(vae).values())
    parts = forward_multiply_adds(gan)
    expected = 3 * parts["encoder"] + 10 * parts["decoder"] + 16 * parts["discriminator"]
    assert training_multiply_adds(gan) == expected


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_the_sizes_on_file_are_those_of_the_networks(spec):
    """Where they are not: `python -m thesis_repro.models.cost` writes them anew."""
    built = measured_sizes(spec)
    assert network_sizes(spec) == built
    assert tuple(built) == FAMILIES[spec.family].parts
    assert min(size.multiply_adds for size in built.values()) > 1e6


def test_every_model_is_on_file(monkeypatch):
    monkeypatch.setattr(cost, "measured_sizes", None)
    for spec in MODELS.values():
        network_sizes(spec)


def of_small_network(monkeypatch, builder=small_network):
    """A model of one's own."""
    monkeypatch.setattr(unlisted, "small_network", builder, raising=False)
    builders = ("thesis_repro.models.unlisted:small_network",)
    return replace(MODELS["digit-classifier"], builders=builders)


def test_networks_that_are_not_on_file_are_built_once(monkeypatch):
    """And not for each question that a plan has."""
    built = []

    def build():
        built.append("small")
        return small_network()

    own = replace(of_small_network(monkeypatch, build), id="asked-often")
    for ask in (network_sizes, training_multiply_adds, network_sizes):
        ask(own)
    assert training_memory(own, 32) > 0
    assert built == ["small"]


@pytest.mark.parametrize("dimensions", [(2,), (7,)])
def test_networks_that_are_not_on_file_are_built(monkeypatch, dimensions):
    """A model of one's own, and a known builder with another latent size: never a known size."""
    own = of_small_network(monkeypatch)
    assert network_sizes(own) == {"classifier": SMALL}
    other = replace(MODELS["dsprites-vae"], latent_dims=Sourced(dimensions, "mine"))
    more = 2 * (8_192 + 1)  # weights of mu and log_var for one dimension (Listing 3)
    listed = network_sizes(MODELS["dsprites-vae"])["encoder"].parameters
    assert network_sizes(other)["encoder"].parameters == listed - (10 - dimensions[0]) * more
