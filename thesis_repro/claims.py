"""The thesis's claims, what we measured for them, and the verdict.

Claims are data (`claims.json`), and so are the rules by which one counts as replicated
(`verdict_rules.toml`, with the ground of each tolerance). A judgement lists every check with our
value, the thesis's and the outcome, so that nobody has to trust the verdict alone. A number from a
smaller scale or from stand-in data is never called a replication; its checks are evaluated and
listed all the same.
"""

import json
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache, partial
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from thesis_repro.files import write_json

# A number, a list with one number per model of the claim, or a bound as printed ("< 0.001").
Quantity = float | str | list[float]
Values = Mapping[str, Quantity]

PAPER_SCALE = "paper"
RULES_FILE = "verdict_rules.toml"


class Verdict(StrEnum):
    """What became of a claim."""

    REPLICATED = "replicated"
    NOT_REPLICATED = "not replicated"
    NOT_COMPARABLE = "not comparable"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Claim:
    """One claim of the thesis; `reported` holds the numbers printed, None where there are none."""

    id: str
    section: str
    kind: str
    statement: str
    models: tuple[str, ...]
    source: str
    reported: dict[str, Any] | None = None
    note: str | None = None


@dataclass(frozen=True)
class Check:
    """One condition of a verdict rule; `why` is the ground of its tolerance."""

    name: str
    type: str
    key: str
    why: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Measurement:
    """What we measured for a claim: as the thesis writes it and, if that differs, as its code ran.

    Lists are in the order of the claim's models; epochs are counted from 1.
    """

    claim_id: str
    as_written: Values
    as_run: Values | None = None


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check, with both values and the distance in words."""

    name: str
    holds: bool
    ours: Quantity
    theirs: Quantity | None
    detail: str
    why: str


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict with all it rests on; `scale` and `data` are those of the numbers."""

    claim: Claim
    verdict: Verdict
    why: str
    checks: tuple[CheckResult, ...]
    as_written: Values | None
    as_run: Values | None
    scale: str
    data: str

    @property
    def reported(self) -> dict[str, Any] | None:
        """The numbers the thesis prints for this claim."""
        return self.claim.reported

    def to_json(self) -> dict[str, Any]:
        """Return the claim's and the judgement's fields as JSON-ready data, NaN as None."""
        own = {
            "verdict": self.verdict.value,
            "why": self.why,
            "as_written": self.as_written,
            "as_run": self.as_run,
            "scale": self.scale,
            "data": self.data,
            "checks": [asdict(check) for check in self.checks],
        }
        return _plain(asdict(self.claim) | own)


def load_claims(section: str | None = None) -> tuple[Claim, ...]:
    """Return the thesis's claims in its order, all of them or those of one section ("4.2").

    Raises:
        ValueError: for a section that has no claims.
    """
    entries = json.loads(_read("claims.json"))
    claims = tuple(Claim(**entry | {"models": tuple(entry["models"])}) for entry in entries)
    if section is None:
        return claims
    chosen = tuple(claim for claim in claims if claim.section == section)
    if not chosen:
        known = ", ".join(sorted({claim.section for claim in claims}))
        raise ValueError(f"No claims for section {section!r}; sections with claims are {known}.")
    return chosen


@cache
def load_rules() -> dict[str, tuple[Check, ...]]:
    """Return the checks of every claim that has a rule, by claim id.

    Raises:
        ValueError: if a rule is incomplete; the message names the file, the claim and what to add.
    """
    return parse_rules(_read(RULES_FILE))


