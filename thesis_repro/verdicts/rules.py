"""The rules by which a claim counts as replicated: data (`rules.toml`), and their checks.

A rule is a list of checks, each with the ground of its tolerance.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

from thesis_repro.files import read_packaged
from thesis_repro.thesis.claims import (
    NOT_MEASURED,
    UNDEFINED,
    Claim,
    Quantity,
    Values,
    listed,
    load_claims,
    show,
)

RULES_FILE = "thesis_repro/verdicts/rules.toml"
_LEAST_P = 1e-300  # shown as a number beside alpha, which may be 1e-29


@dataclass(frozen=True)
class Check:
    """One condition of a verdict rule; `why` is the ground of its tolerance."""

    name: str
    type: str
    key: str
    why: str
    params: Mapping[str, Any]

    @property
    def compares(self) -> bool:
        """Whether it holds our number against the thesis's, within a tolerance."""
        return CHECK_TYPES[self.type].needs_reported


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check, with both values and the distance in words.

    ``is_lacking`` where it neither holds nor fails: a value is undefined, infinite or not measured.
    ``distance`` is how far ours is from the thesis's, as many times as is allowed: of the worst
    value, and of a ratio on a logarithmic scale. ``allowed`` are the ends of what is, value by
    value. Both are empty where neither is a matter of more or less, as of orders.
    """

    name: str
    holds: bool
    ours: Quantity
    theirs: Quantity
    detail: str
    why: str
    is_lacking: bool = False
    distance: float | None = None
    allowed: tuple[tuple[float, float], ...] = ()


@cache
def load_rules() -> dict[str, tuple[Check, ...]]:
    """The checks of every claim that has a rule, by claim id.

    Raises:
        ValueError: if a rule is incomplete; the message names the file, the claim and what to add.
    """
    return parse_rules(read_packaged("verdicts", "rules.toml"))


def is_of_rule(claim: Claim, checks: Iterable[CheckResult]) -> bool:
    """Whether these are the checks of the claim's rule, and not of another version's."""
    rule = load_rules().get(claim.id, ())
    return [check.name for check in checks] == [check.name for check in rule]


def parse_rules(text: str) -> dict[str, tuple[Check, ...]]:
    """The rules of a TOML text in the format that `rules.toml` describes at its top.

    Raises:
        ValueError: for an unknown name, a missing or left-over parameter, or an empty `why`.
    """
    tables = tomllib.loads(text)
    claims = {claim.id: claim for claim in load_claims()}
    rules = {}
    for claim_id, table in tables.items():
        if claim_id not in claims:
            raise _rule_error(claim_id, "no such claim in claims.json; correct the table's name")
        source = tables.get(table["same_as"], {}) if table.keys() == {"same_as"} else table
        if source.keys() != {"checks"} or not source["checks"]:
            raise _rule_error(claim_id, "wants checks, or only same_as and a claim that has them")
        rules[claim_id] = tuple(_check(claims[claim_id], entry) for entry in source["checks"])
    return rules


# === Checks: one function per type: whether it holds, and the distance in words ===


class _Case(NamedTuple):
    """A check at work: our quantity and the thesis's as lists, the claim, and all we measured."""

    ours: list[float]
    theirs: list[float]
    claim: Claim
    measured: Values
    params: Mapping[str, Any]


class _Outcome(NamedTuple):
    """Whether a check holds, the distance in words, and as `CheckResult` has it."""

    holds: bool
    detail: str
    distance: float | None = None
    allowed: tuple[tuple[float, float], ...] = ()


def _relative(case: _Case) -> _Outcome:
    tolerance = case.params["tolerance"]
    off = [abs(a - b) / abs(b) for a, b in zip(case.ours, case.theirs, strict=True)]
    words = ", ".join(f"{value:.1%}" for value in off)
    allowed = tuple((b - tolerance * abs(b), b + tolerance * abs(b)) for b in case.theirs)
    detail = f"off by {words}; allowed {tolerance:.0%}"
    return _Outcome(_at_most(max(off), tolerance), detail, max(off) / tolerance, allowed)


def _ratio(case: _Case) -> _Outcome:
    factor = case.params["factor"]
    ratios = [a / b for a, b in zip(case.ours, case.theirs, strict=True)]
    words = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    holds = all(_at_most(1 / factor, ratio) and _at_most(ratio, factor) for ratio in ratios)
    detail = f"{words} times the reported; allowed {1 / factor:.2f} to {factor:.2f}"
    distance = None  # of another sign or 0, no factor leads to the reported number
    if min(ratios) > 0:
        distance = max(abs(math.log(ratio)) for ratio in ratios) / math.log(factor)
    allowed = tuple(
        (min(ends), max(ends)) for b in case.theirs for ends in [(b / factor, b * factor)]
    )
    return _Outcome(holds, detail, distance, allowed)


