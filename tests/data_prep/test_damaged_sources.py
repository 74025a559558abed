"""`thesis-repro data prepare` on damaged sources of all five data sets, as its users meet it."""

import functools
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from data_prep import celeba, mnist, morpho_mnist
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import classes_of, render, values_of
from data_prep.imagenet import MAPPING
from thesis_repro.cli import main

DATA = 3  # exit code of the design


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def idx(values: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, values.ndim, *np.array(values.shape, ">u4").tobytes()])
    return gzip.compress(header + values.tobytes(), mtime=0)


def mnist_files(source: Path, patch: pytest.MonkeyPatch, reader=mnist) -> None:
    files = []
    for official in mnist.OFFICIAL_FILES:
        shape = (3 if official.split == "train" else 2, *official.shape[1:])
        data = idx(np.ones(shape, np.uint8))
        (source / official.name).write_bytes(data)
        md5 = hashlib.md5(gzip.decompress(data)).hexdigest()
        files.append(official._replace(shape=shape, md5=md5))
    read = functools.partial(reader.read_official, files=files)
    patch.setattr(reader, "read_official", read)


def mnist_source(source: Path, patch: pytest.MonkeyPatch) -> Path:
    mnist_files(source, patch)
    return cut(source / "t10k-images-idx3-ubyte.gz")


def morpho_mnist_source(source: Path, patch: pytest.MonkeyPatch) -> Path:
    mnist_files(source, patch, morpho_mnist)
    table = source / "t10k-morpho.csv"
    row = ",".join(["1.5"] * 6)
    table.write_text(f"index,area,length,thickness,slant,width,height\n0,{row}\n1,{row[:-5]}\n")
    return table


def dsprites_source(source: Path, patch: pytest.MonkeyPatch) -> Path:
    classes = classes_of(np.arange(20))
    arrays = {"imgs": render(classes), "latents_values": values_of(classes)}
    np.savez_compressed(source / "dsprites.npz", latents_classes=classes, **arrays)
    return cut(source / "dsprites.npz")


def celeba_source(source: Path, patch: pytest.MonkeyPatch) -> Path:
    row = " ".join(["-1"] * 40)
    lines = ["12", " ".join(ATTRIBUTES) + " ", *(f"{number:06}.jpg {row}" for number in range(12))]
    text = "".join(f"{line}\r\n" for line in lines).encode()
    (source / "list_attr_celeba.txt").write_bytes(text)
    (source / "img_align_celeba").mkdir()
    for number in range(12):
        Image.new("RGB", (178, 218)).save(source / "img_align_celeba" / f"{number:06}.jpg")
    official = celeba.Official(12, hashlib.md5(text).hexdigest())
    read = functools.partial(celeba.read_official, official=official)
    patch.setattr(celeba, "read_official", read)
    return cut(source / "img_align_celeba" / "000007.jpg")


def imagenet_source(source: Path, patch: pytest.MonkeyPatch) -> Path:
    (source / MAPPING).write_text("".join(f"n{label:08} word\n" for label in range(1_000)))
    (source / "n00000003").mkdir()
    for number in range(12):
        Image.new("RGB", (30, 20)).save(source / "n00000003" / f"{number:02}.JPEG")
    return cut(source / "n00000003" / "05.JPEG")


SOURCES: dict[str, Callable[[Path, pytest.MonkeyPatch], Path]] = {
    "mnist": mnist_source,
    "morpho-mnist": morpho_mnist_source,
    "dsprites": dsprites_source,
    "celeba": celeba_source,
    "imagenet": imagenet_source,
}
PICTURES = ("celeba", "imagenet")


@pytest.fixture
def source(tmp_path) -> Path:
    (tmp_path / "official").mkdir()
    return tmp_path / "official"


@pytest.mark.parametrize("dataset", SOURCES)
def test_a_damaged_source(dataset, tmp_path, source, monkeypatch):
    damaged = SOURCES[dataset](source, monkeypatch)
    data_dir = tmp_path / "data"
    result = run("data", "prepare", dataset, "--source", source, "--data-dir", data_dir,
                 "--workers", "1")  # fmt: skip
    assert result.exit_code == DATA
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    *_, message = result.stderr.splitlines()  # the line before it may be the progress
    assert message.startswith(f"Error: {damaged}: ")
    assert ". To fix it: " in message
    assert result.stderr.count("Error") == 1
    assert [path for path in data_dir.glob("**/*") if path.suffix != ".lock"] == []


@pytest.mark.parametrize("dataset", PICTURES)
def test_damaged_pictures_are_left_out_on_request(dataset, tmp_path, source, monkeypatch):
    damaged = SOURCES[dataset](source, monkeypatch)
    data = ["--data-dir", tmp_path / "data"]
    result = run("data", "prepare", dataset, "--source", source, "--leave-out-damaged", *data,
                 "--workers", "2")  # fmt: skip
    assert result.exit_code == 0
    assert f"1 damaged train picture was left out: {damaged.name}" in result.stdout.replace(
        "n00000003/", ""
    )
    assert "10 train, 1 validation" in result.stdout
    complete = {"celeba": 12, "imagenet": 1_281_167}[dataset]
    assert f"(11 of {complete:,} official " in result.stdout  # and not the 12 that there were
    assert run("data", "verify", dataset, *data).exit_code == 0


@pytest.mark.parametrize("dataset", PICTURES)
def test_a_split_of_which_nothing_is_whole_is_refused(dataset, tmp_path, source, monkeypatch):
    SOURCES[dataset](source, monkeypatch)
    for path in (*source.rglob("*.jpg"), *source.rglob("*.JPEG")):
        cut(path)
    result = run("data", "prepare", dataset, "--source", source, "--leave-out-damaged",
                 "--data-dir", tmp_path / "data", "--workers", "1")  # fmt: skip
    assert result.exit_code == DATA
    assert "all 11 pictures for train are damaged" in result.stderr
    assert not (tmp_path / "data" / dataset).exists()