def parse_rules(text: str) -> dict[str, tuple[Check, ...]]:
    """Return the rules of a TOML text in the format that `verdict_rules.toml` describes at its top.

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


def judge(
    claim: Claim, measurement: Measurement | None, *, scale: str, stand_in: bool, data: str
) -> Judgement:
    """Return the verdict on a claim, reached on the reading "as written".

    Args:
        claim: the claim.
        measurement: our numbers, or None if there are none.
        scale: name of the scale they come from; only "paper" can replicate.
        stand_in: whether they come from stand-in data, which cannot.
        data: the data's description, e.g. "MNIST (official files)".

    Raises:
        ValueError: if the measurement is another claim's, lacks a quantity, or has no rule.
    """
    if measurement is None:
        return Judgement(claim, Verdict.NOT_RUN, _not_run(claim), (), None, None, scale, data)
    if measurement.claim_id != claim.id:
        raise ValueError(f"The measurement is of {measurement.claim_id!r}, not of {claim.id!r}.")
    checks = load_rules().get(claim.id)
    if checks is None:
        raise ValueError(f"{RULES_FILE} has no rule for {claim.id!r}; add a table of that name.")
    written, run = measurement.as_written, measurement.as_run
    results = tuple(_evaluate(check, claim, written) for check in checks)
    verdict, why = _conclude(results, scale=scale, stand_in=stand_in, data=data)
    return Judgement(claim, verdict, why, results, written, run, scale, data)


def write_claims(path: Path, judgements: Iterable[Judgement]) -> None:
    """Write the judgements as a JSON list, whole or not at all."""
    write_json(path, [judgement.to_json() for judgement in judgements])


def render(judgements: Iterable[Judgement]) -> str:
    """Return a plain-text table with one line per quantity of each claim."""
    rows = [("claim", "quantity", "reported", "as written", "as run", "verdict")]
    for item in judgements:
        sides = [dict(side or {}) for side in (item.reported, item.as_written, item.as_run)]
        keys = list(dict.fromkeys(key for side in sides for key in side)) or ["-"]
        for key in keys:
            label, verdict = (item.claim.id, item.verdict.value) if key == keys[0] else ("", "")
            rows.append((label, key, *(_show(side.get(key)) for side in sides), verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _not_run(claim: Claim) -> str:
    """Return what would give a claim its measurement."""
    if claim.id in load_rules():
        return f"Nothing was measured yet; `thesis-repro chapter {claim.section}` does it."
    return "Nothing was measured, and this version has no rule to judge it by."


def _conclude(
    results: Sequence[CheckResult], *, scale: str, stand_in: bool, data: str
) -> tuple[Verdict, str]:
    """Return the verdict over all checks and the sentence that says why."""
    failed = [result for result in results if not result.holds]
    held = len(results) - len(failed)
    obstacles = [f"the scale is {scale}, not {PAPER_SCALE}"] if scale != PAPER_SCALE else []
    obstacles += [f"the data are no official files ({data})"] if stand_in else []
    if obstacles:
        count = f"{held} of {len(results)} checks would hold"
        return Verdict.NOT_COMPARABLE, f"No replication, as {' and '.join(obstacles)}; {count}."
    if not failed:
        return Verdict.REPLICATED, f"All {len(results)} checks hold at {scale} scale on {data}."
    count = f"{len(failed)} of {len(results)} checks fail at {scale} scale on {data}"
    reasons = "; ".join(f"{result.name}: {result.detail}" for result in failed)
    return Verdict.NOT_REPLICATED, f"{count}: {reasons}."


# === Checks: one function per type, returning whether it holds and the distance in words ===


class _Case(NamedTuple):
    """A check at work: our quantity and the thesis's as lists, the claim, and all we measured."""

    ours: list[float]
    theirs: list[float]
    claim: Claim
    measured: Values
    params: Mapping[str, Any]


def _relative(case: _Case) -> tuple[bool, str]:
    tolerance = case.params["tolerance"]
    off = [abs(a - b) / abs(b) for a, b in zip(case.ours, case.theirs, strict=True)]
    words = ", ".join(f"{value:.1%}" for value in off)
    return max(off) <= tolerance, f"off by {words}; allowed {tolerance:.0%}"


def _ratio(case: _Case) -> tuple[bool, str]:
    factor = case.params["factor"]
    ratios = [a / b for a, b in zip(case.ours, case.theirs, strict=True)]
    words = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    holds = all(1 / factor <= ratio <= factor for ratio in ratios)
    return holds, f"{words} times the reported; allowed {1 / factor:.2f} to {factor:.2f}"


def _increasing(case: _Case) -> tuple[bool, str]:
    holds = all(a < b for a, b in pairwise(case.ours))
    return holds, f"{_show(case.ours)} {'increases' if holds else 'does not increase'} strictly"


def _extreme_at(case: _Case, pick: Callable[..., float]) -> tuple[bool, str]:
    """Hold if the model's element is the only one that `pick` (min or max) chooses."""
    by_model = dict(zip(case.claim.models, case.ours, strict=True))
    value = by_model.pop(case.params["model"])
    rival = pick(by_model.values())
    holds = value != rival and pick(value, rival) == value
    return holds, f"{_show(value)} there; {pick.__name__} of the other models {_show(rival)}"


def _greater(case: _Case) -> tuple[bool, str]:
    than = case.params["than"]
    other = _numbers(case.claim, case.measured, than)
    # NaN compares as false, so that a missing other side fails too.
    holds = all(a > b for a, b in zip(case.ours, other, strict=True))
    return holds, f"{_show(case.ours)} {'>' if holds else 'is not >'} {_show(other)} ({than})"


