"""Pictures and CelebA's files, damaged like those of `test_damaged_files`."""

import gzip
import hashlib
import importlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from data_prep import celeba
from data_prep.celeba_attributes import ATTRIBUTES, read_attributes
from data_prep.content import ReadOptions
from data_prep.errors import DataError
from data_prep.pictures import DamagedPictureError, Size, resized

sys.path.insert(0, str(Path(__file__).parent))
damage = importlib.import_module("damage")
examples, value_or_refusal = damage.examples, damage.value_or_refusal
damaged_bytes, damaged_text, zipped = damage.damaged_bytes, damage.damaged_text, damage.zipped

RNG = np.random.default_rng(8)

# --- CelebA ---

SIGNS = RNG.random((15, 40)) < 0.4
LIST = "".join(
    f"{line}\r\n"
    for line in (
        "15",
        " ".join(ATTRIBUTES) + " ",
        *(f"{row:06}.jpg " + " ".join(" 1" if sign else "-1" for sign in signs).lstrip()
          for row, signs in enumerate(SIGNS)),
    )
).encode()  # fmt: skip
OFFICIAL = celeba.Official(15, hashlib.md5(LIST).hexdigest())


@pytest.mark.parametrize("ending", ["txt", "txt.gz"])
@examples(400)
@given(
    data=damaged_bytes(LIST) | damaged_text(LIST),
    outside=damaged_bytes(gzip.compress(LIST, mtime=0)),
    inside=st.booleans(),
)
def test_list_of_attributes(tmp_path, ending, data, outside, inside):
    path = tmp_path / f"list_attr_celeba.{ending}"
    packed = gzip.compress(data, 1) if inside else outside
    path.write_bytes(packed if ending == "txt.gz" else data)
    found = value_or_refusal(lambda: read_attributes(path, OFFICIAL.attributes_md5), tmp_path)
    if not isinstance(found, DataError):
        order = [found.rows[f"{row:06}.jpg"] for row in range(15)]  # that of the lines may change
        np.testing.assert_array_equal(found.values[order], SIGNS, strict=True)
        assert len(found.rows) == 15


def saved(image: Image.Image, file_format: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **options)
    return stream.getvalue()


FACES = {
    f"img_align_celeba/{row:06}.jpg": saved(Image.new("RGB", (178, 218), (9 * row, 0, 0)), "JPEG")
    for row in range(12)
}


def read_celeba(source: Path, leave_out: bool) -> tuple[list[np.ndarray], list[str], int]:
    """The rows of the list that the pictures belong to by their colour, and by their attributes."""
    content = celeba.read_official(source, ReadOptions(1, leave_out), OFFICIAL)
    splits = content.splits.values()
    batches = [batch for split in splits for batch in split.batches]
    reds = np.concatenate([np.empty(0), *(batch["image"][:, 60, 60, 0] for batch in batches)])
    signs = np.concatenate([SIGNS[:0], *(batch["attributes"] for batch in batches)])
    known = [int(np.flatnonzero((row == SIGNS).all(axis=1))[0]) for row in signs]
    left_out = [name for split in splits for name in split.left_out]
    return [np.round(reds / 9).astype(int), np.array(known)], left_out, sum(s.count for s in splits)


def check_celeba(tmp_path: Path, leave_out: bool) -> None:
    found = value_or_refusal(lambda: read_celeba(tmp_path, leave_out), tmp_path)
    if not isinstance(found, DataError):
        (by_colour, by_attributes), left_out, count = found
        np.testing.assert_array_equal(by_colour, by_attributes)
        assert len(by_colour) + len(left_out) == count
        assert leave_out or not left_out


@examples(300)
@given(
    data=damaged_bytes(zipped(FACES, zipfile.ZIP_STORED)) | damaged_bytes(zipped(FACES)),
    leave_out=st.booleans(),
)
def test_zip_of_pictures(tmp_path, data, leave_out):
    (tmp_path / "list_attr_celeba.txt").write_bytes(LIST)
    (tmp_path / "img_align_celeba.zip").write_bytes(data)
    check_celeba(tmp_path, leave_out)


# --- Pictures ---


def pictures() -> dict[str, bytes]:
    y, x = np.mgrid[:30, :25]
    waves = (127 + 60 * np.sin(x / 3) + 60 * np.cos(y / 4)).astype(np.uint8)
    image = Image.fromarray(np.stack([waves, waves.T[:25].repeat(2, 0)[:30, :25], 255 - waves], 2))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right
    return {
        "jpeg": saved(image, "JPEG"),
        "progressive": saved(image, "JPEG", progressive=True),
        "grey": saved(image.convert("L"), "JPEG"),
        "cmyk": saved(image.convert("CMYK"), "JPEG"),
        "turned": saved(image, "JPEG", exif=exif),
        "png": saved(image, "PNG"),
        "palette": saved(image.quantize(16), "PNG", transparency=bytes(range(16))),
        "16 bit": saved(Image.fromarray(waves.astype(np.uint16) * 200), "PNG"),
    }


@pytest.mark.parametrize("kind", PICTURES := pictures())
@examples(150)
@given(data=st.data())
def test_pictures(kind, data):
    where, size, whole = Path("n01440764/n01440764_1.JPEG"), Size(24, 20), PICTURES[kind]
    drawn = data.draw(damaged_bytes(whole))
    found = value_or_refusal(lambda: resized(drawn, size, where), where.parent)
    if not isinstance(found, DataError):
        assert (found.shape, found.dtype) == ((24, 20, 3), np.uint8)
        if drawn.startswith(b"\x89PNG"):  # it has checksums
            np.testing.assert_array_equal(found, resized(whole, size, where))
    else:
        assert isinstance(found, DamagedPictureError)
