"""Lines through latent space."""

import keras
import numpy as np

from thesis_repro.analysis.traversals import decode_segment, segment


def test_points_are_evenly_spaced_and_reach_both_ends():
    start, end = np.array([1.0, -2.0, 0.0]), np.array([2.0, 2.0, 0.0])
    points = segment(start, end, 21)
    assert points.shape == (21, 3)
    np.testing.assert_array_equal(points[[0, -1]], [start, end])
    np.testing.assert_allclose(points[10], [1.5, 0, 0])
    np.testing.assert_allclose(np.diff(points, axis=0), np.tile((end - start) / 20, (20, 1)))


def test_points_are_decoded_in_their_order():
    z = keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Reshape((1, 2, 1))(z))
    images = decode_segment(decoder, np.array([0.0, 1.0]), np.array([1.0, 0.0]), 3)
    np.testing.assert_allclose(images[:, 0, :, 0], [[0, 1], [0.5, 0.5], [1, 0]])
