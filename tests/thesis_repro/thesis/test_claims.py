"""The thesis's claims as data."""

import ast
import re
import subprocess
import sys

import numpy as np
import pytest

from thesis_repro.section.registry import files
from thesis_repro.thesis.claims import (
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


def test_a_title_is_the_statement_after_the_models_where_others_state_the_same():
    assert CLAIMS["4.2-faster-convergence"].title == CLAIMS["4.2-faster-convergence"].statement
    gan = CLAIMS["4.6-table5-mnist-vae-gan"]
    assert gan.title == f"mnist-vae-gan: {gan.statement}"
    assert CLAIMS["4.3-kl-3750"].title == "3750-vae: KL divergence on the dSprites validation set"


def test_no_two_claims_have_one_title():
    assert len({claim.title for claim in CLAIMS.values()}) == len(CLAIMS)


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
