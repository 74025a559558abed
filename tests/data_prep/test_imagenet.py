"""The ImageNet reader: small data sets in the official layout, and real photos."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from data_prep import imagenet, imagenet_classes
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


def flatten(folder: Path) -> None:
    """Put the pictures of all classes side by side, as Kaggle and image-net.org have them."""
    for path in list(folder.glob("*/*")):
        path.rename(folder / path.name)
        if not list(path.parent.iterdir()):
            path.parent.rmdir()


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


# --- The shapes that downloads have ---


def official_list() -> list[int]:
    """A class for each validation picture, 50 of each, those of `add_validation` first."""
    others = [number for number in range(1_000) for _ in range(50)]
    others.remove(3)
    others.remove(500)
    return [3, 500, *others]


def write_solution(folder: Path) -> None:
    rows = [
        f"ILSVRC2012_val_{picture:08},{WNIDS[number]} 85 1 499 272 {WNIDS[number]} 1 2 3 4 "
        for picture, number in enumerate(official_list())
    ]
    lines = ["ImageId,PredictionString", *reversed(rows)]  # Kaggle's are in no order
    (folder / "LOC_val_solution.csv").write_text("\n".join(lines) + "\n")


def write_devkit(folder: Path) -> None:
    """image-net.org's numbers its 1,000 classes from 1, in another order, and has groups above."""
    order = np.random.default_rng(4).permutation(1_000)
    numbers = np.argsort(order)
    kinds = [("ILSVRC2012_ID", "i4"), ("WNID", object), ("words", object), ("num_children", "u1")]
    synsets = np.array(
        [(place + 1, WNIDS[number], "a, b", 0) for place, number in enumerate(order)]
        + [(1_001, "n00001740", "entity", 2)],
        kinds,
    )
    meta = io.BytesIO()
    savemat(meta, {"synsets": synsets[:, np.newaxis]})
    truth = "".join(f"{numbers[number] + 1}\n" for number in official_list())
    with tarfile.open(folder / "ILSVRC2012_devkit_t12.tar.gz", "w:gz") as archive:
        for name, data in {
            "readme.txt": b"x",
            "data/ILSVRC2012_validation_ground_truth.txt": truth.encode(),
            "data/meta.mat": meta.getvalue(),
        }.items():
            add(archive, f"ILSVRC2012_devkit_t12/{name}", data)


def add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def class_tar(folder: Path) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path in folder.iterdir():  # in no order
            add(archive, path.name, path.read_bytes())
    return stream.getvalue()


def in_tars(small) -> None:
    """image-net.org's: a tar file of one for each class, and one of all validation pictures."""
    flatten(small.source / "val")
    with tarfile.open(small.source / imagenet.TRAIN_TAR, "w") as archive:
        for folder in small.folder.iterdir():
            add(archive, f"{folder.name}.tar", class_tar(folder))
    (small.source / imagenet.VALIDATION_TAR).write_bytes(class_tar(small.source / "val"))
    for name in ("train", "val"):
        (small.source / name).rename(small.source / f".{name}")


def kaggles_tree(small) -> None:
    flatten(small.source / "val")
    write_solution(small.source)
    place = small.source / "ILSVRC" / "Data" / "CLS-LOC"
    place.mkdir(parents=True)
    for name in ("train", "val"):
        (small.source / name).rename(place / name)
    (place / "test").mkdir()


def kaggles_tree_from_inside(small) -> None:
    kaggles_tree(small)
    small.source = small.source / "ILSVRC"


def each_list_of_kaggle_s_by_itself(small) -> None:
    """Unpacked into a folder of its name, beside the classes; the validation pictures are flat."""
    flatten(small.source / "val")
    write_solution(small.source)
    for name in (imagenet.MAPPING, imagenet.SOLUTION):
        (small.source / name).rename(small.source / "list")
        (small.source / name).mkdir()
        (small.source / "list").rename(small.source / name / name)
    for path in small.folder.iterdir():
        path.rename(small.source / path.name)
    small.folder.rmdir()


def image_nets_tars(small) -> None:
    in_tars(small)
    write_solution(small.source)


def image_nets_tars_with_the_devkit(small) -> None:
    in_tars(small)
    write_devkit(small.source)


def tars_of_classes(small) -> None:
    for folder in list(small.folder.iterdir()):
        (small.folder / f"{folder.name}.tar").write_bytes(class_tar(folder))
        folder.rename(small.source / f".{folder.name}")


def with_notes(small) -> None:
    for folder in (small.folder, small.folder / WNIDS[3]):
        (folder / "Thumbs.db").write_bytes(b"x")
        (folder / ".DS_Store").write_bytes(b"x")
    (small.folder / "__MACOSX").mkdir()


@pytest.mark.parametrize(
    ("arrange", "workers"),
    [(kaggles_tree, 1), (kaggles_tree_from_inside, 1),
     (each_list_of_kaggle_s_by_itself, 1), (image_nets_tars, 2),
     (image_nets_tars_with_the_devkit, 1), (tars_of_classes, 1), (with_notes, 1)],
)  # fmt: skip
def test_downloads_are_read_in_the_shapes_that_they_have(small, arrange, workers):
    small.add_validation()
    if arrange is image_nets_tars_with_the_devkit:  # it counts from 1
        for path in (small.source / "val").glob("*/*"):
            path.rename(path.with_stem(f"ILSVRC2012_val_{int(path.stem[-8:]) + 1:08}"))
    arrange(small)
    content = small.read(ReadOptions(workers))
    check(content.splits["train"], list(range(23)))
    (batch,) = content.splits["validation"].batches
    assert batch["label"].tolist() == [3, 500]
    np.testing.assert_allclose(batch["image"][:, 100, 100, 0], [0, 10], atol=2)
    part = "(23 of 1,281,167 official training and 2 of 50,000 validation pictures)"
    assert content.description == f"ImageNet ILSVRC2012 {part}"


