"""Section 4.4.2's explorations: their models, and ways between rotations and positions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from chapters.ch4_4_explorations import (
    MOVED,
    POINTS,
    SAMPLE_SIZES,
    TURNED,
    VAES,
    crossed,
    figure_43,
    layered_grids,
    line_and_codes,
    plain_grids,
    rotation_rows,
    traversals_of,
    turned,
)
from data_prep.dsprites_renderer import SHAPES
from thesis_repro.analysis.decoded_images import overlap_measures
from thesis_repro.analysis.designs import Design, drawn_images
from thesis_repro.analysis.explorations import density_measures, segment
from thesis_repro.analysis.rotations import half_circle
from thesis_repro.models.encoding import SampledPosterior
from thesis_repro.models.zoo import model
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Measurement, Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims("4.4")}
ORIGIN = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "all"}


def test_figures_and_their_models():
    shown = {one.name: one.models for one in rotation_rows.declarations}
    assert list(shown) == ["40", "71", "72", "73", "74"]
    assert [model(name).name for (name,) in shown.values()] == [
        *("dSprites-VAE", "7,500-VAE", "6,250-VAE", "5,000-VAE", "3,750-VAE")
    ]
    assert tuple(name for (name,) in shown.values()) == VAES
    (declaration,) = figure_43.declarations
    assert model(*declaration.models).name == "7,500-VAE"  # caption of Figure 43
    (declaration,) = plain_grids.declarations
    assert {len(model(name).latent_dims.value) for name in declaration.models} == {1}
    for declaration in layered_grids.declarations:
        assert model(*declaration.models).latent_dims.value == (2, 2, 2)


def test_every_scale_has_its_sample_sizes():
    assert list(SAMPLE_SIZES) == [name for name in SCALES if SCALES[name].amounts == name]
    assert SAMPLE_SIZES["paper"] == (20, 30, 1)  # original code


def test_ways_between_two_rotations(monkeypatch):
    """Codes that are the rows' numbers: the straight line and the way along them are the same."""
    images = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    rng = np.random.default_rng(0)
    mu = rng.normal(size=(len(images), 10))
    codes = SimpleNamespace(of=lambda name, of_these: [SampledPosterior(mu, mu, mu)])
    model = SimpleNamespace(decode=lambda layers: layers[0][:, :, np.newaxis, np.newaxis])
    chapter = SimpleNamespace(trained=lambda name: model)
    traversals = traversals_of(chapter, codes, "dsprites-vae", images)
    assert list(traversals) == [(shape, way) for shape in SHAPES for way in ("line", "codes")]
    for (shape, way), traversal in traversals.items():
        count = {"square": 6, "ellipse": 11, "heart": 11}[shape]
        assert traversal.degrees == pytest.approx((count - 1) * 360 / 39)
        assert len(traversal.evenly) == POINTS > count
        assert traversal.true.shape == (count, 64, 64, 1)
        start = 40 * SHAPES.index(shape)
        passed = mu[start : start + count]
        between = np.linspace(passed[0], passed[-1], count) if way == "line" else passed
        np.testing.assert_allclose(traversal.at_orientations[..., 0, 0], between, atol=1e-6)
        ends = traversal.evenly[[0, -1], :, 0, 0]
        np.testing.assert_allclose(ends, passed[[0, -1]], atol=1e-6)


def test_the_line_leads_from_the_first_code_of_the_diagonal_to_its_last():
    images = drawn_images("positions", [Design((), MOVED, {"x": 1, "y": 1})])
    assert len(images) == 1_024
    mu = images.known["classes"][:, -2:].astype(float)  # x and y
    line, codes = line_and_codes(mu, images)
    np.testing.assert_array_equal(codes, np.stack([np.arange(32)] * 2, axis=1))
    np.testing.assert_allclose(line, np.linspace([0, 0], [31, 31], POINTS))


# --- What the claims are about ---


