"""The six morphometrics of Morpho-MNIST, for any images.

Definition: D. C. Castro, J. Tan, B. Kainz, E. Konukoglu, B. Glocker, Morpho-MNIST: Quantitative
Assessment and Diagnostics for Representation Learning, JMLR 20(178), 2019, Section 3; where the
paper leaves something open, what the authors' toolbox does. Measured on the official images of
28 x 28 px, the published values come out to rounding.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from data_prep.errors import DataError, unreadable
from data_prep.medial_axis import medial_axes
from data_prep.opening import open_file
from data_prep.parallel import ordered

COLUMNS = ("area", "length", "thickness", "slant", "width", "height")
UNITS = dict(zip(COLUMNS, ("px²", "px", "px", "rad", "px", "px"), strict=True))
CSV_HEADER = ",".join(("index", *COLUMNS))
CSV_FIX = "put the official Morpho-MNIST table there, or take it away: then the images are measured"

SCALE = 4  # images are measured at four times their size
SIGMA = 2 * SCALE / 6  # px at that size, of the Gaussian that smooths after upsampling
OUTSIDE = 0.01  # share of the mass beyond each side of the bounding parallelogram
SMALLEST = 4  # px; below, the cubic interpolation has no four pixels to work on
LARGEST = 1e300  # a range of levels that float64 can still hold
# A level that rounding has put just below a whole number is that number. Far above the rounding
# of float64 (1e-13 levels), and far below true distances (3e-11 among the official images).
ROUNDING = 1e-12
PIXELS_AT_ONCE = 128 * 28 * 28  # larger batches are no faster, and take 0.4 kB a pixel (42 MB)


def measure(images: np.ndarray) -> np.ndarray:
    """Measure area, length, thickness, slant, width and height (`COLUMNS`).

    Levels count from the minimum of each image. One of uint8 keeps its 256 levels, as the official
    images did; one of any other type is stretched to 0..255 by its own range, so that its measures
    depend on neither scale nor offset. Upsampled levels are cut to whole ones. Foreground is what
    then reaches the midpoint of the image's range.

    Args:
        images: (n, height, width), real, at least 4 x 4 px, no channel axis. Masks are best given
            as bool: as uint8 0 and 1 they are two almost equal shades of black.

    Returns:
        float64 (n, 6): px^2, px, px, rad (positive where the top leans right), px, px. A row of
        NaN for an image without form: one of a single level before or after upsampling.

    Raises:
        ValueError: The shape or type is another, or a value is not finite.
    """
    images = _checked(images)
    parts = [_measure_part(part) for part in _parts(images)]
    return np.concatenate([np.empty((0, len(COLUMNS))), *parts])


def measure_all(
    images: np.ndarray, workers: int, advance: Callable[[int], None] = lambda count: None
) -> np.ndarray:
    """Like `measure`, in several processes.

    Args:
        images: As for `measure`.
        workers: Number of processes.
        advance: Called with the number of images measured since the last call.

    Raises:
        ValueError: As `measure`.
    """
    images = _checked(images)
    results = [np.empty((0, len(COLUMNS)))]
    for rows in ordered(_measure_part, _parts(images), workers):
        results.append(rows)
        advance(len(rows))
    return np.concatenate(results)


def read_csv(path: Path, count: int) -> np.ndarray:
    """Read an official table of morphometrics, e.g. `t10k-morpho.csv`.

    Args:
        path: The table: `index` and `COLUMNS`, one row per image, in the images' order.
        count: Number of images.

    Returns:
        float64 (count, 6).

    Raises:
        DataError: The file is missing, no text, has other columns, a row missing, doubled or out of
            order, or a field that is not a finite number.
    """
    try:
        with open_file(path) as file:
            lines = file.read().decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(path, f"it is no plain text (byte {error.start})", CSV_FIX) from error
    except OSError as error:
        raise unreadable(path, error, CSV_FIX) from error
    if not lines or lines[0] != CSV_HEADER:
        found = lines[0][:80] if lines else "nothing"
        raise DataError(path, f"its first line is {found!r}, not {CSV_HEADER!r}", CSV_FIX)
    if len(lines) - 1 != count:
        cause = f"it holds {len(lines) - 1:,} rows for {count:,} images"
        raise DataError(path, cause, CSV_FIX)
    rows = [_read_row(path, index, line) for index, line in enumerate(lines[1:])]
    return np.array(rows, np.float64).reshape(count, len(COLUMNS))


def _read_row(path: Path, index: int, line: str) -> list[float]:
    name, *fields = line.split(",")
    where = f"line {index + 2}"  # the first is the header
    if name != str(index):
        cause = f"{where} has the index {name[:20]!r} where {index} follows"
        raise DataError(path, f"{cause}: a row is missing, doubled or out of order", CSV_FIX)
    try:
        values = [float(field) for field in fields]
    except ValueError as error:
        raise DataError(path, f"{where} holds what is no number ({error})", CSV_FIX) from error
    if len(values) != len(COLUMNS):
        cause = f"{where} has {len(values)} measures instead of {len(COLUMNS)}"
        raise DataError(path, cause, CSV_FIX)
    if not np.isfinite(values).all():
        raise DataError(path, f"{where} holds a value that is not finite", CSV_FIX)
    return values


def _checked(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype.kind not in "buif":
        raise ValueError(f"images of real numbers are measured, not of type {images.dtype}")
    if images.ndim != 3 or min(images.shape[1:]) < SMALLEST:
        raise ValueError(
            f"expected is the shape (images, height, width), at least {SMALLEST} x {SMALLEST} px, "
            f"not {images.shape}"
        )
    lowest, highest = float(images.min(initial=0)), float(images.max(initial=0))
    if not -LARGEST <= lowest <= highest <= LARGEST:  # NaN fails too
        raise ValueError(f"an image holds a value that is no number or beyond {LARGEST:.0e}")
    return images


def _parts(images: np.ndarray) -> Iterator[np.ndarray]:
    count = max(1, PIXELS_AT_ONCE // (images.shape[1] * images.shape[2]))
    return (images[start : start + count] for start in range(0, len(images), count))


def _measure_part(images: np.ndarray) -> np.ndarray:
    levels = _upsample(_levels(images))
    lowest, highest = levels.min(axis=(1, 2)), levels.max(axis=(1, 2))
    has_form = highest > lowest
    levels = levels[has_form]
    midpoint = ((lowest + highest) / 2)[has_form, np.newaxis, np.newaxis]
    result = np.full((len(images), len(COLUMNS)), np.nan)
    result[has_form] = np.column_stack([*_of_foreground(levels >= midpoint), *_of_mass(levels)])
    return result


def _levels(images: np.ndarray) -> np.ndarray:
    levels = images.astype(np.float64)
    levels -= levels.min(axis=(1, 2), keepdims=True)
    if images.dtype != np.uint8:
        highest = levels.max(axis=(1, 2), keepdims=True)
        levels = levels / np.where(highest > 0, highest, 1) * 255
    return levels


def _upsample(levels: np.ndarray) -> np.ndarray:
    """Four times as large, smooth, in whole levels: float64 (n, 4 height, 4 width)."""
    _, height, width = levels.shape
    upsampled = _cubic(height) @ levels @ _cubic(width).T
    highest = levels.max(axis=(1, 2), keepdims=True)
    np.clip(upsampled, 0, highest, out=upsampled)  # the interpolation overshoots at edges
    smooth = ndimage.gaussian_filter(upsampled, SIGMA, mode="reflect", axes=(1, 2))
    smooth += ROUNDING
    return np.floor(smooth, out=smooth)


@cache
def _cubic(size: int) -> np.ndarray:
    """Cubic interpolation of `size` levels at `SCALE * size` places, as a matrix.

    Keys' kernel with a = -1/2 (Cubic convolution interpolation, IEEE ASSP-29, 1981): it blends
    the parabolas through the three levels on either side. Places are the centres of the smaller
    pixels; beyond the first and the last level the image is mirrored.
    """
    position = (np.arange(SCALE * size) + 0.5) / SCALE - 0.5
    before = np.floor(position)
    t = position - before
    weights = (
        (-t + 2 * t**2 - t**3) / 2,
        (2 - 5 * t**2 + 3 * t**3) / 2,
        (t + 4 * t**2 - 3 * t**3) / 2,
        (-(t**2) + t**3) / 2,
    )
    matrix = np.zeros((SCALE * size, size))
    for shift, weight in zip((-1, 0, 1, 2), weights, strict=True):
        source = np.abs(before.astype(int) + shift)
        source = np.where(source < size, source, 2 * (size - 1) - source)
        np.add.at(matrix, (np.arange(SCALE * size), source), weight)
    return matrix


def _of_foreground(masks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Area, length and thickness of upsampled binary images (n, height, width)."""
    skeleton, distance = medial_axes(masks)
    thickness = 2 * distance.sum(axis=(1, 2), where=skeleton) / _count(skeleton) / SCALE
    return _count(masks) / SCALE**2, _length(skeleton) / SCALE, thickness


