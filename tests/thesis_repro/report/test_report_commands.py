"""`thesis-repro report` and `thesis-repro claims` as their users meet them."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.thesis_repro.report.conftest import run
from thesis_repro.commands import claims as module
from thesis_repro.commands import plan
from thesis_repro.thesis.claims import Unchecked, load_claims, load_unchecked

DONE, DAMAGED, USAGE, DATA, NOT_REPLICATED = 0, 1, 2, 3, 4

CLAIMS = load_claims()
NOT_RUN = len(CLAIMS) - 3
COUNTS = [
    f"{len(CLAIMS)} claims as written: 2 decided at paper scale (1 replicated, 1 not); "
    f"0 indicated at reduced scale (0 hold, 0 fail); 1 path only; {NOT_RUN} not run",
    "1 claim as run: 1 decided at paper scale (1 replicated, 0 not); "
    "0 indicated at reduced scale (0 hold, 0 fail)",
]


def test_report(out):
    result = run("report", "--out", out)
    assert result.exit_code == DONE
    assert result.stdout.splitlines() == [
        *COUNTS,
        f"3 of 88 figures and tables; {out / 'index.html'}",
    ]
    assert result.stderr == ""
    assert (out / "index.html").stat().st_size > 100_000


def test_report_as_json(out):
    assert run("report", "--out", out, "--format", "json").exit_code == DONE
    assert (out / "index.json").exists()
    assert not (out / "index.html").exists()


def test_a_single_file_holds_the_pictures_and_the_page_shows_those_beside_it(out):
    run("report", "--out", out)
    result = run("report", "--out", out, "--single-file")
    assert result.exit_code == DONE
    assert result.stdout.splitlines()[-1].endswith(str(out / "report.html"))
    beside, inside = ((out / name).read_text() for name in ("index.html", "report.html"))
    assert 'src="4.2/figure_21_as_run.png"' in beside
    assert "data:image" not in beside
    assert inside.count("data:image/webp") == 3
    assert '.png" loading' not in inside


def test_a_single_file_is_of_the_page(out):
    result = run("report", "--out", out, "--single-file", "--format", "json")
    assert result.exit_code == USAGE
    assert "--single-file is of the HTML page" in result.stderr
    assert not (out / "index.json").exists()


def test_report_without_results(tmp_path):
    result = run("report", "--out", tmp_path / "none")
    assert result.exit_code == DATA
    assert "it holds no results. To fix it: run `thesis-repro chapter" in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", ["html", "json"])
@pytest.mark.parametrize(
    ("name", "damage", "cause"),
    [
        ("figure_20.png", Path.unlink, "manifest.json lists it, but it is not there"),
        ("table_3.csv", lambda path: path.write_text("a\n1\n"), "it is not the file that"),
        ("claims.json", lambda path: path.write_text("["), "it is no whole JSON file"),
        ("manifest.json", Path.unlink, "it is missing: the section's run was not finished"),
        ("manifest.json", lambda path: path.write_text("{}"), "it is not as this version writes"),
    ],
)
def test_report_of_damaged_results_is_written_and_fails(out, kind, name, damage, cause):
    path = out / "4.2" / name
    damage(path)
    result = run("report", "--out", out, "--format", kind)
    assert result.exit_code == DAMAGED
    assert f"{path}: {cause}" in result.stderr
    assert "Results are damaged; `thesis-repro chapter 4.2` with their options" in result.stderr
    assert (out / f"index.{kind}").exists()


def test_a_file_that_no_manifest_speaks_of_is_no_damage(out):
    path = out / "4.2" / "notes.txt"
    path.write_text("a user's")
    result = run("report", "--out", out)
    assert result.exit_code == DONE
    assert result.stderr.startswith(f"{path}: manifest.json does not list it")


@pytest.mark.parametrize("kind", ["html", "json"])
def test_names_that_are_no_text_are_told(out, kind):
    (out / "4.2" / os.fsdecode(b"\xff.txt")).write_text("a user's")
    assert run("report", "--out", out, "--format", kind).exit_code == DONE
    assert "\\udcff.txt" in (out / f"index.{kind}").read_text(encoding="utf-8")


def test_report_that_cannot_be_written(out):
    (out / "index.html").mkdir()
    result = run("report", "--out", out)
    assert result.exit_code == DATA
    assert "index.html: it cannot be written (" in result.stderr


def test_report_with_the_thesis(out, thesis_pdf):
    result = run("report", "--out", out, "--pdf", thesis_pdf)
    assert result.exit_code == DONE
    assert (out / "index.html").read_text().count("of the PDF</p>") == 4


def test_report_with_a_file_that_is_no_thesis(out, tmp_path):
    pdf = tmp_path / "x.pdf"
    assert run("report", "--out", out, "--pdf", pdf).exit_code == USAGE
    pdf.write_bytes(b"no PDF")
    result = run("report", "--out", out, "--pdf", pdf)
    assert result.exit_code == DATA
    assert "it cannot be read as a PDF" in result.stderr
    assert run("report", "--out", out, "--pdf", pdf, "--format", "json").exit_code == USAGE


def test_report_loads_nothing_heavy(out):
    code = (
        "import sys; from thesis_repro.commands.report import report; "
        f"report(['--out', {str(out)!r}], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "thesis_repro.report.page" in loaded
    assert {"tensorflow", "keras", "numpy", "pandas", "matplotlib"} & loaded == set()


# --- claims ---


def test_claims(out):
    result = run("claims", "--out", out)
    assert result.exit_code == DONE
    lines = result.stdout.split("\n\n")[0].splitlines()
    assert [line.partition(":")[0] for line in lines if line.startswith("4.")] == [
        claim.id for claim in CLAIMS
    ]
    at = lines.index("4.2-best-epoch: replicated")
    assert lines[at + 1].startswith("  The fewer feature maps, the later the minimum")
    row = ["best epoch, mnist-vlae-factor-1", "26", "2", "-"]
    assert re.split("  +", lines[at + 2].strip()) == row
    at = lines.index("4.2-best-loss-order: not replicated; as run replicated")
    assert re.split("  +", lines[at + 2].strip()) == ["loss", "-", "1.250", "undefined"]


def test_claims_end_with_counts_by_verdict_and_by_kind(out):
    *_, written, as_run, kinds, unchecked = run("claims", "--out", out).stdout.splitlines()
    assert [written, as_run] == COUNTS
    counted = re.findall(r"(\d+) ([a-z+]+)", kinds.removeprefix("By kind: "))
    assert {kind: int(count) for count, kind in counted} == Counter(one.kind for one in CLAIMS)
    assert unchecked == f"Not checked: {len(load_unchecked())} statements"


def test_claims_show_what_no_check_can_decide(out, monkeypatch):
    statements = (
        Unchecked("4.2", "The maps look sparse.", "Sparse for whom, the text does not say."),
        Unchecked("4.3", "Nobody knows.", "So it says."),
    )
    monkeypatch.setattr(module, "load_unchecked", lambda: statements)
    text = run("claims", "4.2", "--out", out).stdout
    assert "4.2  “The maps look sparse.”\n     Not checked: Sparse for whom" in text
    assert "Nobody knows" not in text
    assert text.splitlines()[-1] == "Not checked: 1 statements"
    assert "4.3  “Nobody knows.”" in run("claims", "--out", out).stdout


def test_claims_of_sections(out):
    result = run("claims", "4.5", "4.2", "--out", out)
    count = len(load_claims("4.5")) + len(load_claims("4.2"))
    assert result.stdout.splitlines()[-4].startswith(f"{count} claims as written: 2 decided")
    result = run("claims", "9.9", "--out", out)
    assert result.exit_code == USAGE
    assert "No section is called '9.9'. Choose from 3.3, " in result.stderr
    result = run("claims", "3.3", "--out", out)
    assert result.exit_code == USAGE
    assert "sections with claims are 4.1" in result.stderr


@pytest.mark.parametrize("name", ["3.4", "4.3"])
def test_results_are_those_of_the_section_in_whose_folder_they_stand(tmp_path, write_section, name):
    """As where a folder was copied to the name of another section."""
    write_section(tmp_path).rename(tmp_path / name)
    cause = f"{tmp_path / name / 'manifest.json'}: it is of Section 4.2: nothing here counts as"
    result = run("report", "--out", tmp_path)
    assert result.exit_code == DAMAGED
    assert cause in result.stderr
    assert f"{len(CLAIMS)} not run" in result.stdout
    assert "0 of 88 figures and tables" in result.stdout
    assert "figure_20.png" not in (tmp_path / "index.html").read_text().split('id="manifest"')[0]
    assert run("report", "--out", tmp_path, "--format", "json").exit_code == DAMAGED
    if name == "4.3":
        result = run("claims", name, "--out", tmp_path)
        assert cause in result.stderr
        assert f"{len(load_claims(name))} not run" in result.stdout
        assert run("claims", name, "--strict", "--out", tmp_path).exit_code == DATA


def test_claims_without_results_of_the_sections_that_are_asked_for(out):
    said = run("claims", "4.3", "4.2", "4.5", "--out", out).stderr
    assert said == (
        f"{out}: it holds no results of 4.3, 4.5; `thesis-repro chapter 4.3 4.5` makes them.\n"
    )


def test_claims_without_results(tmp_path):
    result = run("claims", "--out", tmp_path / "none")
    assert result.exit_code == DONE
    assert "it holds no results; `thesis-repro chapter 4.2` makes some." in result.stderr
    assert result.stdout.splitlines()[-3].endswith(f"{len(CLAIMS)} not run")  # nothing as run


ALL = {claim.id: "replicated" for claim in load_claims("4.2")}


@pytest.fixture
def strict(tmp_path, write_section):
    """The command on Section 4.2 with these verdicts: its exit code, and what it complains of."""

    def run_on(verdicts, *options, section="4.2"):
        write_section(out := tmp_path / str(len([*tmp_path.iterdir()])), verdicts=verdicts)
        result = run("claims", section, "--strict", "--out", out, *options)
        return result.exit_code, result.stderr

    return run_on


def test_strict_passes_where_all_is_replicated(strict):
    assert strict(ALL) == (DONE, "")


def test_strict_fails_on_what_is_not_replicated_as_written(strict):
    verdicts = ALL | {"4.2-best-loss-order": "not replicated"}  # as run it is
    for options in ((), ("--allow-missing",)):
        code, complaint = strict(verdicts, *options)
        assert code == NOT_REPLICATED
        assert complaint == "4.2-best-loss-order is not replicated: because not replicated\n"


@pytest.mark.parametrize(
    "verdict",
    ["holds at reduced scale", "fails at reduced scale", "undecided", "path only", "not run"],
)
def test_strict_fails_on_what_is_not_decided(strict, verdict):
    verdicts = ALL | {"4.2-best-epoch": verdict}
    code, complaint = strict(verdicts)
    assert code == NOT_REPLICATED
    assert complaint.splitlines() == [
        f"1 {verdict}: 4.2-best-epoch",
        "--allow-missing lets claims pass that are not decided.",
    ]
    assert strict(verdicts, "--allow-missing") == (DONE, "")


@pytest.mark.parametrize("options", [(), ("--allow-missing",)])
def test_strict_fails_where_nothing_can_be_compared(strict, tmp_path, options):
    code, complaint = strict(ALL, *options, section="4.3")
    assert code == NOT_REPLICATED
    assert f"{len(load_claims('4.3'))} not run: 4.3-" in complaint
    assert strict(dict.fromkeys(ALL, "holds at reduced scale"), *options)[0] == NOT_REPLICATED
    nothing = run("claims", "--strict", *options, "--out", tmp_path / "none")
    assert nothing.exit_code == NOT_REPLICATED
    where = ", where others are" if options else ""
    *_, last = nothing.stderr.splitlines()
    assert last == f"--allow-missing lets claims pass that are not decided{where}."


def test_allowing_what_is_missing_is_for_strict(out):
    result = run("claims", "--allow-missing", "--out", out)
    assert result.exit_code == USAGE
    assert "--strict" in result.stderr


def test_strict_does_not_pass_damaged_claims(out):
    path = out / "4.2" / "claims.json"
    path.write_text(path.read_text().replace('"not replicated"', '"replicated"'))
    result = run("claims", "--strict", "--out", out)
    assert result.exit_code == DATA
    assert "run `thesis-repro chapter 4.2` again" in result.stderr
    assert run("claims", "--out", out).exit_code == DONE
    assert run("claims", "4.3", "--strict", "--out", out).exit_code == NOT_REPLICATED  # not asked


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("{}")])
def test_strict_does_not_pass_claims_that_no_manifest_vouches_for(out, damage):
    path = out / "4.2" / "manifest.json"
    damage(path)
    result = run("claims", "4.2", "--strict", "--allow-missing", "--out", out)
    assert result.exit_code == DATA
    assert result.stderr.splitlines()[-1].startswith(f"Error: {path}: it is ")
    assert f"{path}: it is " in run("claims", "--out", out).stderr


# --- controls ---


def test_controls_of_a_section_without_claims(tmp_path):
    folders = [f"--{name}={tmp_path}" for name in ("data-dir", "runs-dir", "out")]
    result = run("controls", "4.2", "3.4", *folders)
    assert result.exit_code == USAGE
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: No claims for section '3.4'; sections with claims are 4.1, 4.2,")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sections", [(), ("all",), ("3.3", "all")])
def test_controls_of_all_are_of_those_with_claims(tmp_path, monkeypatch, sections):
    asked = []
    monkeypatch.setattr(plan, "jobs_of", lambda chosen, *_, **__: asked.extend(chosen))
    monkeypatch.setattr(plan, "execute", lambda *_, **__: None)
    monkeypatch.setattr(plan, "conclude", lambda _: DAMAGED)
    folders = [f"--{name}={tmp_path}" for name in ("data-dir", "runs-dir", "out")]
    assert run("controls", *sections, *folders).exit_code == DAMAGED
    assert asked == sorted({claim.section for claim in CLAIMS})
