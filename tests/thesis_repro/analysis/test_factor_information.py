"""What codes tell of factors, where theory or a sum by hand says how much that is."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from thesis_repro.analysis.factor_information import (
    balanced_accuracy,
    entropy,
    factor_information,
    pointwise_information,
    r_squared,
)
from thesis_repro.analysis.factors import Factor, Kind

N = 2_000
RHO = 0.9  # of the Gaussian channel
CONTINUOUS, CATEGORICAL, CIRCULAR = Kind
MI = "mutual information (nats)"


def told(codes, factors, seed=0):
    """By layer, factor and measure."""
    codes = codes if isinstance(codes, dict) else {"z": codes}
    factors = factors if isinstance(factors, dict) else {"f": factors}
    rows = factor_information("a-vae", codes, factors, np.random.default_rng(seed))
    return {(row.layer, row.factor, row.measure): row for row in rows}


def of_z(z, values, kind, seed=0):
    """By measure, of one layer and factor."""
    return {key[2]: row for key, row in told(z, Factor(values, kind), seed).items()}


def gaussian_channel(rho, n=N, noise=3, seed=0):
    """A normal factor and a code of correlation rho with it, beside dimensions of noise."""
    rng = np.random.default_rng(seed)
    factor, error, *others = rng.normal(size=(2 + noise, n))
    return np.stack([rho * factor + np.sqrt(1 - rho**2) * error, *others], axis=-1), factor


def information_of_tenths(rho):
    """Mutual information of a Gaussian channel's output and the tenth its input lies in, nats."""
    edges, z = stats.norm.ppf(np.linspace(0, 1, 11)), np.linspace(-8, 8, 4_001)
    chances = np.diff(stats.norm.cdf((edges[:, None] - rho * z) / np.sqrt(1 - rho**2)), axis=0)
    return np.log(10) - np.trapezoid(stats.entropy(chances) * stats.norm.pdf(z), z)


# --- Gaussian channel, in closed form ---


@pytest.mark.parametrize(("rho", "found_of_it"), [(0.5, 0.7), (RHO, 0.9)])
def test_gaussian_channel(rho, found_of_it):
    """R2 is rho squared; the information at most -ln(1 - rho^2) / 2, and a bit less in tenths."""
    z, factor = gaussian_channel(rho)
    found = of_z(z, factor, CONTINUOUS)
    linear, trees, information = (found[key] for key in ("R2, linear", "R2, trees", MI))
    assert linear.value == pytest.approx(rho**2, abs=0.05)
    assert linear.low < rho**2 < linear.high
    assert rho**2 - 0.06 < trees.value < linear.value + 0.01
    bound = information_of_tenths(rho)
    assert bound < -np.log(1 - rho**2) / 2
    assert found_of_it * bound < information.value < bound + 0.03
    assert information.best == pytest.approx(np.log(10), abs=1e-3)


