"""A linear reader of digits, on scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from thesis_repro.analysis.digit_reader import DigitReader


@pytest.fixture(scope="module")
def digits():
    """8 x 8 digits drawn at 28 x 28, uint8 and with a channel, and their labels."""
    small, labels = load_digits(return_X_y=True)
    large = np.pad(np.kron(small.reshape(-1, 8, 8), np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    return (large * 15.9).astype("uint8")[..., np.newaxis], labels


@pytest.fixture(scope="module")
def reader(digits):
    images, labels = digits
    return DigitReader(images[:900], labels[:900])


def test_digits_are_read(reader, digits):
    images, labels = digits
    right = reader.read(images[900:] / 255) == labels[900:]
    assert right.mean() > 0.85


def test_noise_and_grey_are_not(reader, digits):
    """Images that have nothing to do with the labels: a guess, a tenth."""
    _, labels = digits
    noise = np.random.default_rng(0).uniform(size=(897, 28, 28, 1))
    for images in (noise, np.full((897, 28, 28, 1), 0.5)):
        assert (reader.read(images) == labels[900:]).mean() < 0.2
