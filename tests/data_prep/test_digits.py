"""The stand-in for MNIST."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from data_prep import digits
from data_prep.mnist import FEATURES


@pytest.fixture(scope="module")
def content():
    return digits.read_stand_in()


def batch(content, name):
    (only,) = content.splits[name].batches
    return only


def test_schema_and_counts(content):
    for name, count in {"train": 1_500, "validation": 297}.items():
        arrays = batch(content, name)
        assert content.splits[name].count == count
        for key, feature in FEATURES.items():
            assert arrays[key].dtype == feature.dtype
            assert arrays[key].shape == (count, *feature.shape)
    assert content.description.startswith("stand-in")


def test_every_digit_is_used_once(content):
    labels = np.concatenate([batch(content, name)["label"] for name in ("train", "validation")])
    assert np.bincount(labels).tolist() == np.bincount(load_digits().target).tolist()
    train, validation = digits.split(1_797, np.random.default_rng(0))
    assert sorted([*train, *validation]) == list(range(1_797))
    assert not np.array_equal(train, digits.split(1_797, np.random.default_rng(1))[0])


def test_all_classes_in_both_splits(content):
    for name in ("train", "validation"):
        counts = np.bincount(batch(content, name)["label"], minlength=10)
        assert counts.min() > 0.05 * counts.sum()


def test_same_every_time(content):
    again = digits.read_stand_in()
    for name in ("train", "validation"):
        for key in FEATURES:
            np.testing.assert_array_equal(batch(again, name)[key], batch(content, name)[key])


@pytest.mark.parametrize(("count", "grey"), [(0, 0), (16, 255)])
def test_a_flat_image_stays_flat(count, grey):
    large = digits.enlarge(np.full((8, 8), count, float))
    np.testing.assert_array_equal(large, np.full((28, 28), grey, np.uint8), strict=True)


def test_neither_turned_nor_mirrored():
    small = np.zeros((8, 8))
    small[0, 7] = 16
    large = digits.enlarge(small)
    assert np.unravel_index(large.argmax(), large.shape) in [
        (row, column) for row in range(4) for column in range(24, 28)
    ]


def test_the_digits_can_be_told_apart(content):
    """By the label of the most similar training digit."""
    (near, near_labels), (far, far_labels) = (
        (arrays["image"].reshape(len(arrays["label"]), -1) / 255, arrays["label"])
        for arrays in (batch(content, "train"), batch(content, "validation"))
    )
    distance = (near**2).sum(1) - 2 * far @ near.T
    assert (near_labels[distance.argmin(1)] == far_labels).mean() > 0.95
