"""Lines between three shapes: where they begin, end and have their middle."""

import numpy as np

from thesis_repro.analysis.shape_traversals import POINTS, midpoints, traversals


def test_lines_go_from_shape_to_shape():
    """The stand-in for a decoder shows z as an image of 1 x 2 pixels."""
    z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype="float32")
    lines = traversals(lambda layers: layers[0][:, np.newaxis, :, np.newaxis], z)
    assert list(lines) == ["square to ellipse", "ellipse to heart", "heart to square"]
    for images, (start, end) in zip(lines.values(), ((0, 1), (1, 2), (2, 0)), strict=True):
        assert images.shape == (POINTS, 1, 2, 1)
        for index, expected in (
            (0, z[start]),
            (POINTS // 2, (z[start] + z[end]) / 2),
            (-1, z[end]),
        ):
            np.testing.assert_allclose(images[index, 0, :, 0], expected, atol=1e-7)


def test_midpoints_are_those_of_all_lines():
    z = np.array([[[0.0], [2.0], [6.0]], [[1.0], [1.0], [3.0]]])
    np.testing.assert_array_equal(midpoints(z), [[1], [1], [4], [2], [3], [2]])
