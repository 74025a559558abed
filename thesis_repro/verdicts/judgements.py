"""What we measured for a claim, and the verdicts on it.

A claim is judged on the reading "as written" and, where the original code computed something else,
on "as run" too, by the same rule. The verdict as written is the claim's headline: the text is what
a reader can follow, so counts, filters and ``claims --strict`` go by it. The verdict as run always
stands beside it, since what the thesis prints may come from its code ("not replicated" as written
alone would say nothing of Table 4).

A judgement lists every check with our value, the thesis's and the outcome, so that nobody has to
trust the verdict alone. A verdict says what the checks come to and what the evidence is worth
(`thesis_repro.verdicts.grades`): only numbers of the thesis's scale, in float32 and of the whole
official data, replicate a claim or do not. Of all others the checks are listed all the same.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from thesis_repro.files import write_json
from thesis_repro.thesis.claims import Claim, Values, listed, show
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.grades import Evidence, Grade, graded
from thesis_repro.verdicts.rules import RULES_FILE, CheckResult, evaluate, load_rules


class Finding(StrEnum):
    """What the checks of a claim's rule come to."""

    HOLDS = "holds"  # all checks do
    FAILS = "fails"  # a check does
    UNDECIDED = "undecided"  # no check fails, but of one the value is undefined or not measured


class Verdict(StrEnum):
    """What became of a claim: a finding, in words that say what its evidence is worth."""

    REPLICATED = "replicated"
    NOT_REPLICATED = "not replicated"
    UNDECIDED = "undecided"
    HOLDS = "holds at reduced scale"
    FAILS = "fails at reduced scale"
    UNDECIDED_AT_REDUCED = "undecided at reduced scale"
    PATH_ONLY = "path only"
    NOT_RUN = "not run"

    @property
    def decides(self) -> bool:
        """Whether it holds our result against the thesis's, at its scale."""
        return self in (Verdict.REPLICATED, Verdict.NOT_REPLICATED)

    @property
    def grade(self) -> Grade | None:
        """What its evidence is worth; None where nothing was measured."""
        return next((grade for (grade, _), own in _VERDICTS.items() if own is self), None)

    @property
    def finding(self) -> Finding | None:
        """What it says the checks come to; None where it proves nothing."""
        pairs = _VERDICTS.items()
        return next((f for (_, f), own in pairs if own is self is not Verdict.PATH_ONLY), None)


_VERDICTS = {
    (Grade.PAPER, Finding.HOLDS): Verdict.REPLICATED,
    (Grade.PAPER, Finding.FAILS): Verdict.NOT_REPLICATED,
    (Grade.PAPER, Finding.UNDECIDED): Verdict.UNDECIDED,
    (Grade.REDUCED, Finding.HOLDS): Verdict.HOLDS,
    (Grade.REDUCED, Finding.FAILS): Verdict.FAILS,
    (Grade.REDUCED, Finding.UNDECIDED): Verdict.UNDECIDED_AT_REDUCED,
    **{(Grade.PATH, finding): Verdict.PATH_ONLY for finding in Finding},
}


@dataclass(frozen=True)
class Measurement:
    """What we measured for a claim: as the thesis writes it and, if that differs, as its code ran.

    Lists are in the order of the claim's models; epochs are counted from 1. NaN is what the data
    leave undefined, None what was not measured. Both readings have all that the rule asks for.
    """

    claim_id: str
    as_written: Values
    as_run: Values | None = None


@dataclass(frozen=True)
class Outcome:
    """A claim judged on one reading: our numbers, every check on them, the verdict and its why.

    ``obstacles`` are what keeps its evidence from being of the thesis's grade, each in words.
    """

    verdict: Verdict
    why: str
    values: Values | None = None
    checks: tuple[CheckResult, ...] = ()
    obstacles: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding | None:
        """What the checks come to, whatever they are worth; None where nothing was measured."""
        return _finding(self.checks) if self.checks else None

    @property
    def in_seeds(self) -> str:
        """In how many seeds it holds; empty of one seed."""
        return ""

    @property
    def label(self) -> str:
        """The verdict as a table has it."""
        return f"{self.verdict}, {self.in_seeds}" if self.in_seeds else self.verdict.value


