"""Decoding: every position its image, in batches of one size."""

import numpy as np

from thesis_repro.analysis.decoding import decoded, grey


def test_positions_are_decoded_in_full_batches_and_in_order():
    sizes = []

    def decode(layers):
        first, second = layers
        assert first.dtype == second.dtype == "float32"
        sizes.append(len(first))
        return (first[:, :1] + second[:, 1:]).reshape(-1, 1, 1, 1)

    first, second = np.random.default_rng(0).normal(size=(2, 25, 2))
    images = decoded(decode, [first, second], batch=10)
    assert sizes == [10, 10, 10]  # another size would be compiled anew
    assert len(images) == 25
    np.testing.assert_allclose(images.ravel(), first[:, 0] + second[:, 1], rtol=1e-5)
    decoded(decode, [first[:3], second[:3]], batch=10)
    assert sizes[3:] == [3]


def test_colour_becomes_grey():
    images = np.random.default_rng(0).random((2, 3, 3, 3))
    np.testing.assert_allclose(grey(images)[..., 0], images.mean(axis=-1))
