"""Every claim bears on the questions that its section of the thesis names."""

import pytest

from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.judgements import judge
from thesis_repro.verdicts.questions import by_question, load_bearings, questions_of

CLAIMS = {claim.id: claim for claim in load_claims()}


@pytest.mark.parametrize(
    ("claim", "questions"),
    [
        ("4.1-vae-no-gabor", ("RQ1a",)),
        ("4.2-best-epoch", ("RQ1b",)),
        ("4.3-ppl-order", ("RQ3",)),
        ("4.4-dim6-loss", ("RQ2",)),
        ("4.4-celeba-layers", ("RQ2", "RQ5")),
        ("4.5-not-independent", ("RQ6",)),
        ("4.6-prior-worse", ("RQ7", "RQ8")),
        ("4.8-stripes", ()),
    ],
)
def test_questions_of_a_claim(claim, questions):
    assert questions_of(CLAIMS[claim]) == questions


def test_the_mapping_names_claims_sections_and_questions_that_exist():
    known = {*CLAIMS, *(claim.section for claim in CLAIMS.values())}
    for name, entry in load_bearings().items():
        assert name in known
        assert {number.rstrip("ab") for number in entry.questions} <= set(QUESTIONS)
        assert entry.source


def test_groups_hold_every_claim_and_every_question():
    judgements = [
        judge(c, None, scale="", precision="float32", stand_in=False, data="")
        for c in CLAIMS.values()
    ]
    groups = by_question(judgements)
    assert list(groups) == [*QUESTIONS, ""]
    assert all(groups.values())
    assert {judgement.claim.id for group in groups.values() for judgement in group} == set(CLAIMS)
    assert {judgement.claim.section for judgement in groups["RQ1"]} == {"4.1", "4.2"}