def test_rotations_by_shape_then_by_model():
    value = {name: number for number, name in enumerate(VAES)}
    table = pd.DataFrame(
        {
            "model": name,
            "shape": shape,
            "way": way,
            "overlap": 10 * number + value[name] + (way == "codes"),
            "overlap_of_ends": -value[name],
            "overlap_of_one": 10 * number - 1,
        }
        for name in reversed(VAES)
        for number, shape in enumerate(SHAPES)
        for way in ("line", "codes")
    )
    measured = turned(table)
    assert measured["along_the_codes"] == [10 * n + v + 1 for n in range(3) for v in range(5)]
    baselines = [[0, -1, -1, -1, -1], [9] * 5, [19] * 5]  # of the square, the end of the first VAE
    assert measured["without_a_transition"] == [each for row in baselines for each in row]
    assert measured["lost_on_the_line"] == pytest.approx([1 / (v + 2) for v in range(5)] * 3)


@pytest.fixture(scope="module")
def true_rotations():
    """Rendered objects, by shape, in the orientations between which Figure 40 turns them."""
    images = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    return {shape: images.pixels[half_circle(images.known["classes"], shape)] for shape in SHAPES}


def steps(true):
    """Half of the way one end, then the other."""
    return true[np.where(np.arange(len(true)) < len(true) / 2, 0, len(true) - 1)]


def blur(true):
    """One picture for all: the mean of all that are passed."""
    return np.repeat(true.mean(axis=0, keepdims=True), len(true), axis=0)


def late(true):
    """All that are passed, a step of 9 degrees late at most."""
    return true[np.maximum(np.arange(len(true)) - np.arange(len(true)) % 2, 0)]


def turn_verdicts(true_rotations, codes, line):
    """The verdicts of both claims if five decoders show this along the codes and on the line."""
    table = pd.DataFrame(
        {"model": name, "shape": shape, "way": way, **overlap_measures(shows(true), true)}
        for name in VAES
        for shape, pixels in true_rotations.items()
        for true in [pixels / 255]
        for way, shows in (("codes", codes), ("line", line))
    )
    return [
        judge(CLAIMS[name], Measurement(name, turned(table)), **ORIGIN).verdict
        for name in ("4.4-rotation-transition", "4.4-rotation-line")
    ]


@pytest.mark.parametrize(
    ("codes", "line", "verdicts"),
    [
        (np.copy, steps, [Verdict.REPLICATED, Verdict.REPLICATED]),
        (np.copy, blur, [Verdict.REPLICATED, Verdict.REPLICATED]),
        (late, blur, [Verdict.REPLICATED, Verdict.REPLICATED]),
        (np.copy, np.copy, [Verdict.REPLICATED, Verdict.NOT_REPLICATED]),
        (late, late, [Verdict.REPLICATED, Verdict.NOT_REPLICATED]),
        (steps, steps, [Verdict.NOT_REPLICATED, Verdict.UNDECIDED]),
        (blur, steps, [Verdict.NOT_REPLICATED, Verdict.UNDECIDED]),
        (blur, np.zeros_like, [Verdict.NOT_REPLICATED, Verdict.UNDECIDED]),
    ],
)
def test_decoders_that_turn_objects_and_such_that_do_not(true_rotations, codes, line, verdicts):
    assert turn_verdicts(true_rotations, codes, line) == verdicts


def test_how_far_the_density_falls():
    table = pd.DataFrame(
        {"model": name, "ends": -1.0 - n, "lowest": -100.0 * n, "codes_between": -2.0}
        for n, name in enumerate(VAES)
    )
    measured = crossed(table.iloc[::-1])
    assert measured["below_the_ends"] == [-1, 98, 197, 296, 395]
    assert measured["below_the_codes_between"] == [-2, 98, 198, 298, 398]


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("straight", Verdict.NOT_REPLICATED), ("bent", Verdict.REPLICATED)],
)
def test_narrow_posteriors_do_not_make_a_straight_path_replicate(kind, verdict):
    """Their standard deviations are a tenth of the distances of codes: islands in a row."""
    at = np.arange(32.0)
    angle = np.pi * at / 31
    arc = 31 / np.pi * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    mu = {"straight": np.stack([at, 0 * at], axis=1), "bent": arc}[kind]
    posterior = SampledPosterior(mu, np.full(mu.shape, 2 * np.log(0.1)), mu)
    measures = density_measures(segment(mu[0], mu[-1], POINTS), mu, posterior)
    table = pd.DataFrame({"model": name, **measures} for name in VAES)
    claim = CLAIMS["4.4-position-line"]
    assert judge(claim, Measurement(claim.id, crossed(table)), **ORIGIN).verdict is verdict
