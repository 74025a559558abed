"""The thesis's claims as data."""

import ast
import re
import subprocess
import sys

import numpy as np
import pytest

from thesis_repro.section.registry import files
from thesis_repro.thesis.claims import (
    TABLES_OF_P,
    Unchecked,
    load_claims,
    load_unchecked,
    render_unchecked,
    show,
)
from thesis_repro.verdicts.rules import load_rules

CLAIMS = {claim.id: claim for claim in load_claims()}


def test_claims_have_unique_ids_and_stand_by_section():
    assert len(load_claims()) == len(CLAIMS)
    sections = [claim.section for claim in load_claims()]
    assert sections == sorted(sections)
    assert all(claim.id.startswith(f"{claim.section}-") for claim in load_claims())
    assert {claim.section for claim in CLAIMS.values()} == {f"4.{n}" for n in range(1, 9)}


def test_claims_carry_what_the_thesis_prints():
    # Table 3, second row, and the text of Section 4.2.
    row = {"original_mean": 208.107, "original_sd": 6.958, "deactivated_mean": 1111.337}
    assert CLAIMS["4.2-table3-factor-2"].reported.items() >= row.items()
    assert CLAIMS["4.2-best-epoch"].reported == {"best_epoch": [26, 39, 52]}
    assert CLAIMS["4.2-best-loss-order"].reported is None
    assert CLAIMS["4.1-classifier-gabor"].note.startswith("needs a stated numeric criterion")


def test_numbers_that_lose_a_digit_are_kept_as_printed():
    """Tables 3 and 4 and the losses in the text have three digits after the point, all of them."""
    table_3, losses = CLAIMS["4.2-table3-factor-1"], CLAIMS["4.4-dim2-loss"]
    assert table_3.reported["deactivated_sd"] == 14.71
    assert table_3.as_printed == table_3.reported | {"deactivated_sd": "14.710"}
    assert losses.as_printed["loss"] == "47.860"
    sources = {"Table 3", "Table 4", "Section 4.3 text", "Section 4.4.1"}
    for claim in CLAIMS.values():
        for value in (claim.as_printed or {}).values() if claim.source in sources else ():
            if not show(value).startswith("<"):
                for number in show(value, printed=True).split(", "):
                    assert re.fullmatch(r"\d+\.\d{3}", number), claim.id


def test_what_is_printed_is_the_number():
    printed = [(claim, name) for claim in CLAIMS.values() for name in claim.printed or {}]
    assert len(printed) == 2
    for claim, name in printed:
        assert float(claim.printed[name]) == claim.reported[name]
        assert claim.printed[name] != str(claim.reported[name])
    assert CLAIMS["4.2-best-loss-order"].as_printed is None


def test_no_two_claims_state_the_same():
    assert len({claim.statement for claim in CLAIMS.values()}) == len(CLAIMS)


def test_a_statement_of_numbers_states_those_reported():
    for claim in CLAIMS.values():
        if re.match(r"4\.3-(kl|ppl)-\d|4\.4-dim\d-loss", claim.id):
            stated = [text.replace(",", "") for text in re.findall(r"[\d,]+\.\d+", claim.statement)]
            assert stated == [f"{value:.3f}" for value in claim.reported.values()], claim.id


@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if c.source in TABLES_OF_P])
def test_a_statement_of_moments_states_which_differ(claim):
    differ, _, same = claim.statement.partition(", not in ")
    for name, p in claim.reported.items():
        moment = "standard deviation" if name == "sd" else name
        rejected = p.startswith("<") or float(p) < 0.05
        assert (moment in differ, moment in same) == (rejected, not rejected)


def test_unknown_section_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'4\.9'.*4\.1, 4\.2"):
        load_claims("4.9")


def test_claims_import_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'statsmodels', 'pandas', 'matplotlib', 'keras', 'tensorflow'}"
    code = f"import sys, thesis_repro.verdicts.judgements; assert not {heavy} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- How quantities are shown ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "undefined"),
        (np.float32("nan"), "undefined"),
        (None, "not measured"),
        ([], "not measured"),
        ([0.25, float("nan"), None], "0.250, undefined, not measured"),
        (float("inf"), "inf"),
        (0.0, "0.0"),
        (1.8e-5, "1.80e-05"),
        ("< 0.001", "< 0.001"),
    ],
)
def test_quantities_in_words(value, text):
    assert show(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.8, "0.8"), (1.0, "1.0"), ([26, 39], "26, 39"), ("14.710", "14.710"), ("<0.001", "< 0.001")],
)
def test_what_is_printed_keeps_its_digits(value, text):
    assert show(value, printed=True) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.4391, "0.439"),
        (0.001, "0.001"),
        (0.00099, "< 0.001"),
        (0.0, "< 0.001"),
        (1e-30, "< 0.001"),
        (0.999, "0.999"),
        (0.99951, "> 0.999"),
        (1.0, "> 0.999"),
        (1, "> 0.999"),
        (float("nan"), "undefined"),
        (None, "not measured"),
        ([0.5, 1e-9, None], "0.500, < 0.001, not measured"),
        ("undefined", "undefined"),
        (-1.0, "-1.000"),  # no p-value, whatever its name
        (np.float64(0.02), "0.020"),
    ],
)
def test_no_p_value_is_rounded_to_0_or_1(p, text):
    assert show(p, least_p=0.001) == text


