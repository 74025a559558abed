"""Results as LaTeX: a macro for each value and verdict, and the thesis's tables as tabulars."""

import re
from collections.abc import Iterator
from pathlib import Path

from thesis_repro import provenance
from thesis_repro.files import atomic_path
from thesis_repro.report.cells import Cell, cell, table_view
from thesis_repro.report.results import Item, Results, count_verdicts
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement

_HEAD = """\
% Values and tables of `thesis-repro report --latex`, {created}: \\input this file.
%
% A macro's name is \\tr, the claim's id, the quantity and, where there is a number for each, the
% model; then Reported (the thesis's), Written or Run (ours, as written and as run). Words begin
% with capitals and digits are spelled, as names of macros have letters alone:
%   4.2-table3-factor-1, original sd, as written: \\trFourTwoTableThreeFactorOneOriginalSdWritten
% A claim's verdict is at ...VerdictWritten and ...VerdictRun, the number of claims with a verdict
% at \\trCount..., and a table at \\trTableThree: a tabular, of which the caption is yours."""

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_SIDES = ("Reported", "Written", "Run")
_POWER = re.compile(r"(\d(?:\.\d+)?)e([+-]?)0*(\d+)")
_NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")
_SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    **{"<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "×": r"\ensuremath{\times}"},
    **{"±": r"\ensuremath{\pm}", "−": r"\ensuremath{-}", "·": r"\ensuremath{\cdot}"},
    **{"–": "--", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "²": r"\ensuremath{^2}"},
    "\n": " ",
}
_LACKING = (cell("").text, cell(None).text, cell(float("nan")).text)
_MINUS, _TIMES = "\0", "\1"  # in the place of what is no sign of the text


def write_latex(results: Results, path: Path) -> None:
    """Write the file."""
    with atomic_path(path) as temporary:
        text = latex(results)
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def latex(results: Results) -> str:
    """All of it; what is damaged or missing is named in comments."""
    lines = [_HEAD.format(created=provenance.now()[:10])]
    lines += [_comment(f"Damaged or missing: {problem}") for problem in results.problems]
    lines += ["", *_counts(results)]
    for judgement in results.judgements:
        lines += ["", _comment(judgement.claim.id), *_values(judgement)]
    return "\n".join([*lines, "", *_tables(results), ""])


def macro(*parts: str) -> str:
    r"""The name of a macro of letters alone: "4.2-best-epoch" is \trFourTwoBestEpoch."""
    words = (word for part in parts for word in re.findall(r"\d|[A-Za-z]+", part))
    spelled = (
        _DIGITS[int(word)] if word.isdigit() else word[0].upper() + word[1:] for word in words
    )
    return "\\tr" + "".join(spelled)


def escaped(text: str) -> str:
    """Text as LaTeX sets it, with powers of ten and negative numbers as such."""
    marked = _NEGATIVE.sub(_MINUS, text)
    marked = _POWER.sub(lambda match: f"{match[1]}{_TIMES}{match[2]}{match[3]}{_TIMES}", marked)
    signs = "".join(_SIGNS.get(sign, sign) for sign in marked)
    powers = re.sub(rf"{_TIMES}\+?(-?\d+){_TIMES}", r"\\ensuremath{\\times 10^{\1}}", signs)
    return powers.replace(_MINUS, r"\ensuremath{-}")


def _comment(text: str) -> str:
    """One line of a comment, whatever the text has."""
    return "% " + " ".join(text.split())


def _define(name: str, value: str) -> str:
    return f"\\newcommand{{{name}}}{{{value}}}"


def _counts(results: Results) -> Iterator[str]:
    """How many claims have each verdict as written."""
    for verdict, count in count_verdicts(results.judgements).items():
        yield _define(macro("count", verdict.value), str(count))


def _values(judgement: Judgement) -> Iterator[str]:
    claim = judgement.claim
    for line in judgement.lines:
        for side, value in zip(_SIDES, line.values, strict=True):
            if value != "":
                least_p = None if side == "Reported" else line.least_p
                shown = cell(value, printed=side == "Reported", least_p=least_p)
                yield _define(macro(claim.id, line.name, line.model, side), escaped(shown.text))
    for reading, outcome in judgement.outcomes.items():
        side = _SIDES[1 + [*Reading].index(reading)]
        yield _define(macro(claim.id, "verdict", side), escaped(outcome.label))


def _tables(results: Results) -> Iterator[str]:
    """The thesis's tables; of one that is not there, the reason."""
    items = [item for section in results.sections for item in section.tables]
    reasons = {gap.caption.name: gap.reason for gap in results.missing}
    for (kind, number), caption in load_captions().items():
        if kind == "table":
            yield _comment(f"{caption.name}: {caption.title}")
            there = [item for item in items if item.key == (kind, number)]
            yield from (
                _define(macro(caption.name, item.variant), _tabular(item)) for item in there
            )
            if not there:
                yield _comment(reasons.get(caption.name, "not there"))


def _tabular(item: Item) -> str:
    """A table as a tabular; columns of numbers are set to the right."""
    view = table_view(item.content)
    columns = zip(*view.rows, strict=True) if view.rows else ((),) * len(view.columns)
    places = "".join("r" if _is_of_numbers(column) else "l" for column in columns)
    rows = [view.columns, *([own.text for own in row] for row in view.rows)]
    head, *body = (" & ".join(map(escaped, row)) + r" \\" for row in rows)
    begin, end = f"\\begin{{tabular}}{{{places}}}%", r"\end{tabular}"
    return "\n".join([begin, r"\hline", head, r"\hline", *body, r"\hline", end])


def _is_of_numbers(column: tuple[Cell, ...]) -> bool:
    """Whether all that a column has are numbers, but for what is lacking."""
    there = [own for own in column if own.text not in _LACKING]
    return bool(there) and all(own.is_number for own in there)
