"""Prepare, verify and list, on small files and on the real ones."""

import gzip
import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from data_prep.downloads import DOWNLOADS
from data_prep.errors import DataError
from data_prep.manifest import MANIFEST_NAME, read_manifest, write_manifest
from data_prep.prepare import DATASETS, Dataset, listing, prepare, verify
from data_prep.reading import load

TRAIN = "train-00000.tfrecord"
VALIDATION = "validation-00000.tfrecord"


@pytest.fixture
def data_dir(tmp_path, small):
    """A folder with the small data set prepared."""
    prepare("mnist", tmp_path / "data", small.folder, datasets=small.datasets)
    return tmp_path / "data"


def files(folder):
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix != ".lock" and path.is_file()
    }


def test_files_written(data_dir):
    assert sorted(files(data_dir / "mnist")) == [MANIFEST_NAME, TRAIN, VALIDATION]
    document = json.loads((data_dir / "mnist" / MANIFEST_NAME).read_text())
    assert document["schema_version"] == 2
    assert document["splits"]["train"]["count"] == 30
    assert document["splits"]["validation"]["count"] == 12
    assert document["sources"][0]["file"] == "train-images-idx3-ubyte.gz"
    for split, name in {"train": TRAIN, "validation": VALIDATION}.items():
        data = (data_dir / "mnist" / name).read_bytes()
        (shard,) = document["splits"][split]["shards"]
        assert shard["bytes"] == len(data)
        assert shard["sha256"] == hashlib.sha256(data).hexdigest()


def test_prepared_twice_is_the_same(data_dir, small):
    before = files(data_dir / "mnist")
    prepare("mnist", data_dir, small.folder, datasets=small.datasets)
    assert files(data_dir / "mnist") == before


def test_verify_returns_the_manifest(data_dir):
    assert verify("mnist", data_dir).fingerprint == load("mnist", data_dir).fingerprint


def flip_a_byte(folder):
    data = bytearray((folder / TRAIN).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / TRAIN).write_bytes(data)


def cut_off(folder):
    data = (folder / TRAIN).read_bytes()
    (folder / TRAIN).write_bytes(data[:-100])


def add_a_record(folder):
    record = next(iter(tf.data.TFRecordDataset(str(folder / VALIDATION)).as_numpy_iterator()))
    with tf.io.TFRecordWriter(str(folder / "extra")) as writer:
        writer.write(record)
    extra = (folder / "extra").read_bytes()
    (folder / "extra").unlink()
    (folder / VALIDATION).write_bytes((folder / VALIDATION).read_bytes() + extra)


def exchange_splits(folder):
    (folder / TRAIN).rename(folder / "kept")
    (folder / VALIDATION).rename(folder / TRAIN)
    (folder / "kept").rename(folder / VALIDATION)


def edit_manifest(folder):
    path = folder / MANIFEST_NAME
    path.write_text(path.read_text().replace('"count": 30', '"count": 29'))


DAMAGE = [
    (flip_a_byte, TRAIN, "sha256 differs"),
    (cut_off, TRAIN, "bytes, the manifest says"),
    (lambda folder: (folder / TRAIN).unlink(), TRAIN, "missing"),
    (add_a_record, VALIDATION, "bytes, the manifest says"),
    (exchange_splits, TRAIN, "bytes, the manifest says"),
    (edit_manifest, MANIFEST_NAME, "changed after it was written"),
    (lambda folder: (folder / MANIFEST_NAME).unlink(), MANIFEST_NAME, "no manifest"),
    (lambda folder: (folder / MANIFEST_NAME).write_text("{"), MANIFEST_NAME, "not JSON"),
]


@pytest.mark.parametrize(("damage", "name", "cause"), DAMAGE)
def test_verify_and_load_notice_damage_and_prepare_repairs_it(data_dir, small, damage, name, cause):
    damage(data_dir / "mnist")
    for notice in (verify, load):
        with pytest.raises(DataError, match=cause) as caught:
            notice("mnist", data_dir)
        assert caught.value.path == data_dir / "mnist" / name
        assert "`thesis-repro data prepare mnist --data-dir" in caught.value.fix
    prepare("mnist", data_dir, small.folder, datasets=small.datasets)
    verify("mnist", data_dir)


def test_verify_finds_values_that_fit_the_file_but_not_the_content(data_dir):
    """A shard and its sha256 exchanged together: only the values tell."""
    manifest = read_manifest(data_dir / "mnist", "fix")
    content = manifest.splits["train"].content | {"label": "0" * 64}
    splits = manifest.splits | {"train": replace(manifest.splits["train"], content=content)}
    write_manifest(replace(manifest, splits=splits), data_dir / "mnist")
    with pytest.raises(DataError, match="values of split 'train'"):
        verify("mnist", data_dir)


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_bad_source_changes_nothing(data_dir, small, name):
    before = files(data_dir)
    path = small.folder / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="cut off"):
        prepare("mnist", data_dir, small.folder, datasets=small.datasets)
    assert files(data_dir) == before


def test_a_bad_source_writes_nothing(tmp_path, small):
    (small.folder / "t10k-images-idx3-ubyte.gz").write_bytes(b"<html>")
    with pytest.raises(DataError, match="neither an IDX nor a gzip file"):
        prepare("mnist", tmp_path / "data", small.folder, datasets=small.datasets)
    assert not (tmp_path / "data").exists()


