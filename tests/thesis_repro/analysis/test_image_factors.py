"""What is known of images, as factors of variation."""

from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import classes_of, values_of
from thesis_repro.analysis.factors import Kind, check
from thesis_repro.analysis.image_factors import (
    BACKGROUND,
    SKIN,
    attributes,
    celeba_factors,
    dsprites_factors,
    known_images,
    mnist_factors,
)
from thesis_repro.analysis.image_sets import Images


def images(count, **known):
    return Images("made", np.zeros((count, 1, 1, 1), dtype="uint8"), known)


class Split(SimpleNamespace):
    def __len__(self):
        return len(self.images)


def test_images_without_measures_are_left_out():
    measures = np.ones((600, 6))
    measures[::2, 3] = np.nan
    pixels = np.zeros((600, 2, 2, 1), dtype="uint8")
    split = Split(images=pixels, known={"morphometrics": measures})
    measured = known_images("m", split, 400, "4.4")
    assert (measured.name, len(measured)) == ("m", 300)
    assert np.isfinite(measured.known["morphometrics"]).all()
    assert len(known_images("m", split, 150, "4.4")) == 150
    assert len(known_images("m", Split(images=pixels, known={}), None, "4.4")) == 600


def test_factors_of_mnist_can_be_measured():
    rng = np.random.default_rng(0)
    known = {"morphometrics": rng.normal(size=(300, 6)), "label": np.arange(300) % 10}
    factors = mnist_factors(images(300, **known))
    assert list(factors) == ["area", "length", "thickness", "slant", "width", "height", "digit"]
    np.testing.assert_array_equal(factors["slant"].values, known["morphometrics"][:, 3])
    check({"z": rng.normal(size=(300, 2))}, factors)


@pytest.fixture(scope="module")
def sprites():
    rows = np.sort(np.random.default_rng(0).choice(737_280, 900, replace=False))
    classes = classes_of(rows)
    return images(900, classes=classes, factors=values_of(classes))


def test_factors_of_dsprites_leave_out_the_colour(sprites):
    factors = dsprites_factors(sprites)
    assert list(factors) == ["shape", "scale", "orientation", "x", "y"]
    assert factors["scale"].values.min() == 0.5
    assert factors["orientation"].kind is Kind.CIRCULAR
    # A square looks the same after a quarter turn, so its angle goes round four times.
    square = sprites.known["classes"][:, 1] == 0
    np.testing.assert_allclose(
        factors["orientation"].values[square],
        sprites.known["factors"][square, 3] * 4 % (2 * np.pi),
    )
    check({"z": np.zeros((900, 2))}, factors)


def test_factors_of_celeba():
    """Rare attributes are left out; skin and background are where the pictures have them."""
    pixels = np.zeros((100, 128, 128, 3), dtype="uint8")
    pixels[:50, 68:84, 54:74] = 255
    pixels[::2, :24, 112:] = 255
    known = np.zeros((100, 40), dtype=bool)
    known[:30, ATTRIBUTES.index("Male")] = True
    known[:9, ATTRIBUTES.index("Bald")] = True
    known[:95, ATTRIBUTES.index("Young")] = True
    known[:50, ATTRIBUTES.index("Bangs")] = True
    faces = Images("celeba", pixels, {"attributes": known})
    assert list(celeba_factors(faces, ATTRIBUTES)) == ["Bangs", "Male", SKIN, BACKGROUND]
    factors = celeba_factors(faces, ("Male", "Bald"))
    assert list(factors) == ["Male", SKIN, BACKGROUND]
    np.testing.assert_array_equal(factors[SKIN].values, np.repeat([1.0, 0.0], 50))
    np.testing.assert_array_equal(factors[BACKGROUND].values, np.tile([0.5, 0.0], 50))


def test_attributes_by_name():
    known = np.zeros((2, 40), dtype=bool)
    known[1, ATTRIBUTES.index("Male")] = True
    by_name = attributes(images(2, attributes=known))
    assert list(by_name) == list(ATTRIBUTES)
    assert by_name["Male"].tolist() == [False, True]
