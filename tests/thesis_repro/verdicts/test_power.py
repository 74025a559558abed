"""Least p-values by counting and by the tests themselves, differences found by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from thesis_repro.analysis.pixel_dependence import correlation_p
from thesis_repro.analysis.rank_tests import mann_whitney_p, superiority
from thesis_repro.analysis.statistics import rank_sum_p, signed_rank_p, smallest_rank_sum_p
from thesis_repro.verdicts.power import POWER, found, least_p, within_of_p

RUNS = 2_000  # a share of 0.8 has a standard error of 0.009


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def sizes_of(effects):
    return [effect.size for effect in effects]


# --- Least p-values ---


@pytest.mark.parametrize(("n", "m"), [(3, 3), (24, 24), (50, 50), (5, 8)])
def test_separated_samples_have_the_least_p(n, m):
    floor = least_p("rank-sum", (n, m))
    assert 10**floor.approximate == pytest.approx(smallest_rank_sum_p(n, m))
    assert 10**floor.exact == pytest.approx(2 / math.comb(n + m, n))
    of_u = least_p("U", (n, m))
    assert 10**of_u.approximate == pytest.approx(mann_whitney_p(np.arange(n), n + np.arange(m)))
    assert of_u.exact == floor.exact
    exact = stats.mannwhitneyu(np.arange(n), n + np.arange(m), method="exact").pvalue
    assert 10**floor.exact == pytest.approx(exact)


def test_fifty_seeds_cannot_give_what_section_4_3_prints():
    """Erratum E06: also not if p is counted exactly."""
    floor = least_p("rank-sum", (50, 50))
    assert f"{10**floor.approximate:.1e}" == "6.9e-18"
    assert floor.approximate > floor.exact > math.log10(1e-29)
    assert least_p("signed-rank", (200,)).approximate < math.log10(1e-29)


def test_the_least_p_of_pairs_is_the_one_that_the_notebooks_have():
    """1.8215e-05 for Table 3 and 1.44e-34 for five of Table 4's pairs, all of one sign."""
    assert 10 ** least_p("signed-rank", (24,)).approximate == pytest.approx(1.8215e-05, rel=1e-4)
    assert 10 ** least_p("signed-rank", (200,)).approximate == pytest.approx(1.44e-34, rel=5e-3)
    pairs = np.arange(1.0, 13), np.zeros(12)
    assert 10 ** least_p("signed-rank", (12,)).approximate == pytest.approx(signed_rank_p(*pairs))
    exact = stats.wilcoxon(pairs[0], method="exact").pvalue
    assert 10 ** least_p("signed-rank", (12,)).exact == pytest.approx(exact)


def test_a_p_beyond_all_floats_has_a_logarithm():
    """Of 10,000 against 10,000 SciPy's p is 0; by the leading term of the normal tail."""
    z = (1e8 / 2 - 0.5) / math.sqrt(1e8 * 20_001 / 12)
    tail = -(z**2) / 2 - math.log(z * math.sqrt(2 * math.pi)) + math.log(2)
    floor = least_p("U", (10_000, 10_000))
    assert floor.approximate == pytest.approx(tail / math.log(10), abs=1e-3)
    assert floor.exact == pytest.approx(math.log10(2) - math.log10(math.comb(20_000, 10_000)))


def test_other_floors():
    assert least_p("correlation", (100,)) == (None, None)
    assert least_p("permutation", (999,)) == (None, -3)
    assert 10 ** least_p("share", (12,)).exact == pytest.approx(stats.binomtest(12, 12).pvalue)
    of_classes = least_p("chi-square", (60,))
    counts = [60] + [0] * 9
    expected = math.log10(stats.chisquare(counts).pvalue)
    assert of_classes.approximate == pytest.approx(expected, abs=0.01)
    likelihood = stats.multinomial.pmf(counts, 60, [0.1] * 10)
    assert 10**of_classes.exact == pytest.approx(10 * likelihood)


# --- Differences found ---


@pytest.mark.parametrize(("n", "level"), [(24, 0.05), (24, 0.05 / 3), (50, 0.05), (50, 0.005)])
def test_the_rank_sum_test_finds_it_as_often_as_it_says(rng, n, level):
    sd, larger = sizes_of(found("rank-sum", (n, n), level))
    x, y = rng.normal(sd, 1, (RUNS, n)), rng.normal(0, 1, (RUNS, n))
    p = stats.ranksums(x, y, axis=1).pvalue
    assert p[0] == pytest.approx(rank_sum_p(x[0], y[0]))
    assert np.mean(p < level) == pytest.approx(POWER, abs=0.03)
    assert larger == pytest.approx(np.mean(x > y), abs=0.006)


