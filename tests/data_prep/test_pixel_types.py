"""Which value of a picture is white, by its pixel type; and what is refused for not telling."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from data_prep.pictures import DamagedPictureError, Size, resized
from data_prep.pixel_types import PixelTypeError, to_rgb

RAMP = np.tile(np.linspace(0, 1, 40), (30, 1))  # from black to white: its mean is 127 or so


def stored(image: Image.Image, file_format: str = "TIFF") -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, file_format)
    return opened(stream.getvalue())


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def grey(values: np.ndarray, file_format: str = "TIFF") -> Image.Image:
    return stored(Image.fromarray(values), file_format)


def pgm(white: int) -> Image.Image:
    values = np.rint(RAMP * white).astype(">u2" if white > 255 else "u1")
    return opened(b"P5 40 30 %d\n" % white + values.tobytes())


def pfm() -> Image.Image:
    """Floats in a format that Pillow calls by the name of PGM's."""
    return opened(b"Pf\n40 30\n-1.0\n" + RAMP.astype("<f4").tobytes())


def big_endian_tiff() -> Image.Image:
    """As scanners and Macs write 16 bits."""
    return tiff(">", 16, (RAMP * 65_535).astype(">u2").tobytes())


def tiff_of_twelve_bits() -> Image.Image:
    """As cameras write them: two values in three bytes."""
    one, two = np.rint(RAMP * 4_095).astype(int).reshape(-1, 2).T
    packed = np.stack([one >> 4, (one & 15) << 4 | two >> 8, two & 255], axis=1)
    return tiff("<", 12, packed.astype(np.uint8).tobytes())


def tiff(order: str, bits: int, pixels: bytes) -> Image.Image:
    """A grey TIFF of 40 x 30 px (TIFF 6.0, Section 4), black is 0."""
    tags = ((256, 40), (257, 30), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1), (278, 30))
    start = struct.pack(f"{order}2sHI", b"II" if order == "<" else b"MM", 42, 8 + len(pixels))
    entries = (*tags, (279, len(pixels)))
    directory = struct.pack(f"{order}H", len(entries)) + b"".join(
        struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in entries
    )
    return opened(start + pixels + directory + bytes(4))


@pytest.mark.parametrize(
    "image",
    [
        grey(RAMP.astype(np.float32)),
        grey((RAMP * 255).astype(np.float32)),
        grey((RAMP * 65_535).astype(np.float32)),
        grey((RAMP * 255).astype(np.int32)),
        grey((RAMP * 65_535).astype(np.int32)),
        grey((RAMP * 65_535).astype(np.uint16)),
        grey((RAMP * 65_535).astype(np.uint16), "PNG"),
        big_endian_tiff(),
        tiff_of_twelve_bits(),
        pgm(255),
        pgm(1_023),
        pgm(65_535),
        pfm(),
        grey((RAMP * 255).astype(np.uint8)),
        stored(Image.fromarray((RAMP * 255).astype(np.uint8)).convert("CMYK")),
        stored(Image.fromarray((RAMP * 255).astype(np.uint8)).convert("LA"), "PNG"),
        stored(Image.fromarray((RAMP * 255).astype(np.uint8)).quantize(256), "PNG"),
    ],
    ids=["float 1", "float 255", "float 65535", "int32 255", "int32 65535", "16 bits", "PNG 16",
         "big endian", "12 bits", "PGM 255", "PGM 1023", "PGM 65535", "PFM", "8 bits", "CMYK",
         "grey alpha", "palette"],
)  # fmt: skip
def test_a_ramp_from_black_to_white_is_one_in_every_type(image):
    found = np.asarray(to_rgb(image))
    expected = np.repeat(RAMP[..., np.newaxis] * 255, 3, axis=2)
    assert np.abs(found - expected).max() <= 1


def test_half_of_the_pixels_of_a_single_bit_are_white():
    image = stored(Image.fromarray(RAMP > 0.5))
    assert np.unique(np.asarray(to_rgb(image))).tolist() == [0, 255]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float32])
def test_black_is_black_in_every_type(kind):
    assert not np.asarray(to_rgb(grey(np.zeros((30, 40), kind)))).any()


def changed(kind, value) -> np.ndarray:
    values = (RAMP * (1 if kind == np.float32 else 255)).astype(kind)
    values[3, 4] = value
    return values


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ((RAMP * 2**30).astype(np.int32), "integers from 0 to 1.07374e+09; only those from 0 to"),
        (changed(np.int32, 65_536), "integers from 0 to 65536"),
        (changed(np.int32, -1), "integers from -1 to 255"),
        ((RAMP * 10).astype(np.int32), "tells no value that is white"),
        ((RAMP * 1_023).astype(np.int32), "tells no value that is white"),
        (changed(np.float32, -0.1), "floats from -0.1 to 1"),
        (changed(np.float32, np.nan), "floats from nan to nan"),
        (changed(np.float32, np.inf), "floats from 0 to inf"),
        (changed(np.float32, 1.02), "tells no value that is white"),
        (changed(np.float32, 1e9), "floats from 0 to 1e+09"),
        ((RAMP * 0.01).astype(np.float32), "tells no value that is white"),
        ((RAMP * 255).astype(np.uint16), "from 0 to 255 of 65,535, which is all black"),
    ],
)
def test_refused_where_black_or_grey_would_come_of_it_in_silence(values, cause):
    with pytest.raises(PixelTypeError) as caught:
        to_rgb(grey(values))
    assert cause in str(caught.value)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_drawing_in_the_transparency_alone_is_refused(mode):
    image = Image.new(mode, (40, 30))  # black
    image.putalpha(Image.fromarray((RAMP * 255).astype(np.uint8)))
    with pytest.raises(PixelTypeError, match="all that it shows is its transparency"):
        to_rgb(stored(image, "PNG"))


def test_the_refusal_names_the_file_the_type_and_the_fix(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(changed(np.float32, -3)).save(stream, "TIFF")
    with pytest.raises(DamagedPictureError) as caught:
        resized(stream.getvalue(), Size(24, 20), tmp_path / "face.tif", official=False)
    assert caught.value.path == tmp_path / "face.tif"
    assert caught.value.cause.startswith("its pixels are floats from -3 to 1")
    assert "8 bits a channel" in caught.value.fix