def _at_most(value: float, limit: float) -> bool:
    """Whether a value is within its limit; one that is just there may be off by rounding."""
    return value <= limit or math.isclose(value, limit)


def _increasing(case: _Case) -> _Outcome:
    holds = all(a < b for a, b in pairwise(case.ours))
    return _Outcome(
        holds, f"{show(case.ours)} {'increases' if holds else 'does not increase'} strictly"
    )


def _descending(case: _Case) -> _Outcome:
    by_model = dict(zip(case.claim.models, case.ours, strict=True))
    ordered = [by_model[model] for model in case.params["order"]]
    holds = all(a > b for a, b in pairwise(ordered))
    return _Outcome(holds, f"{show(ordered)} {'falls' if holds else 'does not fall'} strictly")


def _within(case: _Case) -> _Outcome:
    low, high = case.params["low"], case.params["high"]
    holds = all(low <= value <= high for value in case.ours)
    detail = f"{show(case.ours)}; allowed {_ends(low, high)}"
    has_ends = math.isfinite(low) and math.isfinite(high)
    return _Outcome(holds, detail, None, ((low, high),) * len(case.ours) if has_ends else ())


def _ends(low: float, high: float) -> str:
    """A range in words, open to a side where that has no end."""
    if math.isinf(high):
        return f"{low:g} or more"
    return f"{high:g} or less" if math.isinf(low) else f"{low:g} to {high:g}"


def _extreme_at(case: _Case, pick: Callable[..., float]) -> _Outcome:
    """Hold if the model's element is the only one that `pick` (min or max) chooses."""
    by_model = dict(zip(case.claim.models, case.ours, strict=True))
    value = by_model.pop(case.params["model"])
    rival = pick(by_model.values())
    holds = value != rival and pick(value, rival) == value
    return _Outcome(
        holds, f"{show(value)} there; {pick.__name__} of the other models {show(rival)}"
    )


def _greater(case: _Case) -> _Outcome:
    than, factor = case.params["than"], case.params.get("factor", 1)
    margin = case.params.get("margin", 0)
    other = _numbers(case.claim, case.measured, than)
    limits = [factor * value + margin for value in other]
    holds = all([a > b for a, b in zip(case.ours, limits, strict=True)])
    times = f"{factor:g} times " if factor != 1 else ""
    plus = f" {'+' if margin > 0 else '-'} {abs(margin):g}" if margin else ""
    words = f"{times}{show(other)}{plus} ({than.replace('_', ' ')})"
    return _Outcome(holds, f"{show(case.ours)} {'>' if holds else 'is not >'} {words}")


def _significance(case: _Case) -> _Outcome:
    alpha = case.params["alpha"]
    holds = all(0 <= p < alpha for p in case.ours)
    words = show(case.ours, least_p=_LEAST_P)
    sign = "" if words[0] in "<>" else "= "
    return _Outcome(holds, f"p {sign}{words}; alpha is {alpha:g}")


class _CheckType(NamedTuple):
    evaluate: Callable[[_Case], _Outcome]
    params: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    needs_reported: bool = False
    per_model: bool = False


CHECK_TYPES = {
    "relative": _CheckType(_relative, frozenset({"tolerance"}), needs_reported=True),
    "ratio": _CheckType(_ratio, frozenset({"factor"}), needs_reported=True),
    "increasing": _CheckType(_increasing, per_model=True),
    "descending": _CheckType(_descending, frozenset({"order"}), per_model=True),
    "within": _CheckType(_within, frozenset({"low", "high"})),
    "lowest_at": _CheckType(partial(_extreme_at, pick=min), frozenset({"model"}), per_model=True),
    "highest_at": _CheckType(partial(_extreme_at, pick=max), frozenset({"model"}), per_model=True),
    "greater": _CheckType(_greater, frozenset({"than"}), frozenset({"factor", "margin"})),
    "significance": _CheckType(_significance, frozenset({"alpha"})),
}