@pytest.mark.parametrize(("n", "m", "runs"), [(1_000, 1_000, 800), (100, 1_000, 1_000)])
def test_the_u_test_finds_it_as_often_as_it_says(rng, n, m, runs):
    sd, _ = sizes_of(found("U", (n, m), 0.05))
    x, y = rng.normal(sd, 1, (runs, n)), rng.normal(0, 1, (runs, m))
    p = stats.mannwhitneyu(x, y, axis=1, method="asymptotic").pvalue
    assert np.mean(p < 0.05) == pytest.approx(POWER, abs=0.04)


@pytest.mark.parametrize("n", [50, 1_000, 10_000])
def test_noethers_formula_finds_the_same(n):
    """G. E. Noether, J. Am. Stat. Assoc. 82 (1987) 645: N = (z + z')² / (12 c (1 - c) (P - 1/2)²).

    It has the variance of equal distributions, which is a little too large for those apart.
    """
    _, larger = sizes_of(found("rank-sum", (n, n), 0.05))
    z = stats.norm.isf(0.025) + stats.norm.ppf(POWER)
    noethers = 0.5 + z / math.sqrt(12 * 0.25 * 2 * n)
    assert 0 < noethers - larger < 0.2 / n


@pytest.mark.parametrize("n", [24, 200])
def test_the_signed_rank_test_finds_it_as_often_as_it_says(rng, n):
    sd, larger = sizes_of(found("signed-rank", (n,), 0.05))
    differences = rng.normal(sd, 1, (RUNS if n < 100 else 1_000, n))
    p = stats.wilcoxon(differences, axis=1, correction=False, method="asymptotic").pvalue
    assert np.mean(p < 0.05) == pytest.approx(POWER, abs=0.04)
    assert larger == pytest.approx(np.mean(differences > 0), abs=0.01)


@pytest.mark.parametrize("level", [0.05, 0.05 / 784])
def test_correlations_are_found_as_often_as_it_says(rng, level):
    ((_, r),) = found("correlation", (100,), level)
    x, noise = rng.normal(size=(2, RUNS, 100))
    y = r * x + math.sqrt(1 - r**2) * noise
    pearson = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    assert np.mean(correlation_p(np.array(pearson), 100) < level) == pytest.approx(POWER, abs=0.03)


def test_a_rarer_class_is_found_as_often_as_it_says(rng):
    ((_, share),) = found("chi-square", (10_000,), 0.05)
    counts = rng.multinomial(10_000, [share, *[(1 - share) / 9] * 9], RUNS)
    p = stats.chisquare(counts, axis=1).pvalue
    assert np.mean(p < 0.05) == pytest.approx(POWER, abs=0.03)


def test_a_share_is_found_as_often_as_it_says(rng):
    ((_, share),) = found("share", (20_000,), 0.05)
    counts = rng.binomial(20_000, share, RUNS)
    p = 2 * stats.binom.sf(counts - 1, 20_000, 0.5)
    assert np.mean(p < 0.05) == pytest.approx(POWER, abs=0.03)


def test_permutations_find_what_their_statistic_finds():
    assert found("permutation", (1_000,), 0.05) == ()


def test_more_values_find_less_and_a_stricter_level_more():
    by_n = [sizes_of(found("U", (n, n), 0.05))[0] for n in (24, 50, 1_000, 10_000)]
    assert by_n == sorted(by_n, reverse=True)
    by_level = [sizes_of(found("correlation", (100,), 0.05 / k))[0] for k in (1, 784, 4_096)]
    assert by_level == sorted(by_level)


@pytest.mark.parametrize("level", [0.1, 0.05, 0.05 / 4_096])
@pytest.mark.parametrize("kind", ["rank-sum", "signed-rank", "correlation", "chi-square", "share"])
def test_there_is_a_difference_for_all_sizes_and_levels(kind, level):
    """Where `solve_power` has none: 1,000 against 1,000 at a level of 0.1.

    Of few images, no class in ten can lose as much as would be found.
    """
    for n in (1_000, 10_000, 60_000) if kind == "chi-square" else (24, 100, 1_000, 10_000, 60_000):
        sizes = (n, n) if kind == "rank-sum" else (n,)
        assert all(0 < size < 2 for size in sizes_of(found(kind, sizes, level)))


# --- What a printed p says ---


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2])
def test_a_p_says_how_far_superiority_can_be_from_a_half(rng, shift):
    x, y = rng.normal(shift, 1, 1_000), rng.normal(0, 1, 3_000)
    compared = superiority(x, y)
    expected = abs(compared.probability - 0.5) + stats.norm.isf(0.05) * math.sqrt(4_001 / 12 / 3e6)
    assert within_of_p(mann_whitney_p(x, y), 1_000, 3_000) == pytest.approx(expected)
    reach = (compared.high - compared.low) / 2 * stats.norm.isf(0.05) / stats.norm.isf(0.025)
    assert expected == pytest.approx(abs(compared.probability - 0.5) + reach, rel=0.03)
