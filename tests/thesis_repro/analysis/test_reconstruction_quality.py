"""Quality of reconstructions that are perfect, the mean image, or blurred; whose they are."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from thesis_repro.analysis.reconstruction_quality import (
    BATCH_SIZE,
    error_of_own,
    reconstruction_quality,
)

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


# --- Whose they are ---


def test_the_error_against_own_images_over_that_against_any():
    """Against all pairs, one by one."""
    images = IMAGES[:7]
    made = 0.6 * images / 255 + 0.3
    of_any = np.mean([((one - other / 255) ** 2).mean() for one in made for other in images])
    expected = ((made - images / 255) ** 2).mean() / of_any
    assert error_of_own(made, images) == pytest.approx(expected, rel=1e-12)


def test_what_tells_nothing_of_its_image_is_as_far_from_its_own_as_from_any():
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (2_000, 6, 6, 1), dtype=np.uint8)
    assert error_of_own(rng.permutation(images) / 255, images) == pytest.approx(1, abs=0.02)
    flat = np.full(images.shape, 0.2, "float32")
    assert error_of_own(flat, images) == pytest.approx(1, abs=1e-9)
    assert error_of_own(images / 255, images) == pytest.approx(0, abs=1e-12)


def test_sharp_images_that_are_a_little_off_tell_of_theirs():
    """A bar of four pixels, two pixels beside its place: worse than the mean image of all."""
    rows = np.arange(32) % 16
    images = np.zeros((32, 20, 20, 1), np.uint8)
    for image, row in zip(images, rows, strict=True):
        image[row : row + 4] = 255
    off = np.roll(images, 2, axis=1) / 255
    assert reconstruction_quality(lambda _: off, images).explained < 0
    assert error_of_own(off, images) < 0.9


def test_of_nothing_but_black_images_nothing_is_known():
    black = np.zeros((3, 4, 4, 1), np.uint8)
    assert np.isnan(error_of_own(black / 255, black))
