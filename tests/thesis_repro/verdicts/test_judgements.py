"""Judgements: the verdict on each reading, what stands in its way, and how it is written."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.training.precision import PRECISIONS
from thesis_repro.training.scale import SCALES
from thesis_repro.verdicts.judgements import Measurement, Verdict, judge, write_claims
from thesis_repro.verdicts.rules import load_rules

CLAIMS = {claim.id: claim for claim in load_claims()}
TABLE = [claim_id for claim_id in CLAIMS if "table3" in claim_id]
OFFICIAL = "MNIST (official files)"
PART = "55,013 of 737,280 images of dSprites"


def reported(claim_id: str) -> dict:
    """What the thesis prints for a claim, as a run that agrees in every number would measure it."""
    printed = CLAIMS[claim_id].reported
    return {key: 2.9e-9 if key == "p" else value for key, value in printed.items()}


def verdict(claim_id: str, values: dict, **changes):
    origin = {"scale": "paper", "precision": "float32", "stand_in": False, "data": OFFICIAL}
    return judge(CLAIMS[claim_id], Measurement(claim_id, values), **origin | changes)


STAND_IN = {"stand_in": True, "data": "stand-in: digits"}


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"scale": "smoke"}, "the scale is smoke, not paper"),
        (STAND_IN, "the data are no official files (stand-in: digits)"),
        ({"parts": [PART]}, f"the data are but a part ({PART})"),
        (
            {"parts": [PART, "9 of 10 images of B"]},
            f"the data are but a part ({PART}; 9 of 10 images of B)",
        ),
        (
            {"scale": "smoke", "precision": "mixed_bfloat16"} | STAND_IN | {"parts": [PART]},
            "the scale is smoke, not paper, the precision is mixed_bfloat16, not float32, "
            "the data are no official files (stand-in: digits), the data are but a part ("
            f"{PART})",
        ),
    ],
)
@pytest.mark.parametrize(("factor", "held"), [(1.0, 6), (1.2, 5)])
def test_a_few_updates_stand_ins_or_a_part_prove_the_path_but_are_checked(
    changes, reasons, factor, held
):
    values = reported("4.2-table3-factor-1")
    values["original_mean"] *= factor
    judgement = verdict("4.2-table3-factor-1", values, **changes)
    assert judgement.verdict is Verdict.PATH_ONLY
    assert judgement.why.startswith(f"It proves the path and nothing else, as {reasons}; ")
    assert f"{held} of 6 checks would hold" in judgement.why
    assert sum(check.holds for check in judgement.checks) == held


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scale": "quick"}, "the scale is quick, not paper"),
        ({"precision": "tensorfloat32"}, "the precision is tensorfloat32, not float32"),
        ({"precision": "mixed_bfloat16"}, "the precision is mixed_bfloat16, not float32"),
    ],
)
@pytest.mark.parametrize(
    ("changed", "expected", "words"),
    [
        ({}, Verdict.HOLDS, "All 6 checks hold at"),
        ({"original_mean": 1.0}, Verdict.FAILS, "1 of 6 checks does not hold at"),
        ({"p": float("nan")}, Verdict.UNDECIDED_AT_REDUCED, "p is undefined"),
        ({"p": None, "original_mean": 1.0}, Verdict.FAILS, "p is not measured"),
    ],
)
def test_real_data_with_fewer_updates_or_digits_indicate(changes, reason, changed, expected, words):
    values = reported("4.2-table3-factor-1") | changed
    judgement = verdict("4.2-table3-factor-1", values, **changes)
    assert judgement.verdict is expected
    assert judgement.why.startswith(f"An indication, as {reason}. ")
    assert words in judgement.why
    written = judgement.to_json()
    assert written["grade"] == "reduced"
    finding = written["readings"]["as written"]["finding"]
    assert finding == expected.value.removesuffix(" at reduced scale")


@given(
    scale=st.sampled_from([*SCALES, "", "Paper", "another"]),
    precision=st.sampled_from([*PRECISIONS, ""]),
    stand_in=st.booleans(),
    data=st.sampled_from([OFFICIAL, ""]),
    parts=st.lists(st.just(PART), max_size=2),
)
def test_nothing_but_the_thesis_s_own_conditions_replicates(
    scale, precision, stand_in, data, parts
):
    values = reported("4.2-table3-factor-1")
    origin = {"scale": scale, "precision": precision, "stand_in": stand_in, "data": data}
    for changed in ({}, {"original_mean": 1.0}, {"p": float("nan")}):
        judged = verdict("4.2-table3-factor-1", values | changed, **origin, parts=parts)
        whole = bool(data) and not (stand_in or parts)
        decided = whole and (scale, precision) == ("paper", "float32")
        indicated = whole and scale in ("paper", "quick")
        assert judged.verdict.decides is (decided and "p" not in changed)
        assert (judged.verdict is Verdict.PATH_ONLY) is not (decided or indicated)
        assert judged.verdict.grade == ("paper" if decided else "reduced" if indicated else "path")


def test_each_reading_has_its_verdict_and_the_headline_is_that_as_written():
    """Table 4 was printed from the code: as written alone, "not replicated" says nothing of it."""
    as_run = reported("4.3-ppl-10000")
    measured = Measurement(
        "4.3-ppl-10000", {key: 3 * value for key, value in as_run.items()}, as_run
    )
    origin = {"scale": "paper", "precision": "float32", "stand_in": False, "data": OFFICIAL}
    judgement = judge(CLAIMS["4.3-ppl-10000"], measured, **origin)
    assert {reading: outcome.verdict for reading, outcome in judgement.outcomes.items()} == {
        Reading.WRITTEN: Verdict.NOT_REPLICATED,
        Reading.RUN: Verdict.REPLICATED,
    }
    assert judgement.verdict is Verdict.NOT_REPLICATED
    assert judgement.why.startswith("2 of 2 checks do not hold")
    assert judgement.run.why.startswith("All 2 checks hold")
    quick = judge(CLAIMS["4.3-ppl-10000"], measured, **origin | {"scale": "quick"})
    assert quick.run.verdict is Verdict.HOLDS
    assert "All 2 checks hold" in quick.run.why


def test_a_claim_whose_readings_do_not_differ_has_one_verdict():
    judgement = verdict("4.2-best-epoch", reported("4.2-best-epoch"))
    assert (list(judgement.outcomes), judgement.run) == ([Reading.WRITTEN], None)


def test_as_run_has_to_measure_all_that_the_rule_asks_for():
    values = reported("4.3-ppl-10000")
    measured = Measurement("4.3-ppl-10000", values, {"mean": values["mean"]})
    with pytest.raises(ValueError, match="'sd' is missing"):
        judge(
            CLAIMS["4.3-ppl-10000"],
            measured,
            scale="paper",
            precision="float32",
            stand_in=False,
            data=OFFICIAL,
        )


@pytest.mark.parametrize("scale", ["paper", "quick"])
def test_without_measurement_it_is_not_run(scale):
    judgement = judge(
        CLAIMS["4.2-best-epoch"],
        None,
        scale=scale,
        precision="float32",
        stand_in=False,
        data=OFFICIAL,
    )
    assert (judgement.verdict, judgement.checks) == (Verdict.NOT_RUN, ())
    assert (judgement.verdict.grade, judgement.written.finding) == (None, None)
    assert "`thesis-repro chapter 4.2`" in judgement.why


@pytest.mark.parametrize(
    ("claim_id", "needed"),
    [
        ("4.1-vae-no-gabor", "chapter 4.1` does it."),
        (
            "4.1-none-elsewhere",
            "chapter 4.1` does it once they are trained at this scale: all but alexnet-classifier.",
        ),
    ],
)
def test_a_claim_about_models_that_its_section_does_not_train_says_so(claim_id, needed):
    origin = {"scale": "quick", "precision": "float32", "stand_in": False, "data": OFFICIAL}
    assert judge(CLAIMS[claim_id], None, **origin).why.endswith(needed)


@pytest.fixture
def _unruled(monkeypatch):
    """As in a version that has no rule for Section 4.8's claim."""
    rules = {name: checks for name, checks in load_rules().items() if name != "4.8-stripes"}
    monkeypatch.setattr("thesis_repro.verdicts.judgements.load_rules", lambda: rules)


