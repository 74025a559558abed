"""The CelebA reader: small data sets in the official layout, and real pictures."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep import celeba
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.content import ReadOptions
from data_prep.errors import DataError

COUNT = 23  # of 30 in the list: a part of the data set
LISTED = 30
SIGNS = np.random.default_rng(7).random((LISTED, 40)) < 0.4


def picture(number: int, size=(178, 218)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (10 * number, 0, 0)).save(stream, "JPEG")
    return stream.getvalue()


@dataclass
class SmallCeleba:
    """A source folder, with what its complete data set would be."""

    source: Path
    official: celeba.Official

    @property
    def folder(self) -> Path:
        return self.source / "img_align_celeba"

    @property
    def listed(self) -> Path:
        return self.source / "list_attr_celeba.txt"

    def read(self, options: ReadOptions = ReadOptions()):
        return celeba.read_official(self.source, options, self.official)

    def read_all(self) -> None:
        for split in self.read().splits.values():
            list(split.batches)

    def refused(self) -> DataError:
        with pytest.raises(DataError) as caught:
            self.read_all()
        return caught.value

    def to_zip(self) -> Path:
        """Move the pictures into the official zip file's layout."""
        path = self.source / "img_align_celeba.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.mkdir("img_align_celeba")
            for file in self.folder.iterdir():
                archive.write(file, f"img_align_celeba/{file.name}")
                file.unlink()
        self.folder.rmdir()
        return path


@pytest.fixture
def small(tmp_path) -> SmallCeleba:
    lines = [str(LISTED), " ".join(ATTRIBUTES) + " "]
    for number, signs in enumerate(SIGNS, start=1):
        values = " ".join(" 1" if sign else "-1" for sign in signs).lstrip()
        lines.append(f"{number:06}.jpg {values}")
    text = "".join(f"{line}\r\n" for line in lines).encode()
    (tmp_path / "list_attr_celeba.txt").write_bytes(text)
    official = celeba.Official(LISTED, hashlib.md5(text).hexdigest())
    result = SmallCeleba(tmp_path, official)
    result.folder.mkdir()
    for number in range(1, COUNT + 1):
        (result.folder / f"{number:06}.jpg").write_bytes(picture(number))
    return result


def arrays(split) -> dict[str, np.ndarray]:
    batches = list(split.batches)
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


@pytest.mark.parametrize("zipped", [False, True])
def test_first_tenth_by_name_is_validation(small, zipped):
    if zipped:
        small.to_zip()
    content = small.read()
    assert list(content.splits) == ["train", "validation"]
    for name, rows in {"train": slice(2, COUNT), "validation": slice(2)}.items():
        split = content.splits[name]
        values = arrays(split)
        assert split.count == len(values["image"]) == len(range(COUNT)[rows])
        assert values["image"].shape[1:] == (128, 128, 3)
        reds = values["image"][:, 64, 64, 0]
        np.testing.assert_allclose(reds, 10 * (np.arange(COUNT) + 1)[rows], atol=2)
        np.testing.assert_array_equal(values["attributes"], SIGNS[:COUNT][rows], strict=True)
        assert split.left_out == []


def test_official_numbers():
    """Erratum E20, and E05's 1,425 updates an epoch of 128 images: 182,340 for training."""
    held_out = celeba.validation_count(celeba.OFFICIAL.count)
    assert (held_out, celeba.OFFICIAL.count - held_out) == (20_259, 182_340)


def test_description_and_sources(small):
    content = small.read()
    assert content.description == "CelebA (23 of 30 official pictures)"
    assert [source.file for source in content.sources] == ["list_attr_celeba.txt"]
    assert small.to_zip().name in [source.file for source in small.read().sources]
    small.official = small.official._replace(count=COUNT)
    assert small.read().description == "CelebA (official pictures)"


def test_the_zip_file_comes_before_a_folder_unpacked_in_part(small):
    small.to_zip()
    small.folder.mkdir()
    (small.folder / "000001.jpg").write_bytes(picture(1))
    assert sum(split.count for split in small.read().splits.values()) == COUNT


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._000001.jpg"])
@pytest.mark.parametrize("zipped", [False, True])
def test_notes_of_file_managers_are_no_pictures(small, name, zipped):
    (small.folder / name).write_bytes(b"x")
    if zipped:
        with zipfile.ZipFile(small.to_zip(), "a") as archive:
            archive.writestr(f"__MACOSX/img_align_celeba/{name}", b"x")
    assert sum(split.count for split in small.read().splits.values()) == COUNT


def in_capitals(small):
    for path in small.folder.iterdir():
        path.rename(path.with_suffix(".JPG"))


def as_kaggle_has_it(small):
    """jessicali9530/celeba-dataset: a folder in a folder of its name, and a table of commas."""
    small.folder.rename(small.source / "inner")
    small.folder.mkdir()
    (small.source / "inner").rename(small.folder / small.folder.name)
    header, *rows = small.listed.read_text().splitlines()[1:]
    table = [",".join(("image_id", *header.split())), *(",".join(row.split()) for row in rows)]
    small.listed.with_suffix(".csv").write_text("\n".join(table) + "\n")
    small.listed.unlink()


def each_file_of_kaggle_s_by_itself(small):
    """What it packs alone is unpacked into a folder of the file's name."""
    as_kaggle_has_it(small)
    archive = small.source / "img_align_celeba.zip"
    archive.mkdir()
    small.folder.rename(archive / small.folder.name)
    table = (small.source / "list_attr_celeba.csv").rename(small.source / "table")
    (small.source / "list_attr_celeba.csv").mkdir()
    table.rename(small.source / "list_attr_celeba.csv" / "list_attr_celeba.csv")


