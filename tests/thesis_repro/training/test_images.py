"""Images as training and analysis read them."""

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.reading import load
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.images import Identity, image_batches, load_images, with_channels
from thesis_repro.training.schedule import Schedule

WHOLE = Schedule(None, None, 1)


def test_batches_follow_the_order_and_end_with_a_part(tiny_images):
    order = np.array([7, 3, 3, 0, 5])
    shown = list(image_batches(tiny_images, 2, order))
    assert [len(batch) for batch in shown] == [2, 2, 1]
    np.testing.assert_array_equal(np.rint(np.concatenate(shown) * 255), tiny_images[order])


def test_batches_are_in_file_order_by_default(tiny_images):
    (batch,) = image_batches(tiny_images[:4], 4)
    np.testing.assert_array_equal(np.rint(batch * 255), tiny_images[:4])


def test_batches_are_float32_from_0_to_1():
    images = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3, 1)
    (batch,) = image_batches(images, 1)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch.ravel(), np.float32([0, 0.2, 1]))


def test_channels_are_equal_and_take_no_memory(tiny_images):
    coloured = with_channels(tiny_images, 3)
    assert coloured.shape == (*tiny_images.shape[:3], 3)
    assert np.shares_memory(coloured, tiny_images)
    for channel in range(3):
        np.testing.assert_array_equal(coloured[..., channel], tiny_images[..., 0])


def test_colour_images_cannot_become_other_channels():
    with pytest.raises(ValueError, match="broadcast"):
        with_channels(np.zeros((2, 4, 4, 3), np.uint8), 2)


def test_all_images(data_dir):
    prepared = load("mnist", data_dir, stand_in=False)
    data = load_images(MODELS["mnist-vlae-factor-3"], data_dir, WHOLE, stand_in=False)
    np.testing.assert_array_equal(data.train, prepared.train.images[:])
    np.testing.assert_array_equal(data.validation, prepared.validation.images[:])
    np.testing.assert_array_equal(data.train_known["label"], prepared.train.known["label"])
    assert not data.is_stand_in
    assert data.description == "MNIST (official files)"
    assert data.identity() == (prepared.fingerprint, 60_000, 10_000)


@pytest.mark.parametrize("amount", [WHOLE, Schedule(200, 50, 1), Schedule(10**6, 10_000, 1)])
def test_the_identity_is_known_without_reading(data_dir, amount):
    manifest = load("mnist", data_dir, stand_in=False).manifest
    data = load_images(MODELS["mnist-vae"], data_dir, amount, stand_in=False)
    assert Identity.of(manifest, amount) == data.identity()


def test_a_schedule_chooses_images_at_random_but_always_the_same(data_dir):
    spec, few = MODELS["mnist-vae"], Schedule(200, 50, 1)
    data, again = (load_images(spec, data_dir, few, stand_in=False) for _ in range(2))
    assert data.train.shape == (200, 28, 28, 3)
    assert data.validation.shape == (50, 28, 28, 3)
    np.testing.assert_array_equal(data.train, again.train)

    whole = load("mnist", data_dir, stand_in=False).train
    labels = np.asarray(whole.known["label"])
    whole = whole.images[:]
    rows = {image.tobytes(): row for row, image in enumerate(whole)}
    assert len(rows) == len(whole), "the images must differ for the next lines"
    chosen = [rows[np.ascontiguousarray(image[..., :1]).tobytes()] for image in data.train]
    np.testing.assert_array_equal(data.train_known["label"], labels[chosen])
    assert chosen == sorted(set(chosen))  # in file order, none twice
    assert chosen[-1] > 50_000  # 200 of 60,000 drawn evenly reach beyond 50,000 for certain


def test_a_schedule_larger_than_the_data_takes_all(data_dir):
    many = Schedule(1_000_000, 10_000, 1)
    data = load_images(MODELS["mnist-vae"], data_dir, many, stand_in=False)
    assert (len(data.train), len(data.validation)) == (60_000, 10_000)


def test_missing_data_are_named(tmp_path):
    with pytest.raises(DataError, match="data prepare mnist"):
        load_images(MODELS["mnist-vae"], tmp_path, WHOLE, stand_in=False)


def test_large_splits_stay_on_the_disk(data_dir, monkeypatch):
    spec = MODELS["mnist-vae-as-run"]
    in_memory = load_images(spec, data_dir, WHOLE, stand_in=False)
    monkeypatch.setattr("thesis_repro.training.images.IN_MEMORY_BYTES", 10_000_000)
    streamed = load_images(spec, data_dir, WHOLE, stand_in=False)
    assert not isinstance(streamed.train, np.ndarray)
    assert isinstance(streamed.validation, np.ndarray)
    assert streamed.identity() == in_memory.identity()
    order = np.random.default_rng(1).permutation(len(in_memory.train))
    pairs = zip(
        image_batches(in_memory.train, 128, order),
        image_batches(streamed.train, 128, order),
        strict=True,
    )
    for expected, batch in pairs:
        np.testing.assert_array_equal(batch, expected, strict=True)
