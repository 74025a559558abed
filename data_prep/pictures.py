"""Official pictures to arrays of one size: decode, turn upright, RGB, Lanczos (Section 3.3).

The whole picture is squashed to the target size without a crop, as the thesis's code did (erratum
E75). A JPEG that ends early is always noticed; changed bytes in the middle of one are not, unless
they break the format, because JPEG, unlike PNG, has no checksum.

What its values mean is `pixel_types`' to say.
"""

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from data_prep.content import Batch, ReadOptions
from data_prep.errors import DataError, unreadable
from data_prep.opening import open_file
from data_prep.parallel import ordered
from data_prep.pixel_types import PixelTypeError, to_rgb

# PNG too: n02105855_2933.JPEG of ILSVRC2012 is one (github.com/cytsai/ilsvrc-cmyk-image-list).
STARTS = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG\r\n\x1a\n"}
LARGEST_FILE = 2**27  # bytes, far beyond any official picture; a larger file is never loaded
BATCH = 64  # pictures that a worker process takes at a time; 10 MB of arrays for ImageNet

FIX = "replace the file, or leave damaged pictures out with --leave-out-damaged"
FIX_OWN = "name another picture file, or save it anew as PNG or JPEG, with 8 bits a channel"
READ_FIX = "check --source DIR and its permissions"
READ_FIX_OWN = "name a picture file that exists and can be opened"


class DamagedPictureError(DataError):
    """A picture that cannot be decoded: the one kind of error that may be left out on request."""


class Picture(Protocol):
    """Where a picture's bytes lie; small and picklable, because it travels to a worker process."""

    @property
    def name(self) -> str:
        """The name to report where it is left out."""

    @property
    def where(self) -> Path:
        """The file, or the zip file and the entry, for messages."""

    def read(self) -> bytes:
        """The picture file's bytes."""


class PictureFile(NamedTuple):
    """A picture in a folder; `name` is relative to it."""

    folder: Path
    name: str

    @property
    def where(self) -> Path:
        """The file."""
        return self.folder / self.name

    def read(self) -> bytes:
        """The file's bytes; errors as of `picture_bytes`."""
        return picture_bytes(self.where)


class Size(NamedTuple):
    """What pictures are brought to, and what they must be (px).

    Attributes:
        height: Height of the arrays.
        width: Width of the arrays.
        original: Width and height that every picture must have; None where they differ.
    """

    height: int
    width: int
    original: tuple[int, int] | None = None


def picture_bytes(path: Path, *, official: bool = True) -> bytes:
    """The bytes of a picture file, of a data set or of the user's own.

    Raises:
        DataError: The file cannot be read, or is too large to be a picture.
    """
    try:
        with open_file(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > LARGEST_FILE:
                cause = f"it has {size:,} bytes, more than any picture that is read"
                raise DamagedPictureError(path, cause, FIX if official else FIX_OWN)
            return stream.read()
    except OSError as error:
        raise unreadable(path, error, READ_FIX if official else READ_FIX_OWN) from error


def resized(data: bytes, size: Size, where: Path, *, official: bool = True) -> np.ndarray:
    """A picture as uint8 of shape (height, width, 3).

    Values become 8-bit RGB as `pixel_types.to_rgb` says.

    Args:
        data: The bytes of a picture file.
        size: The size of the result, and the size that the picture must have.
        where: Named in the errors.
        official: Whether it is from a data set, so that only JPEG and PNG are taken for whole; a
            picture of the user's own may have any format that Pillow reads.

    Raises:
        DamagedPictureError: It is cut off, damaged, too large, of no such format, or its values
            cannot be told to be grey or colours.
        DataError: It is whole, but not of `size.original`.
    """
    fix = FIX if official else FIX_OWN
    if not data:
        raise DamagedPictureError(where, "the file is empty", fix)
    try:
        # Pillow warns of what does no harm (a damaged EXIF block), and of a decompression bomb.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = _decoded(data, tuple(STARTS) if official else None)
            if size.original is None or image.size == size.original:
                resample = Image.Resampling.LANCZOS
                return np.asarray(image.resize((size.width, size.height), resample))
    except Exception as error:  # Pillow raises nearly anything on damaged bytes
        raise DamagedPictureError(where, _cause(error, data, official), fix) from error
    cause = "the picture is {} x {} px, the official ones are {} x {} px"
    fix = "put the official pictures there, unchanged"
    raise DataError(where, cause.format(*image.size, *size.original), fix)


def grey(image: np.ndarray) -> np.ndarray:
    """A uint8 picture (height, width, 3) in one channel, by Pillow's weights (ITU-R 601)."""
    return np.asarray(Image.fromarray(image).convert("L"))[..., np.newaxis]


def picture_batches(
    pictures: Iterable[Picture],
    columns: Mapping[str, np.ndarray],
    size: Size,
    options: ReadOptions,
    left_out: list[str],
) -> Iterator[Batch]:
    """Read pictures in several processes; never more than a few batches are in memory.

    Args:
        pictures: In order; read only as far ahead as there is work in flight.
        columns: Per further feature an array with one row per picture.
        size: The size of the images.
        options: Number of workers, and whether damaged pictures are left out.
        left_out: Grows by the names of the damaged pictures, in order.

    Raises:
        DataError: A picture cannot be read, or is damaged and not to be left out.
    """
    work = partial(_resize_all, size=size, leave_out=options.leave_out_damaged)
    start = 0
    for done in ordered(work, _chunks(pictures), options.workers):
        rows = start + done.kept
        start += len(done.kept) + len(done.damaged)
        left_out.extend(done.damaged)
        if len(rows):
            yield {"image": done.images, **{name: column[rows] for name, column in columns.items()}}


class _Done(NamedTuple):
    images: np.ndarray
    kept: np.ndarray  # positions in the chunk
    damaged: list[str]


def _chunks(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    iterator = iter(pictures)
    while chunk := list(islice(iterator, BATCH)):
        yield chunk


def _resize_all(pictures: Sequence[Picture], size: Size, leave_out: bool) -> _Done:
    images = np.empty((len(pictures), size.height, size.width, 3), np.uint8)
    kept, damaged = [], []
    for position, picture in enumerate(pictures):
        try:
            images[len(kept)] = resized(picture.read(), size, picture.where)
        except DamagedPictureError:
            if not leave_out:
                raise
            damaged.append(picture.name)
        else:
            kept.append(position)
    return _Done(images[: len(kept)], np.array(kept, np.int64), damaged)


def _decoded(data: bytes, formats: tuple[str, ...] | None) -> Image.Image:
    if data.startswith(STARTS["PNG"]):  # Pillow does not look at the pixels' checksums otherwise
        Image.open(io.BytesIO(data), formats=("PNG",)).verify()
    image = Image.open(io.BytesIO(data), formats=formats)
    image.load()
    # Pillow turns the pixels, then writes the EXIF block anew; damaged ones cannot be written.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    return to_rgb(image)


def _cause(error: Exception, data: bytes, official: bool) -> str:
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return f"the header asks for a picture far too large ({error})"
    if isinstance(error, PixelTypeError):
        return str(error)
    if not isinstance(error, UnidentifiedImageError):
        return f"the picture is cut off or damaged ({error})"
    if data.startswith(tuple(STARTS.values())):
        return "the picture is cut off or damaged in its header"
    own = "no picture of a format and a pixel type that Pillow can read"
    wanted = "neither a JPEG nor a PNG file" if official else own
    return f"it is {wanted} (it starts with {data[:4].hex(' ')})"
