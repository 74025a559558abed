"""Every check of every rule can hold, and fails on something that a measurement can give.

Values are made from the rule alone, so that a new rule is tried without a line here.
"""

import math

import pytest

from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.rules import evaluate, load_rules

CLAIMS = {claim.id: claim for claim in load_claims()}
CHECKS = {
    f"{claim_id}: {check.name}": (CLAIMS[claim_id], check)
    for claim_id, checks in load_rules().items()
    for check in checks
}
SHARE = (0.0, 1.0)  # bounds within which a share, a p-value or an accuracy lies


def tried(claim, check):
    """Values on the right and on the wrong side of a check, by quantity."""
    params, key = check.params, check.key
    if check.type in ("relative", "ratio"):
        theirs = claim.reported[key]
        theirs = theirs if isinstance(theirs, list) else [theirs]
        off = 1 + params["tolerance"] if check.type == "relative" else params["factor"]
        return {key: theirs}, {key: [1.01 * off * value for value in theirs]}
    if check.type in ("increasing", "descending", "lowest_at", "highest_at"):
        return ordered(claim, check)
    if check.type == "greater":
        limit = params.get("factor", 1) + params.get("margin", 0)
        return {key: 1.01 * limit, params["than"]: 1.0}, {key: 0.99 * limit, params["than"]: 1.0}
    if check.type == "significance":
        return {key: params["alpha"] / 2}, {key: params["alpha"]}
    assert check.type == "within", f"a check of type {check.type} is not tried; add its values here"
    low, high = params["low"], params["high"]
    inside = (low + high) / 2
    if math.isinf(inside):
        inside = low + 1 if math.isinf(high) else high - 1
    return {key: inside}, {key: outside(low, high)}


def ordered(claim, check):
    """The claim's models in the order that a check wants, and all of them alike."""
    models, order = claim.models, check.params.get("order", ())
    right = {
        "increasing": [models.index(name) for name in models],
        "descending": [-order.index(name) if name in order else 0 for name in models],
        "lowest_at": [name != check.params.get("model") for name in models],
        "highest_at": [name == check.params.get("model") for name in models],
    }
    return {check.key: right[check.type]}, {check.key: [1] * len(models)}


def outside(low, high):
    """A value that is not within; a share, where the bounds are those of one."""
    below, above = (SHARE[0], low), (high, SHARE[1])
    if low <= SHARE[1] and high <= SHARE[1]:
        gaps = [gap for gap in (below, above) if gap[0] < gap[1]]
        assert gaps, f"every share lies within {low} to {high}"
        return sum(max(gaps, key=lambda gap: gap[1] - gap[0])) / 2
    return low - 1 if math.isinf(high) else high + 1


@pytest.mark.parametrize(("claim", "check"), CHECKS.values(), ids=CHECKS)
def test_it_holds_and_it_fails(claim, check):
    right, wrong = tried(claim, check)
    assert evaluate(check, claim, right).holds
    assert not evaluate(check, claim, wrong).holds


def test_bounds_that_hold_every_share_are_found():
    with pytest.raises(AssertionError, match="every share"):
        outside(0.0, 1.0)
    assert outside(0.5, 1.0) == 0.25
    assert outside(-1.0, 0.1) == pytest.approx(0.55)
    assert outside(89.0, 91.0) == 92.0
    assert outside(2.0, math.inf) == 1.0


COMPARED = {name: case for name, case in CHECKS.items() if case[1].compares}


@pytest.mark.parametrize(("claim", "check"), COMPARED.values(), ids=COMPARED)
def test_what_is_just_allowed_is_allowed(claim, check):
    """At both ends of the tolerance, where 1.1 * 22.744 is off by 0.10000000000000009 of it."""
    theirs = claim.reported[check.key]
    theirs = theirs if isinstance(theirs, list) else [theirs]
    if check.type == "relative":
        ends = 1 - check.params["tolerance"], 1 + check.params["tolerance"]
    else:
        ends = 1 / check.params["factor"], check.params["factor"]
    for end in ends:
        assert evaluate(check, claim, {check.key: [end * value for value in theirs]}).holds
        beyond = end * (1 + 1e-6) if end > 1 else end * (1 - 1e-6)
        assert not evaluate(check, claim, {check.key: [beyond * value for value in theirs]}).holds
