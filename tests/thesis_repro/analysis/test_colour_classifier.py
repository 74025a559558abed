"""Faces that differ in their colours are told apart, and others are not."""

import numpy as np
import pytest

from thesis_repro.analysis.colour_classifier import colour_classifier, main_colours


@pytest.fixture
def photos():
    """60 pictures of noise with a band of about this brightness on top."""
    rng = np.random.default_rng(0)

    def made(top):
        pixels = rng.integers(0, 256, (60, 32, 32, 3)).astype("uint8")
        pixels[:, :8] = np.clip(top + rng.normal(scale=20, size=(60, 8, 32, 3)), 0, 255)
        return pixels

    return made


def test_colours_are_told_apart_and_noise_is_not(photos):
    blond, black, other = photos(220), photos(30), photos(30)
    classifier = colour_classifier(blond, black)
    assert classifier.accuracy == 1
    assert classifier.share(photos(220) / 255) == 1
    mixed = np.concatenate([photos(220)[:15], photos(30)[:45]]) / 255
    assert classifier.share(mixed) == 0.25
    assert colour_classifier(other, black).accuracy < 0.7


def test_main_colours_are_those_of_16_by_16_pixels():
    images = np.random.default_rng(0).random((2, 128, 128, 3))
    colours = main_colours(images)
    assert colours.shape == (2, 768)
    np.testing.assert_allclose(colours[1, :3], images[1, :8, :8].mean(axis=(0, 1)))
