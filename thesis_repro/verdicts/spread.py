"""What several seeds say of a number, and in how many of them something holds.

A number has a prediction interval: where one more training of ours would lie. The thesis's number
is such a training, if ours is the same experiment. A share of seeds has Wilson's interval (1927).
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thesis_repro.thesis.claims import show
from thesis_repro.words import counted

CONFIDENCE = 0.95
_ROUNDING = 1e-12  # relative: numbers that differ by less are the same


@dataclass(frozen=True)
class Spread:
    """One number over seeds.

    Attributes:
        mean: None where a seed has no number.
        sd: The sample's (n - 1); None where a seed has no number.
        low: Lower end of the prediction interval; None where none is asked for, a seed has no
            number, or all have the same, which says nothing of how they vary.
        high: Its upper end.
        lacking: How many seeds have no number: undefined, infinite or not measured.
        seeds: How many there are.
    """

    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    lacking: int
    seeds: int

    @classmethod
    def of(cls, values: Sequence[Any], *, predicts: bool) -> "Spread":
        """That of one value for each seed, two or more.

        ``predicts``: whether the interval is asked for. It is of numbers that vary about normally,
        which shares and p-values need not: it would go beyond 0 and 1.
        """
        numbers = [float(value) for value in values if is_number(value)]
        lacking = len(values) - len(numbers)
        if lacking:
            return cls(None, None, None, None, lacking, len(values))
        mean, sd = statistics.mean(numbers), statistics.stdev(numbers)
        if sd <= _ROUNDING * abs(mean):
            sd = 0.0
        has_ends = predicts and sd > 0
        ends = prediction_interval(mean, sd, len(numbers)) if has_ends else (None, None)
        return cls(mean, sd, *ends, 0, len(values))

    def __str__(self) -> str:
        if self.lacking:
            return f"no number in {self.lacking} of {counted(self.seeds, 'seed')}"
        if not self.sd:
            return f"{show(self.mean)} in each seed"
        text = f"{show(self.mean)} ± {show(self.sd)}"
        return text if self.low is None else f"{text} ({show(self.low)} to {show(self.high)})"


@dataclass(frozen=True)
class Count:
    """In how many seeds something holds, with Wilson's interval of the share.

    Attributes:
        holds: So many.
        fails: In so many it does not; in the others a value is undefined or not measured.
        seeds: How many there are.
        low: Lower end of the interval; None where it is not known of each seed whether it holds.
        high: Its upper end.
    """

    holds: int
    fails: int
    seeds: int
    low: float | None
    high: float | None

    @classmethod
    def of(cls, outcomes: Sequence[bool | None]) -> "Count":
        """That of one outcome for each seed, None where it neither holds nor fails."""
        holds, fails = (sum(outcome is each for outcome in outcomes) for each in (True, False))
        seeds = len(outcomes)
        ends = wilson(holds, seeds) if holds + fails == seeds else (None, None)
        return cls(holds, fails, seeds, *ends)

    @property
    def majority(self) -> bool | None:
        """Whether it holds in more than half of the seeds, or fails in as many; else None."""
        if 2 * self.holds > self.seeds:
            return True
        return False if 2 * self.fails > self.seeds else None

    def __str__(self) -> str:
        text = f"{self.holds} of {counted(self.seeds, 'seed')}"
        if self.low is None:
            lacking = self.seeds - self.holds - self.fails
            return f"{text}, undefined or not measured in {lacking}"
        return f"{text} (Wilson {self.low:.0%} to {self.high:.0%})"


def prediction_interval(mean: float, sd: float, n: int) -> tuple[float, float]:
    """Where one more of n normal numbers of this mean and SD (n - 1) lies, at 95 %."""
    from scipy import stats

    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1))
    reach = quantile * sd * math.sqrt(1 + 1 / n)
    return mean - reach, mean + reach


def wilson(count: int, n: int) -> tuple[float, float]:
    """Wilson's interval of the share ``count / n``, at 95 %."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, n, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number: not NaN, None, or the word that stands for them."""
    return isinstance(value, int | float) and math.isfinite(value)
