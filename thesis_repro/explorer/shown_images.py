"""The images whose codes are the dots of the page, and what colours them."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from data_prep.morphometry import measure
from data_prep.reading import Split
from thesis_repro.analysis.image_factors import attributes
from thesis_repro.analysis.image_sets import Images, encoded_rows, some_images
from thesis_repro.plots.embeddings import Colouring, dsprites_colourings, mnist_colourings

COUNT = 400
COLUMNS = 20  # of the sheet that holds them
_QUALITY = 90  # of colour pictures


def shown_images(dataset: str, validation: Split) -> Images:
    """A fixed random choice of a data set's validation images, with what is known of each.

    Of MNIST's digits that is also their form, measured here; those without form are left out.
    """
    images = some_images(dataset, validation, encoded_rows(len(validation), COUNT, "explore"))
    if dataset != "mnist":
        return images
    measured = measure(images.pixels[..., 0])
    has_form = np.isfinite(measured).all(axis=1)
    known = {**images.known, "morphometrics": measured}
    return replace(
        images,
        pixels=images.pixels[has_form],
        known={name: values[has_form] for name, values in known.items()},
    )


def colourings(images: Images) -> tuple[Colouring, ...]:
    """What can colour the dots, the most telling one first."""
    return _COLOURINGS[images.name](images)


def _of_mnist(images: Images) -> tuple[Colouring, ...]:
    *measured, digit = mnist_colourings(images)
    return digit, *measured


def _of_celeba(images: Images) -> tuple[Colouring, ...]:
    return tuple(
        Colouring(name.replace("_", " "), has.astype(int), ("without", "with"))
        for name, has in attributes(images).items()
    )


_COLOURINGS: dict[str, Callable[[Images], tuple[Colouring, ...]]] = {
    "mnist": _of_mnist,
    "dsprites": dsprites_colourings,
    "celeba": _of_celeba,
}


def sheet(images: Images) -> bytes:
    """All images on one WebP picture, `COLUMNS` in a row; grey ones without loss."""
    from PIL import Image

    count, height, width, channels = images.pixels.shape
    rows = -(-count // COLUMNS)
    filling = np.zeros((rows * COLUMNS - count, height, width, channels), "uint8")
    tiles = np.concatenate([images.pixels, filling]).reshape(rows, COLUMNS, height, width, channels)
    whole = tiles.swapaxes(1, 2).reshape(rows * height, COLUMNS * width, channels)
    picture = Image.fromarray(np.repeat(whole, 3, axis=-1) if channels == 1 else whole)
    with io.BytesIO() as file:
        picture.save(file, "WEBP", lossless=channels == 1, quality=_QUALITY)
        return file.getvalue()