class Line(NamedTuple):
    """A quantity of a claim, or what one model has of it, and its three values.

    ``model`` is empty of a quantity that is not a list with a number for each model. ``values`` are
    the reported one, ours as written and as run; "" where that side has no such quantity.
    ``least_p`` is the claim's of that name, None of what is no p-value.
    """

    name: str
    model: str
    values: tuple[Any, Any, Any]
    least_p: float | None = None

    @property
    def title(self) -> str:
        """The quantity in words, and the model."""
        return ", ".join(filter(None, (self.name.replace("_", " "), self.model)))


@dataclass(frozen=True)
class Judgement:
    """A claim, judged; `scale` and `data` are those of the numbers.

    ``run`` is None where the readings do not differ. Without its name, a verdict, its why and its
    checks are those as written. ``seeds`` are those of the trainings behind it, where it is joined
    from several (`thesis_repro.verdicts.seeds`).
    """

    claim: Claim
    written: Outcome
    run: Outcome | None
    scale: str
    data: str
    seeds: tuple[int, ...] = ()

    @property
    def outcomes(self) -> dict[Reading, Outcome]:
        """What became of it on each of its readings, the headline first."""
        by_reading = {Reading.WRITTEN: self.written, Reading.RUN: self.run}
        return {reading: outcome for reading, outcome in by_reading.items() if outcome}

    @property
    def verdict(self) -> Verdict:
        """The headline."""
        return self.written.verdict

    @property
    def why(self) -> str:
        """The sentence to the headline."""
        return self.written.why

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """The checks that the headline rests on."""
        return self.written.checks

    @property
    def as_written(self) -> Values | None:
        """Our numbers as written."""
        return self.written.values

    @property
    def as_run(self) -> Values | None:
        """Our numbers as run, where that differs."""
        return self.run and self.run.values

    @property
    def reported(self) -> dict[str, Any] | None:
        """The numbers the thesis prints for this claim, with all digits that it prints."""
        return self.claim.as_printed

    @property
    def lines(self) -> list[Line]:
        """The quantities, what is reported first; a line for each model where a list has one."""
        sides = [side or {} for side in (self.reported, self.as_written, self.as_run)]
        lines = []
        for name in dict.fromkeys(name for side in sides for name in side):
            values = [listed(side.get(name, "")) for side in sides]
            lists = [value for value in values if value != ""]
            models, least_p = self.claim.models, self.claim.least_p(name)
            if all(isinstance(value, list) and len(value) == len(models) for value in lists):
                lines += [
                    Line(name, model, tuple(value and value[at] for value in values), least_p)
                    for at, model in enumerate(models)
                ]
            else:
                lines.append(Line(name, "", tuple(values), least_p))
        return lines

    def held_against(self, check: CheckResult) -> Line:
        """What one of its checks holds against each other, as printed and ours as it was judged.

        ``values`` are the thesis's number, None where it prints none, ours, and nothing as run.
        """
        keys = {each.name: each.key for each in load_rules().get(self.claim.id, ())}
        key = keys.get(check.name, "")
        theirs = None
        if check.theirs is not None:
            theirs = (self.reported or {}).get(key, check.theirs)
        return Line(key, "", (theirs, check.ours, ""), self.claim.least_p(key))

    def to_json(self) -> dict[str, Any]:
        """The claim's and the judgement's fields as JSON-ready data, by reading.

        "verdict" is the headline. What is not finite stands as the word that tables have for it.
        """
        judged = {
            "verdict": self.verdict.value,
            "grade": self.verdict.grade,
            "scale": self.scale,
            "data": self.data,
            "readings": {
                reading.value: asdict(outcome) | {"finding": outcome.finding}
                for reading, outcome in self.outcomes.items()
            },
        }
        several = {"seeds": self.seeds} if self.seeds else {}
        claim = structs.asdict(self.claim)
        del claim["printed"]  # the same numbers
        return _plain(claim | judged | several)


