"""The autoencoder as one model: what it returns."""

import keras
import numpy as np
import pytest

from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.seeds import seed_noise

MODEL_IDS = ["mnist-vae", "mnist-vlae-factor-3"]  # one latent layer with BatchNorm; three without


@pytest.fixture(scope="module", params=MODEL_IDS)
def model(request) -> VariationalAutoencoder:
    keras.utils.set_random_seed(0)
    return build_model(MODELS[request.param])


@pytest.fixture
def images(model, tiny_images):
    few = tiny_images[:8].astype("float32") / 255
    return few.repeat(model.encoder.input_shape[-1], axis=-1)


def outputs(model, images):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(images, training=False))


def test_outputs(model, images):
    out = outputs(model, images)
    layers = len(model.encoder.outputs)
    for name in ("mu", "log_var", "z"):
        assert [values.shape for values in out[name]] == [(8, 2)] * layers
    assert out["reconstruction"].shape == images.shape
    np.testing.assert_array_less(0, out["reconstruction"])
    np.testing.assert_array_less(out["reconstruction"], 1)


def test_posterior_is_the_layers_named_so_lowest_first(model, images):
    out = outputs(model, images)
    layers = len(model.encoder.outputs)
    names = ["mu"] if layers == 1 else [f"mu_{level}" for level in (1, 2, 3)]
    for name, mu in zip(names, out["mu"], strict=True):
        layer = keras.Model(model.encoder.input, model.encoder.get_layer(name).output)
        np.testing.assert_allclose(layer(images), mu, atol=1e-6)


def test_z_is_sampled_around_mu_and_decoded(model, images):
    seed_noise(model, 1)
    first = outputs(model, images)
    second = outputs(model, images)
    seed_noise(model, 1)
    again = outputs(model, images)
    for mu, log_var, one, two, three in zip(
        first["mu"], first["log_var"], first["z"], second["z"], again["z"], strict=True
    ):
        assert np.abs((one - mu) / np.exp(log_var / 2)).max() < 5  # standard deviations
        assert (one != two).all()
        np.testing.assert_array_equal(one, three)
    z = first["z"] if len(first["z"]) > 1 else first["z"][0]
    decoded = model.decoder(z, training=False)
    np.testing.assert_allclose(decoded, first["reconstruction"], atol=1e-6)
