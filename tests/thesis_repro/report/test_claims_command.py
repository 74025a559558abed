"""`thesis-repro claims` of one claim, for scripts, and on terminals of many widths."""

import csv
import io
import json
import re
import subprocess
import sys

import pytest

from tests.thesis_repro.report.conftest import run
from thesis_repro.commands import terminal
from thesis_repro.report.detail import describe
from thesis_repro.report.links import errata_of
from thesis_repro.report.results import Results
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.rules import load_rules

DONE, USAGE, DATA, NOT_REPLICATED = 0, 2, 3, 4
CLAIMS = {claim.id: claim for claim in load_claims()}
EPOCHS = "4.2-best-epoch"


# --- One claim ---


def test_a_claim_in_full(out):
    result = run("claims", "4.2-BEST-loss-order", "--out", out)
    assert (result.exit_code, result.stderr) == (DONE, "")
    claim = CLAIMS["4.2-best-loss-order"]
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        f"{claim.id}: {claim.statement}",
        f"Source: Section 4.2; {claim.source}",
        f"Models: {', '.join(claim.models)}",
        "Kind: order; it bears on RQ1b",
    ]
    assert re.split("  +", next(line for line in lines if line.startswith("loss "))) == [
        *("loss", "-", "1.250", "undefined")
    ]
    for reading, verdict, why in (
        ("As written", "not replicated", "because not replicated"),
        ("As run", "replicated", "so run"),
    ):
        at = lines.index(f"{reading}: {verdict}")
        assert lines[at + 1] == f"  {why}"
        assert lines[at + 2] == "  - a check: fails"
        assert lines[at + 3] == "    Ours 2, 2, 2: off by 90.0%"
        assert lines[at + 4] == "    Ground: the ground <of it>"
    assert lines[-1] == "Make it: thesis-repro chapter 4.2 --scale smoke"
    assert [line.split(":")[0] for line in lines if line.startswith("Erratum ")] == [
        f"Erratum {erratum.id}" for erratum in errata_of(claim)
    ]


def test_a_check_says_what_is_allowed_and_how_far_ours_is(out):
    path = out / "4.2" / "claims.json"
    entries = json.loads(path.read_text())
    (entry,) = (entry for entry in entries if entry["id"] == EPOCHS)
    (check,) = entry["readings"]["as written"]["checks"]
    check |= {"theirs": [26, 39, 52], "distance": 3.25, "allowed": [[20.8, 31.2]] * 3}
    path.write_text(json.dumps(entries))
    lines = run("claims", EPOCHS, "--out", out).stdout.splitlines()
    assert "    Ours 2, 2, 2; the thesis's 26, 39, 52: off by 90.0%" in lines
    ends = ", ".join(["20.800 to 31.200"] * 3)
    assert f"    Allowed: {ends}; 3.2 times what is allowed away" in lines


def test_a_claim_has_the_numbers_as_printed(tmp_path):
    text = run("claims", "4.2-table3-factor-1", "--out", tmp_path).stdout
    (line,) = (line for line in text.splitlines() if line.startswith("deactivated sd"))
    assert "14.710" in line
    assert "14.710" in run("claims", "4.2", "--out", tmp_path).stdout
    assert "14.710" in run("claims", "4.2", "--out", tmp_path, "--format", "md").stdout
    rows = csv.DictReader(
        io.StringIO(run("claims", "4.4", "--out", tmp_path, "--format", "csv").stdout)
    )
    assert "47.860" in [row["reported"] for row in rows]
    entries = json.loads(run("claims", "4.4", "--out", tmp_path, "--format", "json").stdout)
    (losses,) = (entry for entry in entries if entry["id"] == "4.4-dim2-loss")
    assert losses["reported"]["loss"] == 47.86
    assert losses["printed"] == {"loss": "47.860"}


def test_a_claim_before_anything_was_run(tmp_path):
    result = run("claims", "4.5-outer-boxes", "--out", tmp_path / "none")
    assert result.exit_code == DONE
    hint = "it holds no results of 4.5; `thesis-repro chapter 4.5` makes them."
    assert result.stderr.endswith(f"{hint}\n")
    assert "As written: not run" in result.stdout
    assert result.stdout.endswith("Make it: thesis-repro chapter 4.5\n")


def test_a_claim_with_a_p_value_says_what_its_n_can_tell(tmp_path):
    text = run("claims", "4.3-ppl-p", "--out", tmp_path).stdout
    assert "\nWhat this n can tell: Table 4, 50 against 50 (rank-sum): " in text
    assert "What this n" not in run("claims", EPOCHS, "--out", tmp_path).stdout


def test_every_claim_can_be_read_in_full(tmp_path):
    for judgement in Results(tmp_path, {}, ()).judgements:
        claim, text = judgement.claim, describe(judgement)
        assert text.startswith(f"{claim.id}: {claim.statement}\n")
        assert text.endswith(f"Make it: thesis-repro chapter {claim.section}")
        assert (f"Note: {claim.note}" in text) is (claim.note is not None)
        for width in (80, 160):
            assert max(map(len, describe(judgement, width).splitlines())) <= width


