"""Trying to write to a folder: nothing is left, and what cannot be written is noticed."""

import errno
import os
from pathlib import Path

import pytest

from data_prep import writable
from data_prep.writable import try_writing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_trying_a_folder_leaves_nothing(tmp_path):
    (tmp_path / "there").mkdir()
    for folder in ("there", "a/b/c", "."):
        try_writing(tmp_path / folder)
        assert names(tmp_path) == ["there"]
        assert names(tmp_path / "there") == []


def test_a_folder_that_another_trial_takes_away_is_tried_again(tmp_path, monkeypatch):
    """As of jobs that start side by side, all of whose results go to one folder."""
    open_, taken = Path.open, []

    def open_too_late(path, mode):
        if not taken:
            path.parent.rmdir()
            taken.append(path.parent)
        return open_(path, mode)

    monkeypatch.setattr(Path, "open", open_too_late)
    try_writing(tmp_path / "new")
    assert taken == [tmp_path / "new"]
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "folder",
    ["file", "file/below", "new/" + "x" * 256, "loop/below", "/proc/results", "/sys/results"],
)
def test_where_nothing_can_be_written_is_noticed_and_left_as_it_is(tmp_path, folder):
    (tmp_path / "file").write_text("a user's")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"\[Errno \d+\]") as caught:
        try_writing(tmp_path / folder)
    assert caught.value.filename == str(tmp_path / folder)
    assert names(tmp_path) == ["file", "loop"]


def test_a_full_disk_is_noticed_though_it_takes_a_files_name(tmp_path, monkeypatch):
    """By its last block, which is written for it alone."""

    def full(number):
        assert os.fstat(number).st_size > 0
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writable.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        try_writing(tmp_path / "new" / "results")
    assert names(tmp_path) == []


@pytest.mark.parametrize("folder", ["link", "link/below"])
def test_a_link_that_leads_nowhere_is_told(tmp_path, folder):
    """The system says of it that the file exists."""
    (tmp_path / "link").symlink_to("gone")
    with pytest.raises(OSError, match=r"the link .*/link leads to gone, and nothing is there") as e:
        try_writing(tmp_path / folder)
    assert e.value.filename == str(tmp_path / folder)
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