def _length(skeleton: np.ndarray) -> np.ndarray:
    """Steps between touching skeleton pixels, 1 along a side and the root of 2 across a corner."""
    down = _count(skeleton[:, 1:] & skeleton[:, :-1])
    right = _count(skeleton[:, :, 1:] & skeleton[:, :, :-1])
    falling = _count(skeleton[:, 1:, 1:] & skeleton[:, :-1, :-1])
    rising = _count(skeleton[:, 1:, :-1] & skeleton[:, :-1, 1:])
    return down + right + np.sqrt(2) * (falling + rising)


def _count(masks: np.ndarray) -> np.ndarray:
    return np.count_nonzero(masks, axis=(1, 2))


def _of_mass(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slant, width and height of upsampled images (n, height, width), their levels as mass."""
    mass = levels.sum(axis=(1, 2))
    rows = levels.sum(axis=2)
    x, y = np.arange(levels.shape[2]), np.arange(levels.shape[1])
    mean_x, mean_y = levels.sum(axis=1) @ x / mass, rows @ y / mass
    spread = rows @ y**2 / mass - mean_y**2
    together = levels @ x @ y / mass - mean_x * mean_y
    shear = np.divide(together, spread, out=np.zeros_like(mass), where=spread > 0)
    shift = np.ceil(shear[:, np.newaxis] * (y - mean_y[:, np.newaxis]) - 0.5).astype(int)
    left, right = _bounds(_columns_upright(levels, shift), mass)
    top, bottom = _bounds(np.pad(rows, ((0, 0), (1, 0)))[:, :-1], mass)
    return np.arctan(-shear), (right - left) / SCALE, (bottom - top) / SCALE


def _columns_upright(levels: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Sum columns once each row is shifted to the left by `shift`, int (n, height), px.

    Returns:
        float64 (n, width): element t holds the pixels that have their right edges at t; element 0
        also those before it, while those beyond the last are left out, as in the toolbox.
    """
    count, _, width = levels.shape
    columns = np.clip(np.arange(1, width + 1) - shift[..., np.newaxis], 0, width)
    columns += np.arange(count)[:, np.newaxis, np.newaxis] * (width + 1)
    sums = np.bincount(columns.ravel(), levels.ravel(), count * (width + 1))
    return sums.reshape(count, width + 1)[:, :-1]


def _bounds(sums: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where `OUTSIDE` of the mass lies before and behind; px, two arrays (n,).

    Args:
        sums: Mass by position, float64 (n, size).
        mass: Mass of the whole image, float64 (n,).
    """
    shares = sums.cumsum(axis=1) / mass[:, np.newaxis]
    places = np.arange(shares.shape[1])
    bounds = [np.interp((OUTSIDE, 1 - OUTSIDE), share, places) for share in shares]
    before, behind = np.reshape(bounds, (-1, 2)).T
    return before, behind
