"""From specs to networks; the networks themselves are tested beside the appendix."""

import inspect
from dataclasses import replace

import keras
import pytest

from appendix_architectures.listings import golden
from appendix_architectures.registry import LISTINGS
from thesis_repro.errors import TrainingError
from thesis_repro.models import unlisted
from thesis_repro.models.building import build_model, builders, first_convolution
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS

PARTS = {
    "vae": {"encoder", "decoder"},
    "vlae": {"encoder", "decoder"},
    "vae-gan": {"encoder", "decoder", "discriminator"},
    "vlae-gan": {"encoder", "decoder", "discriminator"},
    "classifier": {"classifier"},
}


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_every_model_has_a_builder_for_each_part(spec):
    by_part = builders(spec)
    assert set(by_part) == PARTS[spec.family]
    assert all(callable(build) for build in by_part.values())


@pytest.mark.parametrize(
    ("model_id", "sizes"),
    [
        ("dsprites-vae", [10]),
        ("dsprites-vae-dim6", [6]),
        ("dsprites-vlae", [4, 4, 4]),
        ("dsprites-vlae-dim2", [2, 2, 2]),
    ],
)
def test_latent_sizes_reach_the_networks(model_id, sizes):
    networks = {part: build() for part, build in builders(MODELS[model_id]).items()}
    assert [z.shape[-1] for z in networks["encoder"].outputs] == sizes
    assert [z.shape[-1] for z in networks["decoder"].inputs] == sizes


def dropout_rates(spec):
    networks = [build() for build in builders(spec).values()]
    layers = [layer for network in networks for layer in network.layers]
    return {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)}


@pytest.mark.parametrize("spec", [s for s in MODELS.values() if s.dropout_rate], ids=lambda s: s.id)
def test_dropout_rates_reach_the_networks(spec):
    """The thesis's are those that the listings' builders have without being asked."""
    for number in spec.listings.value:
        default = inspect.signature(LISTINGS[number].builder).parameters["dropout_rate"].default
        assert default == spec.dropout_rate.value
    assert dropout_rates(spec) == {spec.dropout_rate.value}
    assert dropout_rates(replace(spec, dropout_rate=Sourced(0.2, "test"))) == {0.2}


def test_models_whose_rate_is_not_named_have_no_dropout():
    without = [spec for spec in MODELS.values() if spec.dropout_rate is None]
    printed = {number for spec in without for number in spec.listings.value}
    assert not [n for n in printed for row in golden(n)["rows"] if row["type"] == "Dropout"]
    assert {spec.id for spec in MODELS.values() if spec.decay_unit} == {
        spec.id for spec in MODELS.values() if spec.decay.value
    }


def test_mnist_vae_as_run():
    networks = {part: build() for part, build in builders(MODELS["mnist-vae-as-run"]).items()}
    encoder, decoder = networks["encoder"], networks["decoder"]
    assert encoder.input_shape == decoder.output_shape == (None, 28, 28, 1)
    assert encoder.output_shape == decoder.input_shape == (None, 2)
    convolutions = [9 * 1 * 32 + 32, 9 * 32 * 64 + 64, 9 * 64 * 64 + 64, 9 * 64 * 64 + 64]
    assert encoder.count_params() == sum(convolutions) + 2 * (7 * 7 * 64 * 2 + 2)
    transposed = [9 * 64 * 64 + 64, 9 * 64 * 64 + 64, 9 * 64 * 32 + 32, 9 * 32 * 1 + 1]
    assert decoder.count_params() == 2 * 3_136 + 3_136 + sum(transposed)


def test_digit_classifier():
    classifier = builders(MODELS["digit-classifier"])["classifier"]()
    assert classifier.input_shape == (None, 28, 28, 1)
    assert classifier.output_shape == (None, 10)
    convolutions = 25 * 1 * 20 + 20 + 9 * 20 * 20 + 20
    dense = 22 * 22 * 20 * 100 + 100 + 100 * 10 + 10  # 28 - 4 - 2 = 22 px a side
    assert classifier.count_params() == convolutions + dense + 4 * (20 + 20 + 100)
    assert sum(w.value.numpy().size for w in classifier.non_trainable_weights) == 2 * 140


@pytest.mark.parametrize(
    "model_id", ["mnist-vae", "3750-vae", "celeba-vae", "mnist-vlae-factor-1", "celeba-vlae"]
)
def test_an_autoencoder_fits_its_spec(model_id):
    spec = MODELS[model_id]
    model = build_model(spec)
    sizes = [(None, size) for size in spec.latent_dims.value]
    assert model.encoder.input_shape[1:] == spec.input_shape.value
    assert model.decoder.output_shape[1:] == spec.input_shape.value
    for name in ("mu", "log_var", "z"):
        assert [tensor.shape for tensor in model.posterior.output[name]] == sizes
    assert model.reconstruction_weight == spec.reconstruction_weight.value


def test_a_model_with_networks_that_no_listing_has(monkeypatch):
    """An entry in the zoo and its builders: nothing else says what the model is made of."""

    def my_classifier():
        images = keras.Input((28, 28, 1))
        return keras.Model(images, keras.layers.Dense(10)(keras.layers.Flatten()(images)))

    monkeypatch.setattr(unlisted, "my_classifier", my_classifier, raising=False)
    spec = replace(
        MODELS["sample-discriminator"],
        id="mine",
        listings=Sourced((), "mine"),
        builders=("thesis_repro.models.unlisted:my_classifier",),
    )
    assert builders(spec) == {"classifier": my_classifier}
    assert build_model(spec).output_shape == (None, 10)


def test_a_network_without_a_convolution_is_said():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="plain")
    with pytest.raises(TrainingError, match="'plain' has no Conv2D"):
        first_convolution(network)
