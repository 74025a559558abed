"""What significance tests can show at their number of values: least p-values, differences found.

A p-value has a floor that the sizes alone set, whatever the values are; as it may be less than a
float holds, it is kept as its decimal logarithm. The difference found is the one that a test at
this level rejects in 80 % of cases. Rank tests find what t-tests of 3 / pi as many normal values
find (Pitman's efficiency, 0.955; Hodges and Lehmann 1956); statsmodels has the power of these. By
simulation that errs by less than 0.03 in power from 24 values on (`test_power.py`).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy import optimize, special, stats
from statsmodels.stats.power import GofChisquarePower, NormalIndPower, TTestIndPower, TTestPower

from thesis_repro.thesis.significance_tests import Kind

POWER = 0.8
CLASSES = 10  # digits
_EFFICIENCY = 3 / math.pi
_LOG_10 = math.log(10)
_TWO = math.log10(2)


class Least(NamedTuple):
    """The decimal logarithms of the smallest two-sided p-values there are.

    Attributes:
        approximate: By the approximation that is used; None where the test is exact, or where
            there is no least.
        exact: By counting all orders; None where the values themselves count.
    """

    approximate: float | None
    exact: float | None


class Effect(NamedTuple):
    """A difference: its size, and what that is measured in."""

    measure: str
    size: float

    def __str__(self) -> str:
        return f"{self.measure} {self.size:.3g}"


def least_p(kind: Kind, sizes: tuple[int, ...]) -> Least:
    """The floor of the two-sided p-value of a test, one-sided of permutations."""
    return _KINDS[kind].least(*sizes)


def found(kind: Kind, sizes: tuple[int, ...], level: float) -> tuple[Effect, ...]:
    """The difference that a two-sided test at this level finds with 80 % power.

    Rank tests: of normal values of one spread, in their standard deviations, and as how often a
    value exceeds one of the other sample; of pairs, in those of the differences, and as how often
    it exceeds its partner. Correlations: r. Chi-square: what
    is left of one of ten equally frequent classes, if all others gained alike. Shares: one above a
    half. Nothing of permutations, whose power is that of what is permuted.
    """
    return _KINDS[kind].found(*sizes, level)


def within_of_p(p: float, n: int, m: int) -> float:
    """How far the probability of superiority lies from 0.5 at most, by a two-sided U test's p.

    The end of the 90 % interval on its farther side, of samples (n,) and (m,) without ties, with
    the variance of equal distributions: what the two one-sided tests at 5 % hold against a margin.
    """
    sd = _sd_of_u(n, m)
    off = float(stats.norm.isf(p / 2)) * sd + (0.5 if p < 1 else 0)  # the continuity correction
    return (off + float(stats.norm.isf(0.05)) * sd) / (n * m)


# === Floors ===


def _tails(z: float) -> float:
    """The logarithm of both tails of the normal distribution beyond z."""
    return _TWO + float(stats.norm.logsf(z)) / _LOG_10


def _sd_of_u(n: int, m: int) -> float:
    """The standard deviation of U of equal distributions without ties."""
    return math.sqrt(n * m * (n + m + 1) / 12)


def _least_of_ranks(n: int, m: int) -> Least:
    """All values of one sample below the other's: one order of C(n + m, n), either way."""
    return Least(_tails(n * m / 2 / _sd_of_u(n, m)), _of_orders(n, m))


def _least_of_u(n: int, m: int) -> Least:
    """The same with the continuity correction."""
    return Least(_tails((n * m / 2 - 0.5) / _sd_of_u(n, m)), _of_orders(n, m))


def _of_orders(n: int, m: int) -> float:
    log = special.gammaln(n + m + 1) - special.gammaln(n + 1) - special.gammaln(m + 1)
    return min(_TWO - float(log) / _LOG_10, 0.0)


def _least_of_signed_ranks(n: int) -> Least:
    """All differences of one sign: one of 2^n, either way."""
    z = n * (n + 1) / 4 / math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return Least(_tails(z), (1 - n) * _TWO)


def _least_of_correlation(n: int) -> Least:
    """None: the nearer the values are to a line, the smaller p is."""
    return Least(None, None)


