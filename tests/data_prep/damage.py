"""Damage to files as Hypothesis draws it, and what a reader may answer to it.

No file that is drawn here equals the whole one, so each example of a test is a damaged file.
"""

import copy
import io
import re
import resource
import tempfile
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, configuration, settings
from hypothesis import strategies as st

from data_prep.errors import DataError

# Or it keeps notes in the folder of the tests.
configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "hypothesis")

MOST_MEMORY = 600 * 2**20  # bytes; a picture at Pillow's limit takes 89 million pixels of 4 bytes
LONGEST_MESSAGE = 3_000  # characters: one clear message, whatever a damaged file holds


def examples(number: int) -> settings:
    """Try this many files, the same at every run."""
    return settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=timedelta(seconds=10),  # for a busy machine; a reader that hangs takes longer
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def value_or_refusal(read: Callable[[], Any], folder: Path) -> Any:
    """What `read` returns, or the `DataError` that it raises, which must be a clear one.

    No file of a few kilobytes may fill the memory.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        found = read()
    except DataError as error:
        found = error
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < MOST_MEMORY
    if isinstance(found, DataError):
        assert found.path.is_relative_to(folder)
        assert found.cause.strip()
        assert found.fix.strip()
        assert str(found).isprintable()
        assert len(str(found)) < LONGEST_MESSAGE
    return found


# --- Bytes ---


def zipped(contents: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file, the same at every run."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return stream.getvalue()


FOREIGN_STARTS = (
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"\x93NUMPY\x01\x00",
    b"<html>404</html>",
    b"\0" * 16,
)


# Where the structure of a file is: zip's headers, PNG's chunks, JPEG's segments, NumPy's header.
LANDMARKS = re.compile(rb"PK..|IHDR|PLTE|tRNS|IDAT|IEND|\xff[\xc0-\xdf\xe1]|\x93NUMPY", re.DOTALL)


def _stretch(draw, data: bytearray) -> slice:
    """Where something happens: anywhere, near one of the ends, or in a header."""
    where = draw(st.sampled_from(["anywhere", "start", "end", "header"]))
    headers = [match.start() for match in LANDMARKS.finditer(data)] or [0]
    if where == "anywhere":
        place = draw(st.integers(0, len(data)))
    elif where == "header":
        place = draw(st.sampled_from(headers)) + draw(st.integers(-8, 60))
    else:
        near = draw(st.integers(0, 64))
        place = near if where == "start" else len(data) - near
    place = min(max(place, 0), len(data))
    return slice(place, place + draw(st.integers(1, 40)))


def _flip(draw, data):
    place = _stretch(draw, data).start
    if place < len(data):
        data[place] ^= draw(st.integers(1, 255))


def _cut(draw, data):
    del data[draw(st.integers(0, len(data))) :]


def _append(draw, data):
    data += draw(st.binary(min_size=1, max_size=40))


def _zero(draw, data):
    place = _stretch(draw, data)
    data[place] = bytes(len(data[place]))


def _fill(draw, data):
    """The largest and other telling numbers where a length may be stated."""
    place = _stretch(draw, data).start
    number = draw(st.sampled_from([b"\xff" * 8, b"\xff" * 4, b"\xff\xff", b"\x7f" + b"\xff" * 7,
                                   b"\x80" + bytes(7), b"\0\0\0\x80", bytes(4)]))  # fmt: skip
    data[place : place + len(number)] = number


def _remove(draw, data):
    del data[_stretch(draw, data)]


def _swap(draw, data):
    first, second = sorted((_stretch(draw, data), _stretch(draw, data)), key=lambda s: s.start)
    if first.stop <= second.start:
        data[first], data[second] = data[second], data[first]


def _double(draw, data):
    place = _stretch(draw, data)
    data[place.start : place.start] = data[place]


def _insert(draw, data):
    place = _stretch(draw, data).start
    data[place:place] = draw(st.binary(min_size=1, max_size=40) | st.sampled_from(FOREIGN_STARTS))


def _foreign_start(draw, data):
    start = draw(st.sampled_from(FOREIGN_STARTS))
    data[: len(start)] = start


_BYTE_DAMAGE = (_flip, _flip, _flip, _cut, _append, _zero, _fill, _fill, _remove, _swap, _double,
                _insert, _foreign_start)  # fmt: skip


class _File(bytes):
    """A file that is not printed in full with a failure; a damaged one lies in `tmp_path` then."""

    def __repr__(self) -> str:
        return f"<{len(self)} bytes>"


def damaged_bytes(whole: bytes) -> st.SearchStrategy[bytes]:
    """A file with one to three damages, one upon the other."""
    return _damaged_bytes(_File(whole))


@st.composite
def _damaged_bytes(draw, whole: bytes) -> bytes:
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        draw(st.sampled_from(_BYTE_DAMAGE))(draw, data)
    assume(data != whole)
    return _File(data)


# --- Lines of text ---

NUMBERS = ("0", "-0", "-1", "1", "2", "1.0", "1e999", "-1e-999", "nan", "inf", "1_0", "0x1", "1L")
ARABIC_THREE, WIDE_ONE = "\N{ARABIC-INDIC DIGIT THREE}", "\N{FULLWIDTH DIGIT ONE}"
FOREIGN = ("", "\0", ARABIC_THREE, WIDE_ONE, "ä", "\ud800", "None", "\x1b[2J", "../../etc/passwd",
           "'; --", '"', " ", "\t", "#")  # fmt: skip
LONG = ("9" * 5_000, "-" + "1" * 400_000, "n" * 70_000, "[" * 20_000)
TOKENS = st.sampled_from(NUMBERS) | st.sampled_from(FOREIGN) | st.sampled_from(LONG)
LINE_ENDS = ("\r", "\r\n", "\n\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0", " ", "")


def _drop_line(draw, lines, row):
    del lines[row]


def _double_line(draw, lines, row):
    lines.insert(draw(st.integers(0, len(lines))), lines[row])


def _swap_lines(draw, lines, row):
    other = draw(st.integers(0, len(lines) - 1))
    lines[row], lines[other] = lines[other], lines[row]


def _change_token(draw, lines, row):
    separator = "," if "," in lines[row] else " "
    tokens = lines[row].split(separator)
    place = draw(st.integers(0, len(tokens) - 1))
    change = draw(st.sampled_from(["replace", "drop", "double", "glue"]))
    token = draw(TOKENS)
    new = {"replace": [token], "drop": [], "double": [tokens[place]] * 2, "glue": [tokens[place]]}
    tokens[place : place + 1] = new[change]
    if change == "glue":
        tokens[place] += token
    lines[row] = separator.join(tokens)


def _break_line(draw, lines, row):
    place = draw(st.integers(0, len(lines[row])))
    lines[row] = lines[row][:place] + draw(st.sampled_from(LINE_ENDS)) + lines[row][place:]


def _byte_order_mark(draw, lines, row):
    lines[0] = "\ufeff" + lines[0]


_LINE_DAMAGE = (_drop_line, _double_line, _swap_lines, _change_token, _change_token, _change_token,
                _break_line, _byte_order_mark)  # fmt: skip


def damaged_text(whole: bytes) -> st.SearchStrategy[bytes]:
    """A file with one or two lines edited, perhaps with other line ends or in another encoding."""
    return _damaged_text(_File(whole))


@st.composite
def _damaged_text(draw, whole: bytes) -> bytes:
    lines = whole.decode().split("\n")
    for _ in range(draw(st.integers(1, 2))):
        if lines:
            edit = draw(st.sampled_from(_LINE_DAMAGE))
            edit(draw, lines, draw(st.integers(0, len(lines) - 1)))
    end = draw(st.sampled_from(["\n"] * 8 + ["\r\n", *LINE_ENDS]))
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-16"]))
    data = end.join(lines).encode(encoding, "surrogatepass")
    assume(data != whole)
    return _File(data)


# --- JSON ---

VALUES = (
    *(None, True, False, 0, 1, -1, 7, 2**31, 2**63, 10**12, 10**30, 0.5, 3.0),
    *(float("nan"), float("inf"), "", ".", "..", "a/b", "/etc/passwd", "\0", "\ud800", "a\nb"),
    *("x" * 5_000, "3", "uint8", "int64", "float64", "bool", "object", "O", "U4", "V8", "S3"),
    *("M8[ns]", "i4,i4", ">i8", "float128", "complex64", "raw", "bits", "png"),
    *([], {}, [[]], [1], [10**12], [-1], [0], [28, 28, 1], {"a": 1}, ["image"]),
)


def _nodes(node: Any, path: tuple = ()):
    """Every place in a JSON document, as the keys that lead to it."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _nodes(value, (*path, key))


@st.composite
def damaged_json(draw, whole: dict) -> dict:
    """A document with one or two values exchanged, moved, renamed, repeated or taken out."""
    document = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 2))):
        _edit(draw, document)
    assume(repr(document) != repr(whole))
    return document


def _edit(draw, document: dict) -> None:
    paths = list(_nodes(document))
    *way, key = draw(st.sampled_from(paths))
    parent = document
    for step in way:
        parent = parent[step]
    change = draw(st.sampled_from(["value", "value", "value", "shift", "drop", "move", "repeat"]))
    if change == "drop":
        del parent[key]
    elif change == "shift" and isinstance(parent[key], int):
        parent[key] += draw(st.sampled_from([-1, 1, 8]))
    elif change == "repeat" and isinstance(parent, list):
        parent.append(parent[key])
    elif change == "move" and isinstance(parent, dict):
        parent[draw(st.sampled_from([*parent, "", "image", "\ud800", "train"]))] = parent.pop(key)
    else:
        parent[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
