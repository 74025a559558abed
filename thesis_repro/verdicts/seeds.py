"""The judgements of one claim over several seeds, joined into one.

A check that holds our number against the thesis's within a tolerance asks instead whether the
thesis's lies where one more training of ours would. All others, orders and effects, are counted:
they hold if they do in more than half of the seeds, and all of a rule in the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from thesis_repro.thesis.claims import Claim, listed, show
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.grades import Evidence, weakest
from thesis_repro.verdicts.judgements import Finding, Judgement, Outcome, Verdict, concluded
from thesis_repro.verdicts.rules import (
    Check,
    CheckResult,
    is_of_rule,
    load_rules,
    within_tolerance,
)
from thesis_repro.verdicts.spread import Count, Spread

TOGETHER = "orders and effects together"
_WHY_TOGETHER = "A claim's conditions are to hold in one and the same training."

Spreads = Spread | list[Spread]


@dataclass(frozen=True, kw_only=True)
class CheckOverSeeds(CheckResult):
    """A check over seeds; ``count``: in how many it holds by the rule for one training.

    ``ours`` is a `Spread`, or a list of them; ``distance`` is the thesis's from our mean, 1 at the
    end of the prediction interval.
    """

    count: Count


@dataclass(frozen=True, kw_only=True)
class OutcomeOverSeeds(Outcome):
    """A claim judged over seeds on one reading; ``values`` are `Spread`s.

    Attributes:
        seeds: How many.
        together: In how many all orders and effects hold; None of a rule that has none.
        compares: Whether numbers are held against the thesis's as well.
    """

    seeds: int
    together: Count | None
    compares: bool

    @property
    def in_seeds(self) -> str:
        """In how many seeds the claim holds, as far as it can be counted."""
        if self.together is None or self.verdict is Verdict.PATH_ONLY:
            return f"over {self.seeds} seeds"
        count = f"{self.together.holds} of {self.seeds} seeds"
        if self.compares:
            return f"orders and effects in {count}"
        return count if self.finding is Finding.HOLDS else f"holds in {count}"


def over_seeds(by_seed: Mapping[int, Judgement]) -> Judgement:
    """One judgement of a claim, over the seeds with which it was measured.

    The first seed's, as it is, where these are fewer than two.

    Raises:
        ValueError: they are not of one claim, scale, kind of data and reading, or not by the rule
            of this version.
    """
    first = next(iter(by_seed.values()))
    measured = {seed: judgement for seed, judgement in by_seed.items() if judgement.checks}
    if len(measured) < 2:
        return first
    claim, scale, data, readings = _the_same(list(measured.values()))
    where = f"at {scale} scale on {data} over seeds {', '.join(map(str, measured))}"
    written, run = (
        _joined(claim, [one.outcomes[reading] for one in measured.values()], where)
        if reading in readings
        else None
        for reading in Reading
    )
    return Judgement(claim, written, run, scale, data, tuple(measured))


def _the_same(judgements: Sequence[Judgement]) -> tuple[Claim, str, str, tuple[Reading, ...]]:
    """What judgements that can be joined have in common."""
    facts = [(one.claim, one.scale, one.data, tuple(one.outcomes)) for one in judgements]
    for other in facts[1:]:
        for name, ours, theirs in zip(
            ("claim", "scale", "data", "readings"), facts[0], other, strict=True
        ):
            if ours != theirs:
                raise ValueError(f"{facts[0][0].id}: seeds are not of the same {name}.")
    return facts[0]


def _joined(claim: Claim, outcomes: Sequence[Outcome], where: str) -> OutcomeOverSeeds:
    """What becomes of a claim on one reading, with an outcome for each seed."""
    rule = load_rules().get(claim.id, ())
    if not all(is_of_rule(claim, outcome.checks) for outcome in outcomes):
        raise ValueError(f"{claim.id}: judged by the rule of another version.")
    first, *others = (outcome.values or {} for outcome in outcomes)
    if any(other.keys() != first.keys() for other in others):
        raise ValueError(f"{claim.id}: seeds are not of the same quantities.")
    if not {check.key for check in rule} <= first.keys():
        raise ValueError(f"{claim.id}: judged by quantities of another version.")
    compared = {check.key for check in rule if check.compares}
    values = {
        key: _spreads(claim, key, [first, *others], predicts=key in compared) for key in first
    }

    by_check = list(zip(rule, zip(*(one.checks for one in outcomes), strict=True), strict=True))
    results = [
        _compared(check, claim, values[check.key], by_seed)
        if check.compares
        else _counted(check, values[check.key], by_seed)
        for check, by_seed in by_check
    ]
    counted = [by_seed for check, by_seed in by_check if not check.compares]
    together = None
    if counted:
        together = Count.of([_all_hold(each) for each in zip(*counted, strict=True)])
    if len(counted) > 1:
        results.append(_together(together))
    obstacles = dict.fromkeys(each for outcome in outcomes for each in outcome.obstacles)
    grade = weakest(outcome.verdict.grade for outcome in outcomes)
    evidence = Evidence(grade, tuple(obstacles))
    verdict, why = concluded(results, evidence, where)
    return OutcomeOverSeeds(
        verdict,
        why,
        values,
        tuple(results),
        evidence.obstacles,
        seeds=len(outcomes),
        together=together,
        compares=len(counted) < len(by_check),
    )


def _compared(
    check: Check, claim: Claim, ours: Spreads, by_seed: Sequence[CheckResult]
) -> CheckOverSeeds:
    """Whether the thesis's number lies where one more training of ours would.

    Of one that is the same with each seed nothing says how it varies: it is judged as with one.
    """
    reported = claim.reported[check.key]
    spreads = ours if isinstance(ours, list) else [ours]
    theirs = reported if isinstance(reported, list) else [reported]
    outcomes, words, distances = [], [], []
    for spread, number in zip(spreads, theirs, strict=True):
        if spread.lacking:
            outcomes.append(None)
            words.append(f"{spread}: no interval")
        elif not spread.sd:
            outcomes.append(within_tolerance(check, claim, spread.mean, number))
            near = "near" if outcomes[-1] else "not near"
            words.append(f"{spread}, which gives no interval; {near} enough to {show(number)}")
        else:
            outcomes.append(spread.low <= number <= spread.high)
            distances.append(abs(number - spread.mean) / (spread.high - spread.mean))
            lies = "lies" if outcomes[-1] else "does not lie"
            interval = f"{show(spread.low)} to {show(spread.high)}"
            words.append(
                f"{show(number)} {lies} in {interval}, the prediction of one more training"
            )
    count = Count.of([_holds(result) for result in by_seed])
    detail = f"{'; '.join(words)}; within the tolerance for one training in {count}"
    result = _over_seeds(check, ours, reported, all_hold(outcomes), detail, count)
    is_known = len(distances) == len(spreads)
    return replace(result, distance=max(distances) if is_known else None)


def _counted(check: Check, ours: Spreads, by_seed: Sequence[CheckResult]) -> CheckOverSeeds:
    """Whether a check holds in more than half of the seeds."""
    count = Count.of([_holds(result) for result in by_seed])
    return _over_seeds(check, ours, by_seed[0].theirs, count.majority, f"in {count}", count)


def _together(count: Count) -> CheckOverSeeds:
    """Whether all orders and effects hold in more than half of the seeds."""
    holds, words = count.majority, f"in {count}"
    return CheckOverSeeds(
        TOGETHER, holds is True, words, None, words, _WHY_TOGETHER, holds is None, count=count
    )


def _over_seeds(
    check: Check, ours: Spreads, theirs: Any, holds: bool | None, detail: str, count: Count
) -> CheckOverSeeds:
    return CheckOverSeeds(
        check.name, holds is True, ours, theirs, detail, check.why, holds is None, count=count
    )


def _holds(result: CheckResult) -> bool | None:
    """Whether a check holds; None where it neither does nor fails."""
    return None if result.is_lacking else result.holds


def _all_hold(results: Sequence[CheckResult]) -> bool | None:
    """Whether all of one seed's checks hold."""
    return all_hold([_holds(result) for result in results])


def all_hold(outcomes: Sequence[bool | None]) -> bool | None:
    """One that fails is enough, whatever is not known beside it; None where nothing fails."""
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _spreads(
    claim: Claim, key: str, by_seed: Sequence[Mapping[str, Any]], *, predicts: bool
) -> Spreads:
    """A quantity over seeds, element by element where it is a list."""
    values = [listed(each[key]) for each in by_seed]
    lists = [value for value in values if isinstance(value, list) and value]
    if not lists:
        numbers = [None if value == [] else value for value in values]
        return Spread.of(numbers, predicts=predicts)
    size = len(lists[0])
    rows = [[None] * size if value in (None, []) else value for value in values]
    if any(not isinstance(row, list) or len(row) != size for row in rows):
        raise ValueError(f"{claim.id}: {key!r} has not as many values with each seed.")
    return [Spread.of(column, predicts=predicts) for column in zip(*rows, strict=True)]
