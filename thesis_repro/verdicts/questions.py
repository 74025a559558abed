"""Which research question of Table 1 a claim bears on, as data (``questions.json``).

An entry is a section's or, where its claims differ, a claim's; each says where that is written.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from thesis_repro.files import read_packaged
from thesis_repro.thesis.claims import Claim
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.judgements import Judgement

NO_QUESTION = ""  # the group of claims that bear on none


@cache
def load_mapping() -> dict[str, Mapping[str, Any]]:
    """The questions (and the ``source`` of that reading) by section or claim id."""
    return json.loads(read_packaged("verdicts", "questions.json"))


def questions_of(claim: Claim) -> tuple[str, ...]:
    """The questions a claim bears on, with their part where they have parts: "RQ1a"."""
    mapping = load_mapping()
    return tuple(mapping.get(claim.id, mapping[claim.section])["questions"])


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
