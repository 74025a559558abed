"""Section 4.4.1 in numbers: factors as they are known, and what is asked of which codes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4_numbers import (
    AMOUNTS,
    BACKGROUND,
    DSPRITES_VLAE,
    MEASURED,
    PLANE,
    SKIN,
    celeba_factors,
    dsprites_factors,
    losses,
    mnist_factors,
    orientation_of,
    plane_task,
    rotation_tasks,
    task,
)
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import SHAPES, classes_of, values_of
from thesis_repro.analysis.factors import Kind, check
from thesis_repro.analysis.image_sets import Images
from thesis_repro.analysis.measuring import information, table
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES

CHAPTER = SimpleNamespace(section="4.4", workspace=SimpleNamespace(options=SimpleNamespace(seed=0)))


@pytest.fixture(scope="module")
def sprites():
    rows = np.sort(np.random.default_rng(0).choice(737_280, 900, replace=False))
    classes = classes_of(rows)
    known = {"classes": classes, "factors": values_of(classes)}
    return Images("dsprites", np.zeros((900, 1, 1, 1), dtype="uint8"), known)


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    measured = {name for names in MEASURED.values() for name in names}
    assert set(AMOUNTS["smoke"].models) < measured
    claims = {model for claim in load_claims("4.4") for model in claim.models}
    assert claims <= measured


def test_factors_of_mnist_can_be_measured():
    rng = np.random.default_rng(0)
    known = {"morphometrics": rng.normal(size=(300, 6)), "label": np.arange(300) % 10}
    factors = mnist_factors(Images("m", np.zeros((300, 1, 1, 1)), known))
    assert list(factors) == ["area", "length", "thickness", "slant", "width", "height", "digit"]
    np.testing.assert_array_equal(factors["slant"].values, known["morphometrics"][:, 3])
    check({"z": rng.normal(size=(300, 2))}, factors)


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
    images = Images("celeba", pixels, {"attributes": known})
    assert list(celeba_factors(images, None)) == ["Bangs", "Male", SKIN, BACKGROUND]
    factors = celeba_factors(images, ("Male", "Bald"))
    assert list(factors) == ["Male", SKIN, BACKGROUND]
    np.testing.assert_array_equal(factors[SKIN].values, np.repeat([1.0, 0.0], 50))
    np.testing.assert_array_equal(factors[BACKGROUND].values, np.tile([0.5, 0.0], 50))


def test_orientation_is_asked_of_each_shape_alone(sprites):
    angle, shape = sprites.known["factors"][:, 3], sprites.known["classes"][:, 1]
    hearts = np.where(shape == 2, angle, 0)
    z = np.stack([np.sin(hearts), np.cos(hearts)], axis=1)  # knows of hearts only
    whole = task(CHAPTER, DSPRITES_VLAE, {"z_1": z}, dsprites_factors(sprites))
    found = rotation_tasks([whole], sprites)
    assert [list(own.factors) for own in found] == [[orientation_of(name)] for name in SHAPES]
    told = table(information, [found[0], found[2]])
    linear = told[told["measure"] == "R2, linear"].set_index("factor")["value"]
    assert linear[orientation_of("square")] < 0.1
    assert linear[orientation_of("heart")] > 0.99


def test_the_plane_is_asked_for_the_angle_as_it_is_coloured(sprites):
    embedding = SimpleNamespace(images=sprites, layers={"z": np.zeros((900, 2))})
    found = plane_task(CHAPTER, embedding)
    assert list(found.codes) == [PLANE]
    np.testing.assert_array_equal(
        found.factors["orientation"].values, sprites.known["factors"][:, 3]
    )


def test_losses_stand_beside_the_reported_ones():
    last = {"val_loss": 3.0, "val_reconstruction": 2.0, "val_kl": 1.0}
    last |= {"loss": 6.0, "reconstruction": 4.0, "kl": 2.0}
    found = losses({"dsprites-vae-dim6": last, "dsprites-vlae-dim2": last})
    assert found["reading"].tolist() == ["validation", "training", "reported"] * 2
    assert found["loss"].tolist() == [3.0, 6.0, 21.638, 3.0, 6.0, 47.86]
    expected = pd.DataFrame({"reconstruction": [2.0, 4.0, 6.375], "kl": [1.0, 2.0, 15.264]})
    pd.testing.assert_frame_equal(found[["reconstruction", "kl"]][:3], expected)
