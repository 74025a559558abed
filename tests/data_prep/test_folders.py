"""Replacing a folder: whole or not at all, one at a time, nothing foreign lost."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from data_prep import folders
from data_prep.errors import DataError
from data_prep.folders import folder, is_filled, is_mount_point, replacing

ROOT = Path(__file__).resolve().parents[2]


def fill(path: Path, text: str) -> None:
    (path / "manifest.json").write_text(text)


def read(path: Path) -> str:
    return (path / "manifest.json").read_text()


def visible(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_official_and_stand_in_never_mix(tmp_path):
    assert folder(tmp_path, "celeba", False) == tmp_path / "celeba"
    assert folder(tmp_path, "celeba", True) == tmp_path / "celeba-stand-in"
    assert folder(tmp_path, "mnist", True) == tmp_path / "mnist"  # which has none


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
    assert visible(tmp_path) == [".mnist.lock", ".mnist.partial", "mnist"]
    with replacing(target) as partial:
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


def test_a_leftover_that_cannot_be_taken_away_is_named(tmp_path):
    """As one of another user cannot; root can take all folders away."""
    (tmp_path / ".mnist.partial").touch()
    with (
        pytest.raises(DataError, match="which another process has left") as caught,
        replacing(tmp_path / "mnist"),
    ):
        pytest.fail("begun")
    assert caught.value.path == tmp_path / ".mnist.partial"
    assert visible(tmp_path) == [".mnist.partial"]


def test_what_is_to_be_kept_is_moved_from_the_old_folder_to_the_new(tmp_path):
    target = tmp_path / "mnist"
    seen = []

    def keep(replaced, target):
        seen.append((read(replaced), read(target)))

    for text in ("first", "second"):
        with replacing(target, keep=keep) as partial:
            fill(partial, text)
    assert seen == [("first", "second")]
    assert visible(tmp_path) == ["mnist"]


def test_the_second_waits_and_both_end_whole(tmp_path, caplog):
    target = tmp_path / "mnist"
    inside = threading.Event()
    seen = []

    def second():
        inside.wait(5)
        with replacing(target) as partial:
            seen.append(read(target))
            fill(partial, "second")

    thread = threading.Thread(target=second)
    thread.start()
    with replacing(target) as partial:
        inside.set()
        deadline = time.monotonic() + 30
        while not caplog.text and time.monotonic() < deadline:  # the second has come
            thread.join(0.01)
        fill(partial, "first")
    thread.join(10)
    assert f"{target} is in the hands of another process; waiting for it." in caplog.text
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


def test_a_folder_that_may_not_be_looked_into_is_no_empty_one(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert is_filled(tmp_path)


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini"])
def test_notes_of_file_managers_are_no_other_files(tmp_path, name):
    """Which they leave where somebody looks."""
    target = tmp_path / "mnist"
    target.mkdir()
    (target / name).touch()
    assert not is_filled(target)
    with replacing(target) as partial:
        fill(partial, "new")
    assert visible(target) == ["manifest.json"]


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


# --- Mount points: a folder that cannot be renamed, on another disk than what lies beside it ---


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """A folder that counts as one where a disk is mounted."""
    target = tmp_path / "data" / "mnist"
    (target / "lost+found").mkdir(parents=True)
    monkeypatch.setattr(folders, "is_mount_point", lambda path: path == target)
    return target


def write(partial: Path, text: str, shards: int) -> None:
    names = [f"train-{number:05}.tfrecord" for number in range(shards)]
    for name in names:
        (partial / name).write_text(text)
    listed = json.dumps([{"file": name} for name in names])
    (partial / "manifest.json").write_text(
        f'{{"text": "{text}", "splits": {{"train": {{"shards": {listed}}}}}}}'
    )


def state(target: Path) -> dict[str, str]:
    text = {path.name: path.read_text() for path in target.glob("*.tfrecord")}
    return text | {"manifest": json.loads((target / "manifest.json").read_text())["text"]}


ONE = {f"train-{number:05}.tfrecord": "one" for number in range(3)} | {"manifest": "one"}
TWO = {f"train-{number:05}.tfrecord": "two" for number in range(2)} | {"manifest": "two"}


def test_where_a_disk_is_mounted_all_is_written_on_it(mounted):
    for text, shards in (("one", 3), ("two", 2)):
        with replacing(mounted) as partial:
            assert partial.parent == mounted
            write(partial, text, shards)
            assert list(mounted.parent.iterdir()) == [mounted]
    assert state(mounted) == TWO
    assert visible(mounted.parent) == ["mnist"]
    names = ["lost+found", "manifest.json", "train-00000.tfrecord", "train-00001.tfrecord"]
    assert visible(mounted) == names


def test_an_error_leaves_a_mounted_data_set_as_it_was(mounted):
    with replacing(mounted) as partial:
        write(partial, "two", 2)
    with pytest.raises(KeyError), replacing(mounted) as partial:
        raise KeyError
    assert state(mounted) == TWO


@pytest.mark.parametrize("moves", range(8))
def test_a_kill_at_any_moment_on_a_mounted_disk(mounted, moves):
    """It leaves no manifest, or a whole data set; the next call completes what was begun."""
    with replacing(mounted) as partial:
        write(partial, "one", 3)
    left = [moves]

    def stopping(move):
        def moved(self, *arguments, **options):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return move(self, *arguments, **options)

        return moved

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rename", "replace", "unlink", "rmdir"):
            patch.setattr(Path, name, stopping(getattr(Path, name)))
        with suppress(KeyboardInterrupt), replacing(mounted) as partial:
            write(partial, "two", 2)
    if (mounted / "manifest.json").exists():
        assert state(mounted) in (ONE, TWO)
    with pytest.raises(KeyError), replacing(mounted):
        raise KeyError
    assert state(mounted) == (TWO if moves else ONE)
    assert list(mounted.glob(".*")) == []


def test_a_mounted_folder_of_other_files_is_left_alone(mounted):
    (mounted / "train-images-idx3-ubyte.gz").write_text("precious")
    with pytest.raises(DataError, match="left alone"), replacing(mounted):
        pytest.fail("it was about to be replaced")
    assert (mounted / "train-images-idx3-ubyte.gz").read_text() == "precious"


REPLACING = """
import sys
from pathlib import Path
from data_prep.folders import is_mount_point, replacing

target = Path(sys.argv[1]).resolve()
print(is_mount_point(target), is_mount_point(target.parent))
with replacing(target) as partial:
    (partial / "manifest.json").write_text('{"splits": {}}')
print(sorted(path.name for path in target.iterdir()))
"""


@pytest.mark.parametrize("mount", ["mount -t tmpfs none", "mount --bind disk"])
def test_disks_that_are_really_mounted(tmp_path, mount):
    """A folder of the same disk, mounted by bind, has the device of the one around it."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount")
    for name in ("disk", "my data/mnist"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "script.py").write_text(REPLACING)
    script = f"{mount} 'my data/mnist' && exec {shlex.quote(sys.executable)} script.py"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{script} 'my data/mnist'"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["True False", "['manifest.json']"]


def test_a_plain_folder_is_no_mount_point(tmp_path):
    assert is_mount_point(Path("/"))
    assert not is_mount_point(tmp_path)
    assert not is_mount_point(tmp_path / "nowhere")
