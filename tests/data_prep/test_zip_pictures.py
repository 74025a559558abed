"""Pictures in zip files: against Python's own zipfile, and zip files made to do harm."""

import io
import re
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.pictures import DamagedPictureError
from data_prep.zip_pictures import ZipPicture, list_zip

PATTERN = re.compile(r"faces/[0-9]{6}\.jpg")
LARGEST = 5_000
NOISE = np.random.default_rng(0).integers(0, 64, 3_000, dtype=np.uint8).tobytes()
CONTENTS = {
    "faces/000002.jpg": b"second" + NOISE,
    "faces/000001.jpg": b"first" + NOISE,
    "faces/000003.jpg": b"",
}
CENTRAL = b"PK\x01\x02"  # how an entry of the directory at the end begins


def packed(contents, compression=zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path):
    def write(data: bytes):
        (tmp_path / "faces.zip").write_bytes(data)
        return tmp_path / "faces.zip"

    return write


def refused(path) -> DataError:
    with pytest.raises(DataError) as caught:
        list_zip(path, PATTERN, LARGEST)
    assert caught.value.path.is_relative_to(path)
    assert "official zip file" in caught.value.fix
    return caught.value


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("before", [b"", b"bytes in front, as in a self-extracting file"])
def test_reads_what_zipfile_reads(write, compression, before):
    folder = [("faces/", b"")]
    path = write(before + packed([*folder, *CONTENTS.items()], compression))
    pictures = list_zip(path, PATTERN, LARGEST)
    assert [picture.entry for picture in pictures] == sorted(CONTENTS)
    assert [picture.name for picture in pictures] == ["000001.jpg", "000002.jpg", "000003.jpg"]
    assert pictures[0].where == path / "faces" / "000001.jpg"
    with zipfile.ZipFile(path) as archive:
        for picture in pictures:
            assert picture.read() == archive.read(picture.entry) == CONTENTS[picture.entry]


def test_reads_entries_written_as_a_stream(write):
    """Sizes then stand behind the entry and in the directory only, and extra fields are longer."""

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    stream = Pipe()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("faces/000001.jpg", "w", force_zip64=True) as entry,
    ):
        entry.write(NOISE)
    (picture,) = list_zip(write(stream.getvalue()), PATTERN, LARGEST)
    assert picture.read() == NOISE


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("../000001.jpg", "points outside"),
        ("faces/../../000001.jpg", "points outside"),
        ("faces/../..", "points outside"),
        ("faces/../", "points outside"),
        ("/etc/000001.jpg", "points outside"),
        ("..\\000001.jpg", "points outside"),
        ("C:/000001.jpg", "points outside"),
        ("other/000001.jpg", "does not belong"),
        ("faces/faces/000001.jpg", "does not belong"),
        ("faces/000001.png", "does not belong"),
        ("faces/000001.jpg\n", "does not belong"),
    ],
)
def test_names_that_do_not_belong(write, name, cause):
    error = refused(write(packed([*CONTENTS.items(), (name, b"x")])))
    assert cause in error.cause
    assert repr(name) in error.cause


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_entry_twice(write):
    error = refused(write(packed([*CONTENTS.items(), ("faces/000001.jpg", b"other")])))
    assert "twice" in error.cause
    assert error.path.name == "000001.jpg"


def test_entry_without_a_name(write):
    data = bytearray(packed(CONTENTS.items()))
    lengths = data.index(CENTRAL) + 28  # of name, extra field and comment (APPNOTE.TXT 4.3.12)
    data[lengths : lengths + 6] = struct.pack("<HHH", 0, 0, len("faces/000001.jpg"))
    assert "'' points outside" in refused(write(data)).cause


def test_encrypted_entry(write):
    data = bytearray(packed(CONTENTS.items()))
    data[data.index(CENTRAL) + 8] |= 1  # APPNOTE.TXT 4.3.12 and 4.4.4
    assert "encrypted" in refused(write(data)).cause


def test_zip_bomb(write):
    data = packed([("faces/000001.jpg", bytes(10**7))], zipfile.ZIP_DEFLATED)
    assert "would unpack to 10,000,000 bytes" in refused(write(data)).cause


@pytest.mark.parametrize("stated", [0, 100])
def test_zip_bomb_that_lies_about_its_size(write, stated):
    data = bytearray(packed([("faces/000001.jpg", bytes(4_000_000))], zipfile.ZIP_DEFLATED))
    place = data.index(CENTRAL) + 24
    data[place : place + 4] = struct.pack("<I", stated)
    (picture,) = list_zip(write(data), PATTERN, LARGEST)
    tracemalloc.start()
    with pytest.raises(DamagedPictureError, match="do not fit its checksum"):
        picture.read()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 200_000  # the 4,000,000 bytes never were in memory


def test_foreign_compression(write):
    data = packed([("faces/000001.jpg", NOISE)], zipfile.ZIP_LZMA)
    assert "official file does not use" in refused(write(data)).cause


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>404</html>", packed(CONTENTS.items())[:-30], packed(CONTENTS.items())[:500]],
)
def test_no_zip_file(write, data):
    assert "damaged, cut off, or no zip file" in refused(write(data)).cause


def test_missing_file_and_folder(tmp_path):
    assert "cannot be read" in refused(tmp_path / "faces.zip").cause
    (tmp_path / "faces.zip").mkdir()
    assert "cannot be read" in refused(tmp_path / "faces.zip").cause


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_changed_bytes_are_a_damaged_picture(write, compression):
    data = bytearray(packed(CONTENTS.items(), compression))
    data[200] ^= 1  # inside the first entry
    damaged = list_zip(write(data), PATTERN, LARGEST)[1]
    assert damaged.entry == "faces/000002.jpg"
    with pytest.raises(DamagedPictureError, match=r"checksum|compressed data") as caught:
        damaged.read()
    assert caught.value.path == damaged.where
    assert "--leave-out-damaged" in caught.value.fix


def test_entry_that_is_not_where_the_directory_says(write):
    path = write(packed(CONTENTS.items()))
    entry = list_zip(path, PATTERN, LARGEST)[0]
    for offset in (entry.offset + 1, path.stat().st_size - 10, -5, 2**63 - 1, 2**64 - 1):
        with pytest.raises(DamagedPictureError, match="damaged or cut off at this entry"):
            entry._replace(offset=offset).read()


def test_entry_of_another_name_than_in_the_directory(write):
    """One flipped bit, covered by no checksum, and a picture would get another one's attributes."""
    data = packed(CONTENTS.items())
    directory = data.index(CENTRAL)
    for start in (0, directory):
        place = data.index(b"000002", start) + 5
        path = write(data[:place] + b"6" + data[place + 1 :])
        (damaged,) = (p for p in list_zip(path, PATTERN, LARGEST) if p.unpacked == len(NOISE) + 6)
        with pytest.raises(DamagedPictureError, match="another name for this entry"):
            damaged.read()


def test_zip_file_that_vanished(tmp_path):
    picture = ZipPicture(tmp_path / "faces.zip", "faces/000001.jpg", 0, 5, 5, False, 0)
    with pytest.raises(DataError, match="cannot be read") as caught:
        picture.read()
    assert not isinstance(caught.value, DamagedPictureError)  # or all would be left out
