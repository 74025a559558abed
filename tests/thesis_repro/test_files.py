"""Atomic files, and data files whose form is checked."""

import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from data_prep.checksums import sha256
from thesis_repro.files import (
    DataFileError,
    Entry,
    atomic_path,
    checked,
    read_entries,
    write_json,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "new" / "encoder.weights.h5"
    for text in ("old", "new"):
        with atomic_path(target) as temporary:
            assert temporary.parent == target.parent  # a rename within one file system
            assert temporary.name.endswith("encoder.weights.h5")
            temporary.write_text(text)
        assert target.read_text() == text
        assert names(target.parent) == [target.name]


@pytest.fixture(params=[(0o077, 0o600), (0o027, 0o640), (0o007, 0o660), (0o002, 0o664)])
def permissions(request):
    """What the umask that is set leaves to a new file."""
    umask, left = request.param
    before = os.umask(umask)
    yield left
    os.umask(before)


def test_who_may_read_a_file_is_the_umasks_to_say(tmp_path, permissions):
    for _ in range(2):  # the second time in the place of the first
        write_json(tmp_path / "DONE", {})
        assert (tmp_path / "DONE").stat().st_mode & 0o777 == permissions


def test_permissions_need_not_be_changeable(tmp_path, monkeypatch):
    """CIFS, vfat and Windows's drives refuse it."""

    def refuse(*arguments, **keywords):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    for name in ("chmod", "fchmod", "lchmod"):
        monkeypatch.setattr(os, name, refuse, raising=False)
    write_json(tmp_path / "DONE", {})
    assert names(tmp_path) == ["DONE"]


@pytest.mark.parametrize(
    "name", ["x" * 251 + ".png", "ü" * 125 + ".csv", "x" * 242 + ".weights.h5"]
)
def test_a_name_may_be_as_long_as_file_systems_allow(tmp_path, name):
    with atomic_path(tmp_path / name) as temporary:
        assert temporary.name.endswith("".join(Path(name).suffixes))
        temporary.write_text("new")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_target_and_nothing_else(tmp_path, error):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def fail():
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            assert target.read_text() == "old"
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_a_first_write_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(TypeError):
        write_json(tmp_path / "config.json", object())
    assert names(tmp_path) == []


def test_json_round_trip(tmp_path):
    value = {"b": [1, 2.5, None], "a": "Größe"}
    write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert text.endswith("}\n")
    assert "Größe" in text


def test_bytes_that_are_no_text_survive_json(tmp_path):
    """As names of files have them: \\xff is the surrogate \\udcff in Python."""
    write_json(tmp_path / "a.json", {"file": "\udcff.png"})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"file": "\udcff.png"}


def test_sha256(tmp_path):
    content = b"thesis" * 1_000_000
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()


class Part(Entry):
    """An entry for tests."""

    id: str
    numbers: tuple[int | float, ...] = ()


def test_plain_values_become_entries_of_texts_on_one_line():
    parts = checked([{"id": "a\n  b ", "numbers": [1, 2.5]}, {"id": "c"}], tuple[Part, ...], "file")
    assert parts == (Part("a b", (1, 2.5)), Part("c"))
    assert isinstance(parts[0].numbers[0], int)
    with pytest.raises(AttributeError):
        parts[0].id = "d"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({}, "missing required field `id` - at `$[1]`"),
        ({"id": 1}, "Expected `str`, got `int` - at `$[1].id`"),
        ({"id": "a", "number": 1}, "unknown field `number` - at `$[1]`"),
        ({"id": "a", "numbers": ["1"]}, "Expected `int | float`, got `str` - at `$[1].numbers[0]`"),
    ],
)
def test_what_is_wrong_in_a_data_file_is_named(entry, problem):
    with pytest.raises(DataFileError, match=f"^room/file.json: .*{re.escape(problem)}"):
        checked([{"id": "a"}, entry], list[Part], "room/file.json")


def test_a_data_file_that_is_no_json_is_named(monkeypatch):
    monkeypatch.setattr("thesis_repro.files.read_packaged", lambda *_: "{")
    with pytest.raises(DataFileError, match=r"^thesis_repro/room/parts\.json: it is no JSON \("):
        read_entries("room", "parts.json", list[Part])
