"""Prepare, verify and list data sets."""

import hashlib
import importlib
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from data_prep.content import Content, ReadOptions
from data_prep.errors import READ_FIX, WRITE_FIX, DataError, os_errors
from data_prep.folders import (
    AT_HAND,
    RESIZED,
    Resized,
    folder,
    has_official_files,
    hidden_place,
    is_filled,
    is_made_up,
    official_folder,
    prepare_command,
    replacing,
    ways_to_prepare,
)
from data_prep.layout import Layout
from data_prep.manifest import Manifest, SplitEntry, write_manifest
from data_prep.reading import again, layout_of, open_manifest, open_shards
from data_prep.records import write_split
from data_prep.resizing import read_prepared
from data_prep.writable import try_writing

# What can change the images or the files; their versions are written into the manifest.
TOOLS = ("numpy", "scipy", "pillow", "scikit-learn")

# Told what is going on, how many images are done, and how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Dataset:
    """How a data set is prepared.

    Attributes:
        title: Name for people.
        read_official: Reads and checks the official files in a folder.
        make: Makes the images without any file of the user's: the stand-in, or the data set itself
            where it is at hand.
    """

    title: str
    read_official: Callable[[Path, ReadOptions], Content]
    make: Callable[[ReadOptions], Content]


@dataclass(frozen=True)
class Listed:
    """One folder found by `listing`: its manifest, or the problem with it."""

    dataset: str
    title: str
    is_stand_in: bool
    folder: Path
    manifest: Manifest | None
    problem: DataError | None


def _late(module: str, function: str) -> Callable[..., Content]:
    """A reader whose module is imported when it is called: some need a second for that."""

    def read(*arguments: Path | ReadOptions) -> Content:
        return getattr(importlib.import_module(f"data_prep.{module}"), function)(*arguments)

    return read


def _dataset(title: str, official: str, made: str, making: str = "read_stand_in") -> Dataset:
    return Dataset(title, _late(official, "read_official"), _late(made, making))


DATASETS: Mapping[str, Dataset | Resized] = {
    "mnist": _dataset("MNIST", "mnist", "mnist", "read_packaged"),
    "morpho-mnist": _dataset("Morpho-MNIST", "morpho_mnist", "morpho_mnist", "read_packaged"),
    "dsprites": _dataset("dSprites", "dsprites", "dsprites", "render_all"),
    "celeba": _dataset("CelebA", "celeba", "faces"),
    "imagenet": _dataset("ImageNet", "imagenet", "dead_leaves"),
    **RESIZED,
}


def _silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


def prepare(
    dataset: str,
    data_dir: Path,
    source: Path | None = None,
    stand_in: bool = False,
    *,
    options: ReadOptions = ReadOptions(),
    progress: Progress = _silent,
    datasets: Mapping[str, Dataset | Resized] = DATASETS,
) -> Manifest:
    """Write a data set's TFRecords and manifest; an older folder is replaced once all is done.

    Args:
        dataset: Id in `datasets`.
        data_dir: Where prepared data sets lie; made if needed.
        source: Folder of the official files, `<data_dir>/official/<dataset>` if it exists and
            none is given; not for the stand-in, nor for what is resized.
        stand_in: Make the stand-in instead.
        options: How to read.
        progress: Called now and then.
        datasets: What can be prepared; tests give their own.

    Raises:
        DataError: The source is missing or wrong, or nothing can be written. What was there
            before stays as it was.
    """
    entry = _find(dataset, data_dir, datasets)
    target = folder(data_dir, dataset, stand_in)
    with os_errors(data_dir, "it cannot be written", WRITE_FIX):
        try_writing(hidden_place(target))  # before hours of reading
    content = _read(entry, dataset, data_dir, source, stand_in, options)
    with os_errors(data_dir, "it cannot be written", WRITE_FIX), replacing(target) as partial:
        _check_room(target, partial, content)
        manifest = _write(partial, dataset, entry.title, stand_in, content, progress)
        _refuse_empty(target, manifest)
        verify_files(partial, manifest, again(dataset, data_dir, stand_in), progress)
    return manifest


def verify(
    dataset: str, data_dir: Path, stand_in: bool = False, progress: Progress = _silent
) -> Manifest:
    """Read every byte of a prepared data set again and hold it against its manifest.

    Raises:
        DataError: Anything is missing, changed or too much.
    """
    manifest = open_manifest(dataset, data_dir, stand_in)
    location = folder(data_dir, dataset, stand_in)
    verify_files(location, manifest, again(dataset, data_dir, stand_in), progress)
    return manifest