def _significance(case: _Case) -> tuple[bool, str]:
    alpha = case.params["alpha"]
    return all(0 <= p < alpha for p in case.ours), f"p = {_show(case.ours)}; alpha is {alpha:g}"


class _CheckType(NamedTuple):
    evaluate: Callable[[_Case], tuple[bool, str]]
    params: frozenset[str] = frozenset()
    needs_reported: bool = False
    per_model: bool = False


_CHECK_TYPES = {
    "relative": _CheckType(_relative, frozenset({"tolerance"}), needs_reported=True),
    "ratio": _CheckType(_ratio, frozenset({"factor"}), needs_reported=True),
    "increasing": _CheckType(_increasing, per_model=True),
    "lowest_at": _CheckType(partial(_extreme_at, pick=min), frozenset({"model"}), per_model=True),
    "highest_at": _CheckType(partial(_extreme_at, pick=max), frozenset({"model"}), per_model=True),
    "greater": _CheckType(_greater, frozenset({"than"})),
    "significance": _CheckType(_significance, frozenset({"alpha"})),
}


def _evaluate(check: Check, claim: Claim, measured: Values) -> CheckResult:
    """Return a check's outcome on our values; one that is not finite fails it and is named."""
    kind = _CHECK_TYPES[check.type]
    ours = _numbers(claim, measured, check.key)
    reported = claim.reported or {}
    theirs = _numbers(claim, reported, check.key) if kind.needs_reported else []
    wanted = len(claim.models) if kind.per_model else len(theirs or ours)
    if len(ours) != wanted:
        raise ValueError(f"{claim.id}: {check.key!r} has {len(ours)} values; pass {wanted}.")
    if all(map(math.isfinite, ours)):
        holds, detail = kind.evaluate(_Case(ours, theirs, claim, measured, check.params))
    else:
        holds, detail = False, f"{check.key} is not a finite number ({_show(ours)})"
    value = _listed(measured[check.key])
    return CheckResult(check.name, holds, value, reported.get(check.key), detail, check.why)


def _numbers(claim: Claim, values: Values, key: str) -> list[float]:
    """Return a quantity as a list of floats, a single number as a list of one."""
    if key not in values:
        known = ", ".join(values) or "none"
        raise ValueError(f"{claim.id}: the quantity {key!r} is missing; there are {known}.")
    value = _listed(values[key])
    return [float(element) for element in (value if isinstance(value, list) else [value])]


# === Rules ===


def _check(claim: Claim, entry: Mapping[str, Any]) -> Check:
    """Return one check of a claim's rule, complete and of a known type."""
    params = dict(entry)
    fields = {name: str(params.pop(name, "")).strip() for name in ("name", "type", "key", "why")}
    if empty := [name for name, value in fields.items() if not value]:
        raise _rule_error(claim.id, f"a check without {', '.join(empty)}; fill in each")
    kind = _CHECK_TYPES.get(fields["type"])
    if kind is None:
        known = ", ".join(_CHECK_TYPES)
        raise _rule_error(claim.id, f"unknown check type {fields['type']!r}; there are {known}")
    if params.keys() != kind.params:
        wanted, given = (", ".join(sorted(names)) or "none" for names in (kind.params, params))
        problem = f"{fields['type']!r} takes the parameters {wanted}, given {given}"
        raise _rule_error(claim.id, problem)
    if kind.needs_reported and fields["key"] not in (claim.reported or {}):
        raise _rule_error(claim.id, f"the thesis reports no {fields['key']!r} to compare with")
    if params.get("model", claim.models[0]) not in claim.models:
        raise _rule_error(claim.id, f"{params['model']!r} is none of the claim's models")
    return Check(**fields, params=params)


def _rule_error(claim_id: str, problem: str) -> ValueError:
    return ValueError(f"{RULES_FILE}, {claim_id!r}: {problem}.")


def _read(name: str) -> str:
    return resources.files("thesis_repro").joinpath(name).read_text(encoding="utf-8")


def _listed(value: Any) -> Any:
    """Return a NumPy number or array as Python's own (without importing it), a tuple as a list."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return list(value) if isinstance(value, tuple) else value


def _plain(value: Any) -> Any:
    """Return data that strict JSON can hold: NumPy values as Python's, non-finite ones as None."""
    value = _listed(value)
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _show(value: Any) -> str:
    """Return a quantity for a table cell; floats to three decimals or, if far from 1, in powers."""
    value = _listed(value)
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(_show, value))
    if not isinstance(value, float) or not math.isfinite(value) or value == 0:
        return str(value)
    return f"{value:.3f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.2e}"
