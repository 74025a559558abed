"""The manifest: nothing is lost on disk, and every edit is noticed."""

import json
from dataclasses import replace

import pytest

from data_prep.checksums import SourceFile
from data_prep.errors import DataError
from data_prep.manifest import (
    MANIFEST_NAME,
    Feature,
    Manifest,
    Shard,
    SplitEntry,
    read_manifest,
    write_manifest,
)

MANIFEST = Manifest(
    dataset="mnist",
    title="MNIST",
    description="MNIST (official files) – ü",
    is_stand_in=False,
    features={
        "image": Feature("uint8", (28, 28, 1), "raw"),
        "label": Feature("int64", (), "raw"),
    },
    splits={
        "train": SplitEntry(3, {"image": "aa", "label": "bb"}, (Shard("t.tfrecord", 3, 9, "cc"),)),
        "validation": SplitEntry(0, {"image": "dd", "label": "ee"}, ()),
    },
    sources=(SourceFile("images.gz", 5, "ff", "00"),),
    tools={"numpy": "2.4.6"},
)


def test_comes_back_as_it_was(tmp_path):
    write_manifest(MANIFEST, tmp_path)
    assert read_manifest(tmp_path, "fix") == MANIFEST
    assert MANIFEST.image_shape == (28, 28, 1)


def every_leaf(node, path=()):
    if isinstance(node, dict):
        for key, value in node.items():
            yield from every_leaf(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from every_leaf(value, (*path, index))
    else:
        yield path


def test_every_edit_is_noticed(tmp_path):
    write_manifest(MANIFEST, tmp_path)
    path = tmp_path / MANIFEST_NAME
    text = path.read_text(encoding="utf-8")
    leaves = list(every_leaf(json.loads(text)))
    assert len(leaves) > 20
    for leaf in leaves:
        document = json.loads(text)
        node = document
        for key in leaf[:-1]:
            node = node[key]
        node[leaf[-1]] = 7
        path.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read_manifest(tmp_path, "prepare it again")
        assert caught.value.path == path
        assert caught.value.fix == "prepare it again"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no manifest"),
        (b"{}", "schema_version is None"),
        (b'{"schema_version": 1}', "schema_version is 1, this version of the package reads 2"),
        (b'{"schema_version": 2}', "changed after it was written"),
    ],
)
def test_what_is_no_manifest(tmp_path, content, cause):
    (tmp_path / MANIFEST_NAME).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_manifest(tmp_path, "fix")
    assert cause in caught.value.cause


def test_missing_manifest(tmp_path):
    with pytest.raises(DataError, match="no prepared data set"):
        read_manifest(tmp_path, "fix")


def test_a_file_name_cannot_lead_out_of_the_folder(tmp_path):
    shards = (Shard("../t.tfrecord", 3, 9, "cc"),)
    splits = {"train": replace(MANIFEST.splits["train"], shards=shards)}
    write_manifest(replace(MANIFEST, splits=splits), tmp_path)
    with pytest.raises(DataError, match="no plain file name"):
        read_manifest(tmp_path, "fix")


def with_train(**changes) -> Manifest:
    splits = dict(MANIFEST.splits)
    splits["train"] = replace(splits["train"], **changes)
    return replace(MANIFEST, splits=splits)


@pytest.mark.parametrize(
    "same",
    [
        replace(MANIFEST, tools={"numpy": "9"}, sources=(), title="Digits", description="other"),
        replace(MANIFEST, features=MANIFEST.features | {"label": Feature("int64", (), "raw")}),
        with_train(shards=(Shard("a", 1, 4, "x"), Shard("b", 2, 5, "y"))),
        replace(MANIFEST, splits=dict(reversed(MANIFEST.splits.items()))),
    ],
    ids=["words and versions", "encoding", "shards", "order of entries"],
)
def test_fingerprint_is_the_content_s(same):
    assert same.fingerprint == MANIFEST.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(MANIFEST, dataset="dsprites"),
        replace(MANIFEST, is_stand_in=True),
        replace(
            MANIFEST, features=MANIFEST.features | {"image": Feature("uint8", (28, 28), "raw")}
        ),
        with_train(count=4),
        with_train(content={"image": "aa", "label": "bc"}),
    ],
)
def test_fingerprint_changes_with_the_content(other):
    assert other.fingerprint != MANIFEST.fingerprint
