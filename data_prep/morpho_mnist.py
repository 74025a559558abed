"""Morpho-MNIST (Section 3.3.4): MNIST with six measures of each digit's form.

The measures are read from the official files where they are given, and measured otherwise. Source:
D. C. Castro, J. Tan, B. Kainz, E. Konukoglu, B. Glocker, Morpho-MNIST, JMLR 20(178), 2019.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from data_prep import mnist
from data_prep.checksums import describe_file
from data_prep.content import Batch, Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.manifest import Feature
from data_prep.mnist import OFFICIAL_FILES, OfficialFile
from data_prep.morphometry import COLUMNS, measure, read_csv
from data_prep.parallel import ordered
from data_prep.sources import find_files, folders_of

CSV_NAMES = {"train": "train-morpho.csv", "validation": "t10k-morpho.csv"}
BLOCK = 500  # images that a process measures at once

FEATURES = {**mnist.FEATURES, "morphometrics": Feature("float64", (len(COLUMNS),), "raw")}


def read_official(
    source: Path, options: ReadOptions, files: Sequence[OfficialFile] = OFFICIAL_FILES
) -> Content:
    """Read MNIST's official files, and the official measures of those splits that have them.

    Args:
        source: The folder that holds the files, or holds folders that hold them. Where it holds
            none of MNIST's, those in this package are read.
        options: The number of processes that measure.
        files: What MNIST's files must hold; tests give their own small ones.

    Raises:
        DataError: A file is missing, given twice, damaged or not the official one.
    """
    has_images = not source.is_dir() or mnist.are_in(source, files)
    images = mnist.read_official(source if has_images else mnist.PACKAGED, options, files)
    official = {name: _only(source, csv) for name, csv in CSV_NAMES.items()}
    splits = {}
    for name, split in images.splits.items():
        path = official[name]
        values = read_csv(path, split.count) if path else None
        splits[name] = SplitContent(split.count, _batches(split, values, options.workers))
    sources = tuple(describe_file(path) for path in official.values() if path)
    description = f"Morpho-MNIST ({_in_words(official)})"
    return Content(description, FEATURES, splits, images.sources + sources)


def read_packaged(options: ReadOptions) -> Content:
    """Measure the digits of MNIST's files in this package."""
    return read_official(mnist.PACKAGED, options)


def _batches(split: SplitContent, official: np.ndarray | None, workers: int) -> Iterator[Batch]:
    """Cut the split into blocks, each with its official measures or measured now."""
    blocks = [block for batch in split.batches for block in _blocks(batch)]
    if official is None:
        values = ordered(measure, (block["image"][..., 0] for block in blocks), workers)
    else:
        values = (official[start : start + BLOCK] for start in range(0, len(official), BLOCK))
    for block, rows in zip(blocks, values, strict=True):
        yield {**block, "morphometrics": rows}


def _blocks(batch: Batch) -> Iterator[Batch]:
    for start in range(0, len(batch["label"]), BLOCK):
        yield {name: values[start : start + BLOCK] for name, values in batch.items()}


def _only(source: Path, name: str) -> Path | None:
    """Where a table of this name is; of two, no checksum tells the right one."""
    tables = find_files(folders_of(source), [name])
    if len(tables) > 1:
        cause = f"{name} is there {len(tables)} times ({tables[0]}, {tables[1]})"
        raise DataError(source, cause, "give the folder that holds the right one as --source DIR")
    return tables[0] if tables else None


def _in_words(official: Mapping[str, Path | None]) -> str:
    measured = [name for name, path in official.items() if path is None]
    if not measured:
        return "official files"
    if len(measured) == len(official):
        return "official MNIST, measured here"
    return f"official files; {measured[0]} images measured here"
