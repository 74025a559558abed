"""ImageNet (ILSVRC2012) from its class folders or tar files (Section 3.3.2 of the thesis).

Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 115, 2015. For
non-commercial research and education only.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.checksums import describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.imagenet_classes import (
    DEVKIT,
    MAPPING,
    SOLUTION,
    VALIDATION_COUNT,
    official_labels,
    read_devkit,
    read_mapping,
    read_solution,
)
from data_prep.manifest import Feature
from data_prep.pictures import Picture, PictureFile, Size, picture_batches
from data_prep.sources import find_files, is_note
from data_prep.tar_pictures import Member, TarPicture, list_tar, list_tars_in

PARENTS = 3  # Kaggle's archive has the mapping three folders above ILSVRC/Data/CLS-LOC
ROOTS = ("", "CLS-LOC", "Data/CLS-LOC", "ILSVRC/Data/CLS-LOC")  # where Kaggle's has the pictures
TRAIN_TAR, VALIDATION_TAR = "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar"
TRAIN_COUNT = 1_281_167  # Russakovsky et al., Table 2
SUFFIXES = (".jpeg", ".jpg")  # in lower case
CLASS_TAR = re.compile(r"n[0-9]{8}\.tar")
IN_TAR = re.compile(r"[ -.0-~]+\.jpe?g", re.IGNORECASE)  # ASCII that can be printed, but no "/"
NO_CLASSES = ("val", DEVKIT, f"{DEVKIT}.tar.gz", MAPPING, SOLUTION)  # folders beside the classes'
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
    f"{MAPPING}, or Kaggle's archive unpacked, or image-net.org's {TRAIN_TAR}, {VALIDATION_TAR} "
    f"and {DEVKIT}.tar.gz, as --source DIR"
)


class Listing(NamedTuple):
    """Pictures in the order of their classes and names.

    Attributes:
        place: The folder that holds them, the tar file, or the folder of the classes' tar files.
        names: Their names in it; "class/file" where they lie by class.
        labels: int64 (n,).
        in_tar: First byte and number of bytes of each in its tar file, int64 (n, 2), if in one.
    """

    place: Path
    names: list[str]
    labels: np.ndarray
    in_tar: np.ndarray | None = None

    def every(self, rows: np.ndarray) -> "Listing":
        """The pictures in these rows."""
        in_tar = None if self.in_tar is None else self.in_tar[rows]
        names = [self.names[row] for row in rows]
        return Listing(self.place, names, self.labels[rows], in_tar)

    def pictures(self) -> Iterator[Picture]:
        """One at a time: a million of them are not to be in memory."""
        if self.in_tar is None:
            yield from (PictureFile(self.place, name) for name in self.names)
            return
        is_one_tar = self.place.is_file()
        for name, (offset, size) in zip(self.names, self.in_tar.tolist(), strict=True):
            archive = self.place if is_one_tar else self.place / f"{name.partition('/')[0]}.tar"
            yield TarPicture(archive, name, offset, size)


def read_official(source: Path, options: ReadOptions) -> Content:
    """List and check what is there; the pictures are read while the splits are consumed.

    Args:
        source: The folder of the data set, complete or a part of it, in one of these forms:
            `train/<wnid>/*.JPEG` or `<wnid>/*.JPEG`, and `val/<wnid>/*.JPEG` or `val/*.JPEG`;
            Kaggle's archive with the same in `ILSVRC/Data/CLS-LOC`; image-net.org's tar files,
            or the classes' tar files in `train`. Without validation pictures, every tenth
            training picture is held out.
        options: Number of workers; whether damaged pictures are left out.

    Raises:
        DataError: Something is missing, or not as it should be.
    """
    if not source.is_dir():
        there = "is a file, not a folder" if source.exists() else "does not exist"
        raise DataError(source, f"the source {there}", GET)
    root = next((source / path for path in ROOTS if (source / path / "train").is_dir()), source)
    folders = (source, root, *source.resolve().parents[:PARENTS])
    mapping = _find(folders, MAPPING)
    train, labels = _list_training(source, root, mapping)
    validation = _list_validation(source, root, labels, folders)
    is_official = validation is not None
    if validation is None:
        train, validation = hold_out(train)
    return Content(
        lambda counts: describe(counts["train"], counts["validation"], is_official),
        FEATURES,
        {"train": _split(train, options), "validation": _split(validation, options)},
        (describe_file(mapping),) if mapping else (),
    )


def _find(folders: Iterable[Path], name: str) -> Path | None:
    """The first file of this name, in the folders or in one of its own name in them."""
    places = (place for folder in folders for place in (folder, folder / name))
    return next(iter(find_files(places, [name])), None)


# === Training pictures: by class, in folders or tar files ===


def _list_training(
    source: Path, root: Path, mapping: Path | None
) -> tuple[Listing, dict[str, int]]:
    folder, archive = root / "train", source / TRAIN_TAR
    if not folder.is_dir() and archive.is_file():
        by_class = list_tars_in(archive, CLASS_TAR, IN_TAR)
        labels = _labels(source, mapping, archive, by_class)
        return _in_tars(archive, by_class, labels), labels
    folder = folder if folder.is_dir() else source
    wnids = _list_classes(folder)
    if not wnids and (tars := _list_class_tars(folder)):
        labels = _labels(source, mapping, folder, tars)
        by_class = {wnid: list_tar(folder / f"{wnid}.tar", IN_TAR) for wnid in tars}
        return _in_tars(folder, by_class, labels), labels
    labels = _labels(source, mapping, folder, wnids)
    return _in_folders(folder, wnids, labels), labels


def _labels(
    source: Path, mapping: Path | None, place: Path, wnids: Collection[str]
) -> dict[str, int]:
    """The label of each class; the names of all of them tell it without the mapping, too."""
    labels = read_mapping(mapping) if mapping else official_labels(wnids)
    if labels is None:
        cause = f"{MAPPING} is neither there nor in the {PARENTS} folders above"
        raise DataError(source / MAPPING, cause, GET)
    _check_classes(place, wnids, labels)
    return labels


def _check_classes(place: Path, wnids: Collection[str], labels: Mapping[str, int]) -> None:
    if not wnids:
        raise DataError(place, "there are no class folders (n01440764, ...)", GET)
    unknown = sorted(set(wnids) - set(labels))
    if unknown:
        raise DataError(place / unknown[0], "it is none of the classes of ImageNet", GET)


def _in_folders(folder: Path, wnids: list[str], labels: Mapping[str, int]) -> Listing:
    names: list[str] = []
    counts = []
    for wnid in wnids:
        pictures = sorted(_picture_names(folder / wnid))
        names.extend(f"{wnid}/{name}" for name in pictures)
        counts.append(len(pictures))
    values = np.array([labels[wnid] for wnid in wnids], np.int64)
    return Listing(folder, names, np.repeat(values, counts))


def _in_tars(
    place: Path, by_class: Mapping[str, list[Member]], labels: Mapping[str, int]
) -> Listing:
    names: list[str] = []
    in_tar: list[tuple[int, int]] = []
    values: list[int] = []
    for wnid in sorted(by_class):
        members = by_class[wnid]
        if not members:
            raise DataError(place / f"{wnid}.tar", "the tar file is empty", GET)
        names.extend(f"{wnid}/{member.name}" for member in members)
        in_tar.extend((member.offset, member.size) for member in members)
        values.extend([labels[wnid]] * len(members))
    return Listing(place, names, np.array(values, np.int64), np.array(in_tar, np.int64))


def hold_out(pictures: Listing) -> tuple[Listing, Listing]:
    """Split off every tenth picture of the list for validation.

    Raises:
        DataError: There are fewer than ten.
    """
    if len(pictures.names) < HELD_OUT:
        cause = f"it holds {len(pictures.names)} pictures, too few to hold out every tenth"
        raise DataError(pictures.place, cause, GET)
    rows = np.arange(len(pictures.names))
    held_out = rows % HELD_OUT == HELD_OUT - 1
    return pictures.every(rows[~held_out]), pictures.every(rows[held_out])


# === Validation pictures: by class, or side by side with their classes in a list ===


def _list_validation(
    source: Path, root: Path, labels: dict[str, int], folders: Iterable[Path]
) -> Listing | None:
    folder, archive = root / "val", source / VALIDATION_TAR
    if folder.is_dir():
        names = [entry.name for entry in os.scandir(folder) if not is_note(entry.name)]
        if not names or not all(map(_is_picture, names)):
            wnids = _list_classes(folder)
            _check_classes(folder, wnids, labels)
            return _in_folders(folder, wnids, labels)
        listing = Listing(folder, names, _validation_labels(folder, names, labels, folders))
    elif archive.is_file():
        members = list_tar(archive, IN_TAR)
        names = [member.name for member in members]
        places = np.array([(member.offset, member.size) for member in members], np.int64)
        values = _validation_labels(archive, names, labels, folders)
        listing = Listing(archive, names, values, places)
    else:
        return None
    # As in class folders, so that the same pictures are the same data set.
    return listing.every(np.lexsort((listing.names, listing.labels)))


def _validation_labels(
    place: Path, names: list[str], labels: dict[str, int], folders: Iterable[Path]
) -> np.ndarray:
    solution = _find(folders, SOLUTION)
    unpacked = (folder / DEVKIT for folder in folders)
    devkit = _find(folders, f"{DEVKIT}.tar.gz") or next(filter(Path.is_dir, unpacked), None)
    if solution is None and devkit is None:
        cause = f"no list tells the classes of its pictures, neither {SOLUTION} nor the devkit"
        fix = (
            f"put Kaggle's {SOLUTION} or image-net.org's {DEVKIT}.tar.gz into the source, or sort "
            "the pictures into one folder per class, named by its wnid (n01440764)"
        )
        raise DataError(place, cause, fix)
    listed = solution or devkit
    wnids = read_solution(listed, labels) if solution else read_devkit(listed, labels)
    unknown = next((name for name in names if Path(name).stem not in wnids), None)
    if unknown:
        cause = f"{listed} does not tell the class of this picture"
        raise DataError(place / unknown, cause, "take it away, or give its official name back")
    return np.array([labels[wnids[Path(name).stem]] for name in names], np.int64)


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
    columns = {"label": listing.labels}
    batches = picture_batches(listing.pictures(), columns, SIZE, options, left_out)
    return SplitContent(len(listing.names), batches, left_out)


def _list_classes(folder: Path) -> list[str]:
    wnids = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_note(entry.name):
                continue
            if entry.is_dir() and entry.name not in NO_CLASSES:
                wnids.append(entry.name)
            elif _is_picture(entry.name):
                fix = "sort the pictures into one folder per class, named by its wnid (n01440764)"
                raise DataError(entry.path, "it lies in no class folder", fix)
    return sorted(wnids)


def _list_class_tars(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("n*.tar") if CLASS_TAR.fullmatch(path.name))


def _picture_names(folder: Path) -> Iterator[str]:
    found = False
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_note(entry.name):
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
