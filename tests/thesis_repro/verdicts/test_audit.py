"""`thesis-repro audit`: its table, each test in full, and the line of each claim with a p-value."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.significance_tests import load_significance_tests
from thesis_repro.verdicts.audit import (
    as_entries,
    as_markdown,
    audits,
    computed_lines,
    p_text,
    render,
    what_n_can_tell,
)
from thesis_repro.verdicts.power import found

ROOT = Path(__file__).parents[3]
CLAIMS = {claim.id: claim for claim in load_claims()}
BY_ID = {one.test.id: one for one in audits()}


def run(*arguments):
    return CliRunner().invoke(main, ["audit", *arguments])


def test_every_test_is_audited():
    assert [*BY_ID] == [test.id for test in load_significance_tests()]
    assert [one.test.id for one in audits("4.3")] == ["table-4", "table-4-as-run"]


def test_a_test_that_is_not_corrected_has_no_stricter_level():
    assert BY_ID["table-3"].found_alone == found("rank-sum", (24, 24), 0.05 / 3)
    assert BY_ID["table-3-as-run"].found_alone == ()
    assert BY_ID["table-5"].found_alone == ()


def test_a_p_of_one_side_is_half_and_finds_more():
    """SciPy 1.2.1's of Table 5 (E22): below 0.05 where the two-sided one is below 0.1."""
    one, two = BY_ID["table-5-as-run"], BY_ID["table-5"]
    assert 10 ** (two.least - one.least) == pytest.approx(2)
    assert one.found == found("U", (10_000, 10_000), 0.1)
    assert BY_ID["all-pixels"].least_exact == pytest.approx(-3.0004, abs=1e-4)  # not half of it


@pytest.mark.parametrize(
    ("log_10", "text"),
    [(-17.16388856, "6.9e-18"), (-3259.2318205, "5.9e-3260"), (-0.30103, "0.5"), (None, "–")],
)
def test_p_values_as_text(log_10, text):
    assert p_text(log_10) == text


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_terminal(width):
    lines = render(audits(), width, in_full=True).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].split()[:3] == ["test", "reading", "n"]


def test_a_section_in_full():
    result = run("4.3")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "6.9e-18 2e-29 SD 0.579, P(X>Y) 0.659" in text
    for words in (
        "table-4: Section 4.3, on Table 4 (as written)",
        "Test rank-sum, two-sided",
        "A value is the mean over 100 random steps, of a seed",
        "Correction Benjamini/Hochberg, of 10 tests",
        "Printed < 1e-29",
        "Errata E06, E07, E08, E17",
    ):
        assert words in text
    assert "table-3" not in text
    assert "Pairing" not in run().stdout  # the table alone


def test_formats():
    entries = json.loads(run("4.6", "--format", "json").stdout)
    by_id = {entry["id"]: entry for entry in entries}
    assert by_id["table-5"]["log10_least_p"] == pytest.approx(-3259.23, abs=0.01)
    assert by_id["table-5"]["found"].keys() == {"SD", "P(X>Y)"}
    assert by_id["discriminator"]["log10_least_p"] is None
    rows = [*csv.DictReader(io.StringIO(run("--format", "csv").stdout))]
    assert [row["id"] for row in rows] == [*BY_ID]
    assert rows[0]["sizes"] == "24; 24"
    assert float(rows[0]["log10_least_p"]) == BY_ID["table-3"].least
    assert run("--format", "md").stdout == as_markdown(audits()) + "\n"
    assert [entry["level"] for entry in as_entries(audits("4.2"))] == [0.05, 0.05]


def test_a_section_without_tests_is_refused():
    result = run("4.4")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: Section 4.4 has no significance test; there are some in 4.2, 4.3, 4.5, 4.6, 4.7.\n"
    )


def test_the_page_has_the_table_of_this_version():
    assert as_markdown(audits()) in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


# --- Of a claim ---


def test_the_lines_that_are_kept_are_those_of_this_version():
    assert {name: what_n_can_tell(claim) for name, claim in CLAIMS.items()} == (
        dict.fromkeys(CLAIMS, "") | computed_lines()
    ), "write them anew: python -m thesis_repro.verdicts.audit"


def test_a_bound_out_of_reach_is_named():
    text = what_n_can_tell(CLAIMS["4.3-ppl-p"])
    written, run, *_ = text.split(". ")
    assert "6.9e-18 (2e-29 if exact), so that p < 1e-29 is out of reach;" in written
    assert "1.4e-34" in run
    assert "out of reach" not in run
    assert "out of reach" not in what_n_can_tell(CLAIMS["4.2-table3-factor-1"])


def test_a_printed_p_says_how_far_apart_the_distributions_can_be():
    text = what_n_can_tell(CLAIMS["4.6-table5-mnist-vlae-factor-1"])
    assert "The printed p of mean, 0.439, puts P(X>Y) within 0.5 ± 0.010" in text
    assert text.count("The printed p") == 1  # of the bounds there is nothing to say
    both = what_n_can_tell(CLAIMS["4.6-table6-dsprites-vlae"])
    assert "skewness, 0.091, puts P(X>Y) within 0.5 ± 0.043" in both
    assert "kurtosis, 0.005, puts P(X>Y) within 0.5 ± 0.057" in both


def test_claims_without_a_test_have_no_line():
    named = {name for test in load_significance_tests() for name in test.claims}
    assert {name for name, claim in CLAIMS.items() if what_n_can_tell(claim)} == named
