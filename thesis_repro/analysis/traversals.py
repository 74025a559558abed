"""Straight lines through latent space, decoded (Sections 4.3 and 4.4)."""

import keras
import numpy as np


def segment(start: np.ndarray, end: np.ndarray, points: int) -> np.ndarray:
    """Evenly spaced points from start to end (dimensions,), both included: (points, dimensions)."""
    share = np.linspace(0, 1, points)[:, np.newaxis]
    return (1 - share) * start + share * end


def decode_segment(
    decoder: keras.Model, start: np.ndarray, end: np.ndarray, points: int
) -> np.ndarray:
    """The images of these points, float32 in [0, 1], (points, height, width, channels)."""
    return decoder.predict_on_batch(segment(start, end, points).astype("float32"))
