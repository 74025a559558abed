"""Prepare, verify and list data sets."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from data_prep import mnist
from data_prep.content import Content
from data_prep.errors import READ_FIX, WRITE_FIX, DataError, os_errors, prepare_command
from data_prep.folders import folder, replacing
from data_prep.manifest import Manifest, SplitEntry, write_manifest
from data_prep.reading import again, open_manifest
from data_prep.records import read_shard, write_split

# What can change the images or the files; their versions are written into the manifest.
TOOLS = ("tensorflow", "numpy", "pillow", "scikit-learn")


@dataclass(frozen=True)
class Dataset:
    """How a data set is prepared.

    Attributes:
        title: Name for people.
        read_official: Reads and checks the official files in a folder.
        read_stand_in: Makes the stand-in; needs no files.
    """

    title: str
    read_official: Callable[[Path], Content]
    read_stand_in: Callable[[], Content]


@dataclass(frozen=True)
class Listed:
    """One folder found by `listing`: its manifest, or the problem with it."""

    dataset: str
    title: str
    is_stand_in: bool
    folder: Path
    manifest: Manifest | None
    problem: DataError | None


def _digits() -> Content:
    from data_prep import (
        digits,
    )  # scikit-learn takes a second to import; only the stand-in needs it

    return digits.read_stand_in()


DATASETS: Mapping[str, Dataset] = {"mnist": Dataset("MNIST", mnist.read_official, _digits)}


def prepare(
    dataset: str,
    data_dir: Path,
    source: Path | None = None,
    stand_in: bool = False,
    *,
    datasets: Mapping[str, Dataset] = DATASETS,
) -> Manifest:
    """Write a data set's TFRecords and manifest; an older folder is replaced once all is done.

    Args:
        dataset: Id in `datasets`.
        data_dir: Where prepared data sets lie; made if needed.
        source: Folder of the official files; not for the stand-in.
        stand_in: Make the stand-in instead.
        datasets: What can be prepared; tests give their own.

    Raises:
        DataError: The source is missing or wrong, or nothing can be written. What was there
            before stays as it was.
    """
    entry = _find(dataset, data_dir, datasets)
    content = _read(entry, dataset, data_dir, source, stand_in)
    target = folder(data_dir, dataset, stand_in)
    with os_errors(data_dir, "it cannot be written", WRITE_FIX), replacing(target) as partial:
        manifest = _write(partial, dataset, entry.title, stand_in, content)
        verify_files(partial, manifest, again(dataset, data_dir, stand_in))
    return manifest


def verify(dataset: str, data_dir: Path, stand_in: bool = False) -> Manifest:
    """Read every byte of a prepared data set again and hold it against its manifest.

    Raises:
        DataError: Anything is missing, changed or too much.
    """
    manifest = open_manifest(dataset, data_dir, stand_in)
    location = folder(data_dir, dataset, stand_in)
    verify_files(location, manifest, again(dataset, data_dir, stand_in))
    return manifest


def listing(data_dir: Path) -> list[Listed]:
    """Return the prepared data sets in a folder, damaged ones with their problem.

    Looks at manifests and file sizes only; `verify` reads the bytes. Folders that do not exist
    are left out.

    Raises:
        DataError: The folder cannot be looked into.
    """
    with os_errors(data_dir, "it cannot be read", READ_FIX):
        return [
            _look(dataset, entry.title, data_dir, stand_in)
            for dataset, entry in DATASETS.items()
            for stand_in in (False, True)
            if folder(data_dir, dataset, stand_in).exists()
        ]


def verify_files(location: Path, manifest: Manifest, fix: str) -> None:
    """Hold every file in a folder against the manifest, one file in memory at a time.

    Raises:
        DataError: A file, a count or the content differs; `fix` goes into the message.
    """
    for name, split in manifest.splits.items():
        count, content = _measure(location, manifest, split, fix)
        if count != split.count:
            cause = f"split {name!r} has {count:,} images, the manifest says {split.count:,}"
            raise DataError(location, cause, fix)
        if content != split.content:
            raise DataError(location, f"the values of split {name!r} are not the manifest's", fix)


def _find(dataset: str, data_dir: Path, datasets: Mapping[str, Dataset]) -> Dataset:
    if dataset not in datasets:
        known = ", ".join(datasets)
        raise DataError(data_dir, f"there is no data set {dataset!r}", f"choose one of: {known}")
    return datasets[dataset]


def _read(
    entry: Dataset, dataset: str, data_dir: Path, source: Path | None, stand_in: bool
) -> Content:
    if stand_in and source is not None:
        cause = "the stand-in is made without files, yet a source was given"
        raise DataError(source, cause, "give either --source DIR or --stand-in")
    if stand_in:
        return entry.read_stand_in()
    if source is None:
        official, made_up = (prepare_command(dataset, data_dir, flag) for flag in (False, True))
        fix = f"run {official} (DIR holds the official files) or {made_up}"
        raise DataError(folder(data_dir, dataset, stand_in), "no source was given", fix)
    with os_errors(source, "the source cannot be read", "check --source DIR and its permissions"):
        return entry.read_official(source)


def _write(partial: Path, dataset: str, title: str, stand_in: bool, content: Content) -> Manifest:
    splits = {
        name: write_split(partial, name, split, content.features)
        for name, split in content.splits.items()
    }
    manifest = Manifest(
        dataset=dataset,
        title=title,
        description=content.description,
        is_stand_in=stand_in,
        features=content.features,
        splits=splits,
        sources=content.sources,
        tools=_versions(),
    )
    write_manifest(manifest, partial)
    return manifest


def _versions() -> dict[str, str]:
    python = ".".join(map(str, sys.version_info[:3]))
    return {"python": python} | {tool: metadata.version(tool) for tool in TOOLS}


def _look(dataset: str, title: str, data_dir: Path, stand_in: bool) -> Listed:
    manifest, problem = None, None
    try:
        manifest = open_manifest(dataset, data_dir, stand_in)
    except DataError as error:
        problem = error
    location = folder(data_dir, dataset, stand_in)
    return Listed(dataset, title, stand_in, location, manifest, problem)


def _measure(
    location: Path, manifest: Manifest, split: SplitEntry, fix: str
) -> tuple[int, dict[str, str]]:
    digests = {feature: hashlib.sha256() for feature in manifest.features}
    count = 0
    for shard in split.shards:
        found = read_shard(location, shard, manifest.features, fix)
        count += found.count
        for feature, digest in digests.items():
            digest.update(found.columns[feature])
    return count, {feature: digest.hexdigest() for feature, digest in digests.items()}