@pytest.mark.usefixtures("_unruled")
def test_a_claim_without_a_rule_is_not_run():
    judgement = judge(
        CLAIMS["4.8-stripes"],
        None,
        scale="paper",
        precision="float32",
        stand_in=False,
        data=OFFICIAL,
    )
    assert judgement.verdict == Verdict.NOT_RUN
    assert "no rule" in judgement.why


@pytest.mark.usefixtures("_unruled")
def test_a_measurement_without_a_rule_is_a_mistake():
    with pytest.raises(ValueError, match=r"no rule for '4\.8-stripes'"):
        verdict("4.8-stripes", {"x": 1.0})


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (float("nan"), "undefined"),
        (None, "not measured"),
        ([], "not measured"),
        (float("inf"), "infinite"),
        (-float("inf"), "infinite"),
    ],
)
@pytest.mark.parametrize("key", ["original_mean", "deactivated_mean", "original_sd", "p"])
def test_what_is_no_number_is_undecided_by_its_word(key, bad, word):
    judgement = verdict("4.2-table3-factor-1", reported("4.2-table3-factor-1") | {key: bad})
    failed = [check for check in judgement.checks if not check.holds and check.theirs is not None]
    assert judgement.verdict is Verdict.UNDECIDED
    assert all(check.is_lacking for check in failed)
    assert any(check.detail == f"{key} is {word}" for check in failed)
    assert f"{key} is {word}" in judgement.why


