"""Factors of variation: folded angles, groups, and what cannot be used."""

import numpy as np
import pytest

from data_prep.dsprites_renderer import SHAPES, render, values_of
from thesis_repro.analysis.factors import (
    Factor,
    Kind,
    check,
    dsprites_orientation,
    fold,
    split,
    with_all,
)

N = 1_000
CODES = {"z_1": np.zeros((N, 2))}
GOOD = np.arange(N) % 7


# --- Orientation ---


@pytest.mark.parametrize(("shape", "turn"), [(0, np.pi / 2), (1, np.pi), (2, 2 * np.pi)])
def test_orientation_is_the_same_after_a_turn_that_leaves_the_shape_alike(shape, turn):
    angle = np.linspace(0, 6, 50)
    before, after = (
        dsprites_orientation(a, np.full(50, shape)).targets for a in (angle, angle + turn)
    )
    np.testing.assert_allclose(before, after, atol=1e-12)
    half = dsprites_orientation(angle + turn / 2, np.full(50, shape)).targets
    assert np.linalg.norm(before - half, axis=1).min() > 1.99  # the other side of the circle


@pytest.mark.parametrize("shape", range(3))
def test_symmetries_are_those_of_the_rendered_images(shape):
    """Images whose folded orientations are near are near; half a circle away, they are not."""
    classes = np.zeros((39, 6), int)  # the 40th is the first again
    classes[:, 1:] = np.stack(np.broadcast_arrays(shape, 5, np.arange(39), 15, 15), axis=-1)
    images = render(classes).reshape(39, -1).astype(int)
    targets = dsprites_orientation(values_of(classes)[:, 3], classes[:, 1]).targets
    differing = np.abs(images[:, None] - images[None]).sum(axis=-1)
    apart = np.linalg.norm(targets[:, None] - targets[None], axis=-1)
    nearest = apart + 3 * np.eye(39)
    folded = (nearest < 0.2).any(axis=1)
    assert folded.all()
    assert differing[nearest < 0.2].max() < differing[apart > 1.9].min(), SHAPES[shape]


def test_fold_is_once_around():
    np.testing.assert_allclose(fold(np.array([0.1, 0.1 + np.pi / 2]), 4), [0.4, 0.4])
    np.testing.assert_allclose(fold(np.array([-0.1]), 1), [2 * np.pi - 0.1])


# --- Groups and targets ---


def test_groups_of_a_number_are_tenths():
    values = np.random.default_rng(0).exponential(size=N)
    groups = Factor(values, Kind.CONTINUOUS).groups
    np.testing.assert_array_equal(groups[np.argsort(values)], np.arange(N) // 100)


def test_groups_keep_equal_values_together():
    values = np.random.default_rng(0).integers(0, 32, N)
    groups = Factor(values, Kind.CONTINUOUS).groups
    assert all(len(np.unique(groups[values == value])) == 1 for value in range(32))
    assert groups.max() == 9


def test_groups_of_few_values_and_of_classes_are_these():
    for values, kind in (
        ([0.5, 1.0, 0.5, 2.0], "continuous"),
        (["a", "b", "a", "c"], "categorical"),
    ):
        np.testing.assert_array_equal(Factor(np.array(values), Kind(kind)).groups, [0, 1, 0, 2])


def test_groups_of_an_angle_are_arcs():
    groups = Factor(np.array([0, 0.1, np.pi, -0.1, 2 * np.pi]), Kind.CIRCULAR).groups
    np.testing.assert_array_equal(groups, [0, 0, 1, 2, 0])


def test_targets():
    np.testing.assert_array_equal(Factor(np.array([1, 2]), Kind.CONTINUOUS).targets, [[1.0], [2.0]])
    found = Factor(np.array([0, np.pi / 2]), Kind.CIRCULAR).targets
    np.testing.assert_allclose(found, [[0, 1], [1, 0]], atol=1e-12)


# --- Layers and splits ---


def test_all_layers_side_by_side():
    found = with_all({"z_1": np.zeros((3, 2), "float32"), "z_2": np.ones((3, 1))})
    assert list(found) == ["z_1", "z_2", "all"]
    np.testing.assert_array_equal(found["all"], [[0, 0, 1]] * 3)
    assert list(with_all({"z": np.zeros((3, 2))})) == ["z"]


def test_split_holds_out_30_percent_of_each_class():
    factor = Factor(np.repeat([0, 1], [900, 100]), Kind.CATEGORICAL)
    learnt, held_out = split(factor, 0)
    np.testing.assert_array_equal(np.sort(np.concatenate([learnt, held_out])), np.arange(N))
    np.testing.assert_array_equal(np.bincount(factor.groups[held_out]), [270, 30])
    np.testing.assert_array_equal(split(factor, 0)[1], held_out)
    assert not np.array_equal(split(factor, 1)[1], held_out)


# --- What cannot be used ---


def spoilt(value, kind="continuous", dtype=float):
    values = GOOD.astype(dtype)
    values[3] = value
    return Factor(values, Kind(kind))


@pytest.mark.parametrize(
    ("codes", "factor", "message"),
    [
        ({}, Factor(GOOD, Kind.CATEGORICAL), "at least one layer"),
        (CODES, Factor(GOOD[:-1], Kind.CATEGORICAL), r"different numbers of images: \[999, 1000\]"),
        ({"z_1": np.zeros((50, 2))}, Factor(GOOD[:50], Kind.CONTINUOUS), "50 images are too few"),
        ({"z_1": np.zeros(N)}, Factor(GOOD, Kind.CONTINUOUS), r"z_1 have the shape \(1000,\)"),
        ({"z_1": np.zeros((N, 0))}, Factor(GOOD, Kind.CONTINUOUS), r"shape \(1000, 0\)"),
        ({"z_1": np.full((N, 2), np.nan)}, Factor(GOOD, Kind.CONTINUOUS), "z_1 hold NaN"),
        (CODES, Factor(np.zeros((N, 1)), Kind.CONTINUOUS), r"slant has the shape \(1000, 1\)"),
        (CODES, spoilt(np.nan), "slant holds NaN or infinity: leave these images out"),
        (CODES, spoilt(np.inf, "circular"), "slant holds NaN"),
        (CODES, spoilt(np.nan, "categorical"), "slant holds NaN"),
        (CODES, Factor(np.full(N, "a"), Kind.CONTINUOUS), "slant is continuous, but its values"),
        (CODES, Factor(np.ones(N), Kind.CATEGORICAL), "slant is the same in all images"),
        (CODES, Factor(np.ones(N), Kind.CONTINUOUS), "slant is the same in all images"),
        (CODES, Factor(np.full(N, 2.0), Kind.CIRCULAR), "slant is the same in all images"),
        (CODES, Factor(np.minimum(np.arange(N), 19), Kind.CONTINUOUS), "nearly always the same"),
        (CODES, spoilt(9, "categorical"), "too few images of one class, 1: pass at least 10"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(codes, factor, message):
    with pytest.raises(ValueError, match=message):
        check(codes, {"slant": factor})


def test_no_factor_is_an_error_and_a_good_one_is_none():
    with pytest.raises(ValueError, match="at least one"):
        check(CODES, {})
    check(CODES, {"a": Factor(GOOD, Kind.CATEGORICAL), "b": Factor(GOOD > 3, Kind.CONTINUOUS)})
