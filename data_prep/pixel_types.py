"""What the values of a picture mean: which of them is white, by one rule for all pixel types.

The rule, and what it refuses, stand in docs/data.md under "Pixel types".
"""

import numpy as np
from PIL import Image

WHITES = (1, 255, 65_535)
BRIGHTEST = 1 / 16  # of white, where the file does not say what is white
BITS_PER_SAMPLE = 258  # a tag of TIFF 6.0
SIXTEEN_BIT_FORMATS = frozenset({"PNG", "PPM"})  # Pillow reads their 16 bits into 32


class PixelTypeError(ValueError):
    """A whole picture whose values cannot be told to be grey or colours."""


def to_rgb(image: Image.Image) -> Image.Image:
    """A loaded picture in mode RGB.

    Raises:
        PixelTypeError: The rule refuses it.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = Image.fromarray(_grey(image))
    converted = image if image.mode == "RGB" else image.convert("RGB")
    if image.has_transparency_data and _is_flat(converted) and not _is_flat(_transparency(image)):
        raise PixelTypeError("all that it shows is its transparency, which is dropped")
    return converted


def _grey(image: Image.Image) -> np.ndarray:
    """The values of a picture of one channel of more than 8 bits, as uint8 (height, width)."""
    values = np.asarray(image)
    integers = image.mode != "F"
    low, high = values.min(), values.max()  # either is NaN where a value is
    words = f"its pixels are {'integers' if integers else 'floats'} from {low:g} to {high:g}"
    if not 0 <= low <= high <= WHITES[-1]:
        whites = "255 or 65,535" if integers else "1, 255 or 65,535"
        raise PixelTypeError(f"{words}; only those from 0 to {whites} are read")
    if image.mode.startswith("I;16") or (integers and image.format in SIXTEEN_BIT_FORMATS):
        bits = _bits(image)
        grey = (values >> bits - 8).astype(np.uint8)
        if high and not grey.any():
            white = 2**bits - 1
            raise PixelTypeError(f"{words} of {white:,}, which is all black in 8 bits")
        return grey
    white = next(white for white in WHITES[integers:] if high <= white)
    if 0 < high < BRIGHTEST * white:
        raise PixelTypeError(f"{words}, which tells no value that is white")
    if not integers:
        return np.rint(values * (255 / white)).astype(np.uint8)
    return (values >> 8 if white > 255 else values).astype(np.uint8)


def _bits(image: Image.Image) -> int:
    """How many of the 16 bits a file uses: Pillow leaves the 12 of a TIFF where they are."""
    tags = image.tag_v2 if image.format == "TIFF" else {}
    return tags.get(BITS_PER_SAMPLE, (16,))[0]


def _transparency(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").getchannel("A")


def _is_flat(image: Image.Image) -> bool:
    extrema = image.getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in bands)