def test_claims_beside_sections(out):
    text = run("claims", "4.5", EPOCHS, "4.2-overfit-order", "--out", out).stdout
    for claim in load_claims("4.5"):
        assert f"\n{claim.id}: not run\n" in text
    ledger, _, pages = text.partition("\nNot checked: ")
    assert EPOCHS not in ledger
    order = [pages.index(f"\n\n{claim}: ") for claim in (EPOCHS, "4.2-overfit-order")]
    assert order == sorted(order)


def test_strict_is_of_the_claims_that_are_named(out):
    assert run("claims", EPOCHS, "--strict", "--out", out).exit_code == DONE
    result = run("claims", EPOCHS, "4.2-best-loss-order", "--strict", "--out", out)
    assert result.exit_code == NOT_REPLICATED
    assert result.stderr.startswith("4.2-best-loss-order is not replicated: ")
    assert run("claims", "4.3-kl-order", "--strict", "--out", out).exit_code == NOT_REPLICATED
    (out / "4.2" / "claims.json").write_text("[")
    assert run("claims", EPOCHS, "--strict", "--out", out).exit_code == DATA


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("4.2-best-epoc", "No claim is called '4.2-best-epoc'. Did you mean 4.2-best-epoch"),
        ("best-epoch", "No claim is called 'best-epoch'. Did you mean 4.2-best-epoch"),
        ("no-such-thing", "No claim is called 'no-such-thing'. `thesis-repro claims` lists all."),
        ("4.22", "No section is called '4.22'. Did you mean 4.2"),
    ],
)
def test_wrong_names_are_answered_by_the_nearest(name, answer):
    result = run("claims", EPOCHS, name)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {answer}")


# --- For scripts ---


def test_json_has_the_entries_of_the_report(out):
    assert run("report", "--out", out, "--format", "json").exit_code == DONE
    entries = json.loads((out / "index.json").read_text())["claims"]
    assert json.loads(run("claims", "--out", out, "--format", "json").stdout) == entries
    chosen = json.loads(run("claims", "4.5", EPOCHS, "--out", out, "--format", "json").stdout)
    expected = [one for one in entries if one["section"] == "4.5" or one["id"] == EPOCHS]
    assert chosen == expected


def test_csv_has_a_line_for_each_number(out):
    text = run("claims", "4.2", "--out", out, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["claim"] for row in rows} == {claim.id for claim in load_claims("4.2")}
    epochs = [row for row in rows if row["claim"] == EPOCHS]
    assert [(row["model"], row["reported"], row["as written"]) for row in epochs] == [
        (f"mnist-vlae-factor-{number}", theirs, "2")
        for number, theirs in ((1, "26"), (2, "39"), (3, "52"))
    ]
    assert {row["quantity"] for row in epochs} == {"best_epoch"}
    (loss,) = (row for row in rows if row["claim"] == "4.2-best-loss-order")
    assert (loss["reported"], loss["as written"], loss["as run"]) == ("", "1.25", "undefined")
    assert (loss["verdict as written"], loss["verdict as run"]) == ("not replicated", "replicated")
    assert (loss["scale"], loss["data"]) == ("smoke", "digits")
    (nothing,) = (row for row in rows if row["claim"] == "4.2-all-overfit")
    assert (nothing["quantity"], nothing["verdict as written"]) == ("", "not run")


def test_markdown_is_the_ledger(out):
    lines = run("claims", "4.2", "--out", out, "--format", "md").stdout.splitlines()
    assert lines[0].startswith("| claim | reported | ours |")
    assert len(lines) == 2 + len(load_claims("4.2"))
    (line,) = (line for line in lines if line.startswith(f"| {EPOCHS}: "))
    assert "| best epoch 26, 39, 52 | best epoch 2, 2, 2 |" in line


@pytest.mark.parametrize("kind", ["json", "csv", "md"])
def test_formats_leave_hints_and_exit_codes_as_they_are(out, kind):
    result = run("claims", "4.3", "--out", out, "--format", kind, "--strict")
    assert result.exit_code == NOT_REPLICATED
    assert "`thesis-repro chapter 4.3` makes them" in result.stderr
    assert "it holds" not in result.stdout


# --- On terminals ---


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("names", [(), ("4.2", EPOCHS)], ids=["all", "some"])
def test_all_of_it_fits_the_terminal(out, monkeypatch, width, names):
    monkeypatch.setattr(terminal, "width", lambda: width)
    text = run("claims", *names, "--out", out).stdout
    assert [line for line in text.splitlines() if len(line) > width] == []


def test_the_width_is_the_terminals_and_a_pipe_has_none():
    code = "from thesis_repro.commands.terminal import width; print(width())"
    command = [sys.executable, "-c", code]
    piped = subprocess.run(command, capture_output=True, text=True, check=True)
    assert piped.stdout == "None\n"
    shown = f"import os, pty; os.environ['COLUMNS'] = '117'; pty.spawn({command!r})"
    terminals = subprocess.run(
        [sys.executable, "-c", shown], capture_output=True, text=True, check=True
    )
    assert terminals.stdout.strip() == "117"


def test_every_rule_can_be_read_in_full():
    """The names of checks tell a rule's checks apart, as the page of a claim has them."""
    for claim, checks in load_rules().items():
        assert len({check.name for check in checks}) == len(checks), claim
