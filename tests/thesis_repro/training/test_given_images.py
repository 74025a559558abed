"""Images as people have them: what is taken, what is refused, and what is said."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_prep.reading import Split
from thesis_repro.errors import ModelError
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.given_images import as_taken

GREY, COLOUR, FACES = (MODELS[name] for name in ("mnist-vlae-factor-3", "mnist-vae", "celeba-vae"))


@pytest.fixture
def digit():
    return np.random.default_rng(0).integers(0, 256, (28, 28), dtype="uint8")


def test_one_or_many_with_or_without_channel(digit):
    for one in (digit, digit[..., None], digit[None], digit[None, ..., None], [digit]):
        batch = as_taken(one, GREY)
        assert (batch.shape, batch.dtype) == ((1, 28, 28, 1), np.uint8)
        np.testing.assert_array_equal(batch[0, ..., 0], digit)
    assert as_taken([digit[..., None]] * 3, GREY).shape == (3, 28, 28, 1)
    assert as_taken(np.stack([digit] * 28), GREY).shape == (28, 28, 28, 1)


def test_grey_images_have_the_channels_of_the_model(digit):
    batch = as_taken([digit, digit], COLOUR)
    assert batch.shape == (2, 28, 28, 3)
    assert (batch == digit[None, ..., None]).all()


def test_floats_from_0_to_1_stay_as_they_are(digit):
    for kind in ("float16", "float32", "float64"):
        given = (digit / 255).astype(kind)
        np.testing.assert_array_equal(as_taken(given, GREY)[0, ..., 0], given)
    assert as_taken(np.full((28, 28), 1 + 1e-7), GREY).max() > 1  # rounding


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1", "CMYK", "YCbCr"])
def test_pictures_of_any_mode(digit, mode):
    picture = Image.fromarray(digit).convert(mode)
    expected = np.asarray(picture.convert("L"))
    np.testing.assert_array_equal(as_taken(picture, GREY)[0, ..., 0], expected)
    assert as_taken([picture, picture], COLOUR).shape == (2, 28, 28, 3)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (lambda x: Image.fromarray(x.astype("float32") * 1.5), "of mode F, of more than eight"),
        (lambda x: Image.fromarray(x.astype("int32") * 200), "of mode I, of more than eight"),
        (lambda x: Image.fromarray(x.astype("uint16") * 200), "of mode I;16, of more than"),
        (lambda x: transparent(x, "RGBA"), "of mode RGBA with transparent pixels. Paste it on"),
        (lambda x: transparent(x, "LA"), "of mode LA with transparent pixels"),
        (lambda x: transparent(x, "PA"), "of mode PA with transparent pixels"),
        (lambda x: with_a_transparent_colour(x), "of mode P with transparent pixels"),
    ],
)
def test_pictures_whose_values_would_be_lost(digit, picture, said):
    assert said in refused(picture(digit))
    assert said in refused([picture(digit)] * 2, COLOUR)


def transparent(digit, mode):
    picture = Image.fromarray(digit)
    if mode == "PA":
        picture = Image.frombytes("PA", (28, 28), np.stack([digit, digit // 2], -1).tobytes())
        picture.putpalette([value for value in range(256) for _ in range(3)])
        return picture
    picture.putalpha(Image.fromarray(digit // 2))
    return picture.convert(mode)


def with_a_transparent_colour(digit):
    picture = Image.fromarray(digit).convert("P")
    picture.info["transparency"] = int(np.asarray(picture)[0, 0])
    return picture


def refused(images, spec=GREY):
    with pytest.raises(ModelError) as error:
        as_taken(images, spec)
    text = str(error.value)
    height, width, channels = spec.input_shape.value
    assert text.startswith(f"{spec.name} takes images ({height}, {width}, {channels}) or (n, ")
    assert "uint8 from 0 to 255 or floats from 0 to 1" in text
    return text


def test_bytes_as_floats_are_told_to_be_divided(digit):
    text = refused(digit.astype("float32"))
    assert "these are float32 (1, 28, 28, 1)" in text
    assert f"from {digit.min()} to {digit.max()}: divide them by 255, or pass uint8." in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x / 255 - 0.5, "bring them to 0 to 1"),
        (lambda x: np.full(x.shape, 1.5), "from 1.5 to 1.5: bring them to 0 to 1."),
        (lambda x: Split(np.stack([x]), {}), "this is a split of a data set: pass .images[...]"),
        (lambda x: [x[None, ..., None]] * 2, "Concatenate batches: numpy.concatenate"),
        (lambda x: [np.stack([x[..., None]] * n) for n in (1, 2)], "Concatenate batches"),
        (lambda x: [[0, [0]]], "one of these cannot be made an array"),
        (lambda x: Image.new("LAB", (28, 28)), "a Pillow picture of mode LAB: conversion from"),
        (lambda x: Image.new("La", (28, 28)), "a Pillow picture of mode La: conversion from"),
        (lambda x: None, "these are object (). Pass uint8, or floats from 0 to 1."),
        (lambda x: np.full(x.shape, np.nan), "not finite"),
        (lambda x: np.full(x.shape, np.inf), "not finite"),
        (lambda x: x.astype("int64"), "these are int64 (28, 28). Pass uint8"),
        (lambda x: x > 100, "these are bool"),
        (lambda x: x[:27], "these are uint8 (27, 28). Resize or crop them to 28 x 28."),
        (lambda x: np.stack([x] * 3, axis=-1), "these are uint8 (28, 28, 3)"),
        (lambda x: x[None, None, None], "these are uint8 (1, 1, 1, 28, 28)"),
        (lambda x: Image.fromarray(x).resize((30, 20)), "these are uint8 (20, 30, 1)"),
        (lambda x: [], "Pass at least one image"),
        (lambda x: x[:0], "these are uint8 (0, 28)"),
        (lambda x: [x, x[:20]], "differ from each other: uint8 (20, 28), uint8 (28, 28)"),
        (lambda x: [x, x / 255], "differ from each other: float64 (28, 28), uint8 (28, 28)"),
        (lambda x: "seven.png", "these are <U9 (). Open files with PIL.Image.open."),
        (lambda x: Path("seven.png"), "these are object (). Open files"),
        (lambda x: ["seven.png"], "these are <U9 (1,). Open files"),
    ],
)
def test_what_is_refused(digit, change, said):
    assert said in refused(change(digit))


def test_colour_pictures_of_another_size(digit):
    text = refused(np.zeros((2, 64, 64, 3), "uint8"), FACES)
    side = FACES.input_shape.value[0]
    assert re.search(rf"Resize or crop them to {side} x {side}\.", text)
