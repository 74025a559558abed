"""How results are put together for reading."""

import json

import pytest

from thesis_repro.files import write_json
from thesis_repro.report.collect import collect
from thesis_repro.report.reading import Answer
from thesis_repro.report.results import Script
from thesis_repro.report.views import (
    SECTION_TITLES,
    QuestionView,
    choices,
    data_in_brief,
    environments,
    held_against,
    ledger,
    origins,
    quantities,
    sections,
)
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Judgement, Measurement, Outcome, Verdict, judge

CLAIMS = {claim.id: claim for claim in load_claims()}


def lines(claim_id, as_written, as_run=None):
    claim = CLAIMS[claim_id]
    written, run = (
        None if values is None else Outcome(Verdict.PATH_ONLY, "", values=values)
        for values in (as_written, as_run)
    )
    own = Judgement(claim, written, run, "smoke", "digits")
    return [(one.name, one.reported.text, one.as_written.text, one.as_run.text)
            for one in quantities(own)]  # fmt: skip


def test_a_number_of_each_model_has_its_line():
    assert lines("4.2-best-epoch", {"best_epoch": [30, 40, 50]}) == [
        ("best epoch, mnist-vlae-factor-1", "26", "30", "–"),
        ("best epoch, mnist-vlae-factor-2", "39", "40", "–"),
        ("best epoch, mnist-vlae-factor-3", "52", "50", "–"),
    ]


def test_other_lists_stay_on_one_line():
    assert lines("4.3-ppl-p", {"p": [0.25, 0.5]}, {"p": [1e-5, 0.123456]}) == [
        ("p", "< 1e-29", "0.250, 0.500", "1.00e-05, 0.123")
    ]


def test_a_check_shows_what_is_printed_and_no_p_that_rounds_to_1():
    claim = CLAIMS["4.2-table3-factor-1"]
    values = claim.reported | {"p": 0.99996}
    conditions = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "MNIST"}
    judgement = judge(claim, Measurement(claim.id, values), **conditions)
    shown = [held_against(judgement, check) for check in judgement.checks]
    words = [(ours.text, theirs.text) for ours, theirs in shown if theirs]
    assert ("14.71", "14.710") in words
    assert ("> 0.999", "< 0.001") in words


def test_quantities_that_only_one_side_has():
    assert lines("4.3-ppl-10000", {"mean": 3321.97, "of_objects": 1.0}) == [
        ("mean", "936.257", "3322", "–"),
        ("sd", "779.098", "–", "–"),
        ("of objects", "–", "1", "–"),
    ]


def test_what_is_undefined_or_not_measured_is_told_from_what_is_not_asked():
    (best,) = (own for own in lines("4.2-best-epoch", {"best_epoch": None}))
    assert best == ("best epoch", "26, 39, 52", "not measured", "–")
    epochs = lines("4.2-best-epoch", {"best_epoch": [30, None, "undefined"]})
    assert [own[2:] for own in epochs] == [
        ("30", "–"),
        ("not measured", "–"),
        ("undefined", "–"),
    ]


@pytest.fixture
def results(tmp_path, write_section):
    write_section(tmp_path)
    write_section(tmp_path, "4.3", scale="paper", data="dSprites", precision="tensorfloat32")
    write_section(tmp_path, "4.5", versions={"python": "3.13"})
    return collect(tmp_path, {"4.2": Script("chapters/ch4_2.py", {})})


def test_sections_are_those_of_the_thesis_that_have_something_to_show(results):
    assert [own.name for own in sections(results)] == list(SECTION_TITLES)
    assert [own.name for own in sections(results) if own.results] == ["4.2", "4.3", "4.5"]
    assert sum(len(own.judgements) for own in sections(results)) == len(CLAIMS)
    assert sum(len(own.missing) for own in sections(results)) == len(results.missing)


def test_sections_of_like_origin_and_environment_stand_together(results):
    assert origins(results) == {
        ("smoke", "float32", "digits"): ["4.2", "4.5"],
        ("paper", "tensorfloat32", "dSprites"): ["4.3"],
    }
    (names, made_with), (others, _) = environments(results)
    assert (names, others) == (["4.2", "4.3"], ["4.5"])
    assert made_with == {"python": "3.11.0", "keras": "3.15.1", "device": "EPYC"}


def test_results_on_another_device_stand_apart(tmp_path, write_section):
    write_section(tmp_path)
    write_section(tmp_path, "4.3", device="NVIDIA H200")
    names = [names for names, _ in environments(collect(tmp_path, {}))]
    assert names == [["4.2"], ["4.3"]]


