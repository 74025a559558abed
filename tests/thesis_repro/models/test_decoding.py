"""Decoding: every position its image, in batches of one size."""

import keras
import numpy as np

from thesis_repro.models.decoding import compiled, grey, in_batches


def test_positions_are_decoded_in_full_batches_and_in_order():
    sizes = []

    def decode(layers):
        first, second = layers
        assert first.dtype == second.dtype == "float32"
        sizes.append(len(first))
        return (first[:, :1] + second[:, 1:]).reshape(-1, 1, 1, 1)

    first, second = np.random.default_rng(0).normal(size=(2, 25, 2))
    parts = list(in_batches(decode, [first, second], 10))
    assert sizes == [10, 10, 10]  # another size would be compiled anew
    assert [len(images) for images in parts] == [10, 10, 5]
    expected = first[:, 0] + second[:, 1]
    np.testing.assert_allclose(np.concatenate(parts).ravel(), expected, rtol=1e-5)
    (whole,) = in_batches(decode, [first, second], 100)
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert sizes[3:] == [25]


def test_a_network_takes_one_array_or_one_per_layer():
    small, large = keras.Input((1,)), keras.Input((2,))
    single = keras.Model(large, keras.layers.Reshape((1, 1, 2))(large))
    several = keras.Model(
        [small, large], keras.layers.Reshape((1, 1, 3))(keras.ops.concatenate([small, large], -1))
    )
    z = [np.full((4, 1), 7), np.arange(8).reshape(4, 2)]
    (images,) = in_batches(compiled(single), z[1:])
    assert (images.dtype, images.shape) == (np.float32, (4, 1, 1, 2))
    np.testing.assert_array_equal(images[:, 0, 0], z[1])
    (images,) = in_batches(compiled(several), z)
    np.testing.assert_array_equal(images[:, 0, 0], np.concatenate(z, axis=1))


def test_colour_becomes_grey():
    images = np.random.default_rng(0).random((2, 3, 3, 3))
    np.testing.assert_allclose(grey(images)[..., 0], images.mean(axis=-1))
