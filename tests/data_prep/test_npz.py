"""Arrays out of `.npz` files: what NumPy wrote comes back, anything else ends in a DataError."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from data_prep.errors import DataError
from data_prep.npz import read_array, read_blocks

VALUES = np.random.default_rng(5).integers(0, 2, (25, 4, 4), dtype=np.uint8)


def npy(array, **options) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


@pytest.fixture(params=[np.savez, np.savez_compressed])
def path(request, tmp_path):
    request.param(tmp_path / "values.npz", imgs=VALUES)
    return tmp_path / "values.npz"


def read(path, key="imgs", dtype="uint8", shape=(4, 4), block=10, largest=100):
    return np.concatenate(list(read_blocks(path, key, dtype, shape, block, largest)))


def test_blocks(path):
    blocks = list(read_blocks(path, "imgs", "uint8", (4, 4), 10, 100))
    assert [len(block) for block in blocks] == [10, 10, 5]
    np.testing.assert_array_equal(np.concatenate(blocks), VALUES, strict=True)
    np.testing.assert_array_equal(
        read_array(path, "imgs", "uint8", (4, 4), 100), VALUES, strict=True
    )


def test_a_file_written_by_python_2(tmp_path):
    """Its header has long integers; NumPy warns of them, and the official file may have them."""
    data = npy(VALUES).replace(b"(25, 4, 4), }  ", b"(25L, 4L, 4L), }")
    assert b"25L" in data
    header_length = int.from_bytes(npy(VALUES)[8:10], "little")
    data = data[:8] + (header_length + 1).to_bytes(2, "little") + data[10:]
    np.testing.assert_array_equal(read(with_member(tmp_path, data)), VALUES)


def with_member(tmp_path, data: bytes, name="imgs.npy"):
    with zipfile.ZipFile(tmp_path / "made.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return tmp_path / "made.npz"


class Trap:
    """Fails the test if it is ever unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


BAD = {
    "pickled": (npy(np.array([Trap()], object), allow_pickle=True), "is pickled, which is never"),
    "type": (npy(VALUES.astype(np.int16)), "is int16 of shape"),
    "shape": (npy(VALUES[:, :3]), r"\(25, 3, 4\).*expected is uint8 of shape \(n, 4, 4\)"),
    "flat": (npy(VALUES.ravel()), r"of shape \(400,\)"),
    "order": (npy(np.asfortranarray(VALUES)), "Fortran's order"),
    "no rows": (npy(VALUES[:0]), "has 0 rows; there are 1 to 100"),
    "many rows": (npy(np.zeros((101, 4, 4), np.uint8)), "has 101 rows"),
    "cut off": (npy(VALUES)[:-1], "EOFError: it is cut off"),
    "too long": (npy(VALUES) + b"x", "more bytes follow"),
    "no header": (b"", "cannot be read"),
    "foreign": (b"<html>" * 100, "magic"),
    "version": (b"\x93NUMPY\x09\x00" + npy(VALUES)[8:], "cannot be read"),
    "huge header": (b"\x93NUMPY\x02\x00" + b"\xff" * 4 + bytes(10**8), "version"),
    "huge number": (npy(VALUES).replace(b"(25, 4, 4), }", b"0x" + b"9" * 9_000), "cannot be read"),
    "code": (npy(VALUES).replace(b"False", b"exit("), "cannot be read"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_members(tmp_path, case):
    data, cause = BAD[case]
    path = with_member(tmp_path, data)
    tracemalloc.start()
    with pytest.raises(DataError, match=cause) as caught:
        read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.path == path
    assert most < 10**7


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_a_method_that_the_bytes_were_not_compressed_by(tmp_path, method):
    np.savez(tmp_path / "values.npz", imgs=np.tile(VALUES, (100, 1, 1)))
    data = bytearray((tmp_path / "values.npz").read_bytes())
    for header, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):  # APPNOTE.TXT 4.3.7, 4.3.12
        data[data.index(header) + place] = method
    (tmp_path / "values.npz").write_bytes(data)
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "values.npz", largest=2_500)


def test_missing_key_names_what_is_there(tmp_path):
    path = with_member(tmp_path, npy(VALUES), "latents_values.npy")
    with pytest.raises(DataError, match=r"no array 'imgs' in it, but latents_values\.npy"):
        read(path)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "nowhere.npz")


def test_a_folder_in_its_place(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path)


def test_a_flipped_byte_of_the_values_is_found_by_the_checksum(tmp_path):
    np.savez(tmp_path / "values.npz", imgs=VALUES)
    data = bytearray((tmp_path / "values.npz").read_bytes())
    position = data.index(VALUES.tobytes()) + 200
    data[position] ^= 1
    (tmp_path / "values.npz").write_bytes(data)
    with pytest.raises(DataError, match="CRC"):
        read(tmp_path / "values.npz")
