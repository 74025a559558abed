"""Sections 4.9 to 4.15 measure nothing, but other results bear on what they discuss."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from thesis_repro.files import read_packaged
from thesis_repro.verdicts.judgements import Judgement, render
from thesis_repro.verdicts.questions import questions_of


@dataclass(frozen=True)
class Discussion:
    """A section without experiments.

    Attributes:
        title: The thesis's.
        says: What it argues, in a sentence.
        claims: Ids of the claims whose results bear on it.
        questions: Research questions (Table 1) all of whose claims bear on it.
    """

    title: str
    says: str
    claims: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


DISCUSSIONS = {
    section: Discussion(
        entry["title"],
        entry["says"],
        tuple(entry.get("claims", ())),
        tuple(entry.get("questions", ())),
    )
    for section, entry in json.loads(read_packaged("verdicts", "discussions.json")).items()
}


def bearing(discussion: Discussion, judgements: Iterable[Judgement]) -> list[Judgement]:
    """The judgements that bear on a discussion."""
    return [
        own
        for own in judgements
        if own.claim.id in discussion.claims
        or set(discussion.questions) & set(questions_of(own.claim))
    ]


def describe(section: str, judgements: Iterable[Judgement]) -> str:
    """What a section discusses, and the results that bear on it, measured or not yet."""
    discussion = DISCUSSIONS[section]
    found = bearing(discussion, judgements)
    lines = [
        f"Section {section}, {discussion.title}, has no experiment: it discusses.",
        f"In short: {discussion.says}",
    ]
    if not found:
        return "\n".join([*lines, "No claim of the thesis's experiments bears on it."])
    subject = f" ({', '.join(discussion.questions)})" if discussion.questions else ""
    return "\n".join([*lines, f"Results that bear on it{subject}:", "", render(found)])