def judge(
    claim: Claim,
    measurement: Measurement | None,
    *,
    scale: str,
    precision: str,
    stand_in: bool,
    data: str,
    parts: Sequence[str] = (),
) -> Judgement:
    """The verdict on a claim on each reading that was measured.

    Args:
        claim: the claim.
        measurement: our numbers, or None if there are none.
        scale: name of the scale they come from. This and the following settle what they are worth,
            as `thesis_repro.verdicts.grades.graded` says.
        precision: what the networks behind them were trained in.
        stand_in: whether they come from stand-in data.
        data: the data's description, e.g. "MNIST (official files)".
        parts: of which data sets only a part is there.

    Raises:
        ValueError: if the measurement is another claim's, lacks a quantity, or has no rule.
    """
    if measurement is None:
        return Judgement(claim, Outcome(Verdict.NOT_RUN, _not_run(claim)), None, scale, data)
    if measurement.claim_id != claim.id:
        raise ValueError(f"The measurement is of {measurement.claim_id!r}, not of {claim.id!r}.")
    evidence = graded(scale, precision, stand_in=stand_in, data=data, parts=parts)
    where = f"at {scale} scale on {data}"
    written, run = (
        None if values is None else _outcome(claim, values, evidence, where)
        for values in (measurement.as_written, measurement.as_run)
    )
    return Judgement(claim, written, run, scale, data)


def write_claims(path: Path, judgements: Iterable[Judgement], readings: Sequence[str] = ()) -> None:
    """Write the judgements as a JSON list, whole or not at all.

    Each names the ``readings``, ids of errata that were read the other way, where there are any.
    """
    under = {"other_readings": readings} if readings else {}
    write_json(path, [judgement.to_json() | under for judgement in judgements])


def _not_run(claim: Claim) -> str:
    """What would give a claim its measurement."""
    if claim.id in load_rules():
        does_it = f"Nothing was measured yet; `thesis-repro chapter {claim.section}` does it"
        together = [name for name in claim.models if " " in name]  # "all but ...": no model's id
        # A section trains the models that it shows; of many it looks at those that are trained.
        needs = f" once they are trained at this scale: {', '.join(together)}" if together else ""
        return f"{does_it}{needs}."
    return "Nothing was measured, and this version has no rule to judge it by."


def _outcome(claim: Claim, values: Values, evidence: Evidence, where: str) -> Outcome:
    """What becomes of a claim on the numbers of one reading."""
    checks = load_rules().get(claim.id)
    if checks is None:
        raise ValueError(f"{RULES_FILE} has no rule for {claim.id!r}; add a table of that name.")
    results = tuple(evaluate(check, claim, values) for check in checks)
    verdict, why = concluded(results, evidence, where)
    return Outcome(verdict, why, values, results, evidence.obstacles)


def concluded(
    results: Sequence[CheckResult], evidence: Evidence, where: str
) -> tuple[Verdict, str]:
    """The verdict that checks come to on this evidence, and the sentence that says what it is."""
    return _VERDICTS[evidence.grade, _finding(results)], _why(results, evidence, where)


def _finding(results: Sequence[CheckResult]) -> Finding:
    """What all checks come to: one that fails is enough, whatever is undefined beside it."""
    if all(result.holds for result in results):
        return Finding.HOLDS
    failed = (not (result.holds or result.is_lacking) for result in results)
    return Finding.FAILS if any(failed) else Finding.UNDECIDED


def _why(results: Sequence[CheckResult], evidence: Evidence, where: str) -> str:
    """The sentence that says what the verdict rests on."""
    failed = [result for result in results if not result.holds]
    held = len(results) - len(failed)
    obstacles = ", ".join(evidence.obstacles)
    if evidence.grade is Grade.PATH:
        return (
            f"It proves the path and nothing else, as {obstacles}; {held} of {len(results)} checks "
            "would hold."
        )
    if failed:
        reasons = "; ".join(f"{result.name}: {result.detail}" for result in failed)
        does = "does" if len(failed) == 1 else "do"
        checks = f"{len(failed)} of {len(results)} checks {does}"
        if len(results) == 1:
            checks = "Its only check does"
        count = f"{checks} not hold {where}: {reasons}."
    else:
        checks = f"All {len(results)} checks hold" if len(results) > 1 else "Its only check holds"
        count = f"{checks} {where}."
    return f"An indication, as {obstacles}. {count}" if obstacles else count


def _plain(value: Any) -> Any:
    """Data that strict JSON can hold: NumPy values as Python's, non-finite ones in words."""
    value = listed(value)
    if isinstance(value, Mapping):
        return {key: _plain(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_plain(element) for element in value]
    return show(value) if isinstance(value, float) and not math.isfinite(value) else value
