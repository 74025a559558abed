"""Which rules untrained networks pass: what such a rule finds is no effect of training."""

from collections.abc import Sequence
from typing import NamedTuple

from thesis_repro.thesis.claims import Claim, Quantity, show
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.verdicts.rules import is_of_rule


class Control(NamedTuple):
    """A check of a claim's rule on untrained networks, an element for each seed."""

    claim: Claim
    check: str
    values: tuple[Quantity, ...]
    holds: tuple[bool, ...]


class Passed(NamedTuple):
    """In how many of how many seeds untrained networks pass a claim's whole rule."""

    claim: Claim
    seeds: int
    of: int


def controls(by_seed: Sequence[Sequence[Judgement]]) -> list[Control]:
    """Every check of every claim that was measured with each seed, in the claims' order."""
    return [
        Control(
            judgements[0].claim,
            checks[0].name,
            tuple(check.ours for check in checks),
            tuple(check.holds for check in checks),
        )
        for judgements in _of_one_claim(by_seed)
        for checks in zip(*(judgement.checks for judgement in judgements), strict=True)
    ]


def passed(by_seed: Sequence[Sequence[Judgement]]) -> list[Passed]:
    """For every claim that was measured with each seed, where all checks of its rule hold."""
    return [
        Passed(
            judgements[0].claim,
            sum(all(check.holds for check in judgement.checks) for judgement in judgements),
            len(judgements),
        )
        for judgements in _of_one_claim(by_seed)
    ]


def as_markdown(by_seed: Sequence[Sequence[Judgement]]) -> str:
    """A table of the claims, how often each rule is passed, and one of all checks."""
    from tabulate import tabulate

    claims = [
        (each.claim.id, each.claim.kind, f"{each.seeds} of {each.of}") for each in passed(by_seed)
    ]
    checks = [
        (each.claim.id, each.check, " · ".join(map(show, each.values)), _count(each.holds))
        for each in controls(by_seed)
    ]
    columns = {"tablefmt": "pipe", "disable_numparse": True}
    return "\n\n".join(
        (
            tabulate(claims, ("claim", "kind", "whole rule passed"), **columns),
            tabulate(checks, ("claim", "check", "ours, by seed", "holds"), **columns),
        )
    )


def of_other_rules(judgements: Sequence[Judgement]) -> Judgement | None:
    """The first whose checks are not those of its claim's rule, as where that has changed since."""
    measured = (one for one in judgements if one.checks)
    return next((one for one in measured if not is_of_rule(one.claim, one.checks)), None)


def _of_one_claim(by_seed: Sequence[Sequence[Judgement]]) -> list[tuple[Judgement, ...]]:
    """The judgements of each claim with checks, one for each seed."""
    return [
        judgements
        for judgements in zip(*by_seed, strict=True)
        if all(judgement.checks for judgement in judgements)
    ]


def _count(holds: Sequence[bool]) -> str:
    return f"{sum(holds)} of {len(holds)}"
