"""What we measured for a claim, and the verdict on it.

A judgement lists every check with our value, the thesis's and the outcome, so that nobody has to
trust the verdict alone. A number from a smaller scale, another precision or stand-in data is never
called a replication; its checks are evaluated and listed all the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import structs

from thesis_repro.files import write_json
from thesis_repro.thesis.claims import Claim, Values, listed, show
from thesis_repro.verdicts.rules import RULES_FILE, CheckResult, evaluate, load_rules

PAPER_SCALE, PAPER_PRECISION = "paper", "float32"


class Verdict(StrEnum):
    """What became of a claim."""

    REPLICATED = "replicated"
    NOT_REPLICATED = "not replicated"
    NOT_COMPARABLE = "not comparable"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Measurement:
    """What we measured for a claim: as the thesis writes it and, if that differs, as its code ran.

    Lists are in the order of the claim's models; epochs are counted from 1.
    """

    claim_id: str
    as_written: Values
    as_run: Values | None = None


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
        """The claim's and the judgement's fields as JSON-ready data, NaN as None."""
        judged = {
            "verdict": self.verdict.value,
            "why": self.why,
            "as_written": self.as_written,
            "as_run": self.as_run,
            "scale": self.scale,
            "data": self.data,
            "checks": [asdict(check) for check in self.checks],
        }
        return _plain(structs.asdict(self.claim) | judged)


def judge(
    claim: Claim,
    measurement: Measurement | None,
    *,
    scale: str,
    precision: str,
    stand_in: bool,
    data: str,
) -> Judgement:
    """The verdict on a claim, reached on the reading "as written".

    Args:
        claim: the claim.
        measurement: our numbers, or None if there are none.
        scale: name of the scale they come from; only "paper" can replicate.
        precision: what the networks behind them were trained in; only "float32" can.
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
    results = tuple(evaluate(check, claim, written) for check in checks)
    obstacles = []
    if scale != PAPER_SCALE:
        obstacles.append(f"the scale is {scale}, not {PAPER_SCALE}")
    if precision != PAPER_PRECISION:
        obstacles.append(f"the precision is {precision}, not {PAPER_PRECISION}")
    if stand_in:
        obstacles.append(f"the data are no official files ({data})")
    verdict, why = _conclude(results, obstacles, f"at {scale} scale on {data}")
    return Judgement(claim, verdict, why, results, written, run, scale, data)


def write_claims(path: Path, judgements: Iterable[Judgement]) -> None:
    """Write the judgements as a JSON list, whole or not at all."""
    write_json(path, [judgement.to_json() for judgement in judgements])


def render(judgements: Iterable[Judgement]) -> str:
    """A plain-text table with one line per quantity of each claim."""
    from tabulate import tabulate

    rows = []
    for item in judgements:
        sides = [dict(side or {}) for side in (item.reported, item.as_written, item.as_run)]
        keys = list(dict.fromkeys(key for side in sides for key in side)) or ["-"]
        for key in keys:
            label, verdict = (item.claim.id, item.verdict.value) if key == keys[0] else ("", "")
            rows.append((label, key, *(show(side.get(key)) for side in sides), verdict))
    headers = ("claim", "quantity", "reported", "as written", "as run", "verdict")
    return tabulate(rows, headers, disable_numparse=True)


def _not_run(claim: Claim) -> str:
    """What would give a claim its measurement."""
    if claim.id in load_rules():
        return f"Nothing was measured yet; `thesis-repro chapter {claim.section}` does it."
    return "Nothing was measured, and this version has no rule to judge it by."


def _conclude(
    results: Sequence[CheckResult], obstacles: Sequence[str], where: str
) -> tuple[Verdict, str]:
    """The verdict over all checks and the sentence that says why."""
    failed = [result for result in results if not result.holds]
    held = len(results) - len(failed)
    if obstacles:
        count = f"{held} of {len(results)} checks would hold"
        return Verdict.NOT_COMPARABLE, f"No replication, as {', '.join(obstacles)}; {count}."
    if not failed:
        return Verdict.REPLICATED, f"All {len(results)} checks hold {where}."
    count = f"{len(failed)} of {len(results)} checks fail {where}"
    reasons = "; ".join(f"{result.name}: {result.detail}" for result in failed)
    return Verdict.NOT_REPLICATED, f"{count}: {reasons}."


def _plain(value: Any) -> Any:
    """Data that strict JSON can hold: NumPy values as Python's, non-finite ones as None."""
    value = listed(value)
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
