"""Judgements joined over seeds: by kind of check, and never worth more than the least of them."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.precision import PRECISIONS
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Measurement, Verdict, judge, write_claims
from thesis_repro.verdicts.rules import load_rules
from thesis_repro.verdicts.seeds import TOGETHER, over_seeds
from thesis_repro.verdicts.spread import Spread
from thesis_repro.verdicts.text import render

CLAIMS = {claim.id: claim for claim in load_claims()}
OFFICIAL = "MNIST (official files)"
PAPER = {"scale": "paper", "precision": "float32", "stand_in": False, "data": OFFICIAL}
TABLE, ORDER, EPOCHS = "4.2-table3-factor-1", "4.3-kl-order", "4.2-best-epoch"
FALLING, RISING = [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]
NAN = float("nan")


def judged(claim_id, values, as_run=None, **changes):
    return judge(CLAIMS[claim_id], Measurement(claim_id, values, as_run), **PAPER | changes)


def joined(claim_id, *values, **changes):
    """The judgement over so many seeds, whose numbers these are."""
    return over_seeds({seed: judged(claim_id, each, **changes) for seed, each in enumerate(values)})


def table(**changes):
    """What the thesis prints for factor-1 in Table 3, but for these."""
    return CLAIMS[TABLE].reported | {"p": 2.9e-9} | changes


def orders(*kl):
    return [{"kl": each} for each in kl]


# --- Orders and effects ---


@pytest.mark.parametrize(
    ("falling", "rising", "verdict", "label"),
    [
        (3, 0, Verdict.REPLICATED, "replicated, 3 of 3 seeds"),
        (2, 1, Verdict.REPLICATED, "replicated, 2 of 3 seeds"),
        (1, 2, Verdict.NOT_REPLICATED, "not replicated, holds in 1 of 3 seeds"),
        (1, 1, Verdict.UNDECIDED, "undecided, holds in 1 of 2 seeds"),
    ],
)
def test_an_order_holds_in_more_than_half_of_the_seeds(falling, rising, verdict, label):
    over = joined(ORDER, *orders(*[FALLING] * falling, *[RISING] * rising))
    assert over.verdict is verdict
    assert over.written.label == label
    assert over.seeds == tuple(range(falling + rising))
    (check,) = over.checks
    assert (check.count.holds, check.count.fails) == (falling, rising)


def test_words_at_reduced_scale():
    over = joined(ORDER, *orders(FALLING, FALLING, RISING, FALLING, FALLING), scale="quick")
    assert over.written.label == "holds at reduced scale, 4 of 5 seeds"
    assert over.why == (
        "An indication, as the scale is quick, not paper. Its only check holds at quick scale on "
        "MNIST (official files) over seeds 0, 1, 2, 3, 4."
    )
    less = joined(ORDER, *orders(FALLING, RISING, RISING), scale="quick")
    assert less.written.label == "fails at reduced scale, holds in 1 of 3 seeds"
    assert "in 1 of 3 seeds (Wilson 6% to 79%)" in less.why


def test_what_is_undefined_in_a_seed_is_neither():
    undefined = [NAN, *FALLING[1:]]
    over = joined(ORDER, *orders(FALLING, undefined))
    assert over.verdict is Verdict.UNDECIDED
    (check,) = over.checks
    assert check.is_lacking
    assert check.detail == "in 1 of 2 seeds, undefined or not measured in 1"
    assert joined(ORDER, *orders(FALLING, FALLING, undefined)).verdict is Verdict.REPLICATED


def test_all_conditions_have_to_hold_with_the_same_seeds():
    """Each holds in two of three seeds, but both in one alone."""
    both = {"rise_of_validation_loss": [9.0, 5, 3], "final_validation_loss": [9.0, 5, 3]}
    first = both | {"final_validation_loss": [3.0, 5, 9]}
    second = both | {"rise_of_validation_loss": [3.0, 5, 9]}
    over = joined("4.2-overfit-order", both, first, second)
    *each, together = over.checks
    assert [check.holds for check in each] == [True, True]
    assert (together.name, together.holds, together.count.holds) == (TOGETHER, False, 1)
    assert over.written.label == "not replicated, holds in 1 of 3 seeds"


# --- Numbers that are held against the thesis's ---


def test_the_thesis_s_number_lies_where_one_more_training_would():
    """232.759 against 232 to 240: inside; against 250 to 252: outside, though within 10 %."""
    near = joined(TABLE, *(table(original_mean=value) for value in (232.0, 236.0, 240.0)))
    far = joined(TABLE, *(table(original_mean=value) for value in (250.0, 251.0, 252.0)))
    checks = {check.name: check for check in near.checks}
    check = checks["mean loss of the original model"]
    assert check.holds
    assert check.ours == Spread.of([232.0, 236.0, 240.0], predicts=True)
    assert check.detail == (
        "232.759 lies in 216.127 to 255.873, the prediction of one more training; within the "
        "tolerance for one training in 3 of 3 seeds (Wilson 44% to 100%)"
    )
    assert near.verdict is Verdict.REPLICATED
    assert near.written.label == "replicated, orders and effects in 3 of 3 seeds"
    check = next(check for check in far.checks if not check.holds)
    assert check.name == "mean loss of the original model"
    assert "does not lie in 246.032 to 255.968" in check.detail
    assert "within the tolerance for one training in 3 of 3" in check.detail
    assert far.verdict is Verdict.NOT_REPLICATED


def test_the_distance_is_in_reaches_of_the_prediction():
    """Of three seeds with SD 1, one more lies within 4.303 sqrt(4/3) = 4.968 of their mean."""
    printed = CLAIMS[TABLE].reported["original_mean"]
    one = joined(TABLE, *[table(original_mean=printed + 2 + step) for step in (-1, 0, 1)])
    check = next(check for check in one.checks if check.theirs == printed)
    assert check.distance == pytest.approx(2 / 4.968, rel=1e-3)
    same = joined(TABLE, table(), table())
    assert next(each for each in same.checks if each.theirs == printed).distance is None


def test_numbers_that_are_the_same_with_each_seed_are_judged_as_with_one():
    over = joined(TABLE, table(), table())
    check = over.checks[0]
    assert check.holds
    assert "232.759 in each seed, which gives no interval; near enough to 232.759" in check.detail
    check = joined(TABLE, *[table(original_mean=500.0)] * 2).checks[0]
    assert (check.holds, check.is_lacking) == (False, False)


def test_numbers_that_differ_by_rounding_are_the_same():
    """Else an interval as narrow as rounding would refute whatever the tolerance allows."""
    near = [{name: value * (1 + 3e-16 * seed) if name != "p" else 2.9e-9
             for name, value in table().items()} for seed in range(3)]  # fmt: skip
    assert joined(TABLE, *near).verdict is joined(TABLE, table(), table()).verdict


@pytest.mark.parametrize("bad", [NAN, None, float("inf")])
def test_a_number_that_a_seed_lacks_is_undecided(bad):
    over = joined(TABLE, table(), table(original_mean=bad), table(original_mean=240.0))
    check = over.checks[0]
    assert check.is_lacking
    assert check.detail.startswith("no number in 1 of 3 seeds: no interval")
    assert over.verdict is Verdict.UNDECIDED


def test_every_number_of_a_list_has_its_interval():
    first, second, third = ([26, 39, 52], [20, 30, 90], [24, 36, 95])
    over = joined(EPOCHS, *({"best_epoch": each} for each in (first, second, third)))
    epochs = over.checks[1]
    assert epochs.ours == [
        Spread.of(each, predicts=True) for each in zip(first, second, third, strict=True)
    ]
    assert epochs.detail.count(" lies in ") == 3


def test_which_checks_compare_is_the_rule_s_to_say():
    compared = {check.type for rule in load_rules().values() for check in rule if check.compares}
    assert compared == {"relative", "ratio"}


# --- What can be joined, and what it is worth ---


def test_a_seed_without_a_measurement_does_not_count():
    nothing = judge(CLAIMS[ORDER], None, **PAPER)
    one = judged(ORDER, {"kl": FALLING})
    assert over_seeds({0: one, 1: nothing}) is one
    assert over_seeds({0: nothing, 1: one}) is nothing
    assert over_seeds({0: one, 1: nothing, 4: one}).seeds == (0, 4)


def test_both_readings_are_joined():
    far = table(original_mean=900.0)
    seeds = {seed: judged(TABLE, far, table(original_mean=232.0 + seed)) for seed in range(3)}
    over = over_seeds(seeds)
    assert (over.verdict, over.run.verdict) == (Verdict.NOT_REPLICATED, Verdict.REPLICATED)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (judged(ORDER, {"kl": FALLING}, scale="quick"), "not of the same scale"),
        (judged(ORDER, {"kl": FALLING}, data="dSprites (rendered)"), "not of the same data"),
        (judged(TABLE, table()), "not of the same claim"),
        (judged(ORDER, {"kl": FALLING}, {"kl": FALLING}), "not of the same readings"),
        (judged(ORDER, {"kl": FALLING, "more": 1.0}), "not of the same quantities"),
    ],
)
def test_judgements_that_do_not_fit_are_not_joined(other, message):
    with pytest.raises(ValueError, match=message):
        over_seeds({0: judged(ORDER, {"kl": FALLING}), 1: other})


def test_judgements_by_another_rule_are_not_joined(monkeypatch):
    seeds = {seed: judged(ORDER, {"kl": FALLING}) for seed in range(2)}
    rules = {**load_rules(), ORDER: load_rules()[TABLE]}
    monkeypatch.setattr("thesis_repro.verdicts.rules.load_rules", lambda: rules)
    with pytest.raises(ValueError, match="the rule of another version"):
        over_seeds(seeds)


conditions = st.fixed_dictionaries(
    {
        "scale": st.sampled_from([*SCALES, "another"]),
        "precision": st.sampled_from([*PRECISIONS, ""]),
        "stand_in": st.booleans(),
        "data": st.sampled_from([OFFICIAL, ""]),
        "parts": st.lists(st.just("9 of 10 images"), max_size=1),
    }
)


@given(
    by_seed=st.lists(st.one_of(st.just(PAPER | {"parts": []}), conditions), min_size=2, max_size=4),
    changes=st.sampled_from([{}, {"original_mean": 1.0}, {"p": NAN}]),
)
def test_one_seed_of_less_than_the_thesis_s_conditions_never_replicates(by_seed, changes):
    seeds = {seed: judged(TABLE, table(**changes), **facts) for seed, facts in enumerate(by_seed)}
    try:
        over = over_seeds(seeds)
    except ValueError:
        assert len({(one["scale"], one["data"]) for one in by_seed}) > 1
        return
    of_paper = all(one.verdict.grade == "paper" for one in seeds.values())
    assert over.verdict.decides is (of_paper and "p" not in changes)
    assert over.verdict.grade == max((one.verdict.grade for one in seeds.values()),
                                     key=["paper", "reduced", "path"].index)  # fmt: skip
    if not of_paper:
        assert over.why.startswith(
            ("An indication, as ", "It proves the path and nothing else, as")
        )


# --- Output ---


def test_it_is_written_with_its_seeds_and_intervals(tmp_path):
    over = joined(TABLE, *(table(original_mean=value) for value in (232.0, 236.0, 240.0)))
    write_claims(tmp_path / "claims.json", [over, judged(ORDER, {"kl": FALLING})])
    several, one = json.loads((tmp_path / "claims.json").read_text(), parse_constant=pytest.fail)
    assert several["seeds"] == [0, 1, 2]
    assert "seeds" not in one
    written = several["readings"]["as written"]
    assert written["values"]["original_mean"]["sd"] == 4.0
    assert written["values"]["original_mean"]["low"] == pytest.approx(216.127, abs=1e-3)
    assert written["checks"][0]["count"]["holds"] == 3
    assert written["together"]["seeds"] == 3


def test_the_table_has_counts_and_intervals_beside_the_verdict():
    over = joined(TABLE, *(table(original_mean=value) for value in (232.0, 236.0, 240.0)))
    text = render([over])
    assert "236.000 ± 4.000 (216.127 to 255.873)" in text
    assert "2.90e-09 in each seed" in text
    by_seed = joined("4.3-kl-order", *orders(FALLING, RISING))
    text_of_orders = render([by_seed])  # not held against the thesis's
    for model, spread in (("dsprites-vae", "3.000 ± 2.828"), ("7500-vae", "3.000 ± 1.414")):
        assert re.search(rf"kl, {model} +- +{spread} ", text_of_orders)
    assert "replicated, orders and effects in 3 of 3 seeds" in text


def test_smoke_proves_the_path_with_however_many_seeds():
    over = joined(ORDER, *orders(FALLING, FALLING), scale="smoke")
    assert over.verdict is Verdict.PATH_ONLY
    assert over.written.label == "path only, over 2 seeds"
    assert over.why.endswith("1 of 1 checks would hold.")


def test_judgements_by_quantities_of_another_version_are_not_joined(monkeypatch):
    """Checks of the same names that ask for what those seeds had under another name."""
    seeds = {seed: judged(ORDER, {"kl": FALLING}) for seed in range(2)}
    renamed = tuple(replace(check, key="kl_divergence") for check in load_rules()[ORDER])
    rules = {**load_rules(), ORDER: renamed}
    monkeypatch.setattr("thesis_repro.verdicts.seeds.load_rules", lambda: rules)
    with pytest.raises(ValueError, match="by quantities of another version"):
        over_seeds(seeds)
