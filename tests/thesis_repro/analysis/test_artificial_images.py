"""Figure 55's images, against tables written by hand from the facts on the original code."""

import numpy as np
import pytest

from thesis_repro.analysis.artificial_images import artificial_images

BLACK, WHITE = "........", "########"
TABLES = {  # 8 x 8 bands, # is white
    "a": ["#.#.#.#.", ".#.#.#.#"] * 4,
    "b": ["#.#.#.#.", BLACK] * 4,
    "c": [WHITE, BLACK] * 4,
    "d": ["#.#.#.#."] * 8,
    "e": [BLACK] * 8,
    "f": [WHITE] * 8,
    "g": [WHITE] * 4 + [BLACK] * 4,
    "h": ["####...."] * 8,
    "i": ["....####"] * 4 + ["####...."] * 4,
    "j": [BLACK] * 4 + [WHITE] * 4,
    "k": ["....####"] * 8,
    "l": ["####...."] * 4 + ["....####"] * 4,
}


@pytest.mark.parametrize("letter", TABLES)
def test_every_pixel(letter):
    table = [[255 * (sign == "#") for sign in row] for row in TABLES[letter]]
    expected = np.kron(np.array(table), np.ones((28, 28)))[..., np.newaxis].astype(np.uint8)
    np.testing.assert_array_equal(artificial_images()[letter], expected, strict=True)


def test_twelve_different_images_in_order():
    images = artificial_images()
    assert "".join(images) == "abcdefghijkl"
    assert len({image.tobytes() for image in images.values()}) == 12


def test_image_i_as_the_text_says():
    """Section 4.8: white against padding at the bottom left, black at the bottom right."""
    image = artificial_images()["i"][..., 0]
    assert (image[-1, :112] == 255).all()
    assert (image[-1, 112:] == 0).all()
    assert (image[0, :112] == 0).all()  # black: "the bottom-right and top-left square"
