"""Sections without experiments: what they say, and which results bear on them."""

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.verdicts.discussions import DISCUSSIONS, bearing, describe
from thesis_repro.verdicts.judgements import Measurement, judge

CLAIMS = {claim.id: claim for claim in load_claims()}
JUDGEMENTS = [
    judge(one, None, scale="", precision="float32", stand_in=False, data="")
    for one in CLAIMS.values()
]


def test_they_are_the_sections_4_9_to_4_15_of_the_thesis():
    assert list(DISCUSSIONS) == [f"4.{number}" for number in range(9, 16)]
    assert not set(DISCUSSIONS) & set(CHAPTERS)
    assert DISCUSSIONS["4.9"].title == "Pixelwise vs. Adversarial Loss"


@pytest.mark.parametrize("discussion", DISCUSSIONS.values(), ids=DISCUSSIONS)
def test_they_name_claims_and_questions_that_there_are(discussion):
    assert set(discussion.claims) <= set(CLAIMS)
    assert set(discussion.questions) <= set(QUESTIONS)


def test_the_losses_are_compared_by_all_claims_on_their_question():
    """Section 4.9 is about RQ8; Section 4.6 names that question itself."""
    bears = {judgement.claim.id for judgement in bearing(DISCUSSIONS["4.9"], JUDGEMENTS)}
    assert {claim.id for claim in load_claims("4.6")} < bears
    assert "4.5-gan-more-independent" in bears
    assert not bears & {claim.id for claim in load_claims("4.2")}


def test_measured_results_are_shown():
    claim = CLAIMS["4.2-table3-factor-1"]
    values = {"original_mean": 231.5, "original_sd": 8.0, "deactivated_mean": 1200.0}
    values |= {"deactivated_sd": 14.0, "p": 1e-9}
    measured = judge(
        claim,
        Measurement(claim.id, values),
        scale="quick",
        precision="float32",
        stand_in=False,
        data="MNIST",
    )
    others = [judgement for judgement in JUDGEMENTS if judgement.claim.id != claim.id]
    text = describe("4.14", [*others, measured])
    assert "231.5" in text
    assert "holds at reduced scale" in text
    assert "not run" in text


def test_a_discussion_without_results_says_so():
    assert "No claim of the thesis's experiments bears on it." in describe("4.10", JUDGEMENTS)


def test_the_command_needs_no_results(tmp_path):
    result = CliRunner().invoke(main, ["chapter", "4.9", "4.11", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "Section 4.9, Pixelwise vs. Adversarial Loss, has no experiment" in result.stdout
    assert "Section 4.11, Top-Down Connections" in result.stdout
    assert not list(tmp_path.iterdir())
