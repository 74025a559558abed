"""Which research question of Table 1 a claim bears on, as data (``questions.json``).

An entry is a section's or, where its claims differ, a claim's; each says where that is written.
"""

from collections.abc import Iterable
from functools import cache

from thesis_repro.files import Entry, read_entries
from thesis_repro.thesis.claims import Claim
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.judgements import Judgement

NO_QUESTION = ""  # the group of claims that bear on none


class Bearing(Entry):
    """The questions that a section or claim bears on, and where the thesis says so."""

    questions: tuple[str, ...]
    source: str


_NONE = Bearing(questions=(), source="")


@cache
def load_bearings() -> dict[str, Bearing]:
    """What the claims bear on, by section or claim id."""
    return read_entries("verdicts", "questions.json", dict[str, Bearing])


def questions_of(claim: Claim) -> tuple[str, ...]:
    """The questions a claim bears on, with their part where they have parts: "RQ1a"."""
    mapping = load_bearings()
    return mapping.get(claim.id, mapping.get(claim.section, _NONE)).questions


def by_question(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    """The judgements under each question of Table 1, those that bear on none under ``""``.

    A claim that bears on several questions is under each of them.
    """
    groups: dict[str, list[Judgement]] = {number: [] for number in (*QUESTIONS, NO_QUESTION)}
    for judgement in judgements:
        numbers = questions_of(judgement.claim)
        for number in numbers or (NO_QUESTION,):
            groups[number.rstrip("ab")].append(judgement)
    return {number: group for number, group in groups.items() if group or number}