def test_interval_is_the_sampling_spread():
    """95 % of the R2 of many held-out samples lie in an interval as wide as the bootstrap's."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(300):
        factor, error = rng.normal(size=(2, 500))
        predicted = RHO * (RHO * factor + np.sqrt(1 - RHO**2) * error)
        found.append((predicted[:, None], factor[:, None]))
    intervals = [r_squared(*pair, np.zeros(1), rng) for pair in found[:40]]
    values = [1 - np.square(p - t).sum() / np.square(t).sum() for p, t in found]
    width = np.mean([interval.high - interval.low for interval in intervals])
    assert width == pytest.approx(3.92 * np.std(values), rel=0.15)
    assert [interval.mean for interval in intervals] == pytest.approx(values[:40])


# --- Useless, perfect, hidden and redundant codes ---


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("seed", [1, 2])
def test_a_useless_code_gets_chance(kind, seed):
    rng = np.random.default_rng(seed)
    values = {
        CONTINUOUS: rng.normal(size=N),
        CATEGORICAL: rng.choice(3, N, p=[0.85, 0.1, 0.05]),
        CIRCULAR: rng.uniform(0, 7, N),
    }[kind]
    found = of_z(rng.normal(size=(N, 4)), values, kind)
    for measure, row in found.items():
        assert row.value == pytest.approx(row.chance, abs=0.01 if measure == MI else 0.09), measure
        assert row.chance == (1 / 3 if "accuracy" in measure else 0)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_perfect_code_gets_the_best(kind):
    rng = np.random.default_rng(0)
    values = rng.choice(4, N, p=[0.5, 0.3, 0.15, 0.05])
    values = values * 1.5 if kind is CIRCULAR else values
    z = np.stack([np.cos(values), np.sin(values)], axis=-1) if kind is CIRCULAR else values[:, None]
    found = of_z(z, values, kind)
    for row in found.values():
        assert row.value == pytest.approx(row.best, abs=0.03)
        assert row.value <= row.high + 1e-12 <= row.best + 0.1
    assert found[MI].best == pytest.approx(stats.entropy([0.5, 0.3, 0.15, 0.05]), abs=0.02)


def test_what_is_folded_is_seen_by_trees_only():
    """A factor whose square is in the code; classes whose code is an exclusive or."""
    rng = np.random.default_rng(0)
    factor = rng.uniform(0, 1, N)
    found = of_z(np.abs(factor - 0.5)[:, None] * [1, 0], (factor - 0.5) ** 2, CONTINUOUS)
    assert found["R2, trees"].value > 0.99 > found["R2, linear"].value + 0.03
    z = rng.uniform(-1, 1, (N, 2))
    found = of_z(z, z.prod(axis=1) > 0, CATEGORICAL)
    assert found["balanced accuracy, linear"].value == pytest.approx(0.5, abs=0.05)
    assert found["balanced accuracy, trees"].value > 0.95
    assert found[MI].value > 0.85 * np.log(2)


def test_an_angle_is_told_by_its_place_on_the_circle_not_by_its_number():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, N)
    circle = np.stack([np.cos(angle + 1), np.sin(angle + 1)], axis=-1)
    assert of_z(circle, angle, CIRCULAR)["R2, linear"].value == pytest.approx(1, abs=1e-9)
    assert of_z(circle, angle, CONTINUOUS)["R2, linear"].value < 0.7


def test_rare_classes_count_as_much_as_frequent_ones():
    """Two classes one unit apart, one of 5 %: the best threshold is in the middle."""
    rng = np.random.default_rng(0)
    group = (rng.random(20_000) < 0.05).astype(int)
    z = rng.normal(group, 0.5)[:, None]
    found = of_z(z, group, CATEGORICAL)
    best = stats.norm.cdf(0.5 / 0.5)
    assert found["balanced accuracy, linear"].value == pytest.approx(best, abs=0.03)
    assert found["balanced accuracy, trees"].value == pytest.approx(best, abs=0.04)


def test_scale_of_a_code_does_not_matter():
    z, factor = gaussian_channel(RHO, n=1_000)
    kind = Factor(factor > 0.5, CATEGORICAL)
    plain = [row.value for row in told(z, kind).values()]
    scaled = [row.value for row in told(z * [1e-3, 1, 1e3, 1] + 5, kind).values()]
    assert scaled == pytest.approx(plain, abs=0.02)


# --- Layers ---


def test_statements_of_section_4_4_can_be_read_off():
    """Slant in z_1 alone, identity shared by z_2 and z_3 so that only both tell all of it."""
    rng = np.random.default_rng(0)
    slant, identity = rng.normal(size=N), rng.integers(0, 4, N)
    noise = rng.normal(0, 0.1, (N, 3))
    codes = {
        "z_1": slant[:, None] + noise[:, :1],
        "z_2": identity[:, None] // 2 + noise[:, 1:2],
        "z_3": identity[:, None] % 2 + noise[:, 2:],
    }
    factors = {"slant": Factor(slant, CONTINUOUS), "identity": Factor(identity, CATEGORICAL)}
    found = told(codes, factors)
    assert {key[0] for key in found} == {"z_1", "z_2", "z_3", "all"}
    slants = [found[layer, "slant", "R2, trees"].value for layer in ("z_1", "z_2", "z_3", "all")]
    assert slants == pytest.approx([0.99, 0, 0, 0.99], abs=0.06)
    shares = [found[layer, "identity", MI].value for layer in ("z_1", "z_2", "z_3", "all")]
    assert shares == pytest.approx([0, np.log(2), np.log(2), np.log(4)], abs=0.03)
    right = [found[x, "identity", "balanced accuracy, trees"].value for x in ("z_2", "z_3", "all")]
    assert right == pytest.approx([0.5, 0.5, 1], abs=0.04)


def test_rows_are_ready_for_a_table_and_the_same_for_the_same_seed():
    z, factor = gaussian_channel(RHO, n=200)
    run = [told(z, Factor(factor, CONTINUOUS), seed=seed) for seed in (0, 0, 1)]
    assert run[0] == run[1] != run[2]
    table = pd.DataFrame(list(run[0].values()))
    assert list(table.columns) == [
        "model", "layer", "factor", "measure", "value", "low", "high", "chance", "best",
    ]  # fmt: skip
    assert list(table["measure"]) == ["R2, linear", "R2, trees", MI]
    assert set(table["model"]) == {"a-vae"}
    assert set(table["layer"]) == {"z"}
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert isinstance(asdict(run[0]["z", "f", MI])["value"], float)


def test_a_layer_is_told_the_same_whatever_stands_beside_it():
    z, factor = gaussian_channel(RHO, n=300)
    alone = told({"z_1": z}, Factor(factor, CONTINUOUS))
    beside = told({"z_1": z, "z_2": z[:, 1:]}, Factor(factor, CONTINUOUS))
    for key, row in alone.items():
        assert beside[key].value == row.value


def test_what_is_wrong_is_an_error():
    z = np.zeros((N, 2))
    with pytest.raises(ValueError, match="The factor f is the same in all images"):
        told(z, Factor(np.ones(N), CATEGORICAL))
    with pytest.raises(ValueError, match="The codes of z hold NaN"):
        told(z + np.nan, Factor(np.arange(N), CONTINUOUS))


def test_a_collapsed_layer_tells_nothing():
    for kind in (CONTINUOUS, CATEGORICAL):
        for row in of_z(np.ones((N, 2)), np.arange(N) % 3, kind).values():
            assert row.value == pytest.approx(row.chance, abs=0.01)


# --- Measures by hand ---


def test_r_squared_by_hand():
    """Missed by 1 and 0, the guess by 2 and 1: 1 - 1 / 5; on the circle, both coordinates count."""
    rng = np.random.default_rng(0)
    targets = np.array([[3.0], [2.0]])
    assert r_squared(targets - [[1], [0]], targets, np.ones(1), rng).mean == pytest.approx(0.8)
    targets = np.array([[0.0, 1.0], [0.0, -1.0]])
    turned = np.array([[1.0, 0.0], [0.0, -1.0]])
    assert r_squared(turned, targets, np.zeros(2), rng).mean == pytest.approx(0)


def test_balanced_accuracy_by_hand():
    """Of class 0 three of four are right, of class 1 one of two."""
    groups = np.array([0, 0, 0, 0, 1, 1])
    scores = np.eye(2)[[0, 0, 0, 1, 1, 0]]
    found = balanced_accuracy(scores, groups, np.random.default_rng(0))
    assert found.mean == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_pointwise_information_by_hand():
    """Classes of one and three quarters: told surely, ln 4 and ln 4/3; wrongly, ln of the doubt."""
    shares, sure = np.array([0.25, 0.75]), np.eye(2)
    right = pointwise_information(0.99, sure, shares, np.array([0, 1]))
    np.testing.assert_allclose(right, np.log([0.99 * 4 + 0.01, 0.99 * 4 / 3 + 0.01]))
    wrong = pointwise_information(0.99, sure, shares, np.array([1, 0]))
    np.testing.assert_allclose(wrong, np.log([0.01, 0.01]))
    np.testing.assert_array_equal(pointwise_information(0, sure, shares, np.array([1, 0])), [0, 0])


def test_entropy_by_hand():
    assert entropy(np.array([0, 1, 3, 3])) == pytest.approx(1.5 * np.log(2))