def test_nan_on_the_other_side_of_a_comparison_is_lacking_too():
    values = reported("4.2-table3-factor-1") | {"original_mean": float("nan")}
    failed = [
        check.name for check in verdict("4.2-table3-factor-1", values).checks if not check.holds
    ]
    assert failed == ["mean loss of the original model", "deactivating makes it worse"]


@pytest.mark.parametrize(
    ("claim_id", "values", "message"),
    [
        ("4.2-table3-factor-1", {"original_mean": 1.0}, "'original_sd' is missing"),
        ("4.2-best-epoch", {"best_epoch": [26, 39]}, "has 2 values; pass 3"),
        ("4.2-best-epoch", {"best_epoch": 26}, "has 1 values; pass 3"),
    ],
)
def test_incomplete_measurements_are_errors(claim_id, values, message):
    with pytest.raises(ValueError, match=message):
        verdict(claim_id, values)


def test_a_measurement_of_another_claim_is_an_error():
    measurement = Measurement("4.2-best-loss-order", {"lowest_validation_loss": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=r"not of '4\.2-best-epoch'"):
        judge(
            CLAIMS["4.2-best-epoch"],
            measurement,
            scale="paper",
            precision="float32",
            stand_in=False,
            data=OFFICIAL,
        )


# === Output ===


def judgements():
    values = {key: np.float64(value) for key, value in reported(TABLE[0]).items()}
    as_run = values | {"deactivated_mean": float("nan"), "p": 1.8e-5}
    done = judge(
        CLAIMS[TABLE[0]],
        Measurement(TABLE[0], values, as_run),
        scale="paper",
        precision="float32",
        stand_in=False,
        data=OFFICIAL,
    )
    epochs = Measurement("4.2-best-epoch", {"best_epoch": np.array([20, 30, 36])})
    quick = judge(
        CLAIMS["4.2-best-epoch"],
        epochs,
        scale="quick",
        precision="float32",
        stand_in=False,
        data=OFFICIAL,
    )
    missing = judge(
        CLAIMS["4.1-vae-no-gabor"],
        None,
        scale="paper",
        precision="float32",
        stand_in=False,
        data="",
    )
    return [done, quick, missing]


def test_claims_are_written_whole_and_leave_nothing_else(tmp_path):
    path = tmp_path / "4.2" / "claims.json"
    write_claims(path, judgements())
    written = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert [entry["verdict"] for entry in written] == [
        "replicated",
        "holds at reduced scale",
        "not run",
    ]
    assert written[0]["reported"]["original_mean"] == 232.759
    by_reading = written[0]["readings"]
    assert list(by_reading) == ["as written", "as run"]
    assert by_reading["as written"]["verdict"] == "replicated"
    assert by_reading["as written"]["values"]["original_mean"] == 232.759
    assert by_reading["as run"]["verdict"] == "undecided"
    assert by_reading["as run"]["values"]["deactivated_mean"] == "undefined"
    assert by_reading["as run"]["values"]["p"] == 1.8e-5
    assert "deactivated_mean is undefined" in by_reading["as run"]["why"]
    assert list(written[1]["readings"]) == ["as written"]
    check = written[1]["readings"]["as written"]["checks"][1]
    assert (check["ours"], check["theirs"]) == ([20, 30, 36], [26, 39, 52])
    assert (written[1]["scale"], written[1]["data"]) == ("quick", OFFICIAL)
    assert [entry.name for entry in path.parent.iterdir()] == ["claims.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "claims.json"
    path.write_text("old")
    broken = judge(
        CLAIMS["4.2-best-epoch"],
        Measurement("4.2-best-epoch", {"best_epoch": [26, 39, 52], "extra": object()}),
        scale="paper",
        precision="float32",
        stand_in=False,
        data=OFFICIAL,
    )
    with pytest.raises(TypeError):
        write_claims(path, [broken])
    assert [entry.name for entry in tmp_path.iterdir()] == ["claims.json"]
    assert path.read_text() == "old"
