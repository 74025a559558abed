"""Official files, damaged in every way that Hypothesis thinks of: what was there, or a DataError.

Where a checksum covers the content, what a reader still returns must be what was there.
"""

import functools
import gzip
import importlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep import dsprites, imagenet, mnist, morphometry
from data_prep.content import ReadOptions
from data_prep.dsprites_renderer import classes_of, render, values_of
from data_prep.errors import DataError
from data_prep.idx import read_idx
from data_prep.prepare import prepare, verify

sys.path.insert(0, str(Path(__file__).parent))
damage = importlib.import_module("damage")
examples, value_or_refusal = damage.examples, damage.value_or_refusal
damaged_bytes, damaged_text, zipped = damage.damaged_bytes, damage.damaged_text, damage.zipped

RNG = np.random.default_rng(8)

# --- IDX and MNIST ---

PIXELS = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8)
IDX = bytes([0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 3]) + PIXELS.tobytes()


@examples(300)
@given(data=damaged_bytes(gzip.compress(IDX, mtime=0)))
def test_idx_compressed(tmp_path, data):
    (tmp_path / "images.gz").write_bytes(data)
    found = value_or_refusal(lambda: read_idx(tmp_path / "images.gz"), tmp_path)
    if not isinstance(found, DataError):
        np.testing.assert_array_equal(found, PIXELS, strict=True)


@examples(300)
@given(data=damaged_bytes(IDX))
def test_idx_inside_a_whole_gzip(tmp_path, data):
    (tmp_path / "images.gz").write_bytes(gzip.compress(data, 1))
    found = value_or_refusal(lambda: read_idx(tmp_path / "images.gz"), tmp_path)
    if not isinstance(found, DataError):
        assert data.endswith(found.tobytes())
        assert len(data) == 4 + 4 * found.ndim + found.size


@examples(300)
@given(data=st.data())
def test_any_change_of_what_is_in_an_mnist_file_is_noticed(tmp_path, small, data):
    file = data.draw(st.sampled_from(small.files))
    whole = (small.folder / file.name).read_bytes()
    try:
        (small.folder / file.name).write_bytes(data.draw(damaged_bytes(whole)))
        found = value_or_refusal(
            lambda: mnist.read_official(small.folder, files=small.files), tmp_path
        )
        if isinstance(found, DataError):
            assert found.path == small.folder / file.name
        else:  # when it was packed, and by which program, is not in it
            (batch,) = found.splits[file.split].batches
            values = batch[file.feature].reshape(file.shape)
            np.testing.assert_array_equal(values, small.arrays[file.name])
    finally:
        (small.folder / file.name).write_bytes(whole)


# --- dSprites ---


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, values, allow_pickle=True)
    return stream.getvalue()


