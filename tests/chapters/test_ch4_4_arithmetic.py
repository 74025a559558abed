"""Section 4.4.2's attribute arithmetic: positions and pictures whose answers are known."""

import numpy as np
import pytest

from chapters.ch4_4_arithmetic import (
    AMOUNTS,
    FACES,
    OPPOSITES,
    share_with,
    shown_positions,
    sight_of,
    told_positions,
)
from data_prep.celeba_attributes import ATTRIBUTES
from thesis_repro.analysis.image_sets import Images
from thesis_repro.models.zoo import model
from thesis_repro.training.scale import SCALES


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_its_models_have_one_layer_and_its_attributes_are_celebas():
    for name in FACES:
        assert len(model(name).latent_dims.value) == 1
    assert {*OPPOSITES, *OPPOSITES.values()} - {"Female"} <= {*ATTRIBUTES}


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"].attribute_images == 3_200  # original code


def test_figure_39_starts_and_ends_as_the_text_says(rng):
    means = {own: rng.normal(size=8) for own in ("Black_Hair", "Blond_Hair", "Male", "Female")}
    start, draw = rng.normal(size=(2, 8))
    found = shown_positions(means, start, draw)
    assert {len(own) for own in found.values()} == {20}
    bald = start - means["Black_Hair"]
    hair, male, blond = found.values()
    np.testing.assert_allclose(hair[[0, -1]], [bald, bald + 2 * means["Blond_Hair"]])
    np.testing.assert_allclose(male[[0, -1]], [draw, draw + 4 * means["Male"]])
    np.testing.assert_allclose(blond[[0, -1]], [draw, draw + 4 * means["Blond_Hair"]])


def test_numbers_are_of_what_the_figure_shows(rng):
    """The ends of its rows, for each start."""
    means = {own: rng.normal(size=8) for own in ("Black_Hair", "Blond_Hair", "Male")}
    starts, draws = rng.normal(size=(2, 5, 8))
    told = told_positions(means, starts, draws)
    shown = shown_positions(means, starts[3], draws[3])
    for key, label in (("Blond_Hair", "black to blond"), ("Male", "+ male")):
        alphas = [alpha for own, alpha in told if own == key and alpha is not None]
        for alpha, end in ((alphas[0], 0), (alphas[-1], -1)):
            np.testing.assert_allclose(told[key, alpha][3], shown[label][end])
    np.testing.assert_array_equal(told["Blond_Hair", None], starts)
    assert next(iter(told)) == ("Blond_Hair", None)  # "before"


def test_colours_are_told_apart_and_noise_is_not(rng):
    def photos(top):
        pixels = rng.integers(0, 256, (60, 32, 32, 3)).astype("uint8")
        pixels[:, :8] = np.clip(top + rng.normal(scale=20, size=(60, 8, 32, 3)), 0, 255)
        return Images(str(top), pixels, {})

    faces = {"Blond_Hair": photos(220), "Black_Hair": photos(30), "Other": photos(30)}
    sight = sight_of(faces, "Blond_Hair", "Black_Hair")
    assert sight.accuracy == 1
    assert share_with(sight, photos(220).pixels / 255) == 1
    mixed = np.concatenate([photos(220).pixels[:15], photos(30).pixels[:45]]) / 255
    assert share_with(sight, mixed) == 0.25
    assert sight_of(faces, "Other", "Black_Hair").accuracy < 0.7
