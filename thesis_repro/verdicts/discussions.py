"""Sections 4.9 to 4.15 measure nothing, but other results bear on what they discuss."""

from collections.abc import Iterable

from thesis_repro.files import Entry, read_entries
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.verdicts.questions import questions_of
from thesis_repro.verdicts.text import render


class Discussion(Entry):
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


DISCUSSIONS = read_entries("verdicts", "discussions.json", dict[str, Discussion])


def bearing(discussion: Discussion, judgements: Iterable[Judgement]) -> list[Judgement]:
    """The judgements that bear on a discussion."""
    return [
        judgement
        for judgement in judgements
        if judgement.claim.id in discussion.claims
        or set(discussion.questions) & set(questions_of(judgement.claim))
    ]


def describe(section: str, judgements: Iterable[Judgement], width: int | None = None) -> str:
    """What a section discusses, and the results that bear on it, measured or not yet.

    ``width`` is the terminal's, None of none.
    """
    discussion = DISCUSSIONS[section]
    results = bearing(discussion, judgements)
    lines = [
        f"Section {section}, {discussion.title}, has no experiment: it discusses.",
        f"In short: {discussion.says}",
    ]
    if not results:
        return "\n".join([*lines, "No claim of the thesis's experiments bears on it."])
    subject = f" ({', '.join(discussion.questions)})" if discussion.questions else ""
    return "\n".join([*lines, f"Results that bear on it{subject}:", "", render(results, width)])
