"""REPORT.md: its headings, its numbers, and that it stays one page."""

import re
from dataclasses import replace

import pytest

from tests.thesis_repro.report.conftest import run
from thesis_repro.models.zoo import MODELS
from thesis_repro.report.collect import collect
from thesis_repro.report.reading import Manifest, Run
from thesis_repro.report.results import Results, Section
from thesis_repro.report.summary import summary
from thesis_repro.section.registry import CHAPTERS, scripts
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.judgements import Measurement, judge
from thesis_repro.verdicts.rules import CHECK_TYPES, load_rules

DONE, DAMAGED, USAGE, DATA = 0, 1, 2, 3
HEADINGS = [
    "## Reproducibility Summary",
    "### Scope of Reproducibility",
    "### Methodology",
    "### Results",
    "### What was easy",
    "### What was difficult",
    "### Communication with original authors",
]
ONE_PAGE = 700  # words
CLAIMS = load_claims()


def numbers(claim):
    """Numbers for all that a claim's rule asks for: the thesis's and a fifth, or some of ours."""
    values = {}
    for check in load_rules()[claim.id]:
        reported = (claim.reported or {}).get(check.key)
        several = [0.5 + at for at, _ in enumerate(claim.models)]
        if check.compares:
            near = reported if isinstance(reported, list) else [reported]
            ours = [1.2 * number for number in near]
            values[check.key] = ours if isinstance(reported, list) else ours[0]
        else:
            is_list = CHECK_TYPES[check.type].per_model
            values.setdefault(check.key, several if is_list else 0.5)
            if "than" in check.params:
                values.setdefault(check.params["than"], 0.25)
    return values


@pytest.fixture
def everything(tmp_path):
    """All sections at paper scale, each model with a run and run times."""
    sections = []
    for name in CHAPTERS:
        data = f"the official files of data set {name} (60,000 images)"
        made = {"scale": "paper", "precision": "float32", "stand_in": False, "data": data}
        judgements = tuple(
            judge(claim, Measurement(claim.id, numbers(claim)), **made)
            for claim in CLAIMS
            if claim.section == name
        )
        runs = tuple(
            Run(model, f"{number:012x}", 200, ("NVIDIA H200",), 7_200.0)
            for number, model in enumerate([*MODELS][: 2 * len(sections)])
        )
        manifest = Manifest(
            section=name,
            created="2026-01-02T03:04:05+00:00",
            commit="0123456789ab",
            seed=0,
            runs=runs,
            files={},
            versions={},
            device="AMD EPYC 9654",
            **made,
        )
        sections.append(Section(name, f"ch{name}.py", manifest, judgements, (), (), (), (), ()))
    return Results(tmp_path, scripts(), tuple(sections))


def words(text):
    """As ``wc -w`` counts them."""
    return len(text.split())


def test_its_headings_are_those_of_the_reproducibility_challenge(out):
    result = run("report", "--out", out, "--summary")
    assert result.exit_code == DONE
    assert result.stdout.splitlines()[-1] == f"3 of 88 figures and tables; {out / 'REPORT.md'}"
    text = (out / "REPORT.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("##")] == HEADINGS
    assert not (out / "index.html").exists()
    assert [path.name for path in out.iterdir() if path.is_file()] == ["REPORT.md"]


def test_partial_results_are_counted(out):
    text = summary(collect(out, scripts()))
    assert "from 1 section of results (code 0123456789ab)" in text
    assert (
        f"{len(CLAIMS)} claims as written: 2 decided at paper scale (1 replicated, 1 not)" in text
    )
    assert "1 claim as run: 1 decided at paper scale (1 replicated, 0 not)" in text
    assert "|RQ1|1|1|0|0|" in text
    assert "- Section 4.2: smoke scale, float32, digits\n" in text
    assert "- Trained: 1 model in 1 run; run times are not at hand (--runs-dir)\n" in text
    assert "- Computed on: NVIDIA A; EPYC\n" in text
    assert f"in {len(load_errata())} places" in text
    assert words(text) < ONE_PAGE


def test_a_full_set_is_one_page(everything):
    text = summary(everything)
    assert words(text) < ONE_PAGE
    judged = everything.judgements
    counts = [sum(one.verdict == verdict for one in judged) for verdict in VERDICTS]
    assert sum(counts) == len(CLAIMS)
    evidence = [sum(one.written.finding == each for one in judged) for each in FINDINGS]
    assert f"|paper|{'|'.join(map(str, evidence))}|" in text
    assert f"({counts[0]} replicated, {counts[1]} not)" in text
    assert "|reduced|0|0|0|" in text
    assert "Trained: 18 models in 18 runs, 36.0 h" in text
    assert "Computed on: AMD EPYC 9654; NVIDIA H200" in text


VERDICTS = ("replicated", "not replicated", "undecided")
FINDINGS = ("holds", "fails", "undecided")


def test_the_farthest_numbers_are_named_with_both_values(everything):
    text = summary(everything)
    listed = re.findall(r"^- (4\.\S+), (.+): (.+) for (.+) \((.+)\)$", text, re.MULTILINE)
    assert len(listed) == 5
    distances = [float(distance) for *_, distance in listed]
    assert distances == sorted(distances, reverse=True)
    checks = [check for one in everything.judgements for check in one.checks if check.distance]
    assert distances[0] == pytest.approx(max(check.distance for check in checks), rel=0.05)


def test_what_only_proves_the_path_is_no_deviation(everything):
    sections = tuple(
        replace(
            section,
            judgements=tuple(
                judge(
                    one.claim,
                    Measurement(one.claim.id, one.as_written),
                    scale="smoke",
                    precision="float32",
                    stand_in=False,
                    data="digits",
                )
                for one in section.judgements
            ),
        )
        for section in everything.sections
    )
    text = summary(replace(everything, sections=sections))
    assert "No number with evidence is held against one of the thesis's." in text
    assert "|paper|0|0|0|" in text


def test_damage_is_named(out):
    path = out / "4.2" / "claims.json"
    path.write_text("[")
    result = run("report", "--out", out, "--summary")
    assert result.exit_code == DAMAGED
    text = (out / "REPORT.md").read_text(encoding="utf-8")
    assert f"- {path}: it is no whole JSON file" in text
    assert "**Not all results are whole:**" in text


def test_much_damage_is_counted(out):
    for number in range(9):
        (out / "4.2" / f"{number}.txt").write_text("a user's")
    run("report", "--out", out, "--summary")
    assert "- and 4 more: `thesis-repro report`" in (out / "REPORT.md").read_text()


def test_without_results_there_is_none(tmp_path):
    result = run("report", "--out", tmp_path / "none", "--summary")
    assert result.exit_code == DATA
    assert "it holds no results" in result.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--summary", "--latex"), "--summary and --latex are files of their own"),
        (("--summary", "--single-file"), "--single-file and --summary are files of their own"),
        (("--summary", "--format", "json"), "--summary writes a file of another format"),
        (("--latex", "--format", "json"), "--latex writes a file of another format"),
    ],
)
def test_one_file_at_a_time(out, options, said):
    result = run("report", "--out", out, *options)
    assert result.exit_code == USAGE
    assert said in result.stderr
    assert [path.name for path in out.iterdir()] == ["4.2"]


def test_the_pdf_is_for_the_page(out, thesis_pdf):
    result = run("report", "--out", out, "--summary", "--pdf", thesis_pdf)
    assert result.exit_code == USAGE
    assert "--pdf shows the thesis's pages on the HTML page" in result.stderr
