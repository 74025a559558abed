"""Replacing a folder: whole or not at all, one at a time, nothing foreign lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.folders import folder, replacing

ROOT = Path(__file__).resolve().parents[2]


def fill(path: Path, text: str) -> None:
    (path / "manifest.json").write_text(text)


def read(path: Path) -> str:
    return (path / "manifest.json").read_text()


def visible(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir() if not entry.name.endswith(".lock"))


def test_official_and_stand_in_never_mix(tmp_path):
    assert folder(tmp_path, "mnist", False) == tmp_path / "mnist"
    assert folder(tmp_path, "mnist", True) == tmp_path / "mnist-stand-in"


def test_appears_whole_and_is_replaced_whole(tmp_path):
    target = tmp_path / "data" / "mnist"
    with replacing(target) as partial:
        fill(partial, "first")
        assert not target.exists()
    with replacing(target) as partial:
        fill(partial, "second")
        assert read(target) == "first"
    assert read(target) == "second"
    assert visible(target.parent) == ["mnist"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_keeps_the_old_folder(tmp_path, error):
    target = tmp_path / "mnist"
    with replacing(target) as partial:
        fill(partial, "good")
    with pytest.raises(error), replacing(target) as partial:  # noqa: PT012 (the error must come after the writing)
        fill(partial, "bad")
        raise error
    assert read(target) == "good"
    assert visible(tmp_path) == ["mnist"]


def test_kill_in_the_middle(tmp_path):
    target = tmp_path / "mnist"
    with replacing(target) as partial:
        fill(partial, "good")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from data_prep.folders import replacing\n"
        "with replacing(Path(sys.argv[1])) as partial:\n"
        "    (partial / 'manifest.json').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(target)], env=environment, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert read(target) == "good"
    assert visible(tmp_path) == [".mnist.partial", "mnist"]
    with replacing(target, timeout=5) as partial:
        assert visible(partial) == []
        fill(partial, "new")
    assert read(target) == "new"
    assert visible(tmp_path) == ["mnist"]


def test_kill_between_the_two_renames(tmp_path):
    target = tmp_path / "mnist"
    (tmp_path / ".mnist.replaced").mkdir()
    fill(tmp_path / ".mnist.replaced", "good")
    with pytest.raises(RuntimeError), replacing(target):
        raise RuntimeError
    assert read(target) == "good"
    assert visible(tmp_path) == ["mnist"]


def test_a_rename_that_fails_brings_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "mnist"
    with replacing(target) as partial:
        fill(partial, "good")
    rename = Path.rename

    def refuse(self, to):
        if self.name == ".mnist.partial":
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="No space"), replacing(target) as partial:
        fill(partial, "bad")
    assert read(target) == "good"
    assert visible(tmp_path) == ["mnist"]


def test_only_one_at_a_time(tmp_path):
    target = tmp_path / "mnist"
    with (
        replacing(target) as partial,
        pytest.raises(DataError, match="another process"),
        replacing(target, timeout=0.1),
    ):
        pytest.fail("the second got in")
    assert not partial.exists()


def test_the_second_waits_and_both_end_whole(tmp_path):
    target = tmp_path / "mnist"
    inside = threading.Event()
    seen = []

    def second():
        inside.wait(5)
        with replacing(target, timeout=5) as partial:
            seen.append(read(target))
            fill(partial, "second")

    thread = threading.Thread(target=second)
    thread.start()
    with replacing(target) as partial:
        inside.set()
        fill(partial, "first")
    thread.join(10)
    assert seen == ["first"]
    assert read(target) == "second"


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    target = tmp_path / "mnist"
    target.mkdir()
    (target / "train-images-idx3-ubyte.gz").write_text("precious")
    with (
        pytest.raises(DataError, match=r"train-images-idx3-ubyte.gz.*left alone"),
        replacing(target),
    ):
        pytest.fail("it was about to be replaced")
    assert (target / "train-images-idx3-ubyte.gz").read_text() == "precious"
    assert visible(tmp_path) == ["mnist"]


def test_a_file_in_the_place_of_the_folder(tmp_path):
    target = tmp_path / "mnist"
    target.write_text("precious")
    with pytest.raises(DataError, match="a file is in the place"), replacing(target):
        pytest.fail("it was about to be replaced")
    assert target.read_text() == "precious"


def test_a_link_to_another_disk_stays_a_link(tmp_path):
    elsewhere = tmp_path / "big-disk"
    elsewhere.mkdir()
    (tmp_path / "mnist").symlink_to(elsewhere)
    with replacing(tmp_path / "mnist") as partial:
        fill(partial, "linked")
    assert (tmp_path / "mnist").is_symlink()
    assert read(elsewhere) == "linked"
