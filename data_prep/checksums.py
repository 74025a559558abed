"""Sizes and checksums of files."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from data_prep.opening import open_file


@dataclass(frozen=True)
class SourceFile:
    """A file that a data set was made from: its name, size in bytes and checksums (hex)."""

    file: str
    bytes: int
    md5: str
    sha256: str


def sha256(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with open_file(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def describe_file(path: Path) -> SourceFile:
    """Name, size and checksums of a file.

    MD5 is there because the official lists of checksums use it; it guards nothing.
    """
    with open_file(path) as stream:
        md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    # A name on the disk may be no UTF-8; the manifest is.
    name = os.fsencode(path.name).decode(errors="backslashreplace")
    return SourceFile(name, path.stat().st_size, md5, sha256(path))
