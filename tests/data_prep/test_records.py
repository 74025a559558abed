"""TFRecords: what TensorFlow itself reads from them, and what the reader refuses."""

import hashlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf

from data_prep.content import SplitContent
from data_prep.errors import DataError
from data_prep.layout import Layout
from data_prep.manifest import Feature, Shard
from data_prep.records import ShardRecords, write_split

FEATURES = {
    "image": Feature("uint8", (3, 2, 1), "raw"),
    "mask": Feature("uint8", (3, 3), "bits"),
    "factors": Feature("float32", (2,), "raw"),
    "attributes": Feature("bool", (4,), "raw"),
    "label": Feature("int64", (), "raw"),
}
COUNT = 11
FILE = "train-00000.tfrecord"


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        "image": rng.integers(0, 256, (COUNT, 3, 2, 1), dtype=np.uint8),
        "mask": rng.choice(np.array([0, 255], np.uint8), (COUNT, 3, 3)),
        "factors": rng.normal(size=(COUNT, 2)).astype(np.float32),
        "attributes": rng.random((COUNT, 4)) < 0.5,
        "label": rng.integers(-(2**40), 2**40, COUNT),
    }


def in_batches(arrays, *bounds):
    edges = [0, *bounds, COUNT]
    for start, stop in pairwise(edges):
        yield {name: values[start:stop] for name, values in arrays.items()}


def read(folder, shard, features=FEATURES):
    records = ShardRecords(folder, shard, Layout(features), "fix")
    records.check_bytes()
    return {name: records.read(slice(None), name) for name in features}


def test_tensorflow_reads_the_same(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    path = tmp_path / FILE
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    strings = dict.fromkeys(FEATURES, tf.io.FixedLenFeature((), tf.string))
    parsed = tf.io.parse_example(records, strings)
    for name, dtype in {"image": tf.uint8, "factors": tf.float32, "label": tf.int64}.items():
        values = tf.io.decode_raw(parsed[name], dtype)
        np.testing.assert_array_equal(
            tf.reshape(values, arrays[name].shape), arrays[name], strict=True
        )
    values = tf.io.decode_raw(parsed["attributes"], tf.uint8)
    np.testing.assert_array_equal(values, arrays["attributes"].astype(np.uint8))
    values = tf.io.decode_raw(parsed["mask"], tf.uint8)
    bits = np.unpackbits(values.numpy(), axis=1)[:, :9].reshape(COUNT, 3, 3)
    np.testing.assert_array_equal(bits * 255, arrays["mask"])
    assert entry.shards[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_reads_tensorflow_s_own_records(tmp_path):
    value = tf.train.Feature(bytes_list=tf.train.BytesList(value=[bytes(range(200)) * 3]))
    example = tf.train.Example(features=tf.train.Features(feature={"image": value}))
    with tf.io.TFRecordWriter(str(tmp_path / "one.tfrecord")) as writer:
        writer.write(example.SerializeToString())
    shard = shard_of(tmp_path / "one.tfrecord", 1)
    found = read(tmp_path, shard, {"image": Feature("uint8", (600,), "raw")})
    np.testing.assert_array_equal(found["image"][0], list(range(200)) * 3)


def shard_of(path, count):
    data = path.read_bytes()
    return Shard(path.name, count, len(data), hashlib.sha256(data).hexdigest())


def test_batches_and_shards_change_files_but_not_content(tmp_path, arrays, monkeypatch):
    one = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    monkeypatch.setattr("data_prep.records.SHARD_BYTES", 4 * Layout(FEATURES).stride)
    batches = in_batches(arrays, 1, 7)
    three = write_split(tmp_path, "train", SplitContent(COUNT, batches), FEATURES)
    assert three.content == one.content
    for name in FEATURES:
        assert one.content[name] == hashlib.sha256(arrays[name].tobytes()).hexdigest()
    assert [shard.file for shard in three.shards] == [
        f"train-{index:05d}.tfrecord" for index in range(3)
    ]
    assert [shard.count for shard in three.shards] == [3, 4, 4]
    parts = [read(tmp_path, shard) for shard in three.shards]
    for name, values in arrays.items():
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(joined, values, strict=True)


def test_progress_is_told(tmp_path, arrays):
    told = []
    split = SplitContent(COUNT, in_batches(arrays, 1, 7))
    write_split(tmp_path, "train", split, FEATURES, told.append)
    assert told == [1, 6, 4]


def test_images_left_out_are_on_record(tmp_path, arrays):
    left_out = []

    def batches():
        yield {name: values[:4] for name, values in arrays.items()}
        left_out.append("000005.jpg")
        yield {name: values[5:] for name, values in arrays.items()}

    entry = write_split(tmp_path, "train", SplitContent(COUNT, batches(), left_out), FEATURES)
    assert (entry.count, entry.left_out) == (COUNT - 1, ("000005.jpg",))
    assert len(read(tmp_path, entry.shards[0])["label"]) == COUNT - 1


def test_arrays_are_read_only(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    found = read(tmp_path, entry.shards[0])
    assert not any(values.flags.writeable for values in found.values())


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
    with pytest.raises(ValueError, match="promised"):
        write_split(tmp_path, "train", SplitContent(COUNT, [arrays | change]), FEATURES)


def test_grey_values_do_not_fit_into_bits(tmp_path, arrays):
    arrays["mask"][3, 1, 1] = 7
    with pytest.raises(ValueError, match="0 and 255"):
        write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)


def test_folder_that_cannot_be_written(tmp_path, arrays):
    with pytest.raises(DataError, match="cannot be written"):
        write_split(tmp_path / "nowhere", "train", SplitContent(COUNT, [arrays]), FEATURES)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"image": Feature("uint8", (3, 3, 1), "raw")}, "11 records of"),
        ({"label": Feature("int64", (2,), "raw")}, "11 records of"),
        ({"mark": Feature("uint8", (1,), "raw")}, "11 records of"),
    ],
)
def test_other_features_than_promised(tmp_path, arrays, change, cause):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    with pytest.raises(DataError, match=cause):
        read(tmp_path, entry.shards[0], FEATURES | change)


def test_features_of_another_name(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    renamed = {name.replace("label", "class"): feature for name, feature in FEATURES.items()}
    with pytest.raises(DataError, match="record 0 does not have the manifest's form"):
        read(tmp_path, entry.shards[0], renamed)


@pytest.mark.parametrize(
    ("feature", "cause"),
    [
        (Feature("uint8", (3, 2, 1), "png"), "unknown encoding of image"),
        (Feature("uint7", (3, 2, 1), "raw"), "unknown type of image.*uint7"),
        (Feature("object", (3, 2, 1), "raw"), "unknown type"),
        (Feature("uint8", (10**6, 10**6), "raw"), "records of 1,000,000,000,000 bytes"),
        (Feature("uint8", (10**30,), "bits"), "too large"),
        (Feature("float32", (3, 2, 1), "bits"), "only uint8"),
    ],
)
def test_unknown_features(feature, cause):
    with pytest.raises(ValueError, match=cause):
        Layout({"image": feature})


def test_number_of_records_is_checked(tmp_path, arrays):
    entry = write_split(tmp_path, "train", SplitContent(COUNT, [arrays]), FEATURES)
    with pytest.raises(DataError, match="are not the manifest's 12 records"):
        read(tmp_path, replace(entry.shards[0], count=12))
