"""Numbers and counts over seeds: hand-computed, against statsmodels, and simulated."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from thesis_repro.verdicts.spread import Count, Spread, prediction_interval, wilson


def test_a_prediction_interval_by_hand():
    """1 to 5: mean 3, SD sqrt(2.5); t_0.975 of 4 degrees is 2.776445 in printed tables."""
    spread = Spread.of([1, 2, 3, 4, 5], predicts=True)
    reach = 2.776445 * math.sqrt(2.5) * math.sqrt(1.2)
    assert (spread.mean, spread.lacking, spread.seeds) == (3, 0, 5)
    assert spread.sd == pytest.approx(1.5811388300841898, rel=1e-15)
    assert spread.low == pytest.approx(3 - reach, rel=1e-6)
    assert spread.high == pytest.approx(3 + reach, rel=1e-6)
    assert str(spread) == "3.000 ± 1.581 (-1.809 to 7.809)"
    without = Spread.of([1, 2, 3, 4, 5], predicts=False)
    assert (without.low, without.high, str(without)) == (None, None, "3.000 ± 1.581")


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_it_is_statsmodels_s_for_a_new_observation(n):
    values = np.random.default_rng(n).normal(200, 9, n)
    fit = OLS(values, np.ones((n, 1))).fit()
    ((low, high),) = fit.get_prediction(np.ones((1, 1))).conf_int(obs=True, alpha=0.05)
    spread = Spread.of(values.tolist(), predicts=True)
    assert (spread.low, spread.high) == pytest.approx((low, high), rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_one_more_training_lies_in_it_95_times_of_100(n):
    rng = np.random.default_rng(n)
    draws = rng.normal(213.9, 4.0, (4_000, n + 1))
    inside = []
    for *values, one_more in draws.tolist():
        low, high = prediction_interval(np.mean(values), np.std(values, ddof=1), n)
        inside.append(low <= one_more <= high)
    assert stats.binomtest(sum(inside), len(inside), 0.95).pvalue > 0.001


@pytest.mark.parametrize(
    ("n", "reach", "noticed"),
    [
        (2, 15.6, (0.05, 0.10, 0.20, 0.39)),
        (3, 5.0, (0.05, 0.18, 0.47, 0.91)),
        (5, 3.0, (0.05, 0.29, 0.78, 1.00)),
        (10, 2.4, (0.05, 0.40, 0.92, 1.00)),
    ],
)
def test_what_the_interval_can_see(n, reach, noticed):
    """The table of docs/rules.md: how often a number whose mean is so many SD off lies outside."""
    assert prediction_interval(0.0, 1.0, n)[1] == pytest.approx(reach, abs=0.05)
    for off, expected in zip((0, 2, 4, 8), noticed, strict=True):
        draws = np.random.default_rng(off).normal(size=(2_000, n + 1)).tolist()
        outside = 0
        for *values, one_more in draws:
            low, high = prediction_interval(np.mean(values), np.std(values, ddof=1), n)
            outside += not low <= one_more + off <= high
        quantile, shift = stats.t.ppf(0.975, n - 1), off / math.sqrt(1 + 1 / n)
        exact = 1 - np.diff(stats.nct.cdf([-quantile, quantile], n - 1, shift))[0]
        assert exact == pytest.approx(expected, abs=0.0051)
        assert stats.binomtest(outside, len(draws), min(exact, 1)).pvalue > 0.001


@pytest.mark.parametrize("values", [[39, 39, 39], [0.1, 0.1, 0.1], [0, 0]])
def test_equal_values_have_no_interval(values):
    spread = Spread.of(values, predicts=True)
    assert (spread.sd, spread.low, spread.high) == (0, None, None)
    assert str(spread).endswith(" in each seed")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None, "undefined", "inf", "< 0.001"])
def test_what_a_seed_has_no_number_for_has_no_mean(bad):
    spread = Spread.of([1.0, bad, 3.0], predicts=True)
    assert spread == Spread(None, None, None, None, lacking=1, seeds=3)
    assert str(spread) == "no number in 1 of 3 seeds"


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(4, 5, 0.3755, 0.9638), (0, 3, 0.0, 0.5615), (3, 3, 0.4385, 1.0), (1, 2, 0.0945, 0.9055)],
)
def test_wilson_s_interval_by_hand(count, n, low, high):
    """(p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n), z = 1.959964; to four digits."""
    z, share = 1.959964, count / n
    middle, spread = (
        share + z**2 / (2 * n),
        z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)),
    )
    closed_form = [(middle + sign * spread) / (1 + z**2 / n) for sign in (-1, 1)]
    assert closed_form == pytest.approx([low, high], abs=5e-5)
    assert wilson(count, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("outcomes", "majority", "words"),
    [
        ([True, True, False], True, "2 of 3 seeds (Wilson 21% to 94%)"),
        ([True, False, False], False, "1 of 3 seeds (Wilson 6% to 79%)"),
        ([True, False], None, "1 of 2 seeds (Wilson 9% to 91%)"),
        ([True, True, None], True, "2 of 3 seeds, undefined or not measured in 1"),
        ([False, False, None], False, "0 of 3 seeds, undefined or not measured in 1"),
        ([True, False, None], None, "1 of 3 seeds, undefined or not measured in 1"),
        ([True, None], None, "1 of 2 seeds, undefined or not measured in 1"),
    ],
)
def test_a_majority_of_all_seeds_decides(outcomes, majority, words):
    count = Count.of(outcomes)
    assert count.majority is majority
    assert str(count) == words
    assert (count.low is None) == (None in outcomes)
