"""The reading interface and its errors."""

import pickle

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.prepare import prepare
from data_prep.reading import load


def test_arrays_come_back_in_file_order(tmp_path, small):
    manifest = prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    data = load("mnist", tmp_path)
    images, labels = (
        small.arrays[f"train-{kind}-ubyte.gz"] for kind in ("images-idx3", "labels-idx1")
    )
    np.testing.assert_array_equal(data.train.images[:], images[..., np.newaxis], strict=True)
    np.testing.assert_array_equal(
        data.train.known["label"][:], labels.astype(np.int64), strict=True
    )
    assert data.validation.images.shape == (12, 28, 28, 1)
    assert data.manifest == manifest
    assert (data.description, data.is_stand_in) == ("MNIST (official files)", False)
    assert data.fingerprint == manifest.fingerprint
    with pytest.raises(ValueError, match="read-only"):
        data.train.images[:][0] = 0


def test_rows_are_read_across_files(tmp_path, small, monkeypatch):
    monkeypatch.setattr("data_prep.records.SHARD_BYTES", 8_000)
    manifest = prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    assert len(manifest.splits["train"].shards) == 4
    images = load("mnist", tmp_path).train.images
    expected = small.arrays["train-images-idx3-ubyte.gz"][..., np.newaxis]
    assert (len(images), images.shape, images.nbytes) == (30, expected.shape, expected.nbytes)
    np.testing.assert_array_equal(np.asarray(images), expected, strict=True)
    np.testing.assert_array_equal(np.asarray(images, np.float32), expected.astype(np.float32))
    np.testing.assert_array_equal(images[-1], expected[-1], strict=True)
    np.testing.assert_array_equal(images[3:20:4], expected[3:20:4], strict=True)
    order = np.random.default_rng(1).permutation(30)
    np.testing.assert_array_equal(images[order], expected[order], strict=True)
    assert images[[]].shape == (0, 28, 28, 1)
    with pytest.raises(IndexError):
        images[30]


def test_a_column_is_not_compared_as_a_whole(tmp_path, small):
    """Which would be False without a word; the array in it is compared image by image."""
    prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    split = load("mnist", tmp_path).train
    label = split.known["label"]
    for compare in (lambda: label == 3, lambda: label != 3, lambda: label == label[:]):
        with pytest.raises(TypeError, match=r"compare column\[:\], or numpy.asarray"):
            compare()
    assert label in [label]
    assert len({label, split.images}) == 2
    assert repr(label) == "<Column 'label': int64 (30,), read when indexed>"
    assert repr(split) == "<Split: images uint8 (30, 28, 28, 1), label int64 (30,)>"


def test_large_data_are_checked_record_by_record(tmp_path, small, monkeypatch):
    """Their sha256 would take minutes at each start; a record out of place is still noticed."""
    prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    monkeypatch.setattr("data_prep.reading.CHECKED_BYTES", 1_000)
    path = tmp_path / "mnist" / "train-00000.tfrecord"
    whole = path.read_bytes()
    stride = len(whole) // 30
    for place, cause in {
        12: "does not have the manifest's form",
        200: "does not fit its CRC",
    }.items():
        data = bytearray(whole)
        data[7 * stride + place] ^= 1
        path.write_bytes(data)
        images = load("mnist", tmp_path).train.images
        images[:7]
        with pytest.raises(DataError, match=f"record 7 {cause}"):
            images[[3, 7]]


def test_other_images_have_another_fingerprint(tmp_path, small):
    one = prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    other = prepare("mnist", tmp_path)
    assert one.fingerprint != other.fingerprint


def test_missing_data_name_the_folder_and_both_fixes(tmp_path):
    with pytest.raises(DataError) as caught:
        load("celeba", tmp_path / "my data")
    message = str(caught.value)
    assert str(tmp_path / "my data" / "celeba") in message
    assert "thesis-repro data prepare celeba --source DIR --data-dir" in message
    assert "thesis-repro data prepare celeba --stand-in" in message
    assert f"--data-dir '{tmp_path / 'my data'}'" in message


def test_missing_stand_in(tmp_path):
    with pytest.raises(DataError) as caught:
        load("celeba", tmp_path, stand_in=True)
    assert "--source" not in caught.value.fix
    assert "data prepare celeba --stand-in" in caught.value.fix


@pytest.mark.parametrize("stand_in", [False, True])
def test_missing_data_that_are_at_hand(tmp_path, stand_in):
    with pytest.raises(DataError) as caught:
        load("mnist", tmp_path, stand_in=stand_in)
    assert "--source" not in caught.value.fix
    assert f"`thesis-repro data prepare mnist --data-dir {tmp_path}`" in caught.value.fix


def test_stand_in_in_the_place_of_the_official_data(tmp_path, faces):
    prepare("celeba", tmp_path, stand_in=True, datasets=faces)
    (tmp_path / "celeba-stand-in").rename(tmp_path / "celeba")
    with pytest.raises(DataError, match=r"stand-in: two faces.*belongs elsewhere"):
        load("celeba", tmp_path)


def test_a_folder_that_cannot_be_looked_at(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load("mnist", tmp_path / ("x" * 300))


def test_errors_survive_the_way_between_processes():
    error = DataError("a/b", "it is cut off", "copy it again")
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) == "a/b: it is cut off. To fix it: copy it again."
