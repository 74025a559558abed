"""Preparing that is killed, meets another process, runs out of room, or meets damaged pictures."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep.content import ReadOptions
from data_prep.errors import DataError
from data_prep.folders import folder
from data_prep.imagenet import MAPPING
from data_prep.prepare import prepare, verify
from data_prep.reading import load

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("prepare_worker.py")
PATIENCE = 60  # s


@pytest.fixture
def start(tmp_path):
    """Start `prepare_worker.py`; whatever happens, no process is left behind."""
    processes = []

    def start(name: str, limit: int = 0) -> subprocess.Popen:
        command = [sys.executable, WORKER, tmp_path / "data", name, str(limit)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.01)


def left_in(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.iterdir() if path.suffix != ".lock")


def values(data_dir: Path) -> list[int]:
    verify("small", data_dir)
    data = load("small", data_dir)
    assert data.train.images.shape == (60, 8, 8, 1)
    return np.unique(data.train.images[:]).tolist()


def test_killed_in_the_middle(tmp_path, start):
    data_dir = tmp_path / "data"
    killed = start("killed")
    wait_for(tmp_path / "killed.inside")
    killed.kill()
    killed.wait()
    assert left_in(data_dir) == [".small.partial"]
    for notice in (load, verify):
        with pytest.raises(DataError, match="has not been prepared"):
            notice("small", data_dir)
    (tmp_path / "next.go").touch()
    assert start("next").wait(PATIENCE) == 0
    assert values(data_dir) == [ord("n")]
    assert left_in(data_dir) == ["small"]


def test_two_at_once(tmp_path, start):
    """The second waits for the first; both end well, and what the second made is there, whole."""
    first = start("first")
    wait_for(tmp_path / "first.inside")
    second = start("second")
    wait_for(tmp_path / "second.begun")
    (tmp_path / "second.go").touch()
    time.sleep(0.3)  # it would be done by now
    assert second.poll() is None
    assert not (tmp_path / "second.inside").exists()
    (tmp_path / "first.go").touch()
    assert (first.wait(PATIENCE), second.wait(PATIENCE)) == (0, 0)
    assert values(tmp_path / "data") == [ord("s")]
    assert left_in(tmp_path / "data") == ["small"]


def test_the_system_refuses_to_write_more(tmp_path, start):
    (tmp_path / "full.go").touch()
    process = start("full", limit=5_000)  # bytes; a trial has 4,096, the records 5,880
    said, log = process.communicate(timeout=PATIENCE)
    assert (process.returncode, log) == (3, "")
    assert "train-00000.tfrecord: it cannot be written (File too large). To fix it: free" in said
    assert left_in(tmp_path / "data") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("full", ["train-00000.tfrecord", "manifest.json"])
def test_the_disk_is_full(tmp_path, small, monkeypatch, full):
    """What was prepared before stays."""
    manifest = prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    opened = Path.open

    def open_full(self, *arguments, **options):
        path = Path("/dev/full") if self.parent.name == ".mnist.partial" else self
        return opened(path if self.name == full else self, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\)") as caught:
        prepare("mnist", tmp_path, small.folder, datasets=small.datasets)
    monkeypatch.undo()
    assert "free some space" in caught.value.fix
    assert verify("mnist", tmp_path) == manifest
    assert left_in(tmp_path) == ["mnist", "official"]


def test_too_little_room_is_said_before_the_work(tmp_path, small, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with pytest.raises(DataError, match=r"it needs [\d.]+ MB, [\d.]+ MB are free") as caught:
        prepare("mnist", tmp_path / "data", small.folder, datasets=small.datasets)
    assert caught.value.path == folder(tmp_path / "data", "mnist", False)
    assert "--data-dir" in caught.value.fix
    assert left_in(tmp_path / "data") == []


DAMAGED = ["n00000000/07.JPEG", "n00000999/03.JPEG"]


@pytest.fixture
def photos(tmp_path) -> Path:
    """ImageNet in small: 24 pictures of two classes, two of them damaged."""
    source = tmp_path / "photos"
    for label in (0, 999):
        (source / f"n{label:08}").mkdir(parents=True)
        for number in range(12):
            path = source / f"n{label:08}" / f"{number:02}.JPEG"
            Image.new("RGB", (30, 20), (10 * number, label % 2 * 200, 0)).save(path)
    for name in DAMAGED:
        (source / name).write_bytes((source / name).read_bytes()[:300])
    (source / MAPPING).write_text("".join(f"n{label:08} word\n" for label in range(1_000)))
    return source


def test_a_damaged_picture_among_good_ones_stops_the_run(tmp_path, photos):
    with pytest.raises(DataError, match="cut off or damaged") as caught:
        prepare("imagenet", tmp_path / "data", photos)
    assert caught.value.path == photos / DAMAGED[0]
    assert "--leave-out-damaged" in caught.value.fix
    assert left_in(tmp_path / "data") == []


def test_damaged_pictures_are_left_out_named_and_counted(tmp_path, photos):
    options = ReadOptions(leave_out_damaged=True)
    manifest = prepare("imagenet", tmp_path / "data", photos, options=options)
    assert verify("imagenet", tmp_path / "data") == manifest
    # Every tenth of the 24 is for validation: numbers 9 and 19.
    assert [split.count for split in manifest.splits.values()] == [20, 2]
    assert [list(split.left_out) for split in manifest.splits.values()] == [DAMAGED, []]
    data = load("imagenet", tmp_path / "data")
    reds = np.round(data.train.images[:][:, 100, 100, 0] / 10).astype(int)
    assert reds.tolist() == [*range(7), 8, 10, 11, *range(3), 4, 5, 6, 8, 9, 10, 11]
    assert data.train.known["label"][:].tolist() == [0] * 10 + [999] * 10