def listing(data_dir: Path) -> list[Listed]:
    """The prepared data sets in a folder, damaged ones with their problem.

    Looks at manifests and file sizes only; `verify` reads the bytes. Folders that do not exist
    or are empty are left out.

    Raises:
        DataError: The folder cannot be looked into.
    """
    with os_errors(data_dir, "it cannot be read", READ_FIX):
        return [
            _look(dataset, entry.title, data_dir, stand_in)
            for dataset, entry in DATASETS.items()
            for stand_in in ((False,) if dataset in AT_HAND else (False, True))
            if is_filled(folder(data_dir, dataset, stand_in))
        ]


def verify_files(
    location: Path, manifest: Manifest, fix: str, progress: Progress = _silent
) -> None:
    """Hold every file in a folder against the manifest, a few records in memory at a time.

    Raises:
        DataError: A file, a count or the content differs; `fix` goes into the message.
    """
    layout = layout_of(manifest, location, fix)
    for name, split in manifest.splits.items():
        advance = _counter(progress, f"verify {name}", split.count)
        if _digests(location, split, layout, fix, advance) != split.content:
            raise DataError(location, f"the values of split {name!r} are not the manifest's", fix)


def _find(
    dataset: str, data_dir: Path, datasets: Mapping[str, Dataset | Resized]
) -> Dataset | Resized:
    if dataset not in datasets:
        known = ", ".join(datasets)
        raise DataError(data_dir, f"there is no data set {dataset!r}", f"choose one of: {known}")
    return datasets[dataset]


def _read(
    entry: Dataset | Resized,
    dataset: str,
    data_dir: Path,
    source: Path | None,
    stand_in: bool,
    options: ReadOptions,
) -> Content:
    if stand_in and source is not None:
        cause = "the stand-in is made without files, yet a source was given"
        raise DataError(source, cause, "give either --source DIR or --stand-in")
    if isinstance(entry, Resized):
        if source is not None:
            cause = f"{dataset} is made from the prepared {entry.origin}, yet a source was given"
            raise DataError(source, cause, "leave --source out")
        return read_prepared(entry, data_dir, stand_in, options)
    official = official_folder(data_dir, dataset)
    made_up = is_made_up(dataset, stand_in)
    if source is None and not made_up and has_official_files(data_dir, dataset):
        source = official
    if made_up or (source is None and dataset in AT_HAND):
        return entry.make(options)
    if source is None:
        instead = prepare_command(dataset, data_dir, stand_in=True)
        cause = "no source was given, and no official files are here"
        fix = f"run {ways_to_prepare(dataset, data_dir)} or {instead}"
        raise DataError(official, cause, fix)
    with os_errors(source, "the source cannot be read", "check --source DIR and its permissions"):
        return entry.read_official(source, options)


def _check_room(target: Path, partial: Path, content: Content) -> None:
    """Say before hours of work that their result will not fit."""
    stride = Layout(content.features).stride
    needed = stride * sum(split.count for split in content.splits.values())
    free = shutil.disk_usage(partial).free
    if needed > free:
        cause = f"it needs {_size(needed)}, {_size(free)} are free on its disk"
        raise DataError(target, cause, WRITE_FIX)


def _size(number: int) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.1f} MB"


def _write(
    partial: Path,
    dataset: str,
    title: str,
    stand_in: bool,
    content: Content,
    progress: Progress,
) -> Manifest:
    splits = {
        name: write_split(
            partial, name, split, content.features, _counter(progress, f"write {name}", split.count)
        )
        for name, split in content.splits.items()
    }
    manifest = Manifest(
        dataset=dataset,
        title=title,
        description=content.description,
        is_stand_in=is_made_up(dataset, stand_in),
        features=content.features,
        splits=splits,
        sources=content.sources,
        tools=_versions(),
        resized_from=content.resized_from,
    )
    write_manifest(manifest, partial)
    return manifest


def _refuse_empty(target: Path, manifest: Manifest) -> None:
    for name, split in manifest.splits.items():
        if split.left_out and not split.count:
            cause = f"all {len(split.left_out):,} pictures for {name} are damaged"
            raise DataError(target, cause, "get the official pictures anew")


def _counter(progress: Progress, what: str, total: int) -> Callable[[int], None]:
    """Turn numbers of images done since the last call into numbers of images done in all."""
    done = 0

    def advance(images: int) -> None:
        nonlocal done
        done += images
        progress(what, done, total)

    return advance


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


def _digests(
    location: Path,
    split: SplitEntry,
    layout: Layout,
    fix: str,
    advance: Callable[[int], None],
) -> dict[str, str]:
    digests = {feature: hashlib.sha256() for feature in layout.names}
    for shard in open_shards(location, split, layout, fix, check=True):
        for batch in shard.batches():
            for feature, values in batch.items():
                digests[feature].update(values)
            advance(len(values))
    return {feature: digest.hexdigest() for feature, digest in digests.items()}
