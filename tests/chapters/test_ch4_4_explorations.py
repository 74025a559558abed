"""Section 4.4.2's explorations: positions, overlaps and densities whose answers are known."""

import numpy as np
import pytest
from scipy import stats

from chapters.ch4_4_explorations import (
    AMOUNTS,
    INTERPOLATED,
    LAYERED_FIGURES,
    POINTS,
    ROTATION_FIGURES,
    TURNED,
    VAES_ON_MNIST,
    axes_of,
    decoded_parts,
    densities,
    density_row,
    diagonal_of,
    half_circle,
    overlap_row,
    overlaps,
    positions,
    shrunk,
    turn,
    ways,
)
from data_prep.dsprites_renderer import FACTORS, SHAPES
from thesis_repro.analysis.designs import Design, drawn_images
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.models.zoo import model
from thesis_repro.training.scale import SCALES


def column(classes, name):
    return classes[:, FACTORS.index(name)]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_figures_and_their_models():
    assert sorted(ROTATION_FIGURES.values()) == [40, 71, 72, 73, 74]
    titles = {number: model(name).name for name, number in ROTATION_FIGURES.items()}
    assert (titles[40], titles[71], titles[74]) == ("dSprites-VAE", "7,500-VAE", "3,750-VAE")
    assert model(INTERPOLATED).name == "7,500-VAE"  # caption of Figure 43
    for name in VAES_ON_MNIST:
        assert len(model(name).latent_dims.value) == 1
    for name in LAYERED_FIGURES.values():
        assert model(name).latent_dims.value == (2, 2, 2)


def test_every_scale_has_its_amount():
    assert list(AMOUNTS) == list(SCALES)
    assert AMOUNTS["paper"] == (20, 30, 1)  # original code


# --- Decoding ---


def test_axes_as_written_and_as_run():
    found = axes_of(20)
    assert (found[""][0], found[""][-1]) == (-3, 3)
    assert (found["_as_run"][0], found["_as_run"][-1]) == pytest.approx((-3, 2.7))


def test_parts_are_decoded_together_and_come_apart(rng):
    parts = {"a": rng.normal(size=(3, 2)), ("b", 1): rng.normal(size=(120, 2))}
    sizes = []

    def decode(layers):
        (z,) = layers
        sizes.append(len(z))
        return z[:, np.newaxis, np.newaxis] * np.ones((1, 4, 4, 1))

    found = decoded_parts(decode, parts)
    assert sizes == [100, 100]
    for name, own in parts.items():
        np.testing.assert_allclose(found[name][:, 0, 0], own, rtol=1e-6)


def test_images_shrink_by_block_means(rng):
    images = rng.random((2, 8, 8, 3))
    found = shrunk(images, 4)
    np.testing.assert_allclose(found[1, 2, 3], images[1, 4:6, 6:8].mean(axis=(0, 1)))
    np.testing.assert_array_equal(shrunk(images, 8), images)


# --- Rotations ---


def test_the_shapes_are_turned_by_half_a_circle_of_codes():
    images = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    assert len(images) == 3 * 40
    degrees = {}
    for shape in SHAPES:
        chosen = images.known["classes"][half_circle(images.known["classes"], shape)]
        np.testing.assert_array_equal(column(chosen, "orientation"), np.arange(len(chosen)))
        assert set(column(chosen, "shape")) == {SHAPES.index(shape)}
        degrees[shape] = turn(len(chosen))
    assert list(degrees.values()) == pytest.approx([45, 90, 90], abs=2.5)


def test_ways_are_the_line_and_the_codes(rng):
    codes = rng.normal(size=(11, 10))
    found = ways(codes)
    np.testing.assert_array_equal(found["line"], codes[[0, 10]])
    np.testing.assert_array_equal(found["codes"], codes)
    assert len(codes) < POINTS


def test_overlaps():
    images = np.zeros((4, 2, 4, 1))
    images[:2, 0] = 1
    true = np.zeros_like(images)
    true[0, 0], true[1, :, :2], true[2, 0] = 1, 1, 1
    np.testing.assert_allclose(overlaps(images, true), [1, 2 / 6, 0, 0])


def test_the_ends_of_a_line_do_not_count():
    true = np.ones((4, 2, 2, 1))
    images = true.copy()
    images[2, 0] = 0.4
    row = overlap_row("made", "square", "line", images, true)
    assert (row["images"], row["overlap"], row["lowest_overlap"]) == (2, 0.75, 0.5)
    assert row["degrees"] == pytest.approx(3 * 360 / 39)
    images[[0, -1]] = 0
    assert overlap_row("made", "square", "line", images, true) == row


# --- Density ---


def test_the_diagonal_leads_from_the_top_left_to_the_bottom_right():
    images = positions(1)
    assert len(images) == 1_024
    rows = diagonal_of(images.known["classes"])
    np.testing.assert_array_equal(column(images.known["classes"][rows], "x"), np.arange(32))
    first, last = images.pixels[rows[[0, -1]], ..., 0] > 0
    assert np.argwhere(first).mean(axis=0).max() < 32 < np.argwhere(last).mean(axis=0).min()
    few = positions(AMOUNTS["smoke"].position_step).known["classes"]
    assert {tuple(own) for own in few[:, -2:]} == {(0, 0), (0, 31), (31, 0), (31, 31)}


def test_a_line_across_a_half_circle_is_less_dense_than_the_way_along_it():
    angle = np.linspace(0, np.pi, 32)
    mu = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    posterior = Posterior(mu, np.full(mu.shape, 2 * np.log(0.1)), mu)
    line = np.linspace(mu[0], mu[-1], 21)
    found = densities(line, posterior)
    row = density_row("made", posterior, np.arange(32), found)
    middle = np.mean([stats.multivariate_normal(own, 0.01).pdf([0, 0]) for own in mu])
    assert row["lowest"] == pytest.approx(np.log(middle), abs=1)
    assert row["lowest_at"] == pytest.approx(0.5, abs=0.15)
    assert row["lowest"] < row["codes_between"] - 20
    assert row["codes_between"] <= row["ends"]
    assert (
        row["prior_lowest"]
        == row["prior_ends"]
        == pytest.approx(stats.multivariate_normal(np.zeros(2)).logpdf(mu[0]))
    )
