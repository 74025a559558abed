"""Reconstruction losses of subsets, with encoders and decoders whose answer is known."""

import keras
import numpy as np
import pytest

from appendix_architectures.sampling import Sampling
from thesis_repro.analysis import reconstruction
from thesis_repro.analysis.reconstruction import of_mean_values, split_losses
from thesis_repro.training.images import image_batches


class Shift(keras.layers.Layer):
    def call(self, x):
        return x + 0.1


def identity(shape):
    x = keras.Input(shape)
    return keras.Model(x, keras.layers.Identity()(x))


def shifting(shape):
    """Adds 0.1 to every pixel, so that the mean squared error is 0.01."""
    x = keras.Input(shape)
    return keras.Model(x, Shift()(x))


def blackening(shape):
    x = keras.Input(shape)
    return keras.Model(x, keras.layers.Rescaling(0.0)(x))


def noisy(shape):
    """Adds noise with standard deviation 1 to every pixel, as the encoder's sampling does."""
    x = keras.Input(shape)
    flat = keras.layers.Flatten()(x)
    no_spread = keras.layers.Rescaling(0.0)(flat)
    z = Sampling()([flat, no_spread])
    return keras.Model(x, keras.layers.Reshape(shape)(z))


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (50, 3, 3, 1), dtype=np.uint8)


def test_24_subsets_of_416_of_10_000_images(monkeypatch):  # Section 4.2, Table 3; erratum E50
    seen = []

    def watched(images, batch_size, order):
        for start in range(0, len(order), batch_size):
            seen.append(order[start : start + batch_size])
        return image_batches(images, batch_size, order)

    monkeypatch.setattr(reconstruction, "image_batches", watched)
    images = np.zeros((10_000, 1, 1, 1), dtype=np.uint8)
    model = identity((1, 1, 1))
    losses = split_losses(model, model, images, 1, 24, np.random.default_rng(0))
    assert losses.shape == (24,)
    assert [len(subset) for subset in seen] == [416] * 24
    used = np.concatenate(seen)
    assert len(np.unique(used)) == 9_984
    assert (np.diff(used) < 0).any()  # shuffled


def test_uneven_subsets_leave_out_no_image(images):  # erratum E50
    encoder, decoder = identity((3, 3, 1)), blackening((3, 3, 1))
    seeded = np.random.default_rng
    losses = split_losses(encoder, decoder, images, 2, 7, seeded(8), uneven=True)
    order = np.array_split(seeded(8).permutation(50), 7)
    assert [len(rows) for rows in order] == [8, 7, 7, 7, 7, 7, 7]
    expected = [2 * ((images / 255)[rows] ** 2).mean() for rows in order]
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_codes_of_mean_values_have_no_noise(images):  # erratum E51
    encoder = noisy((3, 3, 1))
    batch = images.astype("float32") / 255
    np.testing.assert_array_equal(of_mean_values(encoder)(batch), batch)
    assert not np.allclose(encoder(batch), batch, atol=0.1)


def test_a_perfect_model_loses_nothing(images):
    model = identity((3, 3, 1))
    losses = split_losses(model, model, images, 10_000, 5, np.random.default_rng(0))
    np.testing.assert_array_equal(losses, np.zeros(5))


def test_loss_of_a_constant_error_by_hand(images):
    encoder, decoder = identity((3, 3, 1)), shifting((3, 3, 1))
    losses = split_losses(encoder, decoder, images, 10_000, 5, np.random.default_rng(0))
    np.testing.assert_allclose(losses, 10_000 * 0.01, rtol=1e-4)


def test_losses_are_means_over_the_subsets_images(images):
    encoder, decoder = identity((3, 3, 1)), blackening((3, 3, 1))
    losses = split_losses(encoder, decoder, images, 2, 7, np.random.default_rng(8))
    order = np.random.default_rng(8).permutation(50)[:49].reshape(7, 7)
    expected = 2 * ((images / 255)[order] ** 2).mean(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_same_seed_same_numbers_whatever_was_sampled_before(images):
    encoder, decoder = noisy((3, 3, 1)), identity((3, 3, 1))
    first = split_losses(encoder, decoder, images, 1, 5, np.random.default_rng(1))
    encoder(images.astype("float32"))  # moves the encoder's own noise generator on
    again = split_losses(encoder, decoder, images, 1, 5, np.random.default_rng(1))
    other = split_losses(encoder, decoder, images, 1, 5, np.random.default_rng(2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    np.testing.assert_allclose(first.mean(), 1, atol=0.4)  # variance 1 of 450 draws: SD 0.07


def test_subsets_of_one_seed_have_different_noise():
    black = np.zeros((40, 3, 3, 1), dtype=np.uint8)
    encoder, decoder = noisy((3, 3, 1)), identity((3, 3, 1))
    losses = split_losses(encoder, decoder, black, 1, 4, np.random.default_rng(1))
    assert len(set(losses)) == 4


def test_as_many_images_as_subsets(images):
    model = identity((3, 3, 1))
    assert len(split_losses(model, model, images, 1, 50, np.random.default_rng(0))) == 50


def test_fewer_images_than_subsets(images):
    model = identity((3, 3, 1))
    with pytest.raises(ValueError, match="50 images cannot be split into 51 subsets"):
        split_losses(model, model, images, 1, 51, np.random.default_rng(0))
