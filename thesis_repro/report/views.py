"""What the page shows of the results: by section, by question, by what made them."""

import re
from collections import Counter
from collections.abc import Iterable
from textwrap import shorten
from typing import NamedTuple

from thesis_repro.report.cells import Cell, cell
from thesis_repro.report.ledger import in_brief
from thesis_repro.report.links import errata_of
from thesis_repro.report.reading import Answer
from thesis_repro.report.results import Gap, Results, Section
from thesis_repro.thesis.claims import Unchecked, load_unchecked
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.grades import Grade
from thesis_repro.verdicts.judgements import Finding, Judgement, Verdict
from thesis_repro.verdicts.questions import by_question, questions_of
from thesis_repro.verdicts.rules import CheckResult

NO_EVIDENCE = "none"  # the grade of what was not measured

_LINE = 220  # signs of an answer on the first screen
_OUTSIDE_BRACKETS = re.compile(r",\s*(?![^()]*\))")

# The thesis's table of contents.
SECTION_TITLES = {
    "3.3": "Datasets",
    "3.4": "Models",
    "4.1": "Gabor Wavelets in Variational Autoencoders",
    "4.2": "Sparseness in Generative Models",
    "4.3": "Latent Space Entanglement and Categorical Factors of Variation",
    "4.4": "Latent Space Analysis",
    "4.5": "Latent Space Separability on Generated Images",
    "4.6": "Pixel-wise Distribution of Generated Images",
    "4.7": "Class-Distribution of Generated Images",
    "4.8": "Feature Map Stripes",
}


class SectionView(NamedTuple):
    """A section as the page shows it, also where nothing is there of it."""

    name: str
    title: str
    results: Section | None
    judgements: list[Judgement]
    unchecked: list[Unchecked]
    missing: list[Gap]
    is_built: bool  # whether this version can make it


class QuestionView(NamedTuple):
    """A research question; ``answers`` are (section, answer)."""

    number: str
    text: str
    judgements: list[Judgement]
    answers: list[tuple[str, Answer]]

    @property
    def brief(self) -> str:
        """The beginning of the first answer, a line of it; empty where there is none.

        The scale stands before it, lest a few updates seem to answer.
        """
        if not self.answers:
            return ""
        _, answer = self.answers[0]
        scale = f"At scale {answer.scale}: " if answer.scale not in ("", "paper") else ""
        return shorten(scale + answer.text, _LINE, placeholder=" …")


class Row(NamedTuple):
    """A line of the ledger.

    Attributes:
        judgement: The claim's.
        reported: What the thesis prints, in brief.
        written: Ours as written.
        run: Ours as run, where that differs.
        distance: How far the worst number is from the thesis's, as many times as is allowed; None
            where nothing is held against a number of the thesis.
        questions: The research questions that it bears on, without their parts.
        errata: Ids of those that touch it.
    """

    judgement: Judgement
    reported: str
    written: str
    run: str
    distance: float | None
    questions: tuple[str, ...]
    errata: tuple[str, ...]

    @property
    def grade(self) -> str:
        """What the evidence is worth; "none" where nothing was measured."""
        return self.judgement.verdict.grade or NO_EVIDENCE

    @property
    def finding(self) -> str:
        """What the checks come to where that says something, else the verdict."""
        verdict = self.judgement.verdict
        if verdict in (Verdict.PATH_ONLY, Verdict.NOT_RUN):
            return verdict.value
        finding = self.judgement.written.finding  # none where a file of claims was edited
        return finding.value if finding else verdict.value


class Choice(NamedTuple):
    """One value that the ledger can be filtered by, and how many claims have it."""

    value: str
    count: int


class Quantity(NamedTuple):
    """One line of a claim: a quantity and its three values."""

    name: str
    reported: Cell
    as_written: Cell
    as_run: Cell


def sections(results: Results) -> list[SectionView]:
    """The sections of the thesis that have results or should have some, in its order."""
    there = {section.name: section for section in results.sections}
    names = sorted({*SECTION_TITLES, *there}, key=lambda name: list(map(int, name.split("."))))
    return [
        SectionView(
            name,
            SECTION_TITLES.get(name, ""),
            there.get(name),
            [one for one in results.judgements if one.claim.section == name],
            [one for one in load_unchecked() if one.section == name],
            [gap for gap in results.missing if gap.caption.section == name],
            name in results.scripts,
        )
        for name in names
    ]


def quantities(judgement: Judgement) -> list[Quantity]:
    """The lines of a claim, what is reported first; a line for each model where there are several.

    A quantity with one number per model is a list in the order of the claim's models.
    """
    lines = []
    for line in judgement.lines:
        reported, *ours = line.values
        cells = (cell(value, least_p=line.least_p) for value in ours)
        lines.append(Quantity(line.title, cell(reported, printed=True), *cells))
    return lines