class Trap:
    """Fails the test if it is ever unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


CLASSES = classes_of(np.sort(RNG.permutation(737_280)[:12]))
MEMBERS = {
    "metadata.npy": npy(np.array(Trap(), object)),
    "imgs.npy": npy(render(CLASSES)),
    "latents_classes.npy": npy(CLASSES),
    "latents_values.npy": npy(values_of(CLASSES)),
}
SHAPES = {
    "imgs.npy": (12, 64, 64),
    "latents_classes.npy": (12, 6),
    "latents_values.npy": (12, 6),
}


def read_dsprites(path: Path) -> dict[str, np.ndarray]:
    content = dsprites.read_official(path, ReadOptions())
    parts = [batch for split in content.splits.values() for batch in split.batches]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@functools.cache
def dsprites_whole() -> dict[str, np.ndarray]:
    order = np.concatenate(dsprites.split(len(CLASSES)))
    images = render(CLASSES[order])[..., np.newaxis] * 255
    return {"image": images, "factors": values_of(CLASSES[order]), "classes": CLASSES[order]}


@examples(300)
@given(data=damaged_bytes(zipped(MEMBERS)) | damaged_bytes(zipped(MEMBERS, zipfile.ZIP_STORED)))
def test_dsprites_file(tmp_path, data):
    (tmp_path / "dsprites.npz").write_bytes(data)
    found = value_or_refusal(lambda: read_dsprites(tmp_path / "dsprites.npz"), tmp_path)
    if not isinstance(found, DataError):
        for name, values in dsprites_whole().items():
            np.testing.assert_array_equal(found[name], values, strict=True)


LENGTHS = st.sampled_from((0, 1, 2, 6, 12, 13, 64, -1, True, 10**12, 2**31, 2**63, 0.5, "L", None))
TYPES = (
    *("|u1", "<i8", ">i8", "<f8", ">f8", "<i4", "|b1", "|O", "|V8", "<U4", "<M8[ns]", "<c16", "a"),
    *("", "u1,u1", "\\x00", "object", "(2,)u1", [("a", "|u1")], [], None, 7, {"names": ["a"]}),
)


@st.composite
def header(draw, name: str) -> bytes:
    """A member whose header was written anew, with anything in it."""
    fields = {
        "descr": draw(st.sampled_from(TYPES)),
        "fortran_order": draw(st.sampled_from((False, False, True, 0, "no"))),
        "shape": draw(st.tuples(LENGTHS, *map(st.just, SHAPES[name][1:])) | st.tuples(LENGTHS)
                      | st.lists(LENGTHS, max_size=40).map(tuple)),
    }  # fmt: skip
    text = repr(fields).encode()
    text = draw(st.just(text) | damaged_text(text)) + b"\n"
    version = draw(st.sampled_from((b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\xff\0")))
    length = draw(st.sampled_from((len(text), len(text), 2**32 - 1)))
    width = 2 if version == b"\1\0" else 4
    stated = (length % 2 ** (8 * width)).to_bytes(width, "little")
    return b"\x93NUMPY" + version + stated + text + MEMBERS[name][128:]


@examples(400)
@given(data=st.data())
def test_dsprites_members_in_a_whole_zip(tmp_path, data):
    name = data.draw(st.sampled_from(list(SHAPES)))
    member = data.draw(damaged_bytes(MEMBERS[name]) | header(name))
    (tmp_path / "dsprites.npz").write_bytes(zipped(MEMBERS | {name: member}))
    found = value_or_refusal(lambda: read_dsprites(tmp_path / "dsprites.npz"), tmp_path)
    if not isinstance(found, DataError):
        assert set(np.unique(found["image"])) <= {0, 255}
        np.testing.assert_array_equal(found["factors"], values_of(found["classes"]))


@pytest.mark.parametrize("name", ["\udcff.npz", "a\xa0b\n.npz"])  # \udcff: a byte that is no UTF-8
def test_a_name_that_is_hard_to_write_down(tmp_path, name):
    (tmp_path / name).write_bytes(zipped(MEMBERS))
    manifest = prepare("dsprites", tmp_path / "data", tmp_path / name)
    assert verify("dsprites", tmp_path / "data") == manifest


# --- Morpho-MNIST ---

TABLE = "\n".join(
    [morphometry.CSV_HEADER]
    + [",".join(map(repr, (i, *row))) for i, row in enumerate(RNG.normal(size=(12, 6)).tolist())]
).encode()


@examples(400)
@given(data=damaged_bytes(TABLE) | damaged_text(TABLE))
def test_table_of_morphometrics(tmp_path, data):
    (tmp_path / "t10k-morpho.csv").write_bytes(data)
    read = functools.partial(morphometry.read_csv, tmp_path / "t10k-morpho.csv", 12)
    found = value_or_refusal(read, tmp_path)
    if not isinstance(found, DataError):
        assert (found.shape, found.dtype) == ((12, 6), np.float64)
        assert np.isfinite(found).all()


# --- ImageNet ---

WNIDS = [f"n{10_000_000 + 37 * number:08}" for number in range(1_000)]
MAPPING = "\n".join(f"{wnid} tench, Tinca tinca" for wnid in WNIDS).encode()


@examples(300)
@given(data=damaged_bytes(MAPPING) | damaged_text(MAPPING))
def test_mapping_of_classes(tmp_path, data):
    path = tmp_path / imagenet.MAPPING
    path.write_bytes(data)
    found = value_or_refusal(lambda: imagenet.read_mapping(path), tmp_path)
    if not isinstance(found, DataError):
        assert list(found.values()) == list(range(1_000))
        assert list(found) == sorted(found)
