"""Prepared data sets in another size: pixels, what they come from, and what interrupts them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.errors import DataError
from data_prep.folders import RESIZED, resized_id
from data_prep.manifest import Feature
from data_prep.prepare import Dataset, listing, prepare, verify
from data_prep.reading import load
from data_prep.resizing import BATCH, resize

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("resize_worker.py")
COUNTS = {"train": 2 * BATCH + 5, "validation": 9}
FEATURES = {
    "image": Feature("uint8", (128, 128, 3), "raw"),
    "attributes": Feature("bool", (40,), "raw"),
}
PATIENCE = 60  # s


def lanczos(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """One image by Pillow, which the thesis resized with; ``size`` is height and width."""
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    pixels = np.asarray(picture.resize(size[::-1], Image.Resampling.LANCZOS))
    return pixels.reshape(*size, image.shape[-1])


def prepare_celeba(data_dir: Path, seed: int = 0, *, stand_in: bool = False) -> None:
    """CelebA in small: smooth images of random colours, as the official ones would lie there."""
    rng = np.random.default_rng(seed)

    def batch(count: int) -> dict[str, np.ndarray]:
        coarse = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
        images = np.stack([lanczos(image, (128, 128)) for image in coarse])
        return {"image": images, "attributes": rng.random((count, 40)) < 0.5}

    splits = {name: SplitContent(count, [batch(count)]) for name, count in COUNTS.items()}
    content = Content("CelebA (small)", FEATURES, splits, ())
    made = Dataset("CelebA", lambda *_: content, lambda _: content)
    source = None if stand_in else data_dir.parent
    prepare("celeba", data_dir, source, stand_in, datasets={"celeba": made})


@pytest.fixture
def data_dir(tmp_path):
    prepare_celeba(tmp_path / "data")
    return tmp_path / "data"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("shape", [(31, 45, 1), (31, 45, 3)])
@pytest.mark.parametrize("size", [(64, 50), (20, 90), (31, 45)])
def test_images_are_resized_as_pillow_does(shape, size):
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (BATCH + 3, *shape), dtype=np.uint8)
    expected = np.stack([lanczos(image, size) for image in images])
    np.testing.assert_array_equal(resize(images, size), expected, strict=True)


def test_a_prepared_data_set_in_another_size(data_dir):
    manifest = prepare("celeba-224", data_dir)
    assert verify("celeba-224", data_dir) == manifest
    assert manifest.description == "CelebA (small), resized to 224x224 px"
    origin, resized = load("celeba", data_dir), load("celeba-224", data_dir)
    assert manifest.resized_from == origin.fingerprint
    assert resized.fingerprint != origin.fingerprint
    for name, count in COUNTS.items():
        before, after = getattr(origin, name), getattr(resized, name)
        assert after.images.shape == (count, 224, 224, 3)
        expected = np.stack([lanczos(image, (224, 224)) for image in before.images[:]])
        np.testing.assert_array_equal(after.images[:], expected, strict=True)
        attributes = after.known["attributes"][:]
        np.testing.assert_array_equal(attributes, before.known["attributes"][:], strict=True)


def test_that_of_a_stand_in_is_one(data_dir):
    with pytest.raises(DataError, match="stand-in data have not been prepared"):
        prepare("celeba-224", data_dir, stand_in=True)
    prepare_celeba(data_dir, seed=1, stand_in=True)
    manifest = prepare("celeba-224", data_dir, stand_in=True)
    assert manifest.is_stand_in
    assert verify("celeba-224", data_dir, stand_in=True) == manifest
    assert (data_dir / "celeba-224-stand-in").is_dir()
    assert not (data_dir / "celeba-224").exists()


def test_several_processes_write_the_same_bytes(data_dir):
    prepare("celeba-224", data_dir)
    alone = files(data_dir / "celeba-224")
    prepare("celeba-224", data_dir, options=ReadOptions(workers=2))
    assert files(data_dir / "celeba-224") == alone


def test_a_data_set_has_an_id_in_each_of_its_sizes():
    assert resized_id("celeba", (224, 224)) == "celeba-224"
    assert resized_id("celeba", (128, 128)) is None
    assert resized_id("dsprites", (224, 224)) is None


# --- What is missing, or does not belong together ---


def test_what_it_is_made_from_must_be_there(tmp_path):
    for need in (prepare, load, verify):
        with pytest.raises(DataError, match="the data set has not been prepared") as caught:
            need("celeba-224", tmp_path)
        assert caught.value.path == tmp_path / "celeba"
        assert "data prepare celeba --source DIR" in caught.value.fix


def test_what_is_missing_is_named_with_its_size(data_dir, monkeypatch):
    large = RESIZED["celeba-224"]._replace(size=(2_240, 2_240))
    monkeypatch.setitem(RESIZED, "celeba-224", large)
    for need in (load, verify):
        with pytest.raises(DataError, match="not been prepared in this size") as caught:
            need("celeba-224", data_dir)
        assert caught.value.path == data_dir / "celeba-224"
        assert f"data prepare celeba-224 --data-dir {data_dir}`" in caught.value.fix
        assert "CelebA alone, and 2.1 GB" in caught.value.fix  # 142 images of 15 MB


def test_there_is_no_other_source(data_dir):
    with pytest.raises(DataError, match="made from the prepared celeba") as caught:
        prepare("celeba-224", data_dir, data_dir / "pictures")
    assert caught.value.fix == "leave --source out"


def test_it_belongs_to_the_images_that_it_was_made_from(data_dir):
    prepare("celeba-224", data_dir)
    prepare_celeba(data_dir)  # the same again
    verify("celeba-224", data_dir)
    prepare_celeba(data_dir, seed=1)
    for notice in (load, verify):
        with pytest.raises(DataError, match="made from another CelebA") as caught:
            notice("celeba-224", data_dir)
        assert "prepare it again with `thesis-repro data prepare celeba-224" in caught.value.fix
    assert "another CelebA" in listing(data_dir)[1].problem.cause
    prepare("celeba-224", data_dir)
    verify("celeba-224", data_dir)


def test_it_is_listed(data_dir):
    assert [entry.dataset for entry in listing(data_dir)] == ["celeba"]
    manifest = prepare("celeba-224", data_dir)
    assert [(entry.title, entry.manifest) for entry in listing(data_dir)][1:] == [
        ("CelebA, 224 px", manifest)
    ]


def test_a_damaged_image_it_is_made_from_stops_it(data_dir, monkeypatch):
    """As for all large data sets, whose bytes are not compared at each start: by its CRC."""
    prepare("celeba-224", data_dir)
    before = files(data_dir / "celeba-224")
    monkeypatch.setattr("data_prep.reading.CHECKED_BYTES", 0)
    path = data_dir / "celeba" / "train-00000.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="does not fit its CRC") as caught:
        prepare("celeba-224", data_dir, options=ReadOptions(workers=2))
    assert caught.value.path == path
    assert files(data_dir / "celeba-224") == before


# --- What interrupts ---


@pytest.fixture
def start(data_dir):
    """Start `resize_worker.py`; whatever happens, no process is left behind."""
    processes = []

    def start(name: str) -> subprocess.Popen:
        command = [sys.executable, WORKER, data_dir, name]
        process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)})
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.01)


def test_killed_in_the_middle_while_another_waits(data_dir, start):
    """The other one gets its turn, and nothing of the first is taken for whole."""
    killed = start("killed")
    wait_for(data_dir.parent / "killed.inside")
    waiting = start("waiting")
    time.sleep(1)
    assert not (data_dir.parent / "waiting.inside").exists()
    with pytest.raises(DataError, match="not been prepared in this size"):
        load("celeba-224", data_dir)
    assert [entry.dataset for entry in listing(data_dir)] == ["celeba"]
    killed.kill()
    (data_dir.parent / "waiting.go").touch()
    assert waiting.wait(PATIENCE) == 0
    verify("celeba-224", data_dir)
    left = sorted(path.name for path in data_dir.iterdir() if path.suffix != ".lock")
    assert left == ["celeba", "celeba-224"]


# --- The real pictures ---


def test_real_pictures(tmp_path, real_data):
    few = tmp_path / "few"
    (few / "img_align_celeba").mkdir(parents=True)
    (few / "list_attr_celeba.txt.gz").symlink_to(real_data / "celeba" / "list_attr_celeba.txt.gz")
    for path in sorted((real_data / "celeba" / "img_align_celeba").iterdir())[:100]:
        (few / "img_align_celeba" / path.name).symlink_to(path)
    prepare("celeba", tmp_path, few)
    manifest = prepare("celeba-224", tmp_path, options=ReadOptions(workers=2))
    assert manifest.description.endswith("100 of 202,599 official pictures), resized to 224x224 px")
    origin, resized = load("celeba", tmp_path), load("celeba-224", tmp_path)
    for name in ("train", "validation"):
        images = getattr(origin, name).images[:]
        expected = [lanczos(image, (224, 224)) for image in images]
        np.testing.assert_array_equal(getattr(resized, name).images[:], expected)