def held_against(judgement: Judgement, check: CheckResult) -> tuple[Cell, Cell | None]:
    """What a check holds against each other: ours, and the thesis's if it prints such a number."""
    line = judgement.held_against(check)
    theirs, ours, _ = line.values
    printed = None if theirs is None else cell(theirs, printed=True)
    return cell(ours, least_p=line.least_p), printed


def environments(results: Results) -> list[tuple[list[str], dict[str, str]]]:
    """Versions, constraints and device that results were made with, each with its sections."""
    groups: list[tuple[list[str], dict[str, str]]] = []
    for section in results.sections:
        made = section.manifest
        device = {"device": made.device} if made and made.device else {}
        pins = {"constraints.txt": str(made.constraints)} if made and made.constraints else {}
        versions = made.versions | pins | device if made else {}
        same = next((names for names, group in groups if group == versions), None)
        if same is not None:
            same.append(section.name)
        elif versions:
            groups.append(([section.name], versions))
    return groups


class Origin(NamedTuple):
    """What results come from; without scale and precision where no network is behind them."""

    scale: str
    precision: str
    data: str


def origins(results: Results) -> dict[Origin, list[str]]:
    """Where the results come from, each with its sections."""
    groups: dict[Origin, list[str]] = {}
    for section in results.sections:
        if made := section.manifest:
            networks = made.runs or section.judgements
            trained = (made.scale, made.precision) if networks else ("", "")
            groups.setdefault(Origin(*trained, made.data), []).append(section.name)
    return groups


def ledger(results: Results) -> list[Row]:
    """The ledger, in the thesis's order."""
    return [
        Row(
            one,
            *in_brief(one),
            max((d for check in one.checks if (d := check.distance) is not None), default=None),
            tuple(dict.fromkeys(name.rstrip("ab") for name in questions_of(one.claim))),
            tuple(erratum.id for erratum in errata_of(one.claim)),
        )
        for one in results.judgements
    ]


def choices(rows: Iterable[Row]) -> dict[str, list[Choice]]:
    """What the ledger can be filtered by, each with its values and their counts."""
    rows = [*rows]
    values = {
        "section": lambda row: (row.judgement.claim.section,),
        "question": lambda row: row.questions,
        "grade": lambda row: (row.grade,),
        "outcome": lambda row: (row.finding,),
        "model": lambda row: row.judgement.claim.models,
        "erratum": lambda row: row.errata,
    }
    counts = {
        name: Counter(each for row in rows for each in of(row)) for name, of in values.items()
    }
    orders = {
        "grade": [*map(str, Grade), NO_EVIDENCE],
        "outcome": [*map(str, Finding), Verdict.PATH_ONLY.value, Verdict.NOT_RUN.value],
        "model": sorted(counts["model"]),
        "erratum": sorted(counts["erratum"]),
    }
    return {
        name: [
            Choice(value, count[value]) for value in orders.get(name, sorted(count)) if count[value]
        ]
        for name, count in counts.items()
    }


def data_in_brief(results: Results) -> str:
    """Data and scale in a line: "MNIST: real; parametric faces: stand-ins; scale smoke"."""
    made = [section.manifest for section in results.sections if section.manifest]
    parts = {part.strip() for each in made for part in _OUTSIDE_BRACKETS.split(each.data) if part}
    kinds: dict[str, set[str]] = {}
    for part in sorted(parts):
        kind = "stand-ins" if "stand-in" in part else "real"
        kinds.setdefault(kind, set()).add(part.partition(" (")[0].removeprefix("stand-in: "))
    scales: dict[str, list[str]] = {}
    for each in made:
        if each.runs:
            scales.setdefault(each.scale, []).append(each.section)
    several = len(scales) > 1
    named = [f"{name} ({', '.join(of)})" if several else name for name, of in scales.items()]
    lines = [f"{', '.join(sorted(names))}: {kind}" for kind, names in kinds.items()]
    return "; ".join([*lines, *([f"scale {', '.join(named)}"] if named else [])])


def questions(results: Results) -> list[QuestionView]:
    """The research questions with the claims that bear on them and the sections' answers."""
    return [
        QuestionView(
            number,
            QUESTIONS.get(number, "Claims beside the research questions"),
            group,
            [
                (section.name, answer)
                for section in results.sections
                for answer in section.answers
                if answer.number == number
            ],
        )
        for number, group in by_question(results.judgements).items()
    ]