def test_a_bound_that_the_thesis_prints_is_what_a_p_value_is_shown_to():
    steps = CLAIMS["4.3-ppl-p"]
    assert steps.least_p("p") == 1e-29
    assert show(6.9e-18, least_p=1e-29) == "6.90e-18"
    assert show(1e-30, least_p=1e-29) == "< 1e-29"
    assert CLAIMS["4.2-table3-factor-1"].least_p("p") == 0.001
    assert CLAIMS["4.6-table5-mnist-vlae-factor-1"].least_p("mean") == 0.001  # printed as 0.439


def test_what_a_p_value_is():
    """Those that rules test for significance, and the one that is to be large."""
    tested = {
        (claim, check.key)
        for claim, checks in load_rules().items()
        for check in checks
        if check.type == "significance"
    }
    keys = {(claim, check.key) for claim, checks in load_rules().items() for check in checks}
    reported = {(claim.id, name) for claim in CLAIMS.values() for name in claim.reported or {}}
    of_name = {key for key in keys | reported if CLAIMS[key[0]].least_p(key[1])}
    beside = {key for key in of_name - tested if key[0].startswith("4.6-table")}
    assert tested <= of_name
    assert of_name - tested - beside == {("4.6-generated-vs-reconstructed", "p_of_z")}
    assert {name for _, name in beside} <= {"mean", "sd", "skewness", "kurtosis"}
    assert CLAIMS["4.3-ppl-10000"].least_p("mean") is None
    assert CLAIMS["4.4-vlae-reconstructs-worse"].least_p("overlap_of_vae_at_least") is None


# --- What cannot be checked ---


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_statements_that_cannot_be_checked_are_complete_and_in_order():
    unchecked = load_unchecked()
    sections = [one.section for one in unchecked]
    assert sections == sorted(sections)
    assert set(sections) <= {claim.section for claim in load_claims()}
    assert len({words(one.statement) for one in unchecked}) == len(unchecked)
    for one in unchecked:
        assert len(one.statement.split()) > 2, one
        assert len(one.reason.split()) > 2, one


def test_what_cannot_be_checked_is_no_claim():
    claimed = {words(claim.statement) for claim in load_claims()}
    for one in load_unchecked():
        assert not any(words(one.statement) in claim for claim in claimed), one


def test_statements_are_shown_with_their_section_and_reason():
    text = render_unchecked([Unchecked("4.1", "It is so. " * 20, "Nobody says how much.")])
    lines = text.splitlines()
    assert lines[0].startswith("4.1  “It is so.")
    assert lines[-1] == "     Not checked: Nobody says how much."
    assert max(map(len, lines)) <= 96


# --- Every claim is judged and measured ---


def test_every_claim_has_a_rule():
    assert list(load_rules()) == list(CLAIMS)


def measured_in(section: str) -> list[re.Pattern]:
    """What the ids or sources of those claims match that a section's script and its parts name.

    A part of an id may be computed: "4.3-kl-{weight}" matches all of these.
    """
    nodes = [node for file in files(section) for node in ast.walk(ast.parse(file.read_bytes()))]
    texts = [[node] for node in nodes if isinstance(node, ast.Constant)]
    texts += [node.values for node in nodes if isinstance(node, ast.JoinedStr)]
    patterns = (
        [re.escape(part.value) if is_text(part) else ".+" for part in parts] for parts in texts
    )
    beginning = re.compile(rf"{re.escape(re.escape(section + '-'))}|Table")
    return [re.compile("".join(own)) for own in patterns if own and beginning.match(own[0])]


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("section", sorted({claim.section for claim in CLAIMS.values()}))
def test_every_claim_is_measured_by_its_sections_script(section):
    """As far as its source tells; that the numbers come is tested with the scripts."""
    patterns = measured_in(section)
    for claim in load_claims(section):
        names = claim.id, claim.source
        assert any(pattern.fullmatch(name) for pattern in patterns for name in names), claim.id


def test_what_no_script_measures_is_found():
    assert not any(pattern.fullmatch("4.2-made-up") for pattern in measured_in("4.2"))
    assert any(pattern.fullmatch("4.3-kl-3750") for pattern in measured_in("4.3"))
