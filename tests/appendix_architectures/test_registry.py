"""What the listings do not print: registry, latent sizes, settings from text and original code."""

import inspect

import keras
import numpy as np
import pytest

from appendix_architectures.listings import golden
from appendix_architectures.parameters import count_parameters
from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes

VLAE_ENCODERS = (7, 9, 11, 13, 15, 26, 29, 32)
VLAE_DECODERS = (8, 10, 12, 14, 16, 27, 30, 33)
SLOPE_BY_DEFAULT = (2, 4, 6, 8, 10, 12, 14, 16, 39)
SLOPE_OF_DISCRIMINATORS = (19, 22, 25, 28, 31, 34, 38)


def layers_of(model, layer_type):
    return [layer for layer in model.layers if isinstance(layer, layer_type)]


@pytest.fixture(scope="module")
def models():
    """All 39 networks, built without values."""
    return {number: build_shapes(listing.builder) for number, listing in LISTINGS.items()}


def test_registry_has_the_39_listings_of_the_thesis():
    assert list(LISTINGS) == list(range(1, 40))
    assert [listing.number for listing in LISTINGS.values()] == list(LISTINGS)
    for number, listing in LISTINGS.items():
        assert (listing.section, listing.title) == (
            golden(number)["section"],
            golden(number)["title"],
        )


def test_each_builder_is_its_own_and_stands_in_the_module_of_its_section():
    assert len({listing.builder for listing in LISTINGS.values()}) == 39
    for number, (_, section, _, builder) in LISTINGS.items():
        module = builder.__module__.removeprefix("appendix_architectures.")
        assert module.startswith(section.replace(".", "").lower() + "_")
        assert builder.__doc__.startswith(f"Listing {number}: ")


def test_models_are_named_like_their_builders(models):
    for number, model in models.items():
        assert model.name == LISTINGS[number].builder.__name__


def test_latent_sizes_of_derived_models_and_unprinted_dropout_rates_are_all_that_builders_take():
    parameters = {n: list(inspect.signature(x.builder).parameters) for n, x in LISTINGS.items()}
    assert {n: p for n, p in parameters.items() if p} == {
        **{n: ["latent_dim"] for n in (3, 4)},
        **{n: ["latent_dim", "dropout_rate"] for n in (13, 14)},
        **{n: ["dropout_rate"] for n in (15, 16, 35)},
    }


@pytest.mark.parametrize(
    ("number", "latent_dim", "total", "trainable"),
    [
        # dSprites-VAE-dim6: four dimensions less, each 2 * (8,192 + 1) weights of mu and log_var.
        (3, 6, 2_889_068, 2_887_084),
        # ... and each 8,192 weights of dense_1.
        (4, 6, 6_879_617, 6_877_825),
        # dSprites-VLAE-dim2: two dimensions less on rungs of 131,072, 65,536 and 4,096 features.
        (13, 2, 13_123_532, 13_118_028),
        # ... and each 1,024 + 1,024 + 4,096 weights of the three entries.
        (14, 2, 35_192_193, 35_171_969),
    ],
)
def test_latent_size_of_derived_models(number, latent_dim, total, trainable):
    model = build_shapes(lambda: LISTINGS[number].builder(latent_dim=latent_dim))
    assert count_parameters(model) == (total, trainable, total - trainable)
    ends = model.outputs if number in (3, 13) else model.inputs
    assert {end.shape[-1] for end in ends} == {latent_dim}


def test_dropout_rates(models):
    rates = {
        number: {layer.rate for layer in layers_of(model, keras.layers.Dropout)}
        for number, model in models.items()
    }
    expected = {13: {0.5}, 14: {0.5}, 15: {0.5}, 16: {0.5}, 35: {0.3}}  # errata E11, E24
    assert {number: found for number, found in rates.items() if found} == expected


def test_leaky_slopes(models):
    found = {
        number: {layer.negative_slope for layer in layers_of(model, keras.layers.LeakyReLU)}
        for number, model in models.items()
    }
    expected = {number: {0.3} for number in SLOPE_BY_DEFAULT}
    expected |= {number: {0.2} for number in SLOPE_OF_DISCRIMINATORS}
    assert {number: slopes for number, slopes in found.items() if slopes} == expected


def test_batch_normalisation_has_the_defaults_of_keras_2(models):
    found = {
        (layer.momentum, layer.epsilon)
        for model in models.values()
        for layer in layers_of(model, keras.layers.BatchNormalization)
    }
    assert found == {(0.99, 1e-3)}


def test_final_activations(models):
    for number, model in models.items():
        activations = [a.activation.__name__ for a in layers_of(model, keras.layers.Activation)]
        has_one = number == 38 or golden(number)["rows"][-1]["type"] == "Activation"
        assert activations == (["softmax" if number == 38 else "sigmoid"] if has_one else [])


def test_only_the_sample_discriminator_has_an_activation_inside_a_dense_layer(models):
    inside = [
        (number, layer.name, layer.activation.__name__)
        for number, model in models.items()
        for layer in model.layers
        if isinstance(layer, (keras.layers.Dense, keras.layers.Conv2D))
        and layer.activation is not keras.activations.linear
    ]
    assert inside == [(39, "dense_16", "sigmoid")]


def test_vlae_latents_are_ordered_from_shallow_to_deep(models):
    for number in VLAE_ENCODERS:
        names = [output._keras_history.operation.name for output in models[number].outputs]
        assert names == ["z_1_latent", "z_2_latent", "z_3_latent"]
    for number in VLAE_DECODERS:
        assert [tensor.name for tensor in models[number].inputs] == ["z_1", "z_2", "z_3"]


@pytest.mark.parametrize("number", [1, 2, 3, 11, 12, 17, 18, 19, 22, 28, 38, 39])
def test_network_runs_and_returns_the_printed_shapes(number):
    model = LISTINGS[number].builder()
    rng = np.random.default_rng(number)
    batch = [rng.random((2, *x.shape[1:]), dtype=np.float32) for x in model.inputs]
    outputs = model(batch if len(batch) > 1 else batch[0])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    assert [x.shape[1:] for x in outputs] == [x.shape[1:] for x in model.outputs]
    for values in map(keras.ops.convert_to_numpy, outputs):
        assert np.isfinite(values).all()
        if number not in (1, 3, 11, 17):  # all but the encoders end in a sigmoid or a softmax
            assert 0 <= values.min() < values.max() <= 1
