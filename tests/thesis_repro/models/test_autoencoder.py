"""The trainable model: what it returns, what its loss is, and what a step changes."""

import keras
import numpy as np
import pytest

from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.seeds import seed_noise
from thesis_repro.training.trainer import build_optimizer

MODEL_IDS = ["mnist-vae", "mnist-vlae-factor-3"]  # one latent layer with BatchNorm; three without


@pytest.fixture(scope="module", params=MODEL_IDS)
def model(request) -> VariationalAutoencoder:
    keras.utils.set_random_seed(0)
    model = build_model(MODELS[request.param])
    model.compile(optimizer=build_optimizer(MODELS[request.param]), run_eagerly=True)
    return model


@pytest.fixture
def images(model, tiny_images):
    few = tiny_images[:8].astype("float32") / 255
    return few.repeat(model.encoder.input_shape[-1], axis=-1)


def outputs(model, images):
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(images, training=False))


def expected_terms(model, images, out):
    squares = (images.astype(float) - out["reconstruction"]) ** 2
    reconstruction = model.reconstruction_weight * squares.reshape(len(images), -1).mean(axis=1)
    kl = np.zeros(len(images))
    for mu, log_var in zip(out["mu"], out["log_var"], strict=True):
        kl += 0.5 * (np.exp(log_var) + mu.astype(float) ** 2 - 1 - log_var).sum(axis=1)
    return reconstruction, kl


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


def test_loss_and_its_terms_against_the_outputs(model, images):
    seed_noise(model, 2)
    reconstruction, kl = expected_terms(model, images, outputs(model, images))
    seed_noise(model, 2)
    losses = model.test_on_batch(images, return_dict=True)
    assert losses["reconstruction"] == pytest.approx(reconstruction.mean(), rel=1e-5)
    assert losses["kl"] == pytest.approx(kl.mean(), rel=1e-5)
    assert losses["loss"] == pytest.approx((reconstruction + kl).mean(), rel=1e-5)


def test_terms_are_means_over_all_images_not_over_batches(model, images):
    def evaluate(batch_size):
        return model.evaluate(images[:3], batch_size=batch_size, return_dict=True, verbose=0)

    seed_noise(model, 3)
    one_by_one = [model.test_on_batch(images[[i]], return_dict=True) for i in range(3)]
    # Batches of two and one give other noise than single images; the KL has none.
    kl = np.mean([row["kl"] for row in one_by_one])
    assert evaluate(batch_size=2)["kl"] == pytest.approx(kl, rel=1e-4)


def test_one_step_changes_every_trainable_weight(model, images):
    learned = [weight for weight in model.weights if "moving_" not in weight.path]
    before = [keras.ops.convert_to_numpy(weight) for weight in learned]
    model.train_on_batch(images)
    unchanged = [
        weight.path
        for weight, old in zip(learned, before, strict=True)
        if np.array_equal(keras.ops.convert_to_numpy(weight), old)
    ]
    assert unchanged == []
    # MNIST-VAE: kernel and bias (or gamma and beta) of 11 layers, and of 7 BatchNormalizations;
    # MNIST-VLAE: of 12 layers in the encoder and 8 in the decoder.
    assert len(learned) == (2 * (11 + 7) if len(model.encoder.outputs) == 1 else 2 * (12 + 8))
