"""Posteriors of images, and what is sampled from them."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy import stats

from appendix_architectures.sampling import Sampling
from thesis_repro.analysis.posteriors import kl_divergences
from thesis_repro.models import encoding as module
from thesis_repro.models.building import build_model
from thesis_repro.models.encoding import Posterior, SampledPosterior, float_batches, posteriors
from thesis_repro.models.losses import kl_term
from thesis_repro.models.zoo import MODELS


@pytest.fixture(scope="module", params=["mnist-vae", "mnist-vlae-factor-3", "mnist-vae-gan"])
def model(request):
    keras.utils.set_random_seed(0)
    return build_model(MODELS[request.param])


@pytest.fixture
def images(model, tiny_images):
    return np.broadcast_to(tiny_images[:20], (20, *model.encoder.input.shape[1:]))


def test_parameters_are_the_models_own(model, images, monkeypatch):
    """In whole and in partial batches, one posterior per latent layer, in inference."""
    monkeypatch.setattr(module, "BATCH_SIZE", 8)
    found = posteriors(model.posterior, images)
    expected = model.posterior(images.astype("float32") / 255, training=False)
    assert len(found) == len(expected["mu"])
    for layer, mu, log_var in zip(found, expected["mu"], expected["log_var"], strict=True):
        np.testing.assert_allclose(layer.mu, np.asarray(mu), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.log_var, np.asarray(log_var), rtol=1e-4, atol=1e-5)


def test_samples_follow_the_posterior(model, images):
    same = np.repeat(images[:1], 1_000, axis=0)
    rng = np.random.default_rng(0)
    for layer in posteriors(model.posterior, same):
        z = (layer.sample(rng) - layer.mu) / np.exp(layer.log_var / 2)
        assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
        assert np.abs(np.corrcoef(z.T) - np.eye(z.shape[1])).max() < 0.14


def test_noise_is_the_generators(model, images):
    posterior, *_ = posteriors(model.posterior, images)
    first, again, other = (
        SampledPosterior.of(posterior, np.random.default_rng(seed)).z for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_beyond_an_explosion_samples_and_divergences_are_those_of_training(monkeypatch):
    """From a log-variance of 40 on the models sample and are penalised on a line (erratum E81)."""
    log_var = np.float32([[-3.0, 0.0, 39.0, 45.0, 120.0]])
    mu = np.full_like(log_var, 0.5)
    drawn = np.float32([[0.5, -1.0, 2.0, 1.5, -0.7]])
    monkeypatch.setattr(keras.random, "normal", lambda *args, **kwargs: drawn)
    layer = keras.ops.convert_to_numpy(Sampling()([mu, log_var]))
    rng = SimpleNamespace(standard_normal=lambda shape, dtype: drawn)
    found = SampledPosterior.of(Posterior(mu, log_var), rng)
    np.testing.assert_allclose(found.z, layer, rtol=1e-5)
    np.testing.assert_allclose(found.mu + found.sd * drawn, found.z)
    term = float(keras.ops.convert_to_numpy(kl_term([mu], [log_var]))[0])
    assert kl_divergences(mu, log_var).sum() == pytest.approx(term, rel=1e-5)


def test_batches_are_from_0_to_1_whatever_they_come_as():
    images = np.arange(5, dtype="uint8").reshape(5, 1, 1, 1) * 50
    of_bytes = [*float_batches(images, 2)]
    assert [len(batch) for batch in of_bytes] == [2, 2, 1]
    assert {batch.dtype for batch in of_bytes} == {np.dtype("float32")}
    np.testing.assert_array_equal(np.concatenate(of_bytes), images.astype("float32") / 255)
    of_floats = [*float_batches(images / 255, 2)]
    np.testing.assert_array_equal(np.concatenate(of_floats), (images / 255).astype("float32"))
