"""Reading the official files: small ones in their layout, and the real ones."""

import gzip
import hashlib

import numpy as np
import pytest

from data_prep import mnist
from data_prep.errors import DataError

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
TEST_LABELS = "t10k-labels-idx1-ubyte.gz"


def refused(small) -> DataError:
    with pytest.raises(DataError) as caught:
        mnist.read_official(small.folder, files=small.files)
    return caught.value


def exchange(small, one: str, other: str) -> None:
    kept = (small.folder / one).read_bytes()
    (small.folder / one).write_bytes((small.folder / other).read_bytes())
    (small.folder / other).write_bytes(kept)


def test_splits_images_and_labels(small):
    content = mnist.read_official(small.folder, files=small.files)
    assert list(content.splits) == ["train", "validation"]
    for name, images, labels in (
        ("train", TRAIN_IMAGES, TRAIN_LABELS),
        ("validation", TEST_IMAGES, TEST_LABELS),
    ):
        (batch,) = content.splits[name].batches
        np.testing.assert_array_equal(batch["image"][..., 0], small.arrays[images])
        np.testing.assert_array_equal(batch["label"], small.arrays[labels])
        assert content.splits[name].count == len(small.arrays[labels])
    packed = [(small.folder / file.name).read_bytes() for file in small.files]
    assert [source.md5 for source in content.sources] == [
        hashlib.md5(data).hexdigest() for data in packed
    ]


def unpacked(small):
    """As browsers and `gunzip` leave them."""
    for file in small.files:
        path = small.folder / file.name
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()


def with_dots(small):
    """As in Kaggle's hojjatk/mnist-dataset: a dot in the name, and each once more in a folder."""
    unpacked(small)
    for path in list(small.folder.iterdir()):
        data = path.read_bytes()
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
        path.mkdir()
        (path / path.name).write_bytes(data)


def beside_another(small):
    """As torchvision's folder where Fashion-MNIST was fetched too."""
    for name in ("FashionMNIST", "MNIST"):
        (small.folder / name / "raw").mkdir(parents=True)
    for file in small.files:
        path = small.folder / file.name
        pixels = bytearray(gzip.decompress(path.read_bytes()))
        pixels[-1] = (pixels[-1] + 1) % 10
        (small.folder / "FashionMNIST" / "raw" / file.name).write_bytes(gzip.compress(pixels))
        path.rename(small.folder / "MNIST" / "raw" / file.name)


def packed_again(small):
    for file in small.files:
        path = small.folder / file.name
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))


def by_a_mac(small):
    (small.folder / "__MACOSX").mkdir()
    for file in small.files:
        (small.folder / "__MACOSX" / file.name).write_bytes(b"\0\5\x16\7")
        path = small.folder / file.name
        (small.folder / "archive").mkdir(exist_ok=True)
        path.rename(small.folder / "archive" / file.name)


@pytest.mark.parametrize("arrange", [unpacked, with_dots, beside_another, packed_again, by_a_mac])
def test_downloads_are_read_in_the_shapes_that_they_have(small, arrange):
    arrange(small)
    content = mnist.read_official(small.folder, files=small.files)
    (batch,) = content.splits["validation"].batches
    np.testing.assert_array_equal(batch["image"][..., 0], small.arrays[TEST_IMAGES])
    np.testing.assert_array_equal(batch["label"], small.arrays[TEST_LABELS])


@pytest.mark.parametrize("arrange", [unpacked, with_dots, beside_another, packed_again, by_a_mac])
def test_another_value_is_seen_in_every_shape(small, arrange):
    arrange(small)
    for path in small.folder.rglob("*t10k-images*"):
        if path.is_file() and "__MACOSX" not in path.parts:
            data = path.read_bytes()
            is_packed = data.startswith(b"\x1f\x8b")
            pixels = bytearray(gzip.decompress(data) if is_packed else data)
            pixels[-1] ^= 1
            path.write_bytes(gzip.compress(pixels) if is_packed else pixels)
    assert "another data set" in refused(small).cause


@pytest.mark.parametrize(
    ("one", "other"),
    [(TRAIN_IMAGES, TEST_IMAGES), (TRAIN_LABELS, TEST_LABELS), (TRAIN_IMAGES, TRAIN_LABELS)],
)
def test_exchanged_files_are_recognised(small, one, other):
    exchange(small, one, other)
    error = refused(small)
    assert error.path == small.folder / one
    assert f"seems to be {other}" in error.cause
    assert "exchanged" in error.fix


def test_another_count(small):
    small.files[0] = small.files[0]._replace(shape=(31, 28, 28))
    error = refused(small)
    assert "30 images of 28 x 28; expected are 31 images of 28 x 28" in error.cause


def test_label_out_of_range(small):
    path = small.folder / TRAIN_LABELS
    labels = bytearray(gzip.decompress(path.read_bytes()))
    labels[8 + 4] = 26  # EMNIST's letters go to 26
    path.write_bytes(gzip.compress(labels))
    assert "label number 4 is 26" in refused(small).cause


def test_right_structure_but_another_data_set(small):
    path = small.folder / TEST_IMAGES
    pixels = bytearray(gzip.decompress(path.read_bytes()))
    pixels[-1] ^= 1
    path.write_bytes(gzip.compress(pixels))
    error = refused(small)
    assert error.path == path
    assert hashlib.md5(pixels).hexdigest() in error.cause
    assert small.files[2].md5 in error.cause
    assert "Fashion-MNIST" in error.cause


def test_missing_files_are_all_named(small):
    (small.folder / TRAIN_LABELS).unlink()
    (small.folder / TEST_IMAGES).unlink()
    error = refused(small)
    assert TRAIN_LABELS in error.cause
    assert TEST_IMAGES in error.cause
    assert TEST_LABELS not in error.cause
    assert "--source" in error.fix
    assert "`thesis-repro data fetch mnist`" in error.fix


def test_folder_missing_or_a_file(small):
    with pytest.raises(DataError, match="does not exist"):
        mnist.read_official(small.folder / "nowhere", files=small.files)
    with pytest.raises(DataError, match="not a folder"):
        mnist.read_official(small.folder / TRAIN_LABELS, files=small.files)


def test_file_that_is_a_folder(small):
    (small.folder / TRAIN_IMAGES).unlink()
    (small.folder / TRAIN_IMAGES).mkdir()
    assert "cannot be read" in refused(small).cause


def test_real_files(real_data):
    content = mnist.read_official(real_data / "mnist")
    assert [source.md5 for source in content.sources] == [  # as published with torchvision
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ]
    (train,), (validation,) = (content.splits[name].batches for name in ("train", "validation"))
    assert train["image"].shape == (60_000, 28, 28, 1)
    assert validation["image"].shape == (10_000, 28, 28, 1)
    # Known from the literature: the first labels, and how often each digit occurs.
    assert train["label"][:5].tolist() == [5, 0, 4, 1, 9]
    assert validation["label"][:5].tolist() == [7, 2, 1, 0, 4]
    train_counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(train["label"]).tolist() == train_counts
    test_counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(validation["label"]).tolist() == test_counts
    # The usual constants for normalising MNIST.
    assert train["image"].mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert train["image"].std() / 255 == pytest.approx(0.3081, abs=5e-5)