def _least_of_permutations(n: int) -> Least:
    return Least(None, -math.log10(1 + n))


def _least_of_classes(n: int) -> Least:
    """All images of one class: 9 n is the largest statistic of ten equally frequent ones.

    Of the tail beyond x the leading term, x^(k/2 - 1) e^(-x/2), as a float holds none of this size;
    exactly, ten of 10^n orders.
    """
    half, x = (CLASSES - 1) / 2, (CLASSES - 1) * n / 2
    log = (half - 1) * math.log(x) - x - float(special.gammaln(half))
    return Least(log / _LOG_10, (1 - n) * math.log10(CLASSES))


def _least_of_share(n: int) -> Least:
    return Least(None, (1 - n) * _TWO)


# === Differences found ===


def _solved(power: Callable[[float], float], error: float) -> float:
    """The effect of 80 % power, between 0.5 and 8 of its standard errors.

    statsmodels' own `solve_power` begins at fixed effects and fails at some sizes and levels, as
    SciPy's noncentral t distribution is NaN far out. For that reason powers are of the tail on the
    effect's side alone; the other adds less than 1e-5.
    """
    return float(optimize.brentq(lambda effect: power(effect) - POWER, error / 2, 8 * error))


def _found_of_two_samples(n: int, m: int, level: float) -> tuple[Effect, ...]:
    def power(sd: float) -> float:
        return TTestIndPower().power(sd, _EFFICIENCY * n, level / 2, m / n, alternative="larger")

    sd = _solved(power, math.sqrt((1 / n + 1 / m) / _EFFICIENCY))
    return Effect("SD", sd), Effect("P(X>Y)", _normal(sd / math.sqrt(2)))


def _found_of_pairs(n: int, level: float) -> tuple[Effect, ...]:
    count = _EFFICIENCY * n

    def power(sd: float) -> float:
        return TTestPower().power(sd, count, level / 2, alternative="larger")

    sd = _solved(power, 1 / math.sqrt(count))
    return Effect("SD", sd), Effect("P(X>Y)", _normal(sd))


def _found_of_correlation(n: int, level: float) -> tuple[Effect, ...]:
    """By Fisher's z, whose variance is 1 / (n - 3)."""
    return (Effect("r", math.tanh(_found_of_mean(n - 3, level))),)


def _found_of_permutations(n: int, level: float) -> tuple[Effect, ...]:
    return ()


def _found_of_classes(n: int, level: float) -> tuple[Effect, ...]:
    """By Cohen's w: q k / sqrt(k - 1), if one of k classes has lost q to all others alike."""
    w = _solved(lambda w: GofChisquarePower().power(w, n, level, CLASSES), 1 / math.sqrt(n))
    lost = w * math.sqrt(CLASSES - 1) / CLASSES
    return (Effect("a class of 0.1 down to", 1 / CLASSES - lost),)


def _found_of_share(n: int, level: float) -> tuple[Effect, ...]:
    """By the arcsine transformation, whose variance is 1 / n (Cohen 1988, Section 6.2)."""
    h = _found_of_mean(n, level)
    return (Effect("share", math.sin(math.asin(math.sqrt(0.5)) + h / 2) ** 2),)


def _found_of_mean(n: int, level: float) -> float:
    """The mean that n normal values of unit variance are found to have."""

    def power(mean: float) -> float:
        return NormalIndPower().power(mean, n, level / 2, ratio=0, alternative="larger")

    return _solved(power, 1 / math.sqrt(n))


def _normal(z: float) -> float:
    return float(stats.norm.cdf(z))


class _Of(NamedTuple):
    least: Callable[..., Least]
    found: Callable[..., tuple[Effect, ...]]


_KINDS: dict[Kind, _Of] = {
    "rank-sum": _Of(_least_of_ranks, _found_of_two_samples),
    "U": _Of(_least_of_u, _found_of_two_samples),
    "signed-rank": _Of(_least_of_signed_ranks, _found_of_pairs),
    "correlation": _Of(_least_of_correlation, _found_of_correlation),
    "permutation": _Of(_least_of_permutations, _found_of_permutations),
    "chi-square": _Of(_least_of_classes, _found_of_classes),
    "share": _Of(_least_of_share, _found_of_share),
}