def evaluate(check: Check, claim: Claim, measured: Values) -> CheckResult:
    """A check's outcome on our values; of one that is not there or no number, that it is lacking.

    Raises:
        ValueError: a quantity is missing, or a list has not an element for each that is wanted.
    """
    kind = CHECK_TYPES[check.type]
    ours = _numbers(claim, measured, check.key)
    reported = claim.reported or {}
    theirs = _numbers(claim, reported, check.key) if kind.needs_reported else []
    wanted = len(claim.models) if kind.per_model else len(theirs or ours)
    used = [check.key, *([check.params["than"]] if "than" in check.params else [])]
    lacking = [word for key in used if (word := _lacking(key, _numbers(claim, measured, key)))]
    if lacking:
        outcome = _Outcome(False, "; ".join(lacking))
    elif len(ours) != wanted:
        raise ValueError(f"{claim.id}: {check.key!r} has {len(ours)} values; pass {wanted}.")
    else:
        outcome = kind.evaluate(_Case(ours, theirs, claim, measured, check.params))
    return CheckResult(
        check.name,
        outcome.holds,
        listed(measured[check.key]),
        reported.get(check.key),
        outcome.detail,
        check.why,
        bool(lacking),
        _finite(outcome.distance),
        tuple((float(low), float(high)) for low, high in outcome.allowed),
    )


def _finite(distance: float | None) -> float | None:
    """A distance that strict JSON can hold; none of a number that is beyond all measure."""
    return distance if distance is not None and math.isfinite(distance) else None


def within_tolerance(check: Check, claim: Claim, ours: float, theirs: float) -> bool:
    """Whether one number of ours is near enough to the thesis's, for a check that compares them."""
    case = _Case([ours], [theirs], claim, {}, check.params)
    return CHECK_TYPES[check.type].evaluate(case).holds


def _numbers(claim: Claim, values: Values, key: str) -> list[float | None]:
    """A quantity as a list of numbers, None where not measured; a single one as a list of one."""
    if key not in values:
        others = ", ".join(values) or "none"
        raise ValueError(f"{claim.id}: the quantity {key!r} is missing; there are {others}.")
    value = listed(values[key])
    return [
        element if element is None or isinstance(element, int) else float(element)
        for element in (value if isinstance(value, list) else [value])
    ]


def _lacking(key: str, values: list[float | None]) -> str:
    """Why no check can hold of these values, in words; empty where they are finite numbers."""
    if not values or None in values:
        word = NOT_MEASURED
    elif any(map(math.isnan, values)):
        word = UNDEFINED
    elif any(map(math.isinf, values)):
        word = "infinite"
    else:
        return ""
    return f"{key} is {word} ({show(values)})" if len(values) > 1 else f"{key} is {word}"


# === Rules ===


def _check(claim: Claim, entry: Mapping[str, Any]) -> Check:
    """One check of a claim's rule, complete and of a known type."""
    params = dict(entry)
    fields = {name: str(params.pop(name, "")).strip() for name in ("name", "type", "key", "why")}
    if empty := [name for name, value in fields.items() if not value]:
        raise _rule_error(claim.id, f"a check without {', '.join(empty)}; fill in each")
    kind = CHECK_TYPES.get(fields["type"])
    if kind is None:
        known = ", ".join(CHECK_TYPES)
        raise _rule_error(claim.id, f"unknown check type {fields['type']!r}; there are {known}")
    if params.keys() - kind.optional != kind.params:
        wanted, given = (", ".join(sorted(names)) or "none" for names in (kind.params, params))
        wanted += f" and, if wanted, {', '.join(sorted(kind.optional))}" if kind.optional else ""
        problem = f"{fields['type']!r} takes the parameters {wanted}, given {given}"
        raise _rule_error(claim.id, problem)
    for name in sorted(kind.optional & params.keys()):
        if not _is_number(params[name]) or (name == "factor" and params[name] <= 0):
            wanted = "a number above 0" if name == "factor" else "a number"
            raise _rule_error(claim.id, f"{name} is {params[name]!r}; make it {wanted}")
    if kind.needs_reported and fields["key"] not in (claim.reported or {}):
        raise _rule_error(claim.id, f"the thesis reports no {fields['key']!r} to compare with")
    if kind.needs_reported and not _has_size(claim.reported[fields["key"]]):
        problem = f"the reported {fields['key']!r} is 0 or no number, which nothing is near to"
        raise _rule_error(claim.id, f"{problem}; take another type of check")
    named = [params["model"]] if "model" in params else params.get("order", [])
    if strangers := [name for name in named if name not in claim.models]:
        raise _rule_error(claim.id, f"{strangers[0]!r} is none of the claim's models")
    return Check(**fields, params=params)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _has_size(value: Quantity) -> bool:
    """Whether a reported value, or each of a list, can be a measure of distances."""
    values = value if isinstance(value, list) else [value]
    return all(isinstance(each, int | float) and each != 0 for each in values)


def _rule_error(claim_id: str, problem: str) -> ValueError:
    return ValueError(f"{RULES_FILE}, {claim_id!r}: {problem}.")
