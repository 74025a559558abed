"""Small files in the layout of the official MNIST files."""

import gzip
import hashlib
import struct
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from data_prep import mnist
from data_prep.content import Content, ReadOptions, SplitContent
from data_prep.manifest import Feature
from data_prep.prepare import Dataset

COUNTS = {"train": 30, "validation": 12}


def pack_idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{values.ndim}I", 0, 0x08, values.ndim, *values.shape)
    return gzip.compress(header + values.tobytes(), mtime=0)


@dataclass
class SmallMnist:
    """A folder like the official one, with the table that says what it must hold."""

    folder: Path
    arrays: dict[str, np.ndarray]
    files: list[mnist.OfficialFile] = field(default_factory=list)

    @property
    def datasets(self) -> dict[str, Dataset]:
        read = partial(mnist.read_official, files=self.files)
        return {"mnist": Dataset("MNIST", read, lambda _: pytest.fail("a source was given"))}


@pytest.fixture
def faces() -> dict[str, Dataset]:
    """CelebA with a stand-in of two pictures, one for each split."""

    def make(options: ReadOptions) -> Content:
        image = np.zeros((1, 4, 4, 3), np.uint8)
        splits = {name: SplitContent(1, ({"image": image},)) for name in ("train", "validation")}
        features = {"image": Feature("uint8", image.shape[1:], "raw")}
        return Content("stand-in: two faces", features, splits, ())

    return {"celeba": Dataset("CelebA", lambda *_: pytest.fail("no official files"), make)}


@pytest.fixture
def small(tmp_path) -> SmallMnist:
    rng = np.random.default_rng(1)
    folder = tmp_path / "official"
    folder.mkdir()
    result = SmallMnist(folder, {})
    for official in mnist.OFFICIAL_FILES:
        shape = (COUNTS[official.split], *official.shape[1:])
        high = 256 if official.feature == "image" else 10
        values = rng.integers(0, high, shape, dtype=np.uint8)
        packed = pack_idx(values)
        (folder / official.name).write_bytes(packed)
        md5 = hashlib.md5(gzip.decompress(packed)).hexdigest()
        result.files.append(official._replace(shape=shape, md5=md5))
        result.arrays[official.name] = values
    return result
