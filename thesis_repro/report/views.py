"""What the page shows of the results: by section, by question, by what made them."""

from typing import Any, NamedTuple

from thesis_repro.report.cells import Cell, cell
from thesis_repro.report.reading import Answer
from thesis_repro.report.results import Gap, Results, Section
from thesis_repro.thesis.claims import Unchecked, load_unchecked
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.verdicts.questions import by_question

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
    sides = [judgement.reported or {}, judgement.as_written or {}, judgement.as_run or {}]
    lines = []
    for name in dict.fromkeys(name for side in sides for name in side):
        values = [side.get(name, "") for side in sides]  # empty where a side has no such quantity
        models = judgement.claim.models
        by_model = all(
            value == "" or (isinstance(value, list) and len(value) == len(models))
            for value in values
        )
        words = name.replace("_", " ")
        if not by_model:
            lines.append(_quantity(words, values))
            continue
        for at, model in enumerate(models):
            row = [value and value[at] for value in values]
            lines.append(_quantity(f"{words}, {model}", row))
    return lines


def _quantity(name: str, values: list[Any]) -> Quantity:
    reported, as_written, as_run = values
    return Quantity(name, cell(reported, printed=True), cell(as_written), cell(as_run))


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