def as_the_drive_has_it(small):
    for name, path in {"Img": small.folder, "Anno": small.listed}.items():
        (small.source / "CelebA" / name).mkdir(parents=True)
        path.rename(small.source / "CelebA" / name / path.name)


def zipped_by_a_mac(small):
    in_capitals(small)
    as_kaggle_has_it(small)
    inner = small.folder / small.folder.name
    (inner / "Thumbs.db").write_bytes(b"x")
    with zipfile.ZipFile(small.source / "img_align_celeba.zip", "w") as archive:
        for path in inner.iterdir():
            archive.write(path, path.relative_to(small.source))
            archive.writestr(f"__MACOSX/{path.relative_to(small.source)}", b"\0\5\x16\7")


@pytest.mark.parametrize(
    "arrange",
    [
        in_capitals,
        as_kaggle_has_it,
        each_file_of_kaggle_s_by_itself,
        as_the_drive_has_it,
        zipped_by_a_mac,
    ],
)
def test_downloads_are_read_in_the_shapes_that_they_have(small, arrange):
    expected = {name: arrays(split) for name, split in small.read().splits.items()}
    arrange(small)
    for name, split in small.read().splits.items():
        for feature, values in arrays(split).items():
            np.testing.assert_array_equal(values, expected[name][feature], strict=True)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_picture_given_twice(small, zipped):
    (small.folder / "000003.JPG").write_bytes(picture(4))
    if zipped:
        small.to_zip()
    error = small.refused()
    assert error.path.name in ("000003.JPG", "000003.jpg")
    assert "there twice" in error.cause


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_pictures(small, zipped, workers):
    for number in (1, 2, 20):
        (small.folder / f"{number:06}.jpg").write_bytes(picture(number)[:300])
    if zipped:
        small.to_zip()
    error = small.refused()
    assert error.path.name == "000020.jpg"  # training comes first
    assert error.path.parts[-2] == "img_align_celeba"
    content = small.read(ReadOptions(workers, leave_out_damaged=True))
    train = arrays(content.splits["train"])
    assert content.splits["train"].left_out == ["000020.jpg"]
    np.testing.assert_array_equal(train["attributes"], np.delete(SIGNS[2:COUNT], 17, axis=0))
    assert list(content.splits["validation"].batches) == []
    assert content.splits["validation"].left_out == ["000001.jpg", "000002.jpg"]


def test_not_the_aligned_pictures(small):
    (small.folder / "000004.jpg").write_bytes(picture(4, (409, 687)))
    error = small.refused()
    assert error.path == small.folder / "000004.jpg"
    assert "409 x 687 px, the official ones are 178 x 218 px" in error.cause


def test_picture_without_attributes(small):
    (small.folder / "000031.jpg").write_bytes(picture(1))
    error = small.refused()
    assert error.path == small.source / "list_attr_celeba.txt"
    assert "no row for the picture 000031.jpg" in error.cause


@pytest.mark.parametrize(
    "name", ["000001.png", "1.jpg", "notes.txt", "000001.jpg.part", "0000001.jpg"]
)
def test_foreign_files_among_the_pictures(small, name):
    (small.folder / name).write_bytes(b"x")
    error = small.refused()
    assert error.path == small.folder / name
    assert "leave only the pictures" in error.fix


def test_folder_named_like_a_picture(small):
    (small.folder / "000024.jpg").mkdir()
    assert small.refused().path == small.folder / "000024.jpg"


def test_too_few_for_a_validation(small):
    for number in range(10, COUNT + 1):
        (small.folder / f"{number:06}.jpg").unlink()
    error = small.refused()
    assert error.path == small.folder
    assert "holds 9 pictures" in error.cause


def test_zip_that_is_another(small):
    with zipfile.ZipFile(small.to_zip(), "a") as archive:
        archive.writestr("img_align_celeba/../../evil.jpg", picture(1))
    assert "points outside" in small.refused().cause


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda small: small.folder.rename(small.source / "pictures"), "pictures are missing"),
        (lambda small: (small.source / "list_attr_celeba.txt").unlink(), "attributes are missing"),
        (lambda small: small.source.rename(small.source.with_name("x")), "does not exist"),
    ],
)
def test_missing_pieces_say_what_to_get(small, damage, cause):
    damage(small)
    error = small.refused()
    assert cause in error.cause
    for words in ("img_align_celeba.zip", "list_attr_celeba.txt", "mmlab", "non-commercial"):
        assert words in error.fix
    assert "--source DIR" in error.fix
    assert "will be checked" in error.fix


def test_source_is_a_file(small):
    small.source = small.source / "list_attr_celeba.txt"
    assert "is a file, not a folder" in small.refused().cause


def test_real_pictures(real_data):
    folder = real_data / "celeba" / "img_align_celeba"
    content = celeba.read_official(real_data / "celeba", ReadOptions())
    assert content.description == "CelebA (2,031 of 202,599 official pictures)"
    assert [content.splits[name].count for name in ("train", "validation")] == [1_828, 203]
    validation = arrays(content.splits["validation"])
    names = sorted(path.name for path in folder.iterdir())
    for row in (0, 100, 202):
        with Image.open(folder / names[row]) as image:
            expected = image.resize((128, 128), Image.Resampling.LANCZOS)
        np.testing.assert_array_equal(validation["image"][row], np.asarray(expected))
    # Seen in the first picture of the data set: a smiling young woman with brown hair.
    shown = dict(zip(ATTRIBUTES, validation["attributes"][0].tolist(), strict=True))
    assert shown["Smiling"]
    assert shown["Young"]
    assert shown["Brown_Hair"]
    assert not shown["Male"]
