"""Images as people have them, checked and brought into the shape that a model takes.

Arrays keep their values: none is scaled, resized or cut, since a model answers wrong pixels as
calmly as right ones.
"""

import sys
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, Union

import numpy as np

from data_prep.reading import Column, Split
from thesis_repro.errors import ModelError
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.images import with_channels

if TYPE_CHECKING:
    from PIL.Image import Image

# One image or several: an array, a column of a data set, a Pillow picture, or a sequence of these.
ImagesLike: TypeAlias = Union[np.ndarray, Column, "Image", Sequence[Union[np.ndarray, "Image"]]]

_ROUNDING = 1e-6  # that floats may lie beyond 0 and 1
_OF_BYTES = 2  # floats that reach beyond it are taken for bytes


def as_taken(images: ImagesLike, spec: ModelSpec) -> np.ndarray | Column:
    """Images (n, height, width, channels) in a model's shape, uint8 or floats in [0, 1].

    A single image becomes a batch of one, and grey images may come without channels; a model with
    three gets grey ones three times (erratum E01). Pillow pictures are converted to grey or RGB;
    of more than eight bits (modes F, I) they are refused, and where they are transparent.

    Raises:
        ModelError: they are of another size, type or range, or there are none.
    """
    if isinstance(images, Split):
        raise ModelError(f"{_takes(spec)}; this is a split of a data set: pass .images[...] of it.")
    shape = tuple(spec.input_shape.value)
    values = images if isinstance(images, Column) else _array(images, spec)
    if values.dtype != np.uint8 and not np.issubdtype(values.dtype, np.floating):
        is_path = values.dtype.kind in "SU" or (
            values.dtype == object and any(isinstance(each, PurePath) for each in np.ravel(values))
        )
        fix = "Open files with PIL.Image.open." if is_path else "Pass uint8, or floats from 0 to 1."
        raise _refused(spec, values, fix)
    batch = _in_shape(values, shape)
    if batch is None and len(values.shape) == 5 and not isinstance(images, np.ndarray):
        raise _refused(spec, values, "Concatenate batches: numpy.concatenate(batches).")
    if batch is None:
        height, width, _ = shape
        raise _refused(spec, values, f"Resize or crop them to {height} x {width}.")
    if not len(batch):
        raise _refused(spec, values, "Pass at least one image.")
    if not isinstance(batch, Column) and batch.dtype != np.uint8:
        _check_range(batch, spec)
    return with_channels(batch, shape[-1])


def _array(images: ImagesLike, spec: ModelSpec) -> np.ndarray:
    """The images as an array, whatever its shape and type."""
    if _is_picture(images):
        return _pixels(images, spec)
    if isinstance(images, Sequence) and not isinstance(images, str):
        each = [_pixels(one, spec) if _is_picture(one) else _as_array(one, spec) for one in images]
        if len({(one.shape, one.dtype) for one in each}) > 1:
            kinds = ", ".join(sorted({f"{one.dtype} {one.shape}" for one in each}))
            are_batches = all(one.ndim == 4 for one in each)
            fix = " Concatenate batches: numpy.concatenate(batches)." if are_batches else ""
            raise ModelError(f"{_takes(spec)}; these differ from each other: {kinds}.{fix}")
        return np.stack(each) if each else np.empty((0, *spec.input_shape.value), np.uint8)
    return _as_array(images, spec)


def _as_array(values: object, spec: ModelSpec) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError:  # rows of different lengths
        raise ModelError(f"{_takes(spec)}; one of these cannot be made an array.") from None


def _is_picture(image: object) -> TypeGuard["Image"]:
    """Whether it is a Pillow picture; nobody has one who has not imported Pillow."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(image, module.Image)


def _pixels(picture: "Image", spec: ModelSpec) -> np.ndarray:
    """A picture's pixels, uint8 (height, width, channels)."""
    channels, mode = spec.input_shape.value[-1], picture.mode
    if mode.startswith(("F", "I")):  # Pillow would cut them off at 255, or keep their low bytes
        raise ModelError(
            f"{_takes(spec)}; this is a Pillow picture of mode {mode}, of more than eight bits. "
            "Pass numpy.asarray(picture), scaled to floats from 0 to 1 or to uint8."
        )
    if mode != "La" and picture.has_transparency_data and _least_alpha(picture) < 255:
        raise ModelError(
            f"{_takes(spec)}; this is a Pillow picture of mode {mode} with transparent pixels. "
            "Paste it on a background of your choice, and pass that as L or RGB."
        )
    try:
        pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
    except ValueError as error:  # LAB, and "La"
        raise ModelError(
            f"{_takes(spec)}; this is a Pillow picture of mode {mode}: {error}."
        ) from None
    return pixels.reshape(*pixels.shape[:2], channels)


def _least_alpha(picture: "Image") -> int:
    """The opacity of the most transparent pixel, 0 to 255."""
    return int(np.asarray(picture.convert("RGBA"))[..., 3].min(initial=255))


def _in_shape(
    values: np.ndarray | Column, shape: tuple[int, int, int]
) -> np.ndarray | Column | None:
    """A batch (n, height, width, 1 or channels), if the values can be one."""
    height, width, channels = shape
    of_one = {(height, width, 1), (height, width, channels)}
    if len(values.shape) == 4:
        return values if tuple(values.shape[1:]) in of_one else None
    if isinstance(values, Column):
        return None
    if values.shape in of_one:
        return values[np.newaxis]
    if values.shape == (height, width):
        return values[np.newaxis, ..., np.newaxis]
    if values.ndim == 3 and values.shape[1:] == (height, width):
        return values[..., np.newaxis]
    return None


def _check_range(images: np.ndarray, spec: ModelSpec) -> None:
    """See that floats are numbers from 0 to 1."""
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        raise _refused(spec, images, "Some are not finite numbers.")
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        are_bytes = low >= 0 and high > _OF_BYTES
        fix = "divide them by 255, or pass uint8" if are_bytes else "bring them to 0 to 1"
        raise _refused(spec, images, f"They reach from {low:.4g} to {high:.4g}: {fix}.")


def _takes(spec: ModelSpec) -> str:
    height, width, channels = spec.input_shape.value
    return (
        f"{spec.name} takes images ({height}, {width}, {channels}) or (n, {height}, {width}, "
        f"{channels}), uint8 from 0 to 255 or floats from 0 to 1"
    )


def _refused(spec: ModelSpec, values: np.ndarray | Column, fix: str) -> ModelError:
    return ModelError(f"{_takes(spec)}; these are {values.dtype} {tuple(values.shape)}. {fix}")
