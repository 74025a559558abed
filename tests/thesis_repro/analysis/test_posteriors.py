"""Posteriors of images, and their KL divergence in closed form."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from scipy import integrate, stats

from appendix_architectures.sampling import Sampling
from thesis_repro.analysis import posteriors as module
from thesis_repro.analysis.posteriors import kl_divergences, posteriors
from thesis_repro.models.building import build_model
from thesis_repro.models.losses import kl_term
from thesis_repro.models.zoo import MODELS


@pytest.mark.parametrize(
    ("mu", "log_var"), [(0.0, 0.0), (1.5, 0.0), (0.0, -2.0), (-0.7, 1.0), (3.0, -5.0)]
)
def test_kl_divergence_by_integration(mu, log_var):
    q, p = stats.norm(mu, np.exp(log_var / 2)), stats.norm()
    reach = 12 * q.std()
    expected, _ = integrate.quad(
        lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), mu - reach, mu + reach
    )
    found = kl_divergences(np.float32([[mu]]), np.float32([[log_var]]))
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(expected, abs=1e-6)


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
    found = posteriors(model.posterior, images, np.random.default_rng(0))
    expected = model.posterior(images.astype("float32") / 255, training=False)
    assert len(found) == len(expected["mu"])
    for layer, mu, log_var in zip(found, expected["mu"], expected["log_var"], strict=True):
        np.testing.assert_allclose(layer.mu, np.asarray(mu), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.log_var, np.asarray(log_var), rtol=1e-4, atol=1e-5)


def test_samples_follow_the_posterior(model, images):
    same = np.repeat(images[:1], 1_000, axis=0)
    for layer in posteriors(model.posterior, same, np.random.default_rng(0)):
        z = (layer.z - layer.mu) / np.exp(layer.log_var / 2)
        assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
        assert np.abs(np.corrcoef(z.T) - np.eye(z.shape[1])).max() < 0.14


def test_noise_is_the_generators(model, images):
    first, again, other = (
        posteriors(model.posterior, images, np.random.default_rng(seed))[0].z for seed in (0, 0, 1)
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
    outputs = {"mu": [mu], "log_var": [log_var]}
    stub = SimpleNamespace(predict_on_batch=lambda batch: outputs)
    (found,) = posteriors(stub, np.zeros((1, 4, 4, 1), "uint8"), rng)
    np.testing.assert_allclose(found.z, layer, rtol=1e-5)
    np.testing.assert_allclose(found.mu + found.sd * drawn, found.z)
    term = float(keras.ops.convert_to_numpy(kl_term([mu], [log_var]))[0])
    assert kl_divergences(mu, log_var).sum() == pytest.approx(term, rel=1e-5)
