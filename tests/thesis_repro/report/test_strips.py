"""Strips: by hand, where dots, ticks and bands have to lie."""

import re

import pytest

from thesis_repro.report.strips import Strip, strips
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge
from thesis_repro.verdicts.seeds import over_seeds

CLAIMS = {claim.id: claim for claim in load_claims()}
PAPER = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "MNIST"}
EPOCHS = "4.2-best-epoch"  # 26, 39, 52 in the thesis


def judged(epochs):
    return judge(CLAIMS[EPOCHS], Measurement(EPOCHS, {"best_epoch": epochs}), **PAPER)


def test_a_number_of_each_model_has_a_strip():
    judgement = judged([26, 40, 60])
    drawn = strips(judgement.claim, judgement.written)
    tolerance = next(check for check in judgement.checks if check.allowed).allowed[0][1] / 26 - 1
    assert [one.name.split(", ")[1] for one in drawn] == [*judgement.claim.models]
    assert [(one.ours, one.theirs) for one in drawn] == [(26, 26), (40, 39), (60, 52)]
    assert drawn[2].ends == pytest.approx((52 * (1 - tolerance), 52 * (1 + tolerance)))
    assert not drawn[0].is_prediction


def test_over_seeds_it_shows_where_one_more_training_would_lie():
    judgement = over_seeds({seed: judged([26 + seed, 40, 60 + seed]) for seed in range(3)})
    first, last = strips(judgement.claim, judgement.written)  # the second is the same in each
    assert first.is_prediction
    assert (first.ours, first.theirs) == (27, 26)
    assert first.ends == pytest.approx((27 - 4.968, 27 + 4.968), abs=1e-2)
    assert last.ours == 61


def test_what_has_no_number_has_no_strip():
    judgement = judged([26, float("nan"), 60])
    assert not strips(judgement.claim, judgement.written)
    order = CLAIMS["4.3-kl-order"]
    kl = {"kl": [5.0, 4.0, 3.0, 2.0, 1.0]}
    assert not strips(order, judge(order, Measurement(order.id, kl), **PAPER).written)


def places(svg, kind):
    return float(re.search(rf'class="{kind}" (?:x1|x|cx)="([\d.]+)"', svg)[1])


def test_the_drawing_is_to_scale():
    """From 0 to 10, over the 248 px between the margins of 6."""
    svg = str(Strip("loss", 10.0, 5.0, (0.0, 8.0), is_prediction=False).svg())
    assert places(svg, "allowed") == pytest.approx(6)
    assert places(svg, "theirs") == pytest.approx(6 + 124)
    assert places(svg, "ours") == pytest.approx(6 + 248)
    assert 'width="198.4"' in svg  # the band
    assert "loss: ours 10; allowed from 0 to 8; the thesis 5" in svg


def test_words_are_no_markup_and_a_span_of_nothing_is_drawn():
    svg = str(Strip('<b>"loss"', 1.0, None, (1.0, 1.0), is_prediction=True).svg())
    assert "<b>" not in svg
    assert "theirs" not in svg
    assert 'class="prediction"' in svg
    assert "nan" not in svg
