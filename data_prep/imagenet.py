"""ImageNet (ILSVRC2012) from its class folders (Section 3.3.2 of the thesis).

Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 115, 2015. For
non-commercial research and education only.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.checksums import describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.manifest import Feature
from data_prep.pictures import PictureFile, Size, picture_batches

MAPPING = "LOC_synset_mapping.txt"
PARENTS = 3  # Kaggle's archive has the mapping three folders above ILSVRC/Data/CLS-LOC
CLASSES = 1_000  # Section 3.3.2
TRAIN_COUNT = 1_281_167  # Russakovsky et al., Table 2
VALIDATION_COUNT = 50_000
SUFFIXES = (".jpeg", ".jpg")  # in lower case
HELD_OUT = 10  # without the official validation set, every tenth picture serves as such

SIZE = Size(224, 224)  # Section 3.4.5 and Table 2; squashed, no crop: erratum E75
FEATURES = {
    "image": Feature("uint8", (SIZE.height, SIZE.width, 3), "raw"),
    "label": Feature("int64", (), "raw"),
}
GET = (
    "get ILSVRC2012 from https://image-net.org (account needed) or from Kaggle's "
    "imagenet-object-localization-challenge, for non-commercial research and education only; give "
    "the folder that holds train/<wnid>/*.JPEG, val/<wnid>/*.JPEG and Kaggle's "
    f"{MAPPING} as --source DIR"
)


class Listing(NamedTuple):
    """Pictures by name relative to a folder, "wnid/file", and their labels, int64 (n,)."""

    folder: Path
    names: list[str]
    labels: np.ndarray

    def every(self, rows: np.ndarray) -> "Listing":
        """The pictures in these rows."""
        return Listing(self.folder, [self.names[row] for row in rows], self.labels[rows])


def read_official(source: Path, options: ReadOptions) -> Content:
    """List and check what is there; the pictures are read while the splits are consumed.

    Args:
        source: The folder with `train/<wnid>/*.JPEG` or `<wnid>/*.JPEG`, complete or a part of it,
            and `val/<wnid>/*.JPEG`. Without `val`, every tenth training picture is held out.
        options: Number of workers; whether damaged pictures are left out.

    Raises:
        DataError: Something is missing, or not as it should be.
    """
    if not source.is_dir():
        there = "is a file, not a folder" if source.exists() else "does not exist"
        raise DataError(source, f"the source {there}", GET)
    mapping = _find_mapping(source)
    labels = read_mapping(mapping)
    folder = source / "train" if (source / "train").is_dir() else source
    train = list_pictures(folder, labels)
    official_validation = (source / "val").is_dir()
    if official_validation:
        validation = list_pictures(source / "val", labels)
    else:
        train, validation = hold_out(train)
    return Content(
        describe(len(train.names), len(validation.names), official_validation),
        FEATURES,
        {"train": _split(train, options), "validation": _split(validation, options)},
        (describe_file(mapping),),
    )


def read_mapping(path: Path) -> dict[str, int]:
    """Read the label of each class: the line number from 0, in ascending order of the wnids.

    Raises:
        DataError: A line is malformed or out of order, or there are not 1,000.
    """
    fix = f"put Kaggle's {MAPPING} there, unchanged"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    labels: dict[str, int] = {}
    last = ""
    for number, line in enumerate(lines, start=1):
        match = re.match(r"(n[0-9]{8})\b", line)
        if not match:
            cause = f"line {number:,} does not begin with a class like n01440764"
            raise DataError(path, cause, fix)
        if match[1] <= last:
            cause = f"line {number:,}: {match[1]} is there twice or out of the official order"
            raise DataError(path, cause, fix)
        labels[last := match[1]] = number - 1
    if len(labels) != CLASSES:
        raise DataError(path, f"it has {len(labels):,} classes instead of {CLASSES:,}", fix)
    return labels


def list_pictures(folder: Path, labels: dict[str, int]) -> Listing:
    """List the pictures in class folders, by class and name.

    Raises:
        DataError: There are none, or what is there does not belong to the classes.
    """
    wnids = _list_classes(folder, labels)
    names: list[str] = []
    counts = []
    for wnid in wnids:
        found = sorted(_picture_names(folder / wnid))
        names.extend(f"{wnid}/{name}" for name in found)
        counts.append(len(found))
    values = np.array([labels[wnid] for wnid in wnids], np.int64)
    return Listing(folder, names, np.repeat(values, counts))


def hold_out(pictures: Listing) -> tuple[Listing, Listing]:
    """Split off every tenth picture of the list for validation.

    Raises:
        DataError: There are fewer than ten.
    """
    if len(pictures.names) < HELD_OUT:
        cause = f"it holds {len(pictures.names)} pictures, too few to hold out every tenth"
        raise DataError(pictures.folder, cause, GET)
    rows = np.arange(len(pictures.names))
    held_out = rows % HELD_OUT == HELD_OUT - 1
    return pictures.every(rows[~held_out]), pictures.every(rows[held_out])


def describe(train: int, validation: int, official_validation: bool) -> str:
    """The words that tables and figures carry, from the numbers of pictures."""
    if not official_validation:
        part = f"{train + validation:,} of {TRAIN_COUNT:,} official training pictures"
        return f"ImageNet ILSVRC2012 ({part}; every tenth held out)"
    if (train, validation) == (TRAIN_COUNT, VALIDATION_COUNT):
        return "ImageNet ILSVRC2012 (official pictures)"
    return (
        f"ImageNet ILSVRC2012 ({train:,} of {TRAIN_COUNT:,} official training and "
        f"{validation:,} of {VALIDATION_COUNT:,} validation pictures)"
    )


def _split(listing: Listing, options: ReadOptions) -> SplitContent:
    left_out: list[str] = []
    # One at a time: a million paths are not to be in memory.
    pictures = (PictureFile(listing.folder, name) for name in listing.names)
    batches = picture_batches(pictures, {"label": listing.labels}, SIZE, options, left_out)
    return SplitContent(len(listing.names), batches, left_out)


def _find_mapping(source: Path) -> Path:
    folders = (source, *source.resolve().parents[:PARENTS])
    for folder in folders:
        if (folder / MAPPING).is_file():
            return folder / MAPPING
    cause = f"{MAPPING} is neither there nor in the {PARENTS} folders above"
    raise DataError(source / MAPPING, cause, GET)


def _list_classes(folder: Path, labels: dict[str, int]) -> list[str]:
    wnids = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and not entry.name.startswith(".") and entry.name != "val":
                wnids.append(entry.name)
            elif _is_picture(entry.name):
                fix = "sort the pictures into one folder per class, named by its wnid (n01440764)"
                raise DataError(entry.path, "it lies in no class folder", fix)
    unknown = sorted(set(wnids) - set(labels))
    if unknown:
        cause = f"the folder is none of the classes in {MAPPING}"
        raise DataError(folder / unknown[0], cause, GET)
    if not wnids:
        raise DataError(folder, "there are no class folders (n01440764, ...)", GET)
    return sorted(wnids)


def _picture_names(folder: Path) -> Iterator[str]:
    found = False
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):  # notes of file managers
                continue
            if not _is_picture(entry.name) or not entry.is_file():
                cause = f"it is no picture file (endings: {', '.join(SUFFIXES)}, in any case)"
                raise DataError(entry.path, cause, "leave only pictures in the class folders")
            found = True
            yield entry.name
    if not found:
        fix = "unpack this class again, or take the empty folder away"
        raise DataError(folder, "the class folder is empty", fix)


def _is_picture(name: str) -> bool:
    return name.isprintable() and name.lower().endswith(SUFFIXES)  # the manifest may name it
