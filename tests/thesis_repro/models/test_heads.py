"""Heads of networks built in bfloat16: what enters a loss is float32, and exact to its bits."""

import math

import keras
import numpy as np
import pytest

from thesis_repro.models.building import build_model, builders
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.heads import keep_heads_in_float32
from thesis_repro.models.losses import kl_term
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.backend import computing_in

AUTOENCODERS = ["mnist-vae", "mnist-vlae-factor-3", "mnist-vae-gan", "mnist-vlae-gan"]
GANS = ["mnist-vae-gan", "mnist-vlae-gan"]
# Whose last layer is a Dense with a softmax or sigmoid in it, an Activation, and both apart.
CLASSIFIERS = ["digit-classifier", "sample-discriminator", "feature-extraction"]


@pytest.fixture(params=["float32", "mixed_bfloat16"])
def build(request):
    """A model whose convolutions compute in this precision, with its images."""

    def build(model_id):
        spec = MODELS[model_id]
        keras.utils.set_random_seed(0)
        with computing_in(request.param):
            model = build_model(spec)
        inner = "float32" if request.param == "float32" else "bfloat16"
        for network in FAMILIES[spec.family].networks(model).values():
            assert {layer.compute_dtype for layer in convolutions(network)} == {inner}
        return model, images(spec)

    return build


def convolutions(network):
    kinds = keras.layers.Conv2D | keras.layers.Conv2DTranspose
    return [layer for layer in network.layers if isinstance(layer, kinds)]


def images(spec):
    return np.random.default_rng(0).random((2, *spec.input_shape.value), dtype="float32")


def dtypes(tensors):
    return {keras.backend.standardize_dtype(one.dtype) for one in keras.tree.flatten(tensors)}


@pytest.mark.parametrize("model_id", AUTOENCODERS)
def test_posteriors_and_reconstructions_are_float32(build, model_id):
    model, pixels = build(model_id)
    out = model(pixels, training=True)
    assert set(out) == {"mu", "log_var", "z", "reconstruction"}
    assert dtypes(out) == {"float32"}


@pytest.mark.parametrize("model_id", GANS)
def test_answers_of_discriminators_are_float32(build, model_id):
    model, pixels = build(model_id)
    assert dtypes(model.discriminator(pixels, training=True)) == {"float32"}


@pytest.mark.parametrize("model_id", CLASSIFIERS)
def test_probabilities_of_classifiers_are_float32(build, model_id):
    model, pixels = build(model_id)
    assert dtypes(model(pixels, training=True)) == {"float32"}


def test_a_softmax_of_its_own_is_a_head():
    """As AlexNet Classifier's, which is too large to be built here."""
    with computing_in("mixed_bfloat16"):
        pixels = keras.Input((4,))
        logits = keras.layers.Dense(3)(pixels)
        network = keras.Model(pixels, keras.layers.Softmax()(logits))
    keep_heads_in_float32(network)
    assert [layer.compute_dtype for layer in network.layers[1:]] == ["bfloat16", "float32"]
    assert dtypes(network(np.ones((2, 4), "float32"))) == {"float32"}


def test_weights_are_float32_in_all_precisions(build):
    model, _ = build("mnist-vae-gan")
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}


@pytest.mark.parametrize("model_id", ["mnist-vae", "mnist-vlae-factor-3"])
def test_kl_of_a_narrow_posterior_far_from_zero(build, model_id):
    """bfloat16 knows 3.0 and 3.016, and ln 0.01^2 to 0.03."""
    model, pixels = build(model_id)
    mu, log_var = 3.007, 2 * math.log(0.01)
    heads = [layer for layer in model.encoder.layers if isinstance(layer, keras.layers.Dense)]
    for layer in heads:
        if layer.name.startswith(("mu", "log_var")):
            layer.kernel.assign(keras.ops.zeros_like(layer.kernel))
            layer.bias.assign(np.full(2, mu if layer.name.startswith("mu") else log_var))
    posterior = model.posterior(pixels, training=False)
    dimensions = 2 * len(posterior["mu"])
    expected = dimensions * 0.5 * (mu**2 + math.exp(log_var) - 1 - log_var)
    kl = np.asarray(kl_term(posterior["mu"], posterior["log_var"]))
    np.testing.assert_allclose(kl, expected, rtol=1e-6)


def test_in_float32_nothing_is_changed():
    """Outputs bit for bit those of the networks as their builders make them."""
    spec = MODELS["mnist-vlae-factor-3"]
    keras.utils.set_random_seed(3)
    built = build_model(spec)
    keras.utils.set_random_seed(3)
    networks = {part: build() for part, build in builders(spec).items()}
    pixels = images(spec)
    for part, network in networks.items():
        ours = getattr(built, part)
        assert [one.dtype_policy.name for one in ours.layers] == [
            one.dtype_policy.name for one in network.layers
        ]
    mu = [network.output for network in networks["encoder"].layers if network.name[:2] == "mu"]
    expected = keras.Model(networks["encoder"].input, mu)(pixels)
    for one, other in zip(built.posterior(pixels)["mu"], expected, strict=True):
        np.testing.assert_array_equal(one, other)
