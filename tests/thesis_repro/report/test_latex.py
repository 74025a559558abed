"""report.tex, held to what LaTeX takes: legal names, balanced braces, nothing special left bare."""

import re

import pytest
from click.testing import CliRunner

from tests.thesis_repro.report.conftest import run
from thesis_repro.cli import main
from thesis_repro.report.collect import collect
from thesis_repro.report.latex import escaped, latex, macro
from thesis_repro.section.registry import scripts
from thesis_repro.thesis.claims import load_claims

DONE, DAMAGED, DATA = 0, 1, 3
MACRO = re.compile(r"\\newcommand\{(\\[^}]*)\}\{")


def without_comments(text):
    return re.sub(r"(?<!\\)%.*", "", text)


def faults(text):
    """What LaTeX would refuse of such a file, or take for something else."""
    text = without_comments(text)
    names = MACRO.findall(text)
    yield from (f"{name} is no name" for name in names if not re.fullmatch(r"\\[A-Za-z]+", name))
    yield from (f"{name} is there twice" for name in {*names} if names.count(name) > 1)
    depth = 0
    for sign in re.sub(r"\\[\\{}]", "", text):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            yield "a brace closes nothing"
    if depth:
        yield f"{depth} braces are open"
    if text.count(r"\begin{tabular}") != text.count(r"\end{tabular}"):
        yield "a tabular has no end"
    bare = re.sub(r"\\ensuremath\{(?:[^{}]|\{[^{}]*\})*\}", "", text)
    for tabular in re.findall(r"\\begin\{tabular\}\{(\w+)\}(.*?)\\end", bare, re.DOTALL):
        places, body = tabular
        for row in body.replace(r"\hline", "").split(r"\\")[:-1]:
            if len(re.findall(r"(?<!\\)&", row)) != len(places) - 1:
                yield f"{row} has not {len(places)} cells"
    bare = re.sub(r"\\begin\{tabular\}.*?\\end\{tabular\}", "", bare, flags=re.DOTALL)
    yield from (f"{sign} is bare" for sign in re.findall(r"(?<!\\)[&%$#_^~<>]", bare))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (r"\newcommand{\a1}{x}", r"\a1 is no name"),
        (r"\newcommand{\a}{x}\newcommand{\a}{y}", r"\a is there twice"),
        (r"\newcommand{\a}{x", "1 braces are open"),
        (r"\newcommand{\a}{x}}", "a brace closes nothing"),
        (r"\newcommand{\a}{a_b}", "_ is bare"),
        (r"\newcommand{\a}{< 1}", "< is bare"),
        (r"\begin{tabular}{ll}a & b & c \\ \end{tabular}", "a & b & c  has not 2 cells"),
        (r"\begin{tabular}{ll}", "a tabular has no end"),
    ],
)
def test_the_checker_finds_faults(text, fault):
    assert fault in [*faults(text)]


def values(text):
    """The macros on a line of their own and what they stand for."""
    return dict(re.findall(r"^\\newcommand\{\\(\w+)\}\{(.*)\}$", text, re.MULTILINE))


def test_report_as_latex(out):
    result = run("report", "--out", out, "--latex")
    assert result.exit_code == DONE
    assert result.stdout.splitlines()[-1].endswith(str(out / "report.tex"))
    assert [path.name for path in out.iterdir() if path.is_file()] == ["report.tex"]
    text = (out / "report.tex").read_text(encoding="utf-8")
    assert [*faults(text)] == []
    assert "Words begin\n% with capitals and digits are spelled" in text
    macros = values(text)
    epochs = "trFourTwoBestEpochBestEpochMnistVlaeFactorOne"
    assert macros[f"{epochs}Reported"] == "26"
    assert macros[f"{epochs}Written"] == "2"
    assert macros["trFourTwoBestLossOrderLossRun"] == "undefined"
    assert macros["trFourTwoBestLossOrderVerdictWritten"] == "not replicated"
    assert macros["trFourTwoBestLossOrderVerdictRun"] == "replicated"
    assert macros["trFourTwoTableThreeFactorOnePReported"] == r"\ensuremath{<} 0.001"
    assert macros["trFourTwoTableThreeFactorOneDeactivatedSdReported"] == "14.710"
    assert macros["trFourThreePplPPReported"] == r"\ensuremath{<} 1\ensuremath{\times 10^{-29}}"
    assert macros["trCountNotRun"] == str(len(load_claims()) - 3)


