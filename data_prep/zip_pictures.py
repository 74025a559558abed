"""Pictures inside a zip file, read where they lie: nothing is ever unpacked to the disk.

An entry knows its place in the file, so a worker process reads it without the zip file's
directory, which takes 100 MB and a second for CelebA.
"""

import os
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

from data_prep.errors import DataError, os_errors, unreadable
from data_prep.opening import open_file
from data_prep.pictures import FIX as PICTURE_FIX
from data_prep.pictures import READ_FIX, DamagedPictureError
from data_prep.sources import is_note

# PKWARE's APPNOTE.TXT 4.3.7: signature, 22 bytes that the directory has too, then the lengths of
# the name and of the extra field.
LOCAL_HEADER = struct.Struct("<4s22xHH")
SIGNATURE = b"PK\x03\x04"
ENCRYPTED = 0x1  # bit 0 of an entry's flags (4.4.4)

FIX = "put the official zip file there, as downloaded"


class ZipPicture(NamedTuple):
    """A picture in a zip file.

    Attributes:
        archive: The zip file.
        entry: Name inside it.
        offset: Where the entry's own header begins (byte).
        packed: Bytes in the file.
        unpacked: Bytes of the picture.
        deflated: Whether it is compressed.
        crc: Checksum of the picture's bytes.
    """

    archive: Path
    entry: str
    offset: int
    packed: int
    unpacked: int
    deflated: bool
    crc: int

    @property
    def name(self) -> str:
        """The picture's name without the folder."""
        return self.entry.rpartition("/")[2]

    @property
    def where(self) -> Path:
        """The zip file and the entry, for messages."""
        return self.archive / self.entry

    def read(self) -> bytes:
        """The picture's bytes, checked against their checksum.

        Raises:
            DamagedPictureError: The entry is cut off or damaged.
            DataError: The zip file cannot be read.
        """
        with os_errors(self.archive, "it cannot be read", READ_FIX):
            packed = self._packed()
        try:
            # One byte more than the entry says at most, whatever the data would grow to.
            unpack = zlib.decompressobj(-zlib.MAX_WBITS).decompress
            data = unpack(packed, self.unpacked + 1) if self.deflated else packed
        except zlib.error as error:
            raise self._damaged(f"its compressed data are damaged ({error})") from error
        if len(data) != self.unpacked or zlib.crc32(data) != self.crc:
            raise self._damaged("its bytes do not fit its checksum in the zip file")
        return data

    def _packed(self) -> bytes:
        with open_file(self.archive) as stream:
            header = b""
            if 0 <= self.offset < os.fstat(stream.fileno()).st_size:
                stream.seek(self.offset)
                header = stream.read(LOCAL_HEADER.size)
            if len(header) < LOCAL_HEADER.size or not header.startswith(SIGNATURE):
                raise self._damaged("the zip file is damaged or cut off at this entry")
            _, name_length, extra_length = LOCAL_HEADER.unpack(header)
            # No checksum covers the names, but each is there twice.
            if stream.read(name_length) != self.entry.encode():
                raise self._damaged("the zip file's directory has another name for this entry")
            stream.seek(extra_length, os.SEEK_CUR)
            return stream.read(self.packed)

    def _damaged(self, cause: str) -> DamagedPictureError:
        return DamagedPictureError(self.where, cause, PICTURE_FIX)


def list_zip(archive: Path, pattern: re.Pattern[str], largest: int) -> list[ZipPicture]:
    """The pictures in a zip file, sorted by name.

    Args:
        archive: The zip file.
        pattern: What the whole name of every entry must match, but of folders and of the notes of
            file managers.
        largest: Bytes that a picture may have, packed and unpacked.

    Raises:
        DataError: The zip file is damaged, or holds an entry that does not belong there: outside
            of its folder, encrypted, twice, or far too large.
    """
    try:
        with open_file(archive) as file, zipfile.ZipFile(file) as opened:
            entries = opened.infolist()
    except OSError as error:
        raise unreadable(archive, error, FIX) from error
    except Exception as error:  # zipfile raises many kinds on a damaged directory
        cause = f"the zip file is damaged, cut off, or no zip file ({error})"
        raise DataError(archive, cause, FIX) from error
    pictures: dict[str, ZipPicture] = {}
    for entry in entries:
        if _stays_inside(entry.filename) and _holds_nothing(entry):
            continue
        _check(archive, entry, pattern, largest)
        if entry.filename in pictures:
            raise DataError(archive / entry.filename, "the zip file has this entry twice", FIX)
        pictures[entry.filename] = _picture(archive, entry)
    return [pictures[name] for name in sorted(pictures)]


def _picture(archive: Path, entry: zipfile.ZipInfo) -> ZipPicture:
    return ZipPicture(
        archive,
        entry.filename,
        entry.header_offset,
        entry.compress_size,
        entry.file_size,
        entry.compress_type == zipfile.ZIP_DEFLATED,
        entry.CRC,
    )


def _check(archive: Path, entry: zipfile.ZipInfo, pattern: re.Pattern[str], largest: int) -> None:
    name = entry.filename
    if not _stays_inside(name):
        cause = f"the entry {name!r} points outside of the zip file's folder"
    elif not pattern.fullmatch(name):
        cause = f"the entry {name!r} does not belong into this zip file"
    elif entry.flag_bits & ENCRYPTED:
        cause = f"the entry {name!r} is encrypted"
    elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        cause = f"the entry {name!r} is compressed in a way that the official file does not use"
    elif max(entry.file_size, entry.compress_size) > largest:
        cause = f"the entry {name!r} would unpack to {entry.file_size:,} bytes, no picture's size"
    else:
        return
    raise DataError(archive, cause, FIX)


def _holds_nothing(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() or any(map(is_note, entry.filename.split("/")))


def _stays_inside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." not in parts and parts[0] != "" and ":" not in parts[0]
