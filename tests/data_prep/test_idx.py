"""The IDX reader against bytes written by hand."""

import gzip

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.idx import read_idx

# Two images of 2 x 3 px, as the format's description has them.
HEADER = bytes.fromhex("00000803 00000002 00000002 00000003")
VALUES = bytes(range(250, 256)) + bytes(range(6))


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize("name", ["images.gz", "images"])
@pytest.mark.parametrize("pack", [packed, bytes], ids=["packed", "plain"])
def test_reads_what_the_format_says_packed_or_not_whatever_the_name(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(HEADER + VALUES))
    values = read_idx(path)
    expected = [[[250, 251, 252], [253, 254, 255]], [[0, 1, 2], [3, 4, 5]]]
    np.testing.assert_array_equal(values, np.array(expected, np.uint8), strict=True)


WHOLE = packed(HEADER + VALUES)
NOISE = np.random.default_rng(0).integers(0, 256, 4096, dtype=np.uint8).tobytes()
LONG = packed(bytes.fromhex("00000801 00001000") + NOISE)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty"),
        (b"\x1f\x8b", "cut off"),
        (WHOLE[:-1], "cut off"),
        (LONG[:2000], "cut off"),
        (b"PK\x03\x04" + WHOLE, "neither an IDX nor a gzip file"),
        (b"<html>404</html>", "neither an IDX nor a gzip file"),
        (HEADER + VALUES[:-1], "promises 12 values (2 x 2 x 3), there are 11"),
        (HEADER + VALUES + b"\0", "more bytes follow after the 12 values"),
        (LONG[:2000] + bytes([LONG[2000] ^ 1]) + LONG[2001:], "damaged"),
        (WHOLE[:-8] + bytes(4) + WHOLE[-4:], "damaged"),  # a CRC that does not fit
        (WHOLE + b"more", "followed by foreign bytes"),
        (packed(b""), "magic number is 0x,"),
        (packed(b"PNG\r" + VALUES), "magic number is 0x504e470d"),
        (packed(bytes.fromhex("00000d03") + HEADER[4:] + VALUES), "magic number is 0x00000d03"),
        (packed(bytes.fromhex("00000800")), "magic number"),
        (packed(HEADER[:9]), "header is cut off"),
        (packed(HEADER + VALUES[:-1]), "promises 12 values (2 x 2 x 3), there are 11"),
        (packed(HEADER + VALUES + b"\0"), "more bytes follow after the 12 values"),
        (packed(b"\0\0\x08\x03" + b"\xff" * 12), "cannot be right"),
        (packed(b"\0\0\x08\x01" + bytes([7, 0, 0, 0])), "asks for 117,440,512 bytes"),
    ],
)
def test_names_file_cause_and_fix(tmp_path, content, cause):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert caught.value.path == path
    assert cause in caught.value.cause
    assert "official file" in str(caught.value)


@pytest.mark.parametrize(
    "make", [lambda path: None, lambda path: path.mkdir()], ids=["missing", "folder"]
)
def test_unreadable(tmp_path, make):
    path = tmp_path / "labels.gz"
    make(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(path)