def test_the_environment_names_the_constraints_and_what_differs_from_them(tmp_path, write_section):
    digest = "0123456789abcdef" * 4
    write_section(tmp_path, constraints={"sha256": digest, "otherwise": {}})
    otherwise = {"keras": "3.14, not 3.15.1"}
    write_section(tmp_path, "4.3", constraints={"sha256": digest, "otherwise": otherwise})
    write_section(tmp_path, "4.5", constraints=None)
    made_with = [made.get("constraints.txt") for _, made in environments(collect(tmp_path, {}))]
    assert made_with == ["0123456789ab", "0123456789ab; keras 3.14, not 3.15.1", None]


# --- The ledger ---


def test_rows_say_what_a_claim_is_worth_and_how_far_it_is(results):
    rows = {row.judgement.claim.id: row for row in ledger(results)}
    assert rows.keys() == CLAIMS.keys()
    best = rows["4.2-best-epoch"]
    assert (best.reported, best.written, best.run) == (
        "best epoch 26, 39, 52",
        "best epoch 2, 2, 2",
        "",
    )
    assert (best.distance, best.questions, best.grade) == (12.0, ("RQ1",), "paper")
    assert "E04" in best.errata
    assert {rows[name].finding for name in ("4.2-overfit-order", "4.2-best-epoch")} == {
        "path only",
        "holds",
    }
    not_run = rows["4.3-kl-10000"]
    assert (not_run.distance, not_run.grade, not_run.finding) == (None, "none", "not run")


def test_a_verdict_without_checks_has_a_row(tmp_path, write_section):
    """As in a file of claims that was edited."""
    folder = write_section(tmp_path)
    entries = json.loads((folder / "claims.json").read_text())
    for entry in entries:
        for outcome in entry["readings"].values():
            outcome["checks"] = []
    write_json(folder / "claims.json", entries)
    rows = {row.judgement.claim.id: row for row in ledger(collect(tmp_path, {}))}
    assert rows["4.2-best-epoch"].finding == "replicated"


def test_choices_count_every_claim_and_have_their_own_order(results):
    rows = ledger(results)
    found = choices(rows)
    assert [each.value for each in found["grade"]] == ["paper", "path", "none"]
    assert [each.value for each in found["outcome"]] == ["holds", "fails", "path only", "not run"]
    for name in ("section", "grade", "outcome"):
        assert sum(each.count for each in found[name]) == len(rows)
    by_model = {each.value: each.count for each in found["model"]}
    for model in ("mnist-vae", "all but alexnet-classifier"):
        assert by_model[model] == sum(model in claim.models for claim in CLAIMS.values())


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"data": "MNIST (official files)"}, "MNIST: real; scale smoke"),
        (
            {"data": "Morpho-MNIST (official files; measured, here), stand-in: parametric faces"},
            "Morpho-MNIST: real; parametric faces: stand-ins; scale smoke",
        ),
        ({"data": "MNIST (a, b), dSprites (c)", "runs": {}}, "MNIST, dSprites: real"),
        ({"data": ""}, "scale smoke"),
    ],
)
def test_data_and_scale_in_a_line(tmp_path, write_section, changes, line):
    write_section(tmp_path, **changes)
    assert data_in_brief(collect(tmp_path, {})) == line


def test_scales_name_their_sections_where_there_are_several(tmp_path, write_section):
    for section, scale in (("4.2", "paper"), ("4.3", "quick"), ("4.5", "quick")):
        write_section(tmp_path, section, scale=scale, data="MNIST (official files)")
    line = data_in_brief(collect(tmp_path, {}))
    assert line == "MNIST: real; scale paper (4.2), quick (4.3, 4.5)"


def test_no_results_have_no_line(tmp_path):
    assert data_in_brief(collect(tmp_path, {})) == ""


def test_an_answer_is_cut_at_a_word(results):
    question = QuestionView(
        "RQ1", "?", [], [("4.2", Answer("RQ1", "word " * 100, "smoke", "data"))]
    )
    assert question.brief.endswith("word …")
    assert len(question.brief) <= 220
    assert question.brief.startswith("At scale smoke: word")
    at_paper = question.answers[0][1]._replace(scale="paper")
    assert question._replace(answers=[("4.2", at_paper)]).brief.startswith("word")
    assert QuestionView("RQ1", "?", [], []).brief == ""
