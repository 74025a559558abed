"""Scores of disentanglement on codes for which theory says what they are."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score
from sklearn.tree import DecisionTreeClassifier

from thesis_repro.analysis.disentanglement import (
    STANDARD,
    VOTES,
    best_thresholds,
    completeness,
    dci,
    disentanglement,
    disentanglement_scores,
    factor_vae_score,
    fixed_factor_sampler,
    mig,
    mig_of_the_told,
    sap,
    standard_scores,
)
from thesis_repro.analysis.factors import Factor, Kind

N = 2_000
CONTINUOUS, CATEGORICAL, CIRCULAR = Kind
RNG = np.random.default_rng(0)

# Independent factors: classes of one size, and a number of ten values.
SHAPE, TEN, PAIR = RNG.integers(0, 4, N), RNG.integers(0, 10, N) / 9, RNG.integers(0, 2, N)
FACTORS = [Factor(SHAPE, CATEGORICAL), Factor(TEN, CONTINUOUS), Factor(PAIR, CATEGORICAL)]
PERFECT = np.stack([SHAPE, TEN, PAIR], axis=-1).astype(float)
USELESS = RNG.normal(size=(N, 3))
TWICE = np.concatenate([PERFECT, -PERFECT], axis=1)

NAMES = ["MIG", "DCI disentanglement", "DCI completeness", "DCI informativeness (error)", "SAP",
         "FactorVAE score"]  # fmt: skip


def scores(codes, factors=FACTORS, seed=0):
    codes = codes if isinstance(codes, dict) else {"z": codes}
    named = {f"f{number}": factor for number, factor in enumerate(factors)}
    rows = disentanglement_scores("a-vae", codes, named, np.random.default_rng(seed))
    return {(row.layer, row.measure): row.value for row in rows}


# What theory gives, in the order of NAMES. SAP: the second best code of k classes tells 1 / k, so
# that the gaps are 3/4, 1 and 1/2. Completeness of two equal codes of six: 1 - log_6(2).
@pytest.mark.parametrize(
    ("z", "expected"),
    [
        (PERFECT, [1, 1, 1, 0, 0.75, 1]),
        (PERFECT[:, ::-1] * [-5, 1, 30] + 2, [1, 1, 1, 0, 0.75, 1]),  # order, sign and scale
        (USELESS, [0, 0, 0, 1, 0, 1 / 3]),
        (TWICE, [0, 1, 1 - np.log(2) / np.log(6), 0, 0, 1]),
        (np.concatenate([PERFECT, USELESS], 1), [1, 1, 1, 0, 0.75, 1]),
        (np.concatenate([PERFECT, np.ones((N, 1))], 1), [1, 1, 1, 0, 0.75, 1]),
    ],
    ids=["perfect", "rescaled", "useless", "twice", "with noise", "with a collapsed code"],
)
def test_scores_are_those_of_theory(z, expected):
    found = scores(z)
    assert list(found) == [("z", name) for name in NAMES]
    assert list(found.values()) == pytest.approx(expected, abs=0.05)


def test_a_turned_code_is_informative_but_entangled():
    """Two factors over two codes turned by 45 degrees: each tells half of both."""
    pair = RNG.uniform(-1, 1, (N, 2))
    factors = [Factor(column, CONTINUOUS) for column in pair.T]
    turned = pair @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    found = [value for _, value in scores(turned, factors).items()]
    assert found[:3] == pytest.approx([0, 0, 0], abs=0.05)
    assert found[3] < 0.1
    assert found[4] == pytest.approx(0, abs=0.05)


def test_layers_and_all_of_them():
    """Each factor in a layer of its own: only all layers together are complete in their kind."""
    found = scores({"z_1": PERFECT[:, :2], "z_2": PERFECT[:, 2:]})
    assert {layer for layer, _ in found} == {"z_1", "z_2", "all"}
    assert found["all", "MIG"] == pytest.approx(1, abs=0.03)
    assert found["z_1", "MIG"] == pytest.approx(2 / 3, abs=0.03)
    assert found["z_2", "MIG"] == pytest.approx(1 / 3, abs=0.03)
    errors = [found[layer, "DCI informativeness (error)"] for layer in ("z_1", "z_2", "all")]
    assert errors == pytest.approx([1 / 3, 2 / 3, 0], abs=0.03)
    assert found["z_2", "DCI completeness"] == 1  # of a single code


def test_the_same_seed_gives_the_same_scores():
    assert scores(USELESS[:300], [Factor(own.values[:300], own.kind) for own in FACTORS]) == scores(
        USELESS[:300], [Factor(own.values[:300], own.kind) for own in FACTORS]
    )


def test_a_single_factor_and_a_constant_one_are_errors():
    with pytest.raises(ValueError, match="single factor: pass two or more"):
        scores(PERFECT, FACTORS[:1])
    with pytest.raises(ValueError, match="f1 is the same in all images"):
        scores(PERFECT, [FACTORS[0], Factor(np.ones(N), CONTINUOUS)])
    with pytest.raises(ValueError, match="codes of z hold NaN"):
        scores(np.full((N, 2), np.nan))


# --- By hand ---


def test_mig_by_hand():
    """Four classes; one code tells all of them, one tells two from two: (ln 4 - ln 2) / ln 4."""
    group = np.repeat(np.arange(4), 25)
    z = np.stack([group, group // 2, np.zeros(100)], axis=-1).astype(float)
    assert mig(z, [Factor(group, CATEGORICAL)]) == pytest.approx(0.5)
    assert mig(z[:, :1], [Factor(group, CATEGORICAL)]) == pytest.approx(1)
    assert mig(z[:, 2:], [Factor(group, CATEGORICAL)]) == pytest.approx(0)


def test_noise_in_a_code_of_its_own_is_no_entanglement():
    """The MIG of a code for each of two factors falls with noise, the gap of what is told does not.

    Turned by 45 degrees both codes tell as much of both: no gap.
    """
    pair = RNG.uniform(-1, 1, (20_000, 2))
    factors = [Factor(column, CONTINUOUS) for column in pair.T]
    noisy = pair + RNG.normal(0, 0.2, pair.shape)  # R2 0.9
    assert mig(noisy, factors) < 0.5 < 0.95 < mig_of_the_told(noisy, factors)
    turned = noisy @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    assert mig_of_the_told(turned, factors) < 0.05


def test_the_gap_of_what_is_told_by_hand():
    """As of the MIG; where nothing is told there is no gap of it."""
    group = np.repeat(np.arange(4), 25)
    z = np.stack([group, group // 2, np.zeros(100)], axis=-1).astype(float)
    of_four, of_two = Factor(group, CATEGORICAL), Factor(group // 2, CATEGORICAL)
    assert mig_of_the_told(z, [of_four]) == pytest.approx(0.5)
    assert mig_of_the_told(z[:, 1:], [of_four]) == pytest.approx(1)
    assert mig_of_the_told(z, [of_four, of_two]) == pytest.approx((0.5 + 0) / 2)
    assert np.isnan(mig_of_the_told(z[:, 2:], [of_four]))


def test_sap_of_numbers_is_the_gap_of_squared_correlations():
    first, second = RNG.normal(size=(2, N))
    factor = 2 * first + second
    z = np.stack([first, second], axis=-1)
    expected = np.corrcoef(factor, first)[0, 1] ** 2 - np.corrcoef(factor, second)[0, 1] ** 2
    assert sap(z, [Factor(factor, CONTINUOUS)]) == pytest.approx(expected)


def test_sap_of_classes_is_the_gap_of_balanced_accuracies():
    """80 of 90 lie below the threshold and 8 of 10 above, where they are fewer than the others."""
    group = np.repeat([0, 1], [90, 10])
    code = np.repeat([0.0, 1.0, 1.0, 0.0], [80, 10, 8, 2])
    z = np.stack([code, np.ones(100)], axis=-1)
    assert sap(z, [Factor(group, CATEGORICAL)]) == pytest.approx((80 / 90 + 8 / 10) / 2)


def every_threshold(code, groups):
    """All ways to set k - 1 thresholds and to name the intervals, one by one."""
    places, count = np.unique(code), groups.max() + 1
    best = 0.0
    for cuts in combinations_with_replacement([*places, np.inf], count - 1):
        interval = np.searchsorted(np.sort(cuts), code, side="right")
        hits = np.zeros((count, count))
        np.add.at(hits, (interval, groups), 1 / (count * np.bincount(groups))[groups])
        best = max(best, hits.max(axis=1).sum())
    return best


def test_thresholds_are_the_best_of_all():
    rng = np.random.default_rng(3)
    for count in (2, 3, 4):
        for _ in range(8):
            groups = np.concatenate([np.arange(count), rng.integers(count, size=12)])
            code = rng.integers(0, 8, size=len(groups)).astype(float)
            found = best_thresholds(code, groups)
            assert found == pytest.approx(every_threshold(code, groups))


def test_a_greedy_tree_misses_the_best_thresholds():
    """Small groups on either side of a large one, around which the first cut has to be paid for."""
    rng = np.random.default_rng(11)
    missed = 0
    for _ in range(40):
        groups = rng.integers(0, 3, size=60)
        code = rng.normal(size=60) + np.array([0.0, 1.5, 0.3])[groups] * rng.choice([-1, 1], 60)
        tree = DecisionTreeClassifier(max_leaf_nodes=3, class_weight="balanced", random_state=0)
        tree.fit(code[:, None], groups)
        greedy = balanced_accuracy_score(groups, tree.predict(code[:, None]))
        best = best_thresholds(code, groups)
        assert best >= greedy - 1e-9
        missed += best > greedy + 0.01
    assert missed > 5


def test_published_scores_take_every_value_as_a_class():
    """A code that tells ten groups of a number of 32 values tells all of ours, not of theirs."""
    rng = np.random.default_rng(0)
    position, pair = rng.integers(0, 32, 4_000), rng.integers(0, 2, 4_000)
    whole = Factor(position, CONTINUOUS)
    z = np.stack([whole.groups, pair], axis=1).astype(float)
    kinds = {"position": Factor(position, CATEGORICAL), "pair": Factor(pair, CATEGORICAL)}
    published = {row.measure: row.value for row in standard_scores("a-vae", {"z": z}, kinds, rng)}
    assert mig(z, [whole, kinds["pair"]]) == pytest.approx(1, abs=0.02)
    entropies = [np.log(10) / np.log(32), 1]
    assert published[STANDARD[0]] == pytest.approx(np.mean(entropies), abs=0.02)
    assert published[STANDARD[1]] == 1
    with pytest.raises(ValueError, match="pair is the same"):
        standard_scores("a-vae", {"z": z}, {"pair": Factor(np.ones(4_000), CATEGORICAL)}, rng)


def test_published_scores_fix_values_not_groups():
    """Codes that move within each group of three or four values, but with the value: they stay."""
    rng = np.random.default_rng(1)
    position, other = rng.integers(0, 32, 6_000), rng.integers(0, 32, 6_000)
    hashed = (position * 7 % 32).astype(float)  # neighbours lie far apart
    z = np.stack([hashed, rng.normal(size=6_000)], axis=1)
    ours = [Factor(position, CONTINUOUS), Factor(other, CONTINUOUS)]
    theirs = {name: Factor(v, CATEGORICAL) for name, v in (("x", position), ("y", other))}
    published = {row.measure: row.value for row in standard_scores("a-vae", {"z": z}, theirs, rng)}
    assert published[STANDARD[1]] > 0.7
    assert published[STANDARD[0]] > mig(z, ours)


def test_sap_of_an_angle_counts_sine_and_cosine():
    angle = np.linspace(0, 2 * np.pi, N, endpoint=False)
    assert sap(np.sin(angle)[:, None], [Factor(angle, CIRCULAR)]) == pytest.approx(0.5)


def test_dci_of_importances_by_hand():
    """Codes that serve one factor, two alike, and none, in a table of 3 codes and 2 factors."""
    importance = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
    assert disentanglement(importance) == pytest.approx((3 * 1 + 2 * 0) / 5)
    first = 1 + (3 / 4 * np.log(3 / 4) + 1 / 4 * np.log(1 / 4)) / np.log(3)
    assert completeness(importance) == pytest.approx((first + 1) / 2)
    assert disentanglement(np.zeros((3, 2))) == completeness(np.zeros((3, 2))) == 0
    assert completeness(np.array([[1.0, 0.0]])) == 0.5  # nothing serves the second factor


def test_informativeness_is_the_error_over_a_guess():
    """A Gaussian channel: the root of 1 - rho^2; classes of which half are told: 2/3 of a guess."""
    rng = np.random.default_rng(1)
    channel = rng.normal(size=N)
    factor = Factor(0.8 * channel + 0.6 * rng.normal(size=N), CONTINUOUS)
    z = np.stack([channel, SHAPE // 2], axis=-1)
    found = dci(z, [factor, Factor(SHAPE, CATEGORICAL)], 0).informativeness
    assert found == pytest.approx((0.6 + 0.5 / 0.75) / 2, abs=0.03)


# --- FactorVAE score ---


def test_sampler_fixes_one_factor_and_no_other():
    sample = fixed_factor_sampler(PERFECT, FACTORS)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(50):
        found = sample(1, 64, rng)
        assert found.shape == (64, 3)
        assert np.ptp(found[:, 1]) == 0
        assert np.ptp(found[:, 0]) == 3
        seen.add(found[0, 1])
    assert len(seen) == 10


def test_sampler_takes_no_image_twice():
    numbers = np.arange(N)[:, None].astype(float)
    found = fixed_factor_sampler(numbers, FACTORS)(0, N, np.random.default_rng(0))[:, 0].astype(int)
    assert len(np.unique(found)) == len(found) == np.count_nonzero(SHAPE[found[0]] == SHAPE)


def test_factor_vae_score_with_another_sampler():
    """A renderer's: codes that never hold still tell nothing; codes that do, all."""

    def still(factor, count, rng):
        z = rng.normal(size=(count, 2))
        z[:, factor] = 1
        return z

    rng = np.random.default_rng(0)
    assert factor_vae_score(still, rng.normal(size=(N, 2)), 2, rng) == 1

    def restless(factor, count, rng):
        return rng.normal(size=(count, 200))  # 4 votes each, which chance makes a majority of

    found = factor_vae_score(restless, rng.normal(size=(N, 200)), 2, rng)
    assert found == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(VOTES))


def test_factor_vae_score_does_not_see_the_scales_of_codes():
    rng = np.random.default_rng(0)
    z = (PERFECT + rng.normal(0, 0.05, (N, 3))) * [10, 1, 0.3]
    assert factor_vae_score(fixed_factor_sampler(z, FACTORS), z, 3, rng) == 1


def test_collapsed_codes_have_no_vote():
    """A code that hardly ever moves varies least; with no other code left, the score is a guess."""
    rng = np.random.default_rng(0)
    z = np.concatenate([PERFECT + rng.normal(0, 0.05, (N, 3)), np.eye(1, N).T], axis=1)

    def score(scale, columns=slice(None)):
        codes = (z * [1, 1, 1, scale])[:, columns]
        return factor_vae_score(fixed_factor_sampler(codes, FACTORS), codes, 3, rng)

    assert score(1) == 1  # a standard deviation of 0.02
    assert score(100) < 0.5
    assert score(1, slice(3, 4)) == 1 / 3
