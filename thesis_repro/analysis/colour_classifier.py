"""Whether a face looks blond or male, by its main colours (Section 4.4.2, Figure 39).

The thesis judges by eye what attribute arithmetic has made of a face. Codes play no part here.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from thesis_repro.analysis.decoded_images import shrunk

SIDE = 16  # px: of the pictures that are classified, a face's main colours


class ColourClassifier(NamedTuple):
    """Logistic regression on 16 x 16 pixels: has a picture an attribute, or its opposite?"""

    model: Pipeline  # 1 for the attribute, 0 for its opposite
    accuracy: float  # balanced, on photos that were held out (5 folds)

    def share(self, images: np.ndarray) -> float:
        """The share of images (n, height, width, 3) in [0, 1] that look like the attribute."""
        return float(self.model.predict(main_colours(images)).mean())


def colour_classifier(present: np.ndarray, opposite: np.ndarray) -> ColourClassifier:
    """What tells photos of an attribute from those of its opposite, each uint8 (n, side, side, 3).

    Fitted to all of them.
    """
    groups = [main_colours(photos / 255) for photos in (opposite, present)]
    colours, classes = np.concatenate(groups), np.repeat([0, 1], [len(group) for group in groups])
    regression = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1_000)
    model = make_pipeline(StandardScaler(), regression)
    predicted = cross_val_predict(model, colours, classes, cv=5)
    accuracy = float(balanced_accuracy_score(classes, predicted))
    return ColourClassifier(model.fit(colours, classes), accuracy)


def main_colours(images: np.ndarray) -> np.ndarray:
    """The colours of images in [0, 1] at 16 x 16 pixels, (n, 768)."""
    return shrunk(images, SIDE).reshape(len(images), -1)
