"""The ImageNet reader: small data sets in the official layout, and real photos."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep import imagenet
from data_prep.content import ReadOptions
from data_prep.errors import DataError

WNIDS = [f"n{10_000_000 + 37 * number:08}" for number in range(1_000)]
USED = {WNIDS[3]: 12, WNIDS[0]: 5, WNIDS[999]: 6}  # pictures per class
SORTED = [0] * 5 + [3] * 12 + [999] * 6  # their labels, by class and name


def picture(value: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (10 * value, 0, 0)).save(stream, "JPEG")
    return stream.getvalue()


@dataclass
class SmallImagenet:
    """A source folder with 23 pictures whose red says their place in the sorted list."""

    source: Path
    folder: Path

    def read(self, options: ReadOptions = ReadOptions()):
        return imagenet.read_official(self.source, options)

    def read_all(self) -> None:
        for split in self.read().splits.values():
            list(split.batches)

    def refused(self) -> DataError:
        with pytest.raises(DataError) as caught:
            self.read_all()
        return caught.value

    def add_validation(self) -> Path:
        folder = self.source / "val"
        for value, wnid in enumerate((WNIDS[3], WNIDS[500])):
            (folder / wnid).mkdir(parents=True)
            path = folder / wnid / f"ILSVRC2012_val_0000000{value}.JPEG"
            path.write_bytes(picture(value))
        return folder


def write_mapping(folder: Path, lines: list[str] | None = None) -> None:
    lines = lines or [f"{wnid} tench, Tinca tinca" for wnid in WNIDS]  # Kaggle's layout
    (folder / imagenet.MAPPING).write_text("\n".join(lines) + "\n")


@pytest.fixture
def small(tmp_path) -> SmallImagenet:
    folder = tmp_path / "train"
    value = 0
    for wnid in sorted(USED):
        (folder / wnid).mkdir(parents=True)
        for number in range(USED[wnid]):
            (folder / wnid / f"{wnid}_{number:02}.JPEG").write_bytes(picture(value))
            value += 1
    write_mapping(tmp_path)
    return SmallImagenet(tmp_path, folder)


def check(split, rows) -> None:
    batches = list(split.batches)
    images = np.concatenate([batch["image"] for batch in batches])
    assert images.shape == (split.count, 224, 224, 3)
    np.testing.assert_allclose(images[:, 100, 100, 0], 10 * np.array(rows), atol=2)
    labels = np.concatenate([batch["label"] for batch in batches])
    np.testing.assert_array_equal(labels, np.array(SORTED)[rows], strict=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_tenth_is_held_out_without_a_validation_set(small, workers):
    content = small.read(ReadOptions(workers))
    check(content.splits["train"], [row for row in range(23) if row not in (9, 19)])
    check(content.splits["validation"], [9, 19])
    expected = (
        "ImageNet ILSVRC2012 (23 of 1,281,167 official training pictures; every tenth held out)"
    )
    assert content.description == expected
    assert [source.file for source in content.sources] == [imagenet.MAPPING]


def test_official_validation_set(small):
    small.add_validation()
    content = small.read()
    check(content.splits["train"], list(range(23)))
    (batch,) = content.splits["validation"].batches
    assert batch["label"].tolist() == [3, 500]
    part = "(23 of 1,281,167 official training and 2 of 50,000 validation pictures)"
    assert content.description == f"ImageNet ILSVRC2012 {part}"


def test_the_complete_data_set_is_called_so():
    complete = (imagenet.TRAIN_COUNT, imagenet.VALIDATION_COUNT)
    assert imagenet.describe(*complete, True) == "ImageNet ILSVRC2012 (official pictures)"
    assert "1,281,166 of 1,281,167" in imagenet.describe(complete[0] - 1, complete[1], True)
    assert "1,281,167 of 1,281,167" in imagenet.describe(1_153_051, 128_116, False)


def test_classes_right_in_the_source(small):
    for folder in small.folder.iterdir():
        folder.rename(small.source / folder.name)
    small.folder.rmdir()
    small.add_validation()
    check(small.read().splits["train"], list(range(23)))


def test_the_mapping_three_folders_above(small, tmp_path):
    small.source = tmp_path / "ILSVRC" / "Data" / "CLS-LOC"  # as in Kaggle's archive
    small.source.mkdir(parents=True)
    small.folder.rename(small.source / "train")
    assert small.read().splits["train"].count == 21
    deeper = small.source / "deeper"
    deeper.mkdir()
    (small.source / "train").rename(deeper / "train")
    small.source = deeper
    error = small.refused()
    assert error.path == deeper / imagenet.MAPPING
    assert "3 folders above" in error.cause
    assert "imagenet-object-localization-challenge" in error.fix


def test_endings_in_any_case(small):
    path = small.folder / WNIDS[0] / f"{WNIDS[0]}_00.JPEG"
    for ending in (".jpg", ".JPG", ".jpeg"):
        path = path.rename(path.with_suffix(ending))
        check(small.read().splits["validation"], [9, 19])


def test_damaged_photo(small):
    path = small.folder / WNIDS[3] / f"{WNIDS[3]}_04.JPEG"  # number 9 of the list
    path.write_bytes(picture(9)[:300])
    assert small.refused().path == path
    content = small.read(ReadOptions(leave_out_damaged=True))
    (batch,) = content.splits["validation"].batches
    assert content.splits["validation"].left_out == [f"{WNIDS[3]}/{WNIDS[3]}_04.JPEG"]
    np.testing.assert_allclose(batch["image"][:, 0, 0, 0], [190], atol=2)


def empty_class(small) -> Path:
    (small.folder / WNIDS[7]).mkdir()
    return small.folder / WNIDS[7]


def unknown_class(small) -> Path:
    return (small.folder / WNIDS[3]).rename(small.folder / "n99999999")


def foreign_file(small) -> Path:
    path = small.folder / WNIDS[3] / "notes.txt"
    path.write_text("x")
    return path


def name_that_no_terminal_prints(small) -> Path:
    path = small.folder / WNIDS[3] / "\udcff\x1b[2J.JPEG"  # \udcff: a byte that is no UTF-8
    path.write_bytes(picture(1))
    return path


def folder_in_class(small) -> Path:
    (small.folder / WNIDS[3] / "images.jpeg").mkdir()
    return small.folder / WNIDS[3] / "images.jpeg"


def flat_validation(small) -> Path:
    (small.source / "val").mkdir()
    path = small.source / "val" / "ILSVRC2012_val_00000001.JPEG"
    path.write_bytes(picture(1))
    return path


def empty_validation(small) -> Path:
    (small.source / "val").mkdir()
    return small.source / "val"


def no_classes(small) -> Path:
    small.folder.rename(small.source / ".hidden")
    return small.source


def too_few(small) -> Path:
    for wnid in (WNIDS[3], WNIDS[999]):
        (small.folder / wnid).rename(small.source / wnid)
    return small.folder


@pytest.mark.parametrize(
    ("damage", "cause", "fix"),
    [
        (empty_class, "class folder is empty", "unpack this class again"),
        (unknown_class, "none of the classes", "train/<wnid>"),
        (foreign_file, "no picture file (endings: .jpeg, .jpg", "leave only pictures"),
        (folder_in_class, "no picture file", "leave only pictures"),
        (name_that_no_terminal_prints, "no picture file", "leave only pictures"),
        (flat_validation, "lies in no class folder", "one folder per class"),
        (empty_validation, "no class folders", "val/<wnid>"),
        (no_classes, "no class folders", "image-net.org"),
        (too_few, "5 pictures, too few", "image-net.org"),
    ],
)
def test_what_does_not_belong(small, damage, cause, fix):
    path = damage(small)
    error = small.refused()
    assert error.path == path
    assert cause in error.cause
    assert fix in error.fix


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (WNIDS[:-1], "999 classes instead of 1,000"),
        ([*WNIDS, "n99999999"], "1,001 classes"),
        ([WNIDS[1], WNIDS[0], *WNIDS[2:]], f"line 2: {WNIDS[0]} is there twice or out of"),
        ([*WNIDS[:5], WNIDS[4], *WNIDS[5:]], "line 6"),
        (["class,words", *WNIDS], "line 1 does not begin"),
        (["", *WNIDS], "line 1 does not begin"),
        ([f"{WNIDS[0]}0", *WNIDS[1:]], "line 1 does not begin"),
    ],
)
def test_mapping_that_is_not_official(small, lines, cause):
    write_mapping(small.source, lines)
    error = small.refused()
    assert error.path == small.source / imagenet.MAPPING
    assert cause in error.cause
    assert "unchanged" in error.fix


@pytest.mark.parametrize(
    ("make", "cause"),
    [(lambda path: None, "does not exist"), (lambda path: path.write_text("x"), "is a file")],
)
def test_no_folder(tmp_path, make, cause):
    make(tmp_path / "source")
    with pytest.raises(DataError, match=cause):
        imagenet.read_official(tmp_path / "source", ReadOptions())


def test_official_order(real_data):
    labels = imagenet.read_mapping(real_data / "imagenet" / imagenet.MAPPING)
    # As in every list of the 1,000 classes: tench, goldfish, tabby cat, toilet tissue.
    known = {"n01440764": 0, "n01443537": 1, "n02123045": 281, "n15075141": 999}
    assert {wnid: labels[wnid] for wnid in known} == known


def test_real_photos(real_data):
    folder = real_data / "imagenet" / "original"
    content = imagenet.read_official(folder, ReadOptions())
    assert (
        "(100 of 1,281,167 official training pictures; every tenth held out)" in content.description
    )
    (batch,) = content.splits["validation"].batches
    assert batch["label"].tolist() == list(range(90, 1_000, 100))  # every tenth of every tenth
    paths = sorted(folder.glob("*/*.JPEG"))[9::10]
    for image, path in zip(batch["image"], paths, strict=True):
        with Image.open(path) as opened:
            expected = opened.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(image, np.asarray(expected))