def test_every_claim_has_its_macros(out):
    macros = values(latex(collect(out, scripts())))
    for claim in load_claims():
        assert macro(claim.id, "verdict", "Written")[1:] in macros
        for name in claim.reported or {}:
            assert any(each.startswith(macro(claim.id, name)[1:]) for each in macros), claim.id


def test_tables_of_the_thesis_are_tabulars_and_others_say_why_not(out):
    text = latex(collect(out, scripts()))
    (table,) = re.findall(r"\\newcommand\{\\trTableThree\}\{(.*?)\\end", text, re.DOTALL)
    assert table.splitlines() == [
        r"\begin{tabular}{llrr}%",
        r"\hline",
        r"model & reading & original mean & p \\",
        r"\hline",
        r"mnist-vlae-factor-1 & as written & 886.3 & 0.650 \\",
        r"mnist-vlae-factor-1 & reported & 232.759 & \ensuremath{<} 0.001 \\",
        r"\hline",
    ]
    assert "% Section 4.3 has not been run: `thesis-repro chapter 4.3`" in text


def test_damage_is_a_comment(out):
    (out / "4.2" / "table_3.csv").unlink()
    result = run("report", "--out", out, "--latex")
    assert result.exit_code == DAMAGED
    text = (out / "report.tex").read_text(encoding="utf-8")
    assert "% Damaged or missing: " in text
    assert "trTableThree}" not in text
    assert [*faults(text)] == []


def test_without_results_there_is_none(tmp_path):
    assert run("report", "--out", tmp_path / "none", "--latex").exit_code == DATA


def test_an_interrupted_write_leaves_the_file_before(out, monkeypatch):
    (out / "report.tex").write_text("before")
    monkeypatch.setattr("thesis_repro.report.latex.latex", lambda _: 1 / 0)
    CliRunner().invoke(main, ["report", "--out", str(out), "--latex"])
    assert (out / "report.tex").read_text() == "before"
    assert [path.name for path in out.iterdir() if path.is_file()] == ["report.tex"]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("4.2-table3-factor-1", "original_sd", "", "Written"), "FourTwoTableThreeFactorOneOr"),
        (("Table 4", ""), "TableFour"),
        (("4.3-kl-10000",), "FourThreeKlOneZeroZeroZeroZero"),
    ],
)
def test_names_have_letters_alone(parts, name):
    assert macro(*parts).startswith(f"\\tr{name}")
    assert re.fullmatch(r"\\[A-Za-z]+", macro(*parts))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & 50% #1 {x}", r"a\_b \& 50\% \#1 \{x\}"),
        ("a\\b^c~d", r"a\textbackslash{}b\textasciicircum{}c\textasciitilde{}d"),
        ("-1.5, mnist-vae, as-is", r"\ensuremath{-}1.5, mnist-vae, as-is"),
        ("1.5e+09", r"1.5\ensuremath{\times 10^{9}}"),
        ("-2e-05", r"\ensuremath{-}2\ensuremath{\times 10^{-5}}"),
        ("28 × 28", r"28 \ensuremath{\times} 28"),
        ("3 ± 1 (2 to 4)", r"3 \ensuremath{\pm} 1 (2 to 4)"),
        ("“so” – it is", "``so'' -- it is"),
        ("> 0.999", r"\ensuremath{>} 0.999"),
    ],
)
def test_text_is_escaped(text, expected):
    assert escaped(text) == expected