def test_all_classes_need_no_mapping(small, monkeypatch):
    """image-net.org has none: in ascending order, the classes' names tell their labels."""
    for wnid in WNIDS:
        (small.folder / wnid).mkdir(exist_ok=True)
        if wnid not in USED:
            (small.folder / wnid / "1.JPEG").write_bytes(picture(0))
    (small.source / imagenet.MAPPING).unlink()
    assert f"{imagenet.MAPPING} is neither there" in small.refused().cause  # other names
    md5 = hashlib.md5("".join(f"{wnid}\n" for wnid in WNIDS).encode()).hexdigest()
    monkeypatch.setattr(imagenet_classes, "WNIDS_MD5", md5)
    content = small.read()
    assert content.splits["train"].count + content.splits["validation"].count == 997 + 23
    (small.folder / WNIDS[7]).rename(small.source / ".away")
    assert f"{imagenet.MAPPING} is neither there" in small.refused().cause


def test_the_official_names_tell_their_labels(real_data):
    labels = imagenet.read_mapping(real_data / "imagenet" / imagenet.MAPPING)
    assert imagenet_classes.official_labels(labels) == labels


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda data: data.rstrip(b"\0"), "cut off"),
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: data[:-10_240], "cut off"),  # at the end of the last picture
        (lambda data: data[:522] + b"x" + data[523:], "damaged"),  # an inner header
        (lambda data: data[:3] + b"/../../x.tar" + data[15:], "damaged, cut off"),
        (lambda data: b"<html>404</html>", "no tar file"),
        (lambda data: b"", "no tar file"),
        (lambda data: data + b"x", None),  # after the end of the archive
    ],
)
def test_damaged_tar_files_are_noticed(small, damage, cause):
    small.add_validation()
    image_nets_tars(small)
    path = small.source / imagenet.TRAIN_TAR
    path.write_bytes(damage(path.read_bytes()))
    if cause is None:
        check(small.read().splits["train"], list(range(23)))
        return
    error = small.refused()
    assert error.path.is_relative_to(path)
    assert cause in error.cause


def test_a_damaged_photo_in_a_tar_file(small):
    path = small.folder / WNIDS[3] / f"{WNIDS[3]}_04.JPEG"
    path.write_bytes(picture(9)[:300])
    small.add_validation()
    image_nets_tars(small)
    where = small.source / imagenet.TRAIN_TAR / WNIDS[3] / path.name
    assert small.refused().path == where
    content = small.read(ReadOptions(leave_out_damaged=True))
    list(content.splits["train"].batches)
    assert content.splits["train"].left_out == [f"{WNIDS[3]}/{path.name}"]
    assert "(22 of 1,281,167 official training" in content.description


@pytest.mark.parametrize("name", ["../n10000000.tar", "/n10000000.tar", "notes.txt", "n1.tar"])
def test_tar_files_that_hold_what_does_not_belong(small, name):
    with tarfile.open(small.source / imagenet.TRAIN_TAR, "w") as archive:
        add(archive, name, class_tar(small.folder / WNIDS[3]))
    small.folder.rename(small.source / ".train")
    error = small.refused()
    assert f"{name!r} does not belong into this tar file" in error.cause


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_tar_files_are_refused(small, kind):
    with tarfile.open(small.source / imagenet.TRAIN_TAR, "w") as archive:
        entry = tarfile.TarInfo(f"{WNIDS[3]}.tar")
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    small.folder.rename(small.source / ".train")
    assert "does not belong into this tar file" in small.refused().cause


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (lambda text: text.replace("ImageId", "Id"), "line 1 is not"),
        (lambda text: text.replace(f",{WNIDS[9]} ", f",{WNIDS[8]} ", 1), "it has 51 pictures"),
        (lambda text: text.replace(f",{WNIDS[9]} ", ",n99999999 ", 1), "pictures of n"),
        (lambda text: text.replace(",n", ";n", 1), "line 2 does not begin like"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "it has 49 pictures of"),
    ],
)
def test_a_solution_that_is_not_official(small, edit, cause):
    small.add_validation()
    kaggles_tree(small)
    path = small.source / "LOC_val_solution.csv"
    path.write_text(edit(path.read_text()))
    error = small.refused()
    assert error.path == path
    assert cause in error.cause


def test_a_validation_picture_that_the_list_does_not_know(small):
    path = small.add_validation() / WNIDS[3] / "ILSVRC2012_val_00050001.JPEG"
    path.write_bytes(picture(1))
    kaggles_tree(small)
    assert small.refused().path.name == path.name


def test_a_damaged_devkit(small):
    small.add_validation()
    image_nets_tars_with_the_devkit(small)
    path = small.source / "ILSVRC2012_devkit_t12.tar.gz"
    path.write_bytes(path.read_bytes()[:2_000])
    error = small.refused()
    assert error.path == path
    assert "development kit is damaged" in error.cause


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
    flatten(small.add_validation())
    return small.source / "val"


def flat_and_sorted_validation(small) -> Path:
    path = small.add_validation() / "ILSVRC2012_val_00000009.JPEG"
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
        (flat_validation, "no list tells the classes", "one folder per class"),
        (flat_and_sorted_validation, "lies in no class folder", "one folder per class"),
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
