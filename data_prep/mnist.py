"""MNIST from its four official files (Section 3.3.3 of the thesis)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.checksums import SourceFile, describe_file
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.idx import read_idx, unpacked_md5
from data_prep.manifest import Feature
from data_prep.sources import find_all, folders_of

DIGITS = range(10)
PACKAGED = Path(__file__).with_name("mnist_files")  # the four official files (NOTICE)


class OfficialFile(NamedTuple):
    """What an official file must hold.

    Attributes:
        name: As published.
        split: The split that it belongs to.
        feature: What it holds of each image.
        shape: Of its values.
        md5: Of the file, unpacked (hex).
    """

    name: str
    split: str
    feature: str
    shape: tuple[int, ...]
    md5: str


# Section 3.3.3: 60,000 training and 10,000 test images of 28 x 28 px. The models are validated on
# the test set (original code). These checksums are of what is in the files whose own, compressed,
# torchvision publishes (tests/data_prep/test_mnist.py).
OFFICIAL_FILES = (
    OfficialFile(
        "train-images-idx3-ubyte.gz",
        "train",
        "image",
        (60_000, 28, 28),
        "6bbc9ace898e44ae57da46a324031adb",
    ),
    OfficialFile(
        "train-labels-idx1-ubyte.gz",
        "train",
        "label",
        (60_000,),
        "a25bea736e30d166cdddb491f175f624",
    ),
    OfficialFile(
        "t10k-images-idx3-ubyte.gz",
        "validation",
        "image",
        (10_000, 28, 28),
        "2646ac647ad5339dbf082846283269ea",
    ),
    OfficialFile(
        "t10k-labels-idx1-ubyte.gz",
        "validation",
        "label",
        (10_000,),
        "27ae3e4e09519cfbb04c329615203637",
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
        source: The folder that holds the four files, packed or not, or folders that hold them.
        options: Nothing in them applies.
        files: What they must hold; tests give their own small ones.

    Raises:
        DataError: The folder or a file is missing, or a file is not the official one.
    """
    arrays: dict[str, dict[str, np.ndarray]] = {}
    sources = []
    for file, paths in zip(files, _find(source, files), strict=True):
        values, described = _read_first(paths, file, files)
        arrays.setdefault(file.split, {})[file.feature] = values
        sources.append(described)
    splits = {
        name: SplitContent(len(features["label"]), (_as_batch(**features),))
        for name, features in arrays.items()
    }
    return Content("MNIST (official files)", FEATURES, splits, tuple(sources))


def read_packaged(options: ReadOptions = ReadOptions()) -> Content:
    """Read the official files that this package holds, checked as any others are."""
    return read_official(PACKAGED, options)


def are_in(source: Path, files: Sequence[OfficialFile] = OFFICIAL_FILES) -> bool:
    """Whether a folder, or a folder in it, holds any file of an official name."""
    names = [spelling for file in files for spelling in _spellings(file.name)]
    return bool(find_all(folders_of(source), names))


def _as_batch(image: np.ndarray, label: np.ndarray) -> dict[str, np.ndarray]:
    return {"image": image[..., np.newaxis], "label": label.astype(np.int64)}


def _find(source: Path, files: Sequence[OfficialFile]) -> list[list[Path]]:
    names = ", ".join(file.name for file in files)
    fix = (
        f"give the folder that holds the official files ({names}, or the same unpacked) as "
        "--source DIR; `thesis-repro data fetch mnist` gets them"
    )
    if not source.exists():
        raise DataError(source, "the source folder does not exist", fix)
    if not source.is_dir():
        raise DataError(source, "the source is a file, not a folder", fix)
    # Kaggle's archive has each file in a folder of the file's name: folders come last.
    folders = folders_of(source)
    candidates = {
        file.name: sorted(find_all(folders, _spellings(file.name)), key=Path.is_dir)
        for file in files
    }
    missing = [name for name, paths in candidates.items() if not paths]
    if missing:
        raise DataError(source / missing[0], f"missing in the source: {', '.join(missing)}", fix)
    return list(candidates.values())


def _spellings(name: str) -> Iterator[str]:
    """An official name, and those of the same file in other archives and after unpacking."""
    packed = name.removesuffix(".gz")
    for stem in (packed, packed.replace("-idx", ".idx")):  # Kaggle's have a dot
        yield f"{stem}.gz"
        yield stem


def _read_first(
    paths: Sequence[Path], expected: OfficialFile, files: Sequence[OfficialFile]
) -> tuple[np.ndarray, SourceFile]:
    """The first that is the official file: Fashion-MNIST's have the same names."""
    errors = []
    for path in paths:
        try:
            return _read_checked(path, expected, files)
        except DataError as error:
            errors.append(error)
    raise errors[0]


def _read_checked(
    path: Path, expected: OfficialFile, files: Sequence[OfficialFile]
) -> tuple[np.ndarray, SourceFile]:
    values = read_idx(path)
    _check_shape(path, values.shape, expected, files)
    if expected.feature == "label" and values.max() not in DIGITS:
        position = int(np.argmax(values > DIGITS[-1]))
        cause = f"label number {position} is {values[position]}; digits are 0 to {DIGITS[-1]}"
        raise DataError(path, cause, "put the official file of MNIST's labels there")
    md5 = unpacked_md5(values)
    if md5 != expected.md5:
        cause = (
            f"md5 is {md5} (unpacked), the official file's is {expected.md5}: the structure is "
            "right, so this looks like another data set in the same layout (Fashion-MNIST, KMNIST)"
        )
        raise DataError(path, cause, "put MNIST's official file there, as downloaded")
    return values, describe_file(path)


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
