"""The scale leak made on purpose, and what the discriminator is told of two kinds of images."""

from types import SimpleNamespace

import numpy as np
import pytest

from thesis_repro.analysis.discrimination import (
    Kind,
    OnTwoScales,
    accuracy,
    blurred,
    discriminator,
    grey_levels,
    halves,
    labelled,
)
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.training.images import image_batches
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load

SOURCE = SimpleNamespace(description="digits", is_stand_in=True)


@pytest.fixture(scope="module")
def two_halves(tiny_images):
    kind = Kind("digits", tiny_images[:480], tiny_images[480:800])
    return halves(kind, np.random.default_rng(0))


def test_the_scale_alone_tells_images_apart(two_halves, tmp_path):
    """Listing 39, an epoch on halves of the same digits: always right, or a guess."""
    options = TrainingOptions(Scale("tiny", None, None, 1))
    found = {}
    for two_scales in (False, True):
        data = labelled(*two_halves, SOURCE, two_scales=two_scales)
        quiet = TrainingProgress(quiet=True)
        trained = train_or_load(discriminator(None), data, options, tmp_path, quiet)
        found[two_scales] = accuracy(trained.history[-1]["val_accuracy"], len(data.validation))
    assert found[True].mean == 1
    assert found[True].low > 0.98
    assert found[False].low < 0.5 < found[False].high


def test_two_scales_are_0_to_255_and_0_to_1(tiny_images):
    images = np.concatenate([tiny_images[:5], tiny_images[:5]])
    scaled = OnTwoScales(images, 5)
    assert (len(scaled), scaled.shape, scaled.nbytes) == (10, images.shape, 4 * images.size)
    np.testing.assert_array_equal(np.asarray(scaled), scaled[:], strict=True)
    for order in (np.arange(10), np.array([7, 2, 9])):
        read, expected = (next(image_batches(own, 32, order)) for own in (scaled, images))
        factors = np.where(order < 5, 255, 1)[:, np.newaxis, np.newaxis, np.newaxis]
        np.testing.assert_allclose(read, expected * factors, rtol=1e-6)
        assert read.dtype == np.float32


def test_labels_and_what_makes_other_data(two_halves):
    data = labelled(*two_halves, SOURCE, two_scales=False)
    np.testing.assert_array_equal(data.train_known["label"], [0] * 240 + [1] * 240)
    np.testing.assert_array_equal(data.validation_known["label"], [0] * 160 + [1] * 160)
    np.testing.assert_array_equal(data.train[:240], two_halves[0].train)
    np.testing.assert_array_equal(data.validation[160:], two_halves[1].test)
    one, other = two_halves
    changed = other._replace(test=other.test[::-1])
    others = [
        labelled(one, other, SOURCE, two_scales=True),
        labelled(other, one, SOURCE, two_scales=False),
        labelled(one, changed, SOURCE, two_scales=False),
    ]
    assert len({own.fingerprint for own in (data, *others)}) == 4
    again = labelled(one, other, SOURCE, two_scales=False)
    assert again.identity() == data.identity()


def test_halves_share_no_image():
    images = np.arange(11, dtype=np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]
    one, other = halves(Kind("numbers", images, images[:6]), np.random.default_rng(0))
    assert len(one.train) == len(other.train) == 5
    assert len({*one.train.ravel(), *other.train.ravel()}) == 10
    assert {*one.test.ravel(), *other.test.ravel()} == {*range(6)}


def test_blurred_images_keep_their_light(tiny_images):
    kind = Kind("digits", tiny_images[:20], tiny_images[20:30])
    found = blurred(kind)
    for soft, sharp in ((found.train, kind.train), (found.test, kind.test)):
        assert soft.dtype == np.uint8
        assert soft.mean() == pytest.approx(sharp.mean(), rel=0.02)
        steps = [(np.diff(own.astype(int), axis=1) ** 2).mean() for own in (soft, sharp)]
        assert 0.2 < steps[0] / steps[1] < 0.9
    point = np.zeros((1, 9, 9, 1), np.uint8)
    point[0, 4, 4] = 200
    spread = blurred(Kind("point", point, point)).train[0, :, :, 0].astype(float)
    y = np.arange(9) - 4
    kernel = np.exp(-(y**2) / (2 * 0.5**2))
    np.testing.assert_allclose(spread.sum(axis=1) / 200, kernel / kernel.sum(), atol=0.01)


def test_generated_images_have_the_levels_of_real_ones(monkeypatch):
    """Colour is averaged to grey; parts are put together in order."""
    monkeypatch.setattr("thesis_repro.analysis.discrimination._AT_ONCE", 3)
    z = [np.linspace(0, 1, 8)[:, np.newaxis], np.zeros((8, 1))]

    def decode(layers):
        grey = (layers[0] + layers[1])[:, :, np.newaxis, np.newaxis]
        return np.concatenate([grey, grey, grey], axis=3)

    found = grey_levels(decode, z)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found.ravel(), np.rint(np.linspace(0, 1, 8) * 255))


def test_discriminators_differ_in_rate_and_in_whom_they_judge():
    written, as_run = discriminator("mnist-vae"), discriminator("mnist-vae-gan", 0.001)
    assert written.values() == MODELS["sample-discriminator"].values()
    assert written.learning_rate.value == 0.01  # Section 4.6.1, footnote 44
    assert as_run.learning_rate == Sourced(0.001, "original code", ("E21",))
    assert as_run.generator.value == "mnist-vae-gan"
    assert discriminator(None).generator is None


def test_accuracy_counts_images():
    assert accuracy(float(np.float32(1_403 / 2_000)), 2_000).mean == 1_403 / 2_000
