"""Decoding and resizing single pictures, against Pillow's own steps and colours worked by hand."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep.content import ReadOptions
from data_prep.errors import DataError
from data_prep.pictures import (
    BATCH,
    LARGEST_FILE,
    DamagedPictureError,
    PictureFile,
    Size,
    grey,
    picture_batches,
    resized,
)

WHERE = Path("n01440764/n01440764_1.JPEG")
SIZE = Size(24, 20)
ORIENTATION = 0x0112  # the tag's number in EXIF


def smooth(height: int, width: int, channels: int = 3) -> np.ndarray:
    """Waves, so that JPEG changes them little: uint8 (height, width, channels)."""
    y, x = np.mgrid[:height, :width][..., np.newaxis]
    phase = np.arange(channels)
    return (127 + 120 * np.sin(x / 9 + phase) * np.cos(y / 7 - phase)).astype(np.uint8)


def saved(image: Image.Image, file_format: str = "JPEG", **options) -> bytes:
    stream = io.BytesIO()
    quality = {"quality": 95} if file_format == "JPEG" else {}
    image.save(stream, file_format, **quality, **options)
    return stream.getvalue()


def jpeg(height: int = 60, width: int = 50, **options) -> bytes:
    return saved(Image.fromarray(smooth(height, width)), **options)


def plain(mode: str, colour) -> Image.Image:
    return Image.new(mode, (30, 40), colour)


def chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def huge_png(side: int) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data)


def test_lanczos_on_the_whole_picture():
    data = jpeg(218, 178)
    values = resized(data, Size(128, 128), WHERE)
    with Image.open(io.BytesIO(data)) as image:
        expected = image.resize((128, 128), Image.Resampling.LANCZOS)  # squashed, not cropped
    np.testing.assert_array_equal(values, np.asarray(expected), strict=True)


def test_a_large_picture_is_averaged_not_sampled():
    stripes = np.tile(np.array([0, 255], np.uint8), (200, 100))
    grey = resized(saved(Image.fromarray(stripes), "PNG"), SIZE, WHERE)
    assert np.abs(grey[2:-2, 2:-2].astype(int) - 127).max() <= 3


ADOBE = (55, 105, 155, 0)  # C, M, Y, K; RGB is what they leave of 255


@pytest.mark.parametrize(
    ("image", "file_format", "expected"),
    [
        (plain("L", 77), "JPEG", (77, 77, 77)),
        (plain("CMYK", ADOBE), "JPEG", (200, 150, 100)),
        (plain("CMYK", (0, 0, 0, 255)), "JPEG", (0, 0, 0)),
        (plain("RGB", (200, 30, 90)), "PNG", (200, 30, 90)),
        (plain("RGBA", (200, 30, 90, 10)), "PNG", (200, 30, 90)),
        (plain("LA", (77, 10)), "PNG", (77, 77, 77)),
        (plain("RGB", (200, 30, 90)).quantize(4), "PNG", (200, 30, 90)),
        (plain("1", 1), "PNG", (255, 255, 255)),
        (Image.fromarray(np.full((40, 30), 77 * 256 + 200, np.uint16)), "PNG", (77, 77, 77)),
    ],
    ids=["grey", "cmyk", "black ink", "rgb", "rgba", "grey alpha", "palette", "1 bit", "16 bit"],
)
def test_every_mode_becomes_rgb(image, file_format, expected):
    values = resized(saved(image, file_format), SIZE, WHERE)
    assert values.shape == (24, 20, 3)
    assert values.dtype == np.uint8
    assert np.abs(values.astype(int) - expected).max() <= 2  # JPEG rounds


def test_transparent_palette_gives_no_warning():
    image = plain("RGB", (200, 30, 90)).quantize(4)
    data = saved(image, "PNG", transparency=bytes([0, 128, 255]))
    assert np.abs(resized(data, SIZE, WHERE).astype(int) - (200, 30, 90)).max() <= 2


# What a viewer does with each value of the tag (EXIF 2.3, Orientation).
TURNS = {
    1: lambda values: values,
    2: np.fliplr,
    3: lambda values: np.rot90(values, 2),
    4: np.flipud,
    5: lambda values: values.swapaxes(0, 1),
    6: lambda values: np.rot90(values, -1),
    7: lambda values: np.rot90(values, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", TURNS)
def test_turned_upright_before_resizing(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = smooth(60, 50)
    data = saved(Image.fromarray(stored), "PNG", exif=exif)
    upright = Image.fromarray(np.ascontiguousarray(TURNS[orientation](stored)))
    expected = upright.resize((20, 24), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(resized(data, SIZE, WHERE), np.asarray(expected))


def test_exif_cut_off_does_no_harm():
    data = jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09\x01\x12\0\x03\0\0\xff\xff")
    np.testing.assert_array_equal(resized(data, SIZE, WHERE), resized(jpeg(), SIZE, WHERE))


def test_turned_though_another_tag_is_damaged():
    turn_right = struct.pack(">HHIHH", ORIENTATION, 3, 1, 6, 0)
    fraction_for_a_name = struct.pack(">HHII", 0x011D, 5, 1, 38) + bytes(4)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + turn_right + fraction_for_a_name
    data = jpeg(exif=exif + struct.pack(">II", 1, 1))
    with Image.open(io.BytesIO(data)) as stored:
        upright = stored.transpose(Image.Transpose.ROTATE_270)
    expected = upright.resize((20, 24), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(resized(data, SIZE, WHERE), np.asarray(expected))


@pytest.mark.parametrize("progressive", [False, True])
def test_every_cut_is_noticed(progressive):
    data = jpeg(30, 25, progressive=progressive)
    for length in range(1, len(data)):
        with pytest.raises(DamagedPictureError, match=r"cut off|neither"):
            resized(data[:length], SIZE, WHERE)


WHOLE_PNG = saved(plain("RGB", (200, 30, 90)), "PNG")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty"),
        (jpeg()[:700], "cut off"),
        (jpeg()[:20], "cut off or damaged in its header"),
        (WHOLE_PNG[:-30], "cut off"),
        (WHOLE_PNG[:60] + b"\xff" + WHOLE_PNG[61:], "damaged"),
        (WHOLE_PNG[:-16] + b"\0\0\0\0" + WHOLE_PNG[-12:], "damaged"),  # checksum of the pixels
        (saved(plain("RGB", 0), "GIF"), "neither a JPEG nor a PNG file (it starts with 47 49 46"),
        (b"<html>404</html>", "neither a JPEG nor a PNG"),
        (huge_png(9_500), "far too large"),  # Pillow warns from 89 million pixels
        (huge_png(40_000), "far too large"),  # and refuses from twice that
    ],
)
def test_names_picture_cause_and_fix(data, cause):
    with pytest.raises(DamagedPictureError) as caught:
        resized(data, SIZE, WHERE)
    assert caught.value.path == WHERE
    assert cause in caught.value.cause
    assert "--leave-out-damaged" in caught.value.fix
    assert "0x" not in caught.value.cause  # no address of an object


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "WEBP", "PNG", "JPEG"])
def test_a_picture_of_ones_own_may_have_any_format(file_format):
    data = saved(plain("RGB", (200, 30, 90)), file_format)
    found = resized(data, SIZE, WHERE, official=False)
    assert np.abs(found.astype(int) - (200, 30, 90)).max() <= 4  # lossy


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty"),
        (jpeg()[:700], "cut off"),
        (b"<html>", "no picture of a format and a pixel type that Pillow"),
    ],
)
def test_fix_for_a_picture_of_ones_own(data, cause):
    with pytest.raises(DamagedPictureError) as caught:
        resized(data, SIZE, WHERE, official=False)
    assert cause in caught.value.cause
    assert caught.value.fix.startswith("name another picture file, or save it anew as PNG or JPEG")


def test_grey_weighs_colours_as_pillow_does():
    colours = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]], np.uint8)
    assert grey(colours)[..., 0].tolist() == [
        [76, 150, 29, 255]
    ]  # .299, .587, .114 of 255: ITU-R 601


def test_another_size_is_not_a_damage():
    with pytest.raises(DataError, match="50 x 60 px, the official ones are 178 x 218") as caught:
        resized(jpeg(60, 50), Size(128, 128, original=(178, 218)), WHERE)
    assert not isinstance(caught.value, DamagedPictureError)


@pytest.fixture
def folder(tmp_path):
    """150 pictures, each of one colour, of which numbers 70 and 71 are damaged."""
    for number in range(150):
        data = saved(plain("RGB", (number, 0, 0)), "PNG")
        (tmp_path / f"{number:03}.png").write_bytes(data[:40] if number in (70, 71) else data)
    return tmp_path


def read(folder, count, workers, leave_out):
    pictures = (PictureFile(folder, f"{number:03}.png") for number in range(count))
    left_out = []
    options = ReadOptions(workers, leave_out)
    numbers = np.arange(150)
    batches = list(picture_batches(pictures, {"number": numbers}, SIZE, options, left_out))
    return batches, left_out


def test_damaged_pictures_are_left_out_with_their_values(folder):
    batches, left_out = read(folder, 150, workers=1, leave_out=True)
    assert left_out == ["070.png", "071.png"]
    assert [len(batch["image"]) for batch in batches] == [BATCH, BATCH - 2, 150 - 2 * BATCH]
    numbers = np.concatenate([batch["number"] for batch in batches])
    assert numbers.tolist() == [number for number in range(150) if number not in (70, 71)]
    for batch in batches:
        np.testing.assert_array_equal(batch["image"][:, 0, 0, 0], batch["number"])


def test_a_batch_without_whole_pictures(folder):
    (folder / "000.png").write_bytes(b"")
    assert read(folder, 1, workers=1, leave_out=True) == ([], ["000.png"])


def test_several_processes_give_the_same(folder):
    alone, left_out_alone = read(folder, 150, workers=1, leave_out=True)
    together, left_out_together = read(folder, 150, workers=2, leave_out=True)
    assert left_out_alone == left_out_together
    for one, other in zip(alone, together, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], strict=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_picture_stops_the_run(folder, workers):
    with pytest.raises(DamagedPictureError) as caught:
        read(folder, 150, workers, leave_out=False)
    assert caught.value.path == folder / "070.png"


@pytest.mark.parametrize("leave_out", [False, True])
def test_a_picture_that_vanished_is_never_left_out(folder, leave_out):
    (folder / "005.png").unlink()
    with pytest.raises(DataError, match=r"005\.png: it cannot be read"):
        read(folder, 150, workers=1, leave_out=leave_out)


def test_a_file_too_large_is_not_loaded(tmp_path):
    with (tmp_path / "large.jpg").open("wb") as stream:
        stream.truncate(LARGEST_FILE + 1)  # takes no room on the disk
    with pytest.raises(DamagedPictureError, match="more than any picture that is read"):
        PictureFile(tmp_path, "large.jpg").read()


def test_pictures_are_read_only_as_they_are_needed(folder):
    asked = []

    def pictures():
        for number in range(150):
            asked.append(number)
            yield PictureFile(folder, f"{number:03}.png")

    batches = picture_batches(pictures(), {}, SIZE, ReadOptions(), [])
    next(batches)
    assert len(asked) == BATCH
