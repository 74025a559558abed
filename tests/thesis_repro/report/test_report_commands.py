"""`thesis-repro report` and `thesis-repro claims` as their users meet them."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.commands.report import claims, report

DONE, USAGE, DATA, NOT_REPLICATED = 0, 2, 3, 4


@pytest.fixture(autouse=True)
def _commands(monkeypatch):
    monkeypatch.setattr(main, "commands", main.commands | {"report": report, "claims": claims})


@pytest.fixture
def out(tmp_path, write_section):
    write_section(tmp_path)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_report(out):
    result = run("report", "--out", out)
    assert result.exit_code == DONE
    assert result.stdout.splitlines() == [
        "52 claims: 1 replicated, 1 not replicated, 1 not comparable, 49 not run",
        f"3 of 88 figures and tables; {out / 'index.html'}",
    ]
    assert result.stderr == ""
    assert (out / "index.html").stat().st_size > 100_000


def test_report_as_json(out):
    assert run("report", "--out", out, "--format", "json").exit_code == DONE
    assert (out / "index.json").exists()
    assert not (out / "index.html").exists()


def test_report_without_results(tmp_path):
    result = run("report", "--out", tmp_path / "none")
    assert result.exit_code == DATA
    assert "it holds no results. To fix it: run `thesis-repro chapter" in result.stderr
    assert not (tmp_path / "none").exists()


def test_report_names_damage_on_stderr(out):
    path = out / "4.2" / "figure_20.png"
    path.unlink()
    result = run("report", "--out", out)
    assert result.exit_code == DONE
    assert result.stderr.startswith(f"{path}: manifest.json lists it, but it is not there.")


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
    lines = result.stdout.splitlines()
    assert len([line for line in lines if line.startswith("4.")]) == 52
    (line,) = [line for line in lines if line.startswith("4.2-best-epoch")]
    assert line.split("  ")[0] == "4.2-best-epoch"
    assert "26, 39, 52" in line
    assert "2, 2, 2" in line
    assert line.endswith("replicated")
    assert lines[-1] == "52 claims: 1 replicated, 1 not replicated, 1 not comparable, 49 not run"


def test_claims_of_sections(out):
    result = run("claims", "4.5", "4.2", "--out", out)
    assert result.stdout.splitlines()[-1].startswith("8 claims: 1 replicated")
    result = run("claims", "9.9", "--out", out)
    assert result.exit_code == USAGE
    assert "sections with claims are 4.1" in result.stderr


def test_claims_without_results(tmp_path):
    result = run("claims", "--out", tmp_path / "none")
    assert result.exit_code == DONE
    assert "it holds no results" in result.stderr
    assert result.stdout.rstrip().endswith("52 not run")


def test_strict(tmp_path, write_section):
    write_section(tmp_path / "a")
    result = run("claims", "--strict", "--out", tmp_path / "a")
    assert result.exit_code == NOT_REPLICATED
    assert "4.2-best-loss-order is not replicated: because not replicated" in result.stderr
    assert run("claims", "4.3", "--strict", "--out", tmp_path / "a").exit_code == DONE
    verdicts = {"4.2-best-epoch": "replicated", "4.2-overfit-order": "not comparable"}
    write_section(tmp_path / "b", verdicts=verdicts)
    assert run("claims", "--strict", "--out", tmp_path / "b").exit_code == DONE


def test_strict_does_not_pass_damaged_claims(out):
    path = out / "4.2" / "claims.json"
    path.write_text(path.read_text().replace('"not replicated"', '"replicated"'))
    result = run("claims", "--strict", "--out", out)
    assert result.exit_code == DATA
    assert "run `thesis-repro chapter 4.2` again" in result.stderr
    assert run("claims", "--out", out).exit_code == DONE
