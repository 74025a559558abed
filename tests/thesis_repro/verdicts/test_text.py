"""Judgements as text: what is beside each claim, and that it fits the terminal."""

import re

import numpy as np
import pytest

from thesis_repro.report.results import Results
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge
from thesis_repro.verdicts.text import render

CLAIMS = {claim.id: claim for claim in load_claims()}
TABLE = "4.2-table3-factor-1"
EPOCHS = "4.2-best-epoch"
OFFICIAL = "MNIST (official files)"
PAPER = {"scale": "paper", "precision": "float32", "stand_in": False, "data": OFFICIAL}


def judged(claim_id, values, as_run=None, **changes):
    return judge(CLAIMS[claim_id], Measurement(claim_id, values, as_run), **PAPER | changes)


@pytest.fixture
def judgements():
    values = {**CLAIMS[TABLE].reported, "p": 2.9e-9}
    return [
        judged(TABLE, values, values | {"deactivated_mean": float("nan"), "p": 1.8e-5}),
        judged(EPOCHS, {"best_epoch": np.array([20, 30, 36])}, scale="quick"),
        judge(CLAIMS["4.1-vae-no-gabor"], None, **PAPER),
    ]


def cells_of(text):
    return [re.split(r"  +", line.strip()) for line in text.splitlines()]


def test_each_claim_has_its_verdicts_its_statement_and_its_numbers(judgements):
    text = render(judgements)
    lines, cells = text.splitlines(), cells_of(text)
    assert lines[:2] == ["claim: verdict as written; as run", "  statement"]
    assert cells[2] == ["quantity", "reported", "as written", "as run"]
    at = lines.index(f"{TABLE}: replicated; as run undecided")
    assert lines[at + 1].strip() == CLAIMS[TABLE].statement
    assert cells[at + 2] == ["original mean", "232.759", "232.759", "232.759"]
    assert ["deactivated mean", "1190.616", "1190.616", "undefined"] in cells
    assert f"{EPOCHS}: holds at reduced scale" in lines
    *_, last, statement, official, quick = lines
    assert last == "4.1-vae-no-gabor: not run"
    assert statement == "  No Gabor-like filters in the first layer of AlexNet-VAE"
    assert official == f"Ours: scale paper, {OFFICIAL}."
    assert quick == f"Ours: scale quick, {OFFICIAL}."


def test_a_list_with_a_number_for_each_model_names_the_models(judgements):
    cells = cells_of(render(judgements))
    for model, theirs, ours in (("1", "26", "20"), ("2", "39", "30"), ("3", "52", "36")):
        assert [f"best epoch, mnist-vlae-factor-{model}", theirs, ours, "-"] in cells


def test_a_list_that_was_not_measured_stays_one_quantity():
    values = {"best_epoch": None}
    assert ["best epoch", "26, 39, 52", "not measured", "-"] in cells_of(
        render([judged(EPOCHS, values)])
    )


@pytest.mark.parametrize("width", [60, 80, 160])
def test_all_of_it_fits_the_terminal(judgements, tmp_path, width):
    everything = [*judgements, *Results(tmp_path, {}, ()).judgements]
    text = render(everything, width)
    assert max(map(len, text.splitlines())) <= width
    for claim in CLAIMS.values():
        assert f"\n{claim.id}: not run\n" in text
    words = " ".join(text.split())
    for claim in CLAIMS.values():
        assert claim.statement in words


def test_numbers_are_those_printed_and_p_values_are_never_0_or_1():
    values = {**CLAIMS[TABLE].reported, "p": 0.99999}
    text = render([judged(TABLE, values, values | {"p": 1e-5})])
    cells = cells_of(text)
    assert ["deactivated sd", "14.710", "14.710", "14.710"] in cells
    assert ["p", "< 0.001", "> 0.999", "< 0.001"] in cells
    steps = judged("4.3-ppl-p", {"p": [6.9e-18, 1e-30]})
    assert ["p", "< 1e-29", "6.90e-18, < 1e-29", "-"] in cells_of(render([steps]))
    accuracy = judged("4.3-feature-net", {"top1_val_accuracy": 0.8125})
    assert ["top1 val accuracy", "0.8", "0.812", "-"] in cells_of(render([accuracy]))


def test_without_a_terminal_lines_are_whole():
    lines = render([judge(claim, None, **PAPER) for claim in CLAIMS.values()]).splitlines()
    for claim in CLAIMS.values():
        assert f"  {claim.statement}" in lines


def test_what_proves_the_path_says_what_that_is_worth():
    smoke = judged(EPOCHS, {"best_epoch": [26, 39, 52]}, scale="smoke")
    assert render([smoke]).splitlines()[-2:] == [
        f"Ours: scale smoke, {OFFICIAL}.",
        "Path only: it proves that all runs, and is no evidence for a claim or against it.",
    ]


def test_without_claims_there_is_the_header():
    assert render([]).split()[:2] == ["claim:", "verdict"]