def test_a_source_that_breaks_off_while_written(data_dir, small):
    before = files(data_dir)

    def read(source, options):
        content = small.datasets["mnist"].read_official(source, options)

        def batches():
            yield from content.splits["validation"].batches
            raise DataError("picture.jpg", "it is damaged", "leave it out")

        broken = replace(content.splits["validation"], batches=batches())
        return replace(content, splits=dict(content.splits) | {"validation": broken})

    with pytest.raises(DataError, match=r"picture\.jpg"):
        prepare("mnist", data_dir, small.folder, datasets={"mnist": Dataset("MNIST", read, list)})
    assert files(data_dir) == before
    verify("mnist", data_dir)


def test_data_dir_inside_the_official_files_is_safe(small):
    """`--data-dir X --source X/mnist` must not replace the official files by the prepared ones."""
    source = small.folder.rename(small.folder.with_name("mnist"))
    before = files(source)
    with pytest.raises(DataError, match="left alone"):
        prepare("mnist", source.parent, source, datasets=small.datasets)
    assert files(source) == before


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        ({"dataset": "fashion"}, "no data set 'fashion'.*choose one of: mnist"),
        ({"dataset": "celeba"}, "no source was given.*--source DIR.*data fetch celeba.*says how"),
        ({"dataset": "imagenet"}, "official/imagenet: no source was given.*--stand-in"),
        ({"stand_in": True, "source": "x"}, "a source was given"),
        ({"source": "nowhere"}, "does not exist"),
        ({"source": "x" * 300}, "cannot be read.*name too long"),
    ],
)
def test_wrong_calls(tmp_path, arguments, cause):
    if "source" in arguments:
        arguments = arguments | {"source": tmp_path / arguments["source"]}
    with pytest.raises(DataError, match=f"(?i){cause}"):
        prepare(arguments.pop("dataset", "mnist"), tmp_path / "data", **arguments)
    assert not (tmp_path / "data").exists()


def test_data_dir_that_cannot_be_written(tmp_path, small):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataError, match="cannot be written"):
        prepare("mnist", tmp_path / "data", small.folder, datasets=small.datasets)


@pytest.mark.parametrize("stand_in", [False, True])
def test_mnist_is_in_the_package(tmp_path, stand_in):
    """All of it, whether or not the other data sets are stand-ins."""
    manifest = prepare("mnist", tmp_path, stand_in=stand_in)
    assert verify("mnist", tmp_path, stand_in=not stand_in) == manifest
    assert not manifest.is_stand_in
    assert manifest.description == "MNIST (official files)"
    assert manifest.part == ""
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == ["mnist"]
    for file in manifest.sources:  # what torchvision publishes of the packed files
        (download,) = (one for one in DOWNLOADS["mnist"] if one.name == file.file)
        assert download.checksum == f"sha256:{file.sha256}"


def test_stand_in_needs_no_files(tmp_path, faces):
    manifest = prepare("celeba", tmp_path, stand_in=True, datasets=faces)
    assert verify("celeba", tmp_path, stand_in=True) == manifest
    assert manifest.is_stand_in
    assert manifest.description == "stand-in: two faces"
    with pytest.raises(DataError, match="has not been prepared"):
        verify("celeba", tmp_path)


def test_listing(data_dir, faces):
    assert listing(data_dir / "nowhere") == []
    prepare("celeba", data_dir, stand_in=True, datasets=faces)
    official, stand_in = listing(data_dir)
    assert (official.dataset, official.is_stand_in, official.problem) == ("mnist", False, None)
    assert official.manifest.splits["train"].count == 30
    assert stand_in.folder == data_dir / "celeba-stand-in"
    (data_dir / "mnist" / TRAIN).unlink()
    broken, fine = listing(data_dir)
    assert broken.manifest is None
    assert "missing" in broken.problem.cause
    assert fine == stand_in


def test_registry():
    five = ["mnist", "morpho-mnist", "dsprites", "celeba", "imagenet"]
    assert list(DATASETS) == [*five, "celeba-224"]
    assert DATASETS["mnist"].title == "MNIST"


def test_real_files(tmp_path, real_data):
    manifest = prepare("mnist", tmp_path, real_data / "mnist")
    assert verify("mnist", tmp_path) == manifest
    data = load("mnist", tmp_path)
    assert data.description == "MNIST (official files)"
    for split, prefix in ((data.train, "train"), (data.validation, "t10k")):
        for values, kind, header in (
            (split.images[:], "images-idx3", 16),
            (split.known["label"][:], "labels-idx1", 8),
        ):
            unpacked = gzip.decompress(
                (real_data / "mnist" / f"{prefix}-{kind}-ubyte.gz").read_bytes()
            )
            expected = np.frombuffer(unpacked, np.uint8, offset=header)
            np.testing.assert_array_equal(values.ravel(), expected)
    # Sizes and md5s as published, from the data's own description.
    assert [(source.bytes, source.md5) for source in manifest.sources] == [
        (9912422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        (28881, "d53e105ee54ea40749a09fcbcd1e9432"),
        (1648877, "9fb629c4189551a2d022fa330f9573f3"),
        (4542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
