"""MNIST from its four official files (Section 3.3.3 of the thesis)."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.checksums import SourceFile, describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.idx import read_idx
from data_prep.manifest import Feature

DIGITS = range(10)


class OfficialFile(NamedTuple):
    """What an official file must hold: its split and feature, its shape, its md5 (hex)."""

    name: str
    split: str
    feature: str
    shape: tuple[int, ...]
    md5: str


# Section 3.3.3: 60,000 training and 10,000 test images of 28 x 28 px. The models are validated on
# the test set (original code). Checksums of the compressed files as published with torchvision.
OFFICIAL_FILES = (
    OfficialFile(
        "train-images-idx3-ubyte.gz",
        "train",
        "image",
        (60_000, 28, 28),
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    ),
    OfficialFile(
        "train-labels-idx1-ubyte.gz",
        "train",
        "label",
        (60_000,),
        "d53e105ee54ea40749a09fcbcd1e9432",
    ),
    OfficialFile(
        "t10k-images-idx3-ubyte.gz",
        "validation",
        "image",
        (10_000, 28, 28),
        "9fb629c4189551a2d022fa330f9573f3",
    ),
    OfficialFile(
        "t10k-labels-idx1-ubyte.gz",
        "validation",
        "label",
        (10_000,),
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
)

# One grey channel; where a network takes three (Listing 1), reading repeats it: erratum E01.
FEATURES = {
    "image": Feature("uint8", (28, 28, 1), "raw"),
    "label": Feature("int64", (), "raw"),
}


def read_official(
    source: Path,
    options: ReadOptions = ReadOptions(),
    files: Sequence[OfficialFile] = OFFICIAL_FILES,
) -> Content:
    """Read and check the official files.

    Args:
        source: The folder that holds the four `.gz` files.
        options: Nothing in them applies.
        files: What they must hold; tests give their own small ones.

    Raises:
        DataError: The folder or a file is missing, or a file is not the official one.
    """
    _check_folder(source, files)
    arrays: dict[str, dict[str, np.ndarray]] = {}
    sources = []
    for file in files:
        values, described = _read_checked(source / file.name, file, files)
        arrays.setdefault(file.split, {})[file.feature] = values
        sources.append(described)
    splits = {
        name: SplitContent(len(features["label"]), (_as_batch(**features),))
        for name, features in arrays.items()
    }
    return Content("MNIST (official files)", FEATURES, splits, tuple(sources))


def _as_batch(image: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    return {"image": image[..., np.newaxis], "label": label.astype(np.int64)}


def _check_folder(source: Path, files: Sequence[OfficialFile]) -> None:
    names = ", ".join(file.name for file in files)
    fix = f"give the folder that holds the official files ({names}) as --source DIR"
    if not source.exists():
        raise DataError(source, "the source folder does not exist", fix)
    if not source.is_dir():
        raise DataError(source, "the source is a file, not a folder", fix)
    missing = [file.name for file in files if not (source / file.name).exists()]
    if missing:
        raise DataError(source / missing[0], f"missing in the source: {', '.join(missing)}", fix)


def _read_checked(
    path: Path, expected: OfficialFile, files: Sequence[OfficialFile]
) -> tuple[np.ndarray, SourceFile]:
    values = read_idx(path)
    _check_shape(path, values.shape, expected, files)
    if expected.feature == "label" and values.max() not in DIGITS:
        position = int(np.argmax(values > DIGITS[-1]))
        cause = f"label number {position} is {values[position]}; digits are 0 to {DIGITS[-1]}"
        raise DataError(path, cause, "put the official file of MNIST's labels there")
    described = describe_file(path)
    if described.md5 != expected.md5:
        cause = (
            f"md5 is {described.md5}, the official file's is {expected.md5}: the structure is "
            "right, so this looks like another data set in the same layout (Fashion-MNIST, "
            "KMNIST), or like the file packed again"
        )
        raise DataError(path, cause, "put MNIST's official file there, as downloaded")
    return values, described


def _check_shape(
    path: Path, shape: tuple[int, ...], expected: OfficialFile, files: Sequence[OfficialFile]
) -> None:
    if shape == expected.shape:
        return
    cause = f"it holds {_in_words(shape)}; expected are {_in_words(expected.shape)}"
    seems = [file.name for file in files if file.shape == shape]
    if seems:
        fix = f"were files exchanged? By its contents this is {seems[0]}: give it its own name"
        raise DataError(path, f"{cause}; it seems to be {seems[0]}", fix)
    raise DataError(path, cause, "put MNIST's official file there")


def _in_words(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]:,} labels"
    return f"{shape[0]:,} images of {' x '.join(map(str, shape[1:]))}"
