"""CelebA's 40 binary attributes: strict reading of `list_attr_celeba.txt` (Section 3.3.1).

Layout: the number of rows, the 40 names, then `NNNNNN.jpg` and forty times 1 or -1 a line. Kaggle's
`list_attr_celeba.csv` has `image_id` and the names in its first line, and commas.
"""

import gzip
import hashlib
import re
import zlib
from codecs import BOM_UTF8
from pathlib import Path
from typing import NamedTuple

import numpy as np

from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file

ATTRIBUTES = tuple(
    """
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose
    Black_Hair Blond_Hair Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee
    Gray_Hair Heavy_Makeup High_Cheekbones Male Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard
    Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks Sideburns Smiling Straight_Hair
    Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace Wearing_Necktie Young
    """.split()  # noqa: SIM905
)
TABLE_HEADER = ("image_id", *ATTRIBUTES)
ON, OFF = (np.frombuffer(sign, np.uint8) for sign in (b"  1", b" -1"))
SIGNS = frozenset(("1", "-1"))
PICTURE_NAME = re.compile(r"[0-9]{6}\.jpg")
LARGEST_BYTES = 2**25  # unpacked; the official file has 26 MB

FIX = "put the official list_attr_celeba.txt there (or Kaggle's .csv, or either as .gz)"


class Attributes(NamedTuple):
    """The row of each picture, and bool of shape (rows, 40) in the order of `ATTRIBUTES`."""

    rows: dict[str, int]
    values: np.ndarray


def read_attributes(path: Path, md5: str) -> Attributes:
    """Read and check the attributes, whatever the spaces and line ends between them.

    Args:
        path: The list, or Kaggle's table of commas; either may be packed, as `.gz`.
        md5: What the official list's must be.

    Raises:
        DataError: The file is unreadable, cut off or malformed (with the line), or not official.
    """
    lines = _read_text(path).split("\n")
    if lines[-1] == "":
        lines.pop()
    attributes = _parse(path, lines)
    found = hashlib.md5(as_listed(attributes), usedforsecurity=False).hexdigest()
    if found != md5:
        cause = (
            f"the md5 of its names and values in the official layout is {found}, the official "
            f"list's is {md5}: lines or values were changed"
        )
        raise DataError(path, cause, FIX)
    return attributes


def as_listed(attributes: Attributes) -> bytes:
    """The attributes as the official list has them, byte by byte."""
    signs = np.where(attributes.values[..., np.newaxis], ON, OFF)
    rows = sorted(attributes.rows.items())
    lines = [b"%d" % len(rows), " ".join((*ATTRIBUTES, "")).encode()]
    lines += [name.encode() + b" " + signs[row].tobytes().lstrip() for name, row in rows]
    return b"".join(line + b"\r\n" for line in lines)


def _read_text(path: Path) -> str:
    try:
        with open_file(path) as file:
            stream = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            content = stream.read(LARGEST_BYTES + 1)
    except EOFError as error:
        raise DataError(path, "the file is cut off (the compressed data end early)", FIX) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path, f"the compressed data are damaged ({error})", FIX) from error
    except OSError as error:
        raise unreadable(path, error, FIX) from error
    if len(content) > LARGEST_BYTES:
        raise DataError(path, f"it holds more than {LARGEST_BYTES:,} bytes", FIX)
    try:
        return content.removeprefix(BOM_UTF8).decode("ascii").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DataError(path, f"byte {error.start:,} is no character of the list", FIX) from error


def _parse(path: Path, lines: list[str]) -> Attributes:
    is_table = tuple(lines[0].split(",")) == TABLE_HEADER if lines else False
    if not is_table:
        _check_header(path, lines)
    begin, separator = (1, ",") if is_table else (2, None)
    values = np.empty((len(lines) - begin, len(ATTRIBUTES)), np.bool_)
    rows: dict[str, int] = {}
    for number, line in enumerate(lines[begin:], start=begin + 1):
        name, *signs = line.split(separator) or [""]
        _check_row(path, number, name, signs)
        if name in rows:
            before = rows[name] + begin + 1
            cause = f"line {number:,}: {name} is there already, in line {before:,}"
            raise DataError(path, cause, FIX)
        values[len(rows)] = [sign == "1" for sign in signs]
        rows[name] = len(rows)
    return Attributes(rows, values)


def _check_header(path: Path, lines: list[str]) -> None:
    if not re.fullmatch(r" *[0-9]{1,9} *", lines[0] if lines else ""):
        cause = "line 1 is neither the number of rows nor the header of Kaggle's .csv"
        raise DataError(path, cause, FIX)
    if len(lines) < 2 or tuple(lines[1].split()) != ATTRIBUTES:
        raise DataError(path, "line 2 does not hold the 40 official names in their order", FIX)
    stated, found = int(lines[0]), len(lines) - 2
    if stated != found:
        cause = f"line 1 promises {stated:,} rows, there are {found:,}"
        raise DataError(path, cause, FIX)


def _check_row(path: Path, number: int, name: str, signs: list[str]) -> None:
    if not PICTURE_NAME.fullmatch(name):
        raise DataError(path, f"line {number:,} does not begin with a name like 000001.jpg", FIX)
    if len(signs) != len(ATTRIBUTES):
        cause = f"line {number:,} ({name}) has {len(signs)} values instead of {len(ATTRIBUTES)}"
        raise DataError(path, cause, FIX)
    if not SIGNS.issuperset(signs):
        column = next(column for column, sign in enumerate(signs) if sign not in SIGNS)
        cause = f"line {number:,} ({name}): {ATTRIBUTES[column]} is {signs[column]!r}, not 1 or -1"
        raise DataError(path, cause, FIX)
