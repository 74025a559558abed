"""CelebA from its aligned pictures and attributes (Section 3.3.1 of the thesis).

Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild, ICCV 2015. For non-commercial
research only: the pictures may not be passed on.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.celeba_attributes import ATTRIBUTES, PICTURE_NAME, Attributes, read_attributes
from data_prep.checksums import describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.manifest import Feature
from data_prep.pictures import Picture, PictureFile, Size, picture_batches
from data_prep.sources import find_all, find_files, folders_of, is_note
from data_prep.zip_pictures import list_zip

FOLDER = "img_align_celeba"
ARCHIVE = f"{FOLDER}.zip"
# Kaggle's archive has the list as a table of commas.
LISTS = tuple(f"list_attr_celeba.{ending}" for ending in ("txt", "txt.gz", "csv", "csv.gz"))
# Kaggle's has the folder in a folder of its name, and other people's have none.
ENTRY = re.compile(f"({FOLDER}/){{0,2}}{PICTURE_NAME.pattern}", re.IGNORECASE)

# Section 3.3.1: 178 x 218 px; Section 3.4: 128 x 128 expected. Squashed, no crop: erratum E75.
SIZE = Size(128, 128, original=(178, 218))
# Keras's ImageDataGenerator(validation_split=0.1) as run: erratum E20.
VALIDATION_SHARE = 0.1
LARGEST_PICTURE = 2**20  # bytes; the official ones have some 10,000

FEATURES = {
    "image": Feature("uint8", (SIZE.height, SIZE.width, 3), "raw"),
    "attributes": Feature("bool", (len(ATTRIBUTES),), "raw"),
}
GET = (
    f"get {ARCHIVE} (Align&Cropped Images) and {LISTS[0]} from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (non-commercial research only), put both "
    f"into one folder ({FOLDER}/ with the unpacked pictures serves as well) and give it as "
    "--source DIR; the attributes' md5, every picture's size and, in the zip file, every "
    "picture's checksum will be checked"
)


class Official(NamedTuple):
    """The complete data set: number of pictures, md5 of the unpacked attributes (hex)."""

    count: int
    attributes_md5: str


# Section 3.3.1; the checksum as published with torchvision.
OFFICIAL = Official(202_599, "75e246fa4810816ffd6ee81facbd244c")


def read_official(source: Path, options: ReadOptions, official: Official = OFFICIAL) -> Content:
    """Check what is there; the pictures themselves are read while the splits are consumed.

    Args:
        source: The folder with `img_align_celeba.zip` (taken first, for its checksums) or
            `img_align_celeba/`, complete or a part of it, and the complete `list_attr_celeba.txt`
            or Kaggle's `.csv`; or folders that hold them.
        options: Number of workers; whether damaged pictures are left out.
        official: What the complete data set is; tests give their own small one.

    Raises:
        DataError: Something is missing, damaged, or not the official one.
    """
    listed = _find_attributes(source)
    place, pictures = _find_pictures(source)
    attributes = read_attributes(listed, official.attributes_md5)
    values = attributes.values[_rows(listed, pictures, attributes)]
    held_out = validation_count(len(pictures))
    sources = (listed,) if place.is_dir() else (listed, place)  # not 202,599 files one by one
    parts = {"train": slice(held_out, None), "validation": slice(held_out)}
    return Content(
        partial(_describe, complete=official.count),
        FEATURES,
        {name: _split(pictures[part], values[part], options) for name, part in parts.items()},
        tuple(map(describe_file, sources)),
    )


def validation_count(count: int) -> int:
    """How many of the first pictures, by name, are for validation (Keras rounds down)."""
    return int(VALIDATION_SHARE * count)


def _split(pictures: Sequence[Picture], values: np.ndarray, options: ReadOptions) -> SplitContent:
    left_out: list[str] = []
    batches = picture_batches(pictures, {"attributes": values}, SIZE, options, left_out)
    return SplitContent(len(pictures), batches, left_out)


def _describe(counts: Mapping[str, int], complete: int) -> str:
    count = sum(counts.values())
    part = "" if count == complete else f"{count:,} of {complete:,} "
    return f"CelebA ({part}official pictures)"


def _find_attributes(source: Path) -> Path:
    if not source.is_dir():
        there = "is a file, not a folder" if source.exists() else "does not exist"
        raise DataError(source, f"the source {there}", GET)
    for path in find_files(folders_of(source), LISTS):
        return path
    raise DataError(source / LISTS[0], "the attributes are missing in the source", GET)


def _find_pictures(source: Path) -> tuple[Path, Sequence[Picture]]:
    places = folders_of(source)
    archives, folders = find_files(places, [ARCHIVE]), find_all(places, [FOLDER])
    if archives:
        place, pictures = archives[0], list_zip(archives[0], ENTRY, LARGEST_PICTURE)
        pictures.sort(key=lambda picture: picture.name.lower())
    elif folders:
        place = _innermost(folders[0])
        pictures = [PictureFile(place, name) for name in sorted(_list_folder(place))]
    else:
        cause = f"the pictures are missing: neither {ARCHIVE} nor a folder {FOLDER} is there"
        raise DataError(source, cause, GET)
    if not validation_count(len(pictures)):
        cause = f"it holds {len(pictures)} pictures; with fewer than 10 there is no validation"
        raise DataError(place, cause, GET)
    return place, pictures


def _innermost(folder: Path) -> Path:
    """The folder itself, or the one of its name in it, which Kaggle's archive has."""
    inner = folder / FOLDER
    return inner if inner.is_dir() else folder


def _list_folder(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_note(entry.name):
                continue
            if not PICTURE_NAME.fullmatch(entry.name.lower()) or not entry.is_file():
                cause = "it is no picture named like 000001.jpg"
                raise DataError(entry.path, cause, f"leave only the pictures in {FOLDER}/")
            yield entry.name


def _rows(listed: Path, pictures: Sequence[Picture], attributes: Attributes) -> list[int]:
    rows: dict[int, Picture] = {}
    for picture in pictures:
        row = attributes.rows.get(picture.name.lower())
        if row is None:
            cause = f"there is no row for the picture {picture.name}"
            raise DataError(listed, cause, "is that picture from CelebA? Take it away if not")
        if row in rows:
            cause = f"the picture is there twice, as {rows[row].where} too"
            raise DataError(picture.where, cause, "take one of the two away")
        rows[row] = picture
    return list(rows)
