"""TFRecords: what TensorFlow itself reads from them, and what the reader refuses."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from data_prep.content import SplitContent
from data_prep.errors import DataError
from data_prep.manifest import Feature, Shard
from data_prep.records import read_shard, write_split

FEATURES = {
    "image": Feature("uint8", (3, 2, 1), "raw"),
    "factors": Feature("float32", (2,), "raw"),
    "attributes": Feature("int64", (4,), "int64"),
    "label": Feature("int64", (), "int64"),
}
COUNT = 11


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "image": rng.integers(0, 256, (COUNT, 3, 2, 1), dtype=np.uint8),
        "factors": rng.normal(size=(COUNT, 2)).astype(np.float32),
        "attributes": rng.integers(-(2**40), 2**40, (COUNT, 4)),
        "label": rng.integers(0, 10, COUNT),
    }


def in_batches(arrays, *bounds):
    edges = [0, *bounds, COUNT]
    for start, stop in pairwise(edges):
        yield {name: values[start:stop] for name, values in arrays.items()}


def test_tensorflow_reads_the_same(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    path = tmp_path / "train-00000-of-00001.tfrecord"
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    parsed = tf.io.parse_example(
        records,
        {
            "image": tf.io.FixedLenFeature((), tf.string),
            "factors": tf.io.FixedLenFeature((), tf.string),
            "attributes": tf.io.FixedLenFeature((4,), tf.int64),
            "label": tf.io.FixedLenFeature((), tf.int64),
        },
    )
    images = tf.reshape(tf.io.decode_raw(parsed["image"], tf.uint8), (COUNT, 3, 2, 1))
    np.testing.assert_array_equal(images, arrays["image"])
    np.testing.assert_array_equal(
        tf.io.decode_raw(parsed["factors"], tf.float32), arrays["factors"]
    )
    np.testing.assert_array_equal(parsed["attributes"], arrays["attributes"])
    np.testing.assert_array_equal(parsed["label"], arrays["label"])
    assert entry.shards[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_reads_tensorflow_s_own_records(tmp_path):
    path = tmp_path / "one.tfrecord"
    value = tf.train.BytesList(value=[bytes(range(6))])
    example = tf.train.Example(
        features=tf.train.Features(feature={"image": tf.train.Feature(bytes_list=value)})
    )
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(example.SerializeToString())
    shard = shard_of(path, 1)
    found = read_shard(tmp_path, shard, {"image": FEATURES["image"]}, "fix")
    np.testing.assert_array_equal(found.columns["image"].ravel(), range(6))


def shard_of(path, count):
    data = path.read_bytes()
    return Shard(path.name, count, len(data), hashlib.sha256(data).hexdigest())


def test_batches_and_shards_change_files_but_not_content(tmp_path, arrays):
    one = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    batches = in_batches(arrays, 1, 7)
    three = write_split(tmp_path, "train", SplitContent(COUNT, batches, shards=3), FEATURES)
    assert three.content == one.content
    assert one.content["image"] == hashlib.sha256(arrays["image"].tobytes()).hexdigest()
    assert [shard.file for shard in three.shards] == [
        f"train-{index:05d}-of-00003.tfrecord" for index in range(3)
    ]
    assert [shard.count for shard in three.shards] == [3, 4, 4]
    parts = [read_shard(tmp_path, shard, FEATURES, "fix").columns for shard in three.shards]
    for name, values in arrays.items():
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(joined, values, strict=True)


def test_arrays_are_read_only(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    found = read_shard(tmp_path, entry.shards[0], FEATURES, "fix")
    assert not any(values.flags.writeable for values in found.columns.values())


@pytest.mark.parametrize("count", [COUNT - 1, COUNT + 1])
def test_promised_count_must_hold(tmp_path, arrays, count):
    with pytest.raises(ValueError, match=f"its {count} images"):
        write_split(tmp_path, "train", SplitContent(count, [arrays]), FEATURES)


@pytest.mark.parametrize(
    "change",
    [
        {"image": np.zeros((COUNT, 3, 2, 1), np.float32)},
        {"image": np.zeros((COUNT, 2, 3, 1), np.uint8)},
        {"label": np.zeros((COUNT, 1), np.int64)},
        {"label": np.zeros(COUNT - 1, np.int64)},
        {"extra": np.zeros(COUNT)},
    ],
)
def test_promised_features_must_hold(tmp_path, arrays, change):
    with pytest.raises(ValueError, match=r"promised|zip\(\)"):
        write_split(tmp_path, "train", SplitContent(COUNT, [arrays | change]), FEATURES)


def test_folder_that_cannot_be_written(tmp_path, arrays):
    with pytest.raises(DataError, match="cannot be written"):
        write_split(tmp_path / "nowhere", "train", SplitContent(COUNT, [arrays]), FEATURES)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"image": Feature("uint8", (3, 3, 1), "raw")}, "expected one of 9"),
        ({"label": Feature("int64", (2,), "int64")}, "expected 2 items"),
        ({"mask": Feature("uint8", (1,), "raw")}, "expected one of 1"),
        ({"image": Feature("uint8", (3, 2, 1), "png")}, "unknown encoding of image"),
        ({"image": Feature("uint7", (3, 2, 1), "raw")}, "uint7"),
    ],
)
def test_other_features_than_promised(tmp_path, arrays, change, cause):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    with pytest.raises(DataError, match=cause):
        read_shard(tmp_path, entry.shards[0], FEATURES | change, "fix")


def test_number_of_records_is_checked(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    with pytest.raises(DataError, match="11 records, the manifest says 12"):
        read_shard(tmp_path, replace(entry.shards[0], count=12), FEATURES, "fix")


def test_damaged_records_never_end_in_a_traceback(tmp_path, arrays):
    """Even where the checksum fits: the manifest could have been made for a damaged file."""
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    path = tmp_path / entry.shards[0].file
    whole = path.read_bytes()
    rng = np.random.default_rng(4)
    for _ in range(500):
        data = bytearray(whole)
        data[rng.integers(len(data))] ^= rng.integers(1, 256)
        path.write_bytes(data[: rng.integers(1, len(data) + 1)])
        with suppress(DataError):  # anything else is a traceback for the user
            read_shard(tmp_path, shard_of(path, COUNT), FEATURES, "fix")
