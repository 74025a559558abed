"""The manifest: nothing is lost on disk, and every edit is noticed."""

import json
from dataclasses import replace

import pytest

from data_prep import celeba, dsprites, imagenet
from data_prep.checksums import SourceFile
from data_prep.dsprites_renderer import COUNT
from data_prep.errors import DataError
from data_prep.manifest import (
    COMPLETE,
    MANIFEST_NAME,
    Feature,
    Manifest,
    Shard,
    SplitEntry,
    read_manifest,
    write_manifest,
)
from data_prep.mnist import OFFICIAL_FILES
from data_prep.prepare import DATASETS

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


# --- A part of a data set ---


def counted(dataset, train, validation, **changes):
    splits = {"train": SplitEntry(train, {}, ()), "validation": SplitEntry(validation, {}, ())}
    return replace(MANIFEST, dataset=dataset, splits=splits, **changes)


def test_a_part_is_told_from_its_counts():
    """Not from the words: a rendered dSprites "equals 55,012 of 55,013" and is complete."""
    words = "dSprites (rendered; equals 55,012 of 55,013 official images)"
    assert counted("dsprites", 663_552, 73_728, title="dSprites", description=words).part == ""
    part = counted("dsprites", 49_511, 5_502, title="dSprites", description="dSprites").part
    assert part == "55,013 of 737,280 images of dSprites"
    left_out = counted("imagenet", 1_281_166, 50_000, title="ImageNet")  # one damaged picture
    assert left_out.part == "1,331,166 of 1,331,167 images of ImageNet"
    held_out = counted("imagenet", 1_153_051, 128_116, title="ImageNet")  # without `val`
    assert held_out.part == "1,281,167 of 1,331,167 images of ImageNet"


def test_a_stand_in_is_no_part():
    assert counted("mnist", 1_617, 180, is_stand_in=True).part == ""


def test_complete_is_what_the_readers_expect():
    mnist = {file.split: file.shape[0] for file in OFFICIAL_FILES}
    held_out = celeba.validation_count(celeba.OFFICIAL.count)
    faces = {"train": celeba.OFFICIAL.count - held_out, "validation": held_out}
    sprites = dict(zip(("train", "validation"), map(len, dsprites.split(COUNT)), strict=True))
    photos = {"train": imagenet.TRAIN_COUNT, "validation": imagenet.VALIDATION_COUNT}
    read = {"mnist": mnist, "morpho-mnist": mnist, "dsprites": sprites, "celeba": faces}
    assert {**read, "celeba-224": faces, "imagenet": photos} == COMPLETE
    assert COMPLETE.keys() == DATASETS.keys()
