"""Official files in the shapes that downloads have: folders in folders, notes of file managers."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

DEEPEST = 2  # folders below the source: torchvision's MNIST/raw, CelebA's Img and Anno
# What macOS and Windows leave in folders and in the archives that they make.
NOTES = frozenset({"__macosx", ".ds_store", "thumbs.db", "desktop.ini"})


def is_note(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a file manager's note."""
    return (name.startswith(".") and name != "..") or name.lower() in NOTES


def folders_of(source: Path) -> list[Path]:
    """The source and the folders up to `DEEPEST` below it, what lies higher first."""
    levels = [[source]]
    for _ in range(DEEPEST):
        levels.append([inner for folder in levels[-1] for inner in _folders_in(folder)])
    return [folder for level in levels for folder in level]


def find_all(folders: Iterable[Path], names: Iterable[str]) -> list[Path]:
    """The files and folders of these names in these folders, by folder and then by name."""
    names = tuple(names)
    return [folder / name for folder in folders for name in names if (folder / name).exists()]


def find_files(folders: Iterable[Path], names: Iterable[str]) -> list[Path]:
    """The files alone: Kaggle's single files are unpacked into folders of their names."""
    return [path for path in find_all(folders, names) if path.is_file()]


def _folders_in(folder: Path) -> list[Path]:
    names = []
    with suppress(PermissionError), os.scandir(folder) as entries:
        names += [entry.name for entry in entries if entry.is_dir() and not is_note(entry.name)]
    return [folder / name for name in sorted(names)]
