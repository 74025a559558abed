"""Quality of reconstructions that are perfect, the mean image, or blurred."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from thesis_repro.analysis.reconstruction_quality import BATCH_SIZE, reconstruction_quality

IMAGES = np.random.default_rng(0).integers(0, 256, (BATCH_SIZE + 5, 12, 12, 3), dtype=np.uint8)


def quality_of(change, images=IMAGES):
    """That of an autoencoder whose codes are its images, which decoding changes."""
    return reconstruction_quality(lambda pixels: change(pixels.astype("float32") / 255), images)


def test_perfect_reconstructions():
    assert quality_of(lambda batch: batch) == pytest.approx((1, 1))


def test_the_mean_image_explains_nothing_and_its_edges_are_weak():
    mean = (IMAGES / 255).mean(axis=0)
    found = quality_of(lambda batch: np.broadcast_to(mean, batch.shape))
    assert found.explained == pytest.approx(0, abs=1e-6)
    assert found.sharpness == pytest.approx(1 / len(IMAGES), rel=0.2)


def test_a_share_of_the_way_to_the_mean_by_hand():
    """Half of every deviation: a quarter of the variance is left, edges have a quarter of it."""
    mean = (IMAGES / 255).mean(axis=0)
    found = quality_of(lambda batch: (batch + mean) / 2)
    assert found.explained == pytest.approx(0.75, abs=1e-6)


def test_worse_than_the_mean_image():
    assert quality_of(lambda batch: 1 - batch).explained < 0


def test_blurred_reconstructions_have_weak_edges():
    found = quality_of(lambda batch: uniform_filter(batch, (1, 3, 3, 1)))
    assert found.sharpness < 0.25


def test_images_that_are_all_alike_or_flat():
    alike = np.broadcast_to(IMAGES[:1], (4, 12, 12, 3))
    assert np.isnan(quality_of(lambda batch: batch, alike).explained)
    flat = np.full((4, 12, 12, 3), 7, np.uint8)
    assert np.isnan(quality_of(lambda batch: batch, flat)).all()
