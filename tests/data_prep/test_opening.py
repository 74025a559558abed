"""Regular files alone are opened: nothing is waited for. What may not be read is not damaged."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_prep import celeba_attributes, imagenet_classes, morphometry, npz
from data_prep.checksums import describe_file, sha256
from data_prep.errors import DataError
from data_prep.idx import read_idx
from data_prep.manifest import MANIFEST_NAME, read_manifest
from data_prep.opening import open_file
from data_prep.pictures import PictureFile, picture_bytes
from data_prep.tar_pictures import TarPicture, list_tar, list_tars_in
from data_prep.zip_pictures import ZipPicture, list_zip

ANY = re.compile(".*")
READERS = {
    "idx": read_idx,
    "celeba_attributes": lambda path: celeba_attributes.read_attributes(path, ""),
    "morphometry": lambda path: morphometry.read_csv(path, 1),
    "imagenet_classes mapping": imagenet_classes.read_mapping,
    "imagenet_classes solution": lambda path: imagenet_classes.read_solution(path, {}),
    "imagenet_classes devkit": lambda path: imagenet_classes.read_devkit(path, {}),
    "npz": lambda path: npz.read_array(path, "imgs", "uint8", (), 1),
    "zip_pictures list": lambda path: list_zip(path, ANY, 1),
    "zip_pictures read": lambda path: ZipPicture(path, "a.jpg", 0, 1, 1, False, 0).read(),
    "tar_pictures list": lambda path: list_tar(path, ANY),
    "tar_pictures list of tars": lambda path: list_tars_in(path, ANY, ANY),
    "tar_pictures read": lambda path: TarPicture(path, "a.jpg", 0, 1).read(),
    "pictures": lambda path: PictureFile(path.parent, path.name).read(),
    "pictures own": lambda path: picture_bytes(path, official=False),
    "manifest": lambda path: read_manifest(path.parent, "prepare it again"),
}
NAMES = {"manifest": MANIFEST_NAME}


@pytest.fixture
def _patience() -> Iterator[None]:
    """Whoever waits for a pipe is interrupted."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it is waited for"))
    signal.setitimer(signal.ITIMER_REAL, 5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.usefixtures("_patience")
@pytest.mark.parametrize("make", [pipe, bound, device])
@pytest.mark.parametrize("read", [open_file, sha256, describe_file])
def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch, make, read):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    make(Path("it"))
    with pytest.raises(OSError, match="it is a pipe, a socket or a device") as caught:
        read(Path("it"))
    assert caught.value.filename == "it"


def test_files_and_links_to_them_are_opened(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    for name in ("file", "link"):
        with open_file(tmp_path / name) as file:
            assert file.read() == b"text"
    with pytest.raises(IsADirectoryError):
        open_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "none")


@pytest.mark.usefixtures("_patience")
@pytest.mark.parametrize("reader", READERS)
def test_no_reader_waits_for_a_pipe(tmp_path, reader):
    path = tmp_path / NAMES.get(reader, "it.gz")
    os.mkfifo(path)
    with pytest.raises(DataError, match="it cannot be read \\(it is a pipe, a socket or") as caught:
        READERS[reader](path)
    assert caught.value.path == path


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch, reader):
    """Tests may run as root, who may read all."""
    path = tmp_path / NAMES.get(reader, "it.gz")
    path.touch()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(f"data_prep.{reader.split()[0]}.open_file", refuse)
    with pytest.raises(DataError, match="it cannot be read \\(Permission denied\\)") as caught:
        READERS[reader](path)
    assert caught.value.path == path
    assert "permissions" in caught.value.fix
    assert "official" not in caught.value.fix
    assert "again" not in caught.value.fix
