"""Which digit an image shows, as a linear reader of its pixels sees it (Sections 4.2 and 4.4).

The thesis judges by eye whether a decoded image is a digit, and which. Codes play no part here, nor
does the classifier of Section 4.7, whose network has to be trained first.
"""

import numpy as np
from sklearn.pipeline import Pipeline

from thesis_repro.analysis.decoded_images import shrunk
from thesis_repro.analysis.predictors import simple_classifier

SIDE = 14  # px: of what is read, half of MNIST's
LEARNED_FROM = 10_000  # images, at most


class DigitReader:
    """Logistic regression on 14 x 14 pixels, fitted to real digits."""

    def __init__(self, images: np.ndarray, labels: np.ndarray):
        """Learn from images (n, 28, 28, 1), uint8, and their labels (n,): from the first 10,000."""
        images, labels = images[:LEARNED_FROM], labels[:LEARNED_FROM]
        self.model: Pipeline = simple_classifier()
        self.model[-1].set_params(C=0.01)  # of 196 pixels, many of them always white
        self.model.fit(_pixels(images / 255), labels)

    def read(self, images: np.ndarray) -> np.ndarray:
        """The digit of each image (n, 28, 28, 1) in [0, 1], (n,)."""
        return self.model.predict(_pixels(images))


def _pixels(images: np.ndarray) -> np.ndarray:
    return shrunk(np.asarray(images, "float64"), SIDE).reshape(len(images), -1)
