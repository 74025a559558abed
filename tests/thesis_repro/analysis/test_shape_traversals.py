"""Lines between three shapes: where they begin, end and have their middle."""

import numpy as np

from thesis_repro.analysis.shape_traversals import LINES, POINTS, changes, told_apart, traversals


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


def square(images, index, row, column):
    """A square of 8 x 8 px in one of images (n, 64, 64, 1)."""
    images[index, row : row + 8, column : column + 8] = 1


def lines_of(images):
    """The changes on three lines whose 63 images these are; z is the image's number."""
    z = np.array([[[0.0], [20.0], [40.0]]])

    def decode(layers):
        return images[np.arange(len(layers[0])) % len(images)]

    return changes(decode, z)


def test_an_object_that_stays_does_not_change():
    images = np.zeros((63, 64, 64, 1))
    for index in range(63):
        square(images, index, 20, 20)
    found = lines_of(images)
    assert found["line"].tolist() == list(LINES)
    assert found["ends_shown"].all()
    assert not found[["empty_in_the_middle", "sudden"]].to_numpy().any()
    assert (found["largest_move"] == 0).all()


def test_what_is_sudden_and_what_is_not():
    images = np.zeros((63, 64, 64, 1))
    for index in range(21):  # three steps of 4 px: not sudden, each half its width
        square(images, index, 20, 20 + 4 * min(index, 3))
    for index in range(21, 42):  # a jump of 10 px, to the right and down
        square(images, index, 20 + 6 * (index > 30), 20 + 8 * (index > 30))
    for index in range(42, 63):  # nothing at four points in the middle
        if not 50 <= index < 54:
            square(images, index, 20, 20)
    found = lines_of(images)
    assert found["largest_move"].tolist() == [4, 10, 0]
    assert found["sudden"].tolist() == [False, True, True]
    assert found["empty_in_the_middle"].tolist() == [False, False, True]


def test_nothing_at_an_end_is_no_line_between_objects():
    images = np.zeros((63, 64, 64, 1))
    square(images, 5, 20, 20)
    found = lines_of(images)
    assert not found[["ends_shown", "empty_in_the_middle", "sudden"]].to_numpy().any()
    haze = np.full((63, 64, 64, 1), 0.6)  # as of a network that has learned nothing
    assert not lines_of(haze)[["empty_in_the_middle", "sudden"]].to_numpy().any()


def test_shapes_are_told_apart_at_both_ends():
    """Squares of 8, 10 and 12 px; the decoder draws a square of z px."""
    true = np.zeros((1, 3, 64, 64, 1))
    for index, side in enumerate((8, 10, 12)):
        true[0, index, 20 : 20 + side, 20 : 20 + side] = 1

    def decode(layers):
        images = np.zeros((len(layers[0]), 64, 64, 1))
        for image, side in zip(images, layers[0][:, 0].astype(int), strict=True):
            image[20 : 20 + side, 20 : 20 + side] = 1
        return images

    own = told_apart(decode, np.array([[[8.0], [10.0], [12.0]]]), true)
    assert own.tolist() == [True, True, True]
    two_alike = told_apart(decode, np.array([[[8.0], [8.0], [12.0]]]), true)
    assert two_alike.tolist() == [False, True, True]
    black = told_apart(decode, np.zeros((1, 3, 1)), true)
    assert not black.any()
