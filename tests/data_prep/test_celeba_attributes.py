"""The attributes: small lists in the official layout, and the official list itself."""

import gzip
import hashlib

import numpy as np
import pytest

from data_prep.celeba import OFFICIAL
from data_prep.celeba_attributes import ATTRIBUTES, read_attributes
from data_prep.errors import DataError

SIGNS = np.random.default_rng(5).random((12, 40)) < 0.4
NAMES = " ".join(ATTRIBUTES) + " "  # the official line ends in a blank


def row(number: int, signs: np.ndarray) -> str:
    return f"{number:06}.jpg " + " ".join(" 1" if sign else "-1" for sign in signs).lstrip()


LINES = ["12", NAMES, *(row(number, signs) for number, signs in enumerate(SIGNS, start=1))]
TEXT = "".join(f"{line}\r\n" for line in LINES).encode()
TABLE = "\n".join(  # as Kaggle's
    [",".join(("image_id", *ATTRIBUTES)), *(",".join(line.split()) for line in LINES[2:]), ""]
).encode()
MD5 = hashlib.md5(TEXT).hexdigest()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list.txt", TEXT),
        ("list.txt", TEXT.replace(b"\r\n", b"\n")),
        ("list.txt", TEXT.removesuffix(b"\r\n")),
        ("list.txt.gz", gzip.compress(TEXT)),
        ("list.txt.gz", gzip.compress(TEXT.replace(b"\r\n", b"\n"))),
        ("list.txt", TEXT.replace(b"  ", b" ")),
        ("list.txt", TEXT.replace(b" \r\n", b"\n")),
        ("list.txt", TEXT.replace(b" ", b"\t")),
        ("list.txt", b"\xef\xbb\xbf" + TEXT),
        ("list.csv", TABLE),
        ("list.csv", TABLE.replace(b"\n", b"\r\n")),
        ("list.csv.gz", gzip.compress(TABLE)),
    ],
)
def test_reads_rows_whatever_is_between_their_values(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    attributes = read_attributes(tmp_path / name, MD5)
    np.testing.assert_array_equal(attributes.values, SIGNS, strict=True)
    assert attributes.rows == {f"{number:06}.jpg": number - 1 for number in range(1, 13)}


def changed(number: int, line: str | None) -> bytes:
    """The list with line `number` (from 1) exchanged or taken out."""
    lines = LINES[: number - 1] + ([] if line is None else [line]) + LINES[number:]
    return "\n".join(lines).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "line 1 is neither the number of rows"),
        (b"image_id,5_o_Clock_Shadow\n", "line 1 is neither the number of rows"),
        (changed(1, "-12"), "line 1 is neither the number of rows"),
        (changed(1, "9999999999"), "line 1 is neither the number of rows"),
        (TABLE.replace(b"Male,", b""), "line 1 is neither the number of rows nor the header of"),
        (TABLE.replace(b"000007.jpg,", b"000007.jpg;"), "line 8 does not begin"),
        (TABLE[:-4], "line 13 (000012.jpg)"),
        (b"12\n", "line 2 does not hold the 40 official names"),
        (changed(2, NAMES.replace("Male ", "")), "line 2 does not hold"),
        (changed(2, NAMES.replace("Male Mouth", "Mouth Male")), "line 2 does not hold"),
        (changed(7, None), "line 1 promises 12 rows, there are 11"),
        (changed(14, LINES[13] + "\n" + row(13, SIGNS[0])), "12 rows, there are 13"),
        (changed(7, row(2, SIGNS[4])), "line 7: 000002.jpg is there already, in line 4"),
        (changed(7, ""), "line 7 does not begin with a name like 000001.jpg"),
        (changed(7, LINES[6].replace(".jpg", ".png")), "line 7 does not begin"),
        (changed(7, LINES[6].replace("000005", "../005")), "line 7 does not begin"),
        (changed(7, LINES[6][:-2]), "line 7 (000005.jpg) has 39 values instead of 40"),
        (changed(7, LINES[6] + " 1"), "line 7 (000005.jpg) has 41 values"),
        (changed(7, LINES[6][:-2] + " 0"), "line 7 (000005.jpg): Young is '0', not 1 or -1"),
        (TEXT[:-70], "line 14"),
        (TEXT.replace(b"Male", b"M\xe4nn"), "byte 2"),
    ],
)
def test_malformed_names_the_line(tmp_path, content, cause):
    path = tmp_path / "list_attr_celeba.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_attributes(path, MD5)
    assert caught.value.path == path
    assert cause in caught.value.cause
    assert "official list_attr_celeba.txt" in caught.value.fix


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (gzip.compress(TEXT)[:-9], "cut off"),
        (gzip.compress(TEXT)[:40] + b"\xff" * 9 + gzip.compress(TEXT)[49:], "damaged"),
        (TEXT, "damaged"),
        (gzip.compress(bytes(2**25 + 1)), "more than 33,554,432 bytes"),
    ],
    ids=["cut", "damaged", "not compressed", "bomb"],
)
def test_damaged_gzip(tmp_path, content, cause):
    path = tmp_path / "list_attr_celeba.txt.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=cause):
        read_attributes(path, MD5)


OTHER = SIGNS[0].copy()
OTHER[0] ^= True


@pytest.mark.parametrize(
    "content",
    [
        changed(3, row(1, OTHER)),
        changed(3, row(1, OTHER)).replace(b"  ", b" "),
        TABLE.replace(b"000012.jpg", b"000013.jpg"),
        TABLE.removesuffix(TABLE.splitlines(keepends=True)[-1]),
    ],
    ids=["value", "value in single spaces", "name", "row"],
)
def test_another_value_is_seen_by_the_md5(tmp_path, content):
    path = tmp_path / "list_attr_celeba.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_attributes(path, MD5)
    assert MD5 in caught.value.cause
    assert "lines or values were changed" in caught.value.cause


def test_a_folder_in_its_place(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_attributes(tmp_path, MD5)


def test_official_list(real_data):
    path = real_data / "celeba" / "list_attr_celeba.txt.gz"
    rows, values = read_attributes(path, OFFICIAL.attributes_md5)
    assert values.shape == (OFFICIAL.count, 40)
    assert rows["000001.jpg"] == 0
    assert rows["202599.jpg"] == OFFICIAL.count - 1
    # Shares as published with the data set: 42 % men, 48 % smiling, 2 % bald, 77 % young.
    shares = dict(zip(ATTRIBUTES, values.mean(0), strict=True))
    published = {"Male": 0.417, "Smiling": 0.482, "Bald": 0.022, "Young": 0.774}
    assert {name: round(float(shares[name]), 3) for name in published} == published
