"""Strips: where our numbers lie beside what is allowed and what the thesis prints, as SVG."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from thesis_repro.report.cells import cell
from thesis_repro.thesis.claims import Claim, listed
from thesis_repro.verdicts.judgements import Outcome
from thesis_repro.verdicts.rules import CheckResult, load_rules
from thesis_repro.verdicts.spread import Spread, is_number

_WIDTH, _HEIGHT, _MARGIN = 260, 20, 6  # px
_MOST = 6  # strips of one check: more are a table's


class Strip(NamedTuple):
    """One number on a line.

    Attributes:
        name: What it is of: the check's name, and the model where it has a number for each.
        ours: Our number; the mean over seeds.
        theirs: The thesis's; None where it prints none.
        ends: What is allowed; over seeds, where one more training would lie.
        is_prediction: Whether the ends are of that kind.
    """

    name: str
    ours: float
    theirs: float | None
    ends: tuple[float, float]
    is_prediction: bool

    @property
    def words(self) -> str:
        """What the drawing shows."""
        low, high = (cell(end).text for end in self.ends)
        kind = "one more training from" if self.is_prediction else "allowed from"
        printed = "" if self.theirs is None else f"; the thesis {cell(self.theirs).text}"
        return f"{self.name}: ours {cell(self.ours).text}; {kind} {low} to {high}{printed}"

    def svg(self) -> Markup:
        """A line with a band from end to end, a tick for the thesis and a dot for ours."""
        shown = [self.ours, *self.ends, *([] if self.theirs is None else [self.theirs])]
        low, high = min(shown), max(shown)
        scale = (_WIDTH - 2 * _MARGIN) / ((high - low) or 1)

        def at(value: float) -> str:
            return f"{_MARGIN + (value - low) * scale:.1f}"

        left, right = map(at, self.ends)
        tick = ""
        if self.theirs is not None:
            place = at(self.theirs)
            tick = f'<line class="theirs" x1="{place}" x2="{place}" y1="2" y2="{_HEIGHT - 2}"/>'
        middle = _HEIGHT / 2
        return Markup(
            '<svg class="strip" role="img" viewBox="0 0 {width} {height}" width="{width}" '
            'height="{height}" aria-label="{words}"><title>{words}</title>'
            '<line class="axis" x1="{margin}" x2="{end}" y1="{middle}" y2="{middle}"/>'
            '<rect class="{kind}" x="{left}" width="{breadth}" y="5" height="10"/>{tick}'
            '<circle class="ours" cx="{ours}" cy="{middle}" r="4"/></svg>'
        ).format(
            width=_WIDTH,
            height=_HEIGHT,
            margin=_MARGIN,
            end=_WIDTH - _MARGIN,
            middle=middle,
            words=self.words,
            kind="prediction" if self.is_prediction else "allowed",
            left=left,
            breadth=f"{max(float(right) - float(left), 1):.1f}",
            tick=Markup(tick),
            ours=at(self.ours),
        )


def strips(claim: Claim, outcome: Outcome) -> list[Strip]:
    """A strip for each number of an outcome that is held against ends; orders have none."""
    compared = {check.name for check in load_rules().get(claim.id, ()) if check.compares}
    return [
        strip
        for check in outcome.checks
        if check.allowed or check.name in compared
        for strip in _strips(claim, check)
    ]


def _strips(claim: Claim, check: CheckResult) -> Iterator[Strip]:
    values = listed(check.ours)
    ours = values if isinstance(values, list) else [values]
    theirs = check.theirs if isinstance(check.theirs, list) else [check.theirs] * len(ours)
    ends = [*check.allowed] or [_prediction(value) for value in ours]
    if check.theirs is None and not check.allowed:
        return
    if not (len(ours) == len(theirs) == len(ends)) or len(ours) > _MOST:
        return
    by_model = len(ours) > 1 and len(ours) == len(claim.models)
    for number, (value, printed, each) in enumerate(zip(ours, theirs, ends, strict=True)):
        mean = value.mean if isinstance(value, Spread) else value
        if each is None or not is_number(mean):
            continue
        name = check.name
        if len(ours) > 1:
            name += f", {claim.models[number] if by_model else number + 1}"
        yield Strip(
            name,
            float(mean),
            float(printed) if is_number(printed) else None,
            (float(each[0]), float(each[1])),
            is_prediction=not check.allowed,
        )


def _prediction(value: object) -> tuple[float, float] | None:
    """Where one more training would lie; None of a number without that."""
    if isinstance(value, Spread) and value.low is not None and math.isfinite(value.low):
        return value.low, value.high
    return None
