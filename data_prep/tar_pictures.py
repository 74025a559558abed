"""Pictures inside tar files, read where they lie: nothing is ever unpacked to the disk.

A tar file without compression, and one inside another, keep each picture in one piece, so that a
worker process reads it by its place and size in the outermost file.
"""

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from data_prep.errors import DataError, os_errors, unreadable
from data_prep.opening import open_file
from data_prep.pictures import FIX as PICTURE_FIX
from data_prep.pictures import LARGEST_FILE, READ_FIX, DamagedPictureError
from data_prep.sources import is_note

FIX = "put the official tar file there, as downloaded"


class TarPicture(NamedTuple):
    """A picture in a tar file.

    Attributes:
        archive: The tar file.
        name: The picture's name inside it; of one in a tar file in it, "class/name".
        offset: Where its bytes begin in `archive`.
        size: Their number.
    """

    archive: Path
    name: str
    offset: int
    size: int

    @property
    def where(self) -> Path:
        """The tar file and the picture, for messages."""
        return self.archive / self.name

    def read(self) -> bytes:
        """The picture file's bytes.

        Raises:
            DataError: The tar file cannot be read, or has become shorter.
        """
        with (
            os_errors(self.archive, "it cannot be read", READ_FIX),
            open_file(self.archive) as stream,
        ):
            stream.seek(self.offset)
            data = stream.read(self.size)
        if len(data) < self.size:
            raise DamagedPictureError(self.where, "the tar file is cut off here", PICTURE_FIX)
        return data


class Member(NamedTuple):
    """A file in a tar file: name, first byte in the outermost file, number of bytes."""

    name: str
    offset: int
    size: int


def list_tar(archive: Path, pattern: re.Pattern[str]) -> list[Member]:
    """The pictures in a tar file, sorted by name.

    Args:
        archive: The tar file.
        pattern: What the name of every file must match, but of the notes of file managers.

    Raises:
        DataError: The tar file is damaged, or holds what does not belong there.
    """
    with os_errors(archive, "it cannot be read", READ_FIX), open_file(archive) as stream:
        return _members(stream, archive, pattern, LARGEST_FILE)


def list_tars_in(
    archive: Path, tars: re.Pattern[str], pattern: re.Pattern[str]
) -> dict[str, list[Member]]:
    """The pictures in each tar file in a tar file, by the inner ones' names without their ending.

    Args:
        archive: The tar file.
        tars: What the inner ones' names must match.
        pattern: What the names of the files in those must match.

    Raises:
        DataError: One of them is damaged, or holds what does not belong there.
    """
    with os_errors(archive, "it cannot be read", READ_FIX), open_file(archive) as stream:
        size = archive.stat().st_size
        by_tar = {}
        for inner in _members(stream, archive, tars, size):
            part = _Part(stream, inner.offset, inner.size)
            members = _members(part, archive / inner.name, pattern, LARGEST_FILE)
            by_tar[Path(inner.name).stem] = [
                Member(member.name, inner.offset + member.offset, member.size) for member in members
            ]
        return by_tar


class _Part:
    """A stretch of a file as a file of its own, as `tarfile` reads one."""

    def __init__(self, stream: IO[bytes], start: int, size: int):
        self._stream, self._start, self._size, self._place = stream, start, size, 0

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        self._place = place

    def read(self, size: int) -> bytes:
        self._stream.seek(self._start + self._place)
        data = self._stream.read(max(0, min(size, self._size - self._place)))
        self._place += len(data)
        return data


def _members(
    stream: IO[bytes] | _Part, where: Path, pattern: re.Pattern[str], largest: int
) -> list[Member]:
    members: dict[str, Member] = {}
    for entry in _entries(stream, where):
        name = entry.name.removeprefix("./")
        if entry.isdir() or any(map(is_note, name.split("/"))):
            continue
        if not entry.isreg() or entry.issparse() or not pattern.fullmatch(name):
            raise DataError(where, f"{name!r} does not belong into this tar file", FIX)
        if entry.size > largest:
            raise DataError(where, f"{name!r} has {entry.size:,} bytes, no picture's size", FIX)
        if name in members:
            raise DataError(where, f"{name!r} is in the tar file twice", FIX)
        members[name] = Member(name, entry.offset_data, entry.size)
    return [members[name] for name in sorted(members)]


def _entries(stream: IO[bytes] | _Part, where: Path) -> Iterator[tarfile.TarInfo]:
    try:
        with tarfile.open(fileobj=stream, mode="r:") as opened:
            yield from opened
            # `tarfile` takes whatever is no header for the end; the end is blocks of zeros.
            stream.seek(opened.offset)
            if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it ends early")
    except OSError as error:
        raise unreadable(where, error, FIX) from error
    except Exception as error:  # tarfile raises many kinds on damaged headers
        cause = f"the tar file is damaged, cut off, or no tar file ({error})"
        raise DataError(where, cause, FIX) from error
