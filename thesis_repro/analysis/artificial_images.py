"""The twelve test images of Figure 55, black and white (Section 4.8).

They are known from the original code, where they have one channel; a network that takes three sees
it in each (erratum E72).
"""

import numpy as np

BANDS = 8  # along each axis
BAND = 28  # px; 8 of them are AlexNet's input, 224 px


def artificial_images() -> dict[str, np.ndarray]:
    """The images by their letter in Figure 55, uint8 (224, 224, 1): 0 is black, 255 white."""
    row, column = np.indices((BANDS, BANDS))
    even_row, even_column = row % 2 == 0, column % 2 == 0
    top, left = row < BANDS // 2, column < BANDS // 2
    white = {
        "a": even_row == even_column,  # checkerboard
        "b": even_row & even_column,  # squares that do not touch
        "c": even_row,
        "d": even_column,
        "e": np.zeros_like(top),
        "f": np.ones_like(top),
        "g": top,
        "h": left,
        "i": top != left,  # top right and bottom left
        "j": ~top,
        "k": ~left,
        "l": top == left,  # top left and bottom right
    }
    return {letter: _enlarged(bands) for letter, bands in white.items()}


def _enlarged(bands: np.ndarray) -> np.ndarray:
    pixels = bands.repeat(BAND, axis=0).repeat(BAND, axis=1)
    return np.where(pixels, np.uint8(255), np.uint8(0))[..., np.newaxis]
