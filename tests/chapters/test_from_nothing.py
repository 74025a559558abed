"""Each section from nothing, by its command: all that it declares is there, and nothing else.

A few updates a model, on a few digits and faces. What trains much is left to `make test-long`.
"""

import json
import re

import pandas as pd
import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.section.registry import CHAPTERS, declared, files, models_of
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training.scale import SCALES, Scale

SLOW = ("3.3",)  # 4.2 has tests of its own of the whole chapter
FAST = ("3.4",)
MARKS = {section: pytest.mark.slow for section in SLOW} | {section: () for section in FAST}

TINY = Scale("smoke", 128, 64, 1, 2e11, 32)
ONLY_AFTER_ELEVEN_EPOCHS = "figure_19_as_run"


@pytest.mark.parametrize(
    "section",
    [pytest.param(name, marks=MARKS.get(name, pytest.mark.long)) for name in CHAPTERS],
)
@pytest.mark.usefixtures("_few_digits")
def test_a_section_from_nothing(section, tmp_path, monkeypatch, not_shown):
    monkeypatch.setitem(SCALES, "smoke", TINY)
    monkeypatch.setattr("data_prep.faces.FACES", 700)  # a tenth is held out
    folders = [f"--{name}={tmp_path / name}" for name in ("data-dir", "runs-dir", "out")]
    result = CliRunner().invoke(
        main, ["chapter", section, "--scale", "smoke", "--stand-in", *folders]
    )
    assert result.exit_code == 0, result.output
    results = tmp_path / "out" / section

    assert {path.name for path in results.iterdir()} == expected_files(section)
    late = f"E71: 4.1/{ONLY_AFTER_ELEVEN_EPOCHS}.png"
    assert not_shown(section, results) == ([late] if section == "4.1" else [])
    runs = {path.name for path in (tmp_path / "runs-dir").glob("*")}
    assert set(models_of(section, "smoke")) <= runs  # Section 4.6 trains discriminators besides

    claims = read_json(results / "claims.json")
    assert [claim["id"] for claim in claims] == [
        claim.id for claim in load_claims() if claim.section == section
    ]
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    verdicts.pop("4.1-none-elsewhere", None)  # judged only where all other models are trained
    assert set(verdicts.values()) <= {"path only"}

    if questions(section):
        answered = read_json(results / "research_questions.json")["rq"]
        assert sorted(answer["number"] for answer in answered) == questions(section)
        assert not any(re.search(r"\bnan\b", answer["answer"]) for answer in answered)
    for path in results.glob("*.csv"):
        assert set(pd.read_csv(path, keep_default_na=False)["scale"]) <= {"smoke", "thesis", ""}


def expected_files(section):
    names = {
        name
        for place in declared(section)
        for reading in place.declaration.readings
        if place.declaration.stem(reading) != ONLY_AFTER_ELEVEN_EPOCHS
        for name in place.declaration.files(reading)
    }
    return names | {"claims.json", "manifest.json"} | answers(section)


def answers(section):
    return {"research_questions.json"} if questions(section) else set()


def questions(section):
    folder = files(section)[0].parent / "answers"
    return sorted(path.stem.split("_")[1] for path in folder.glob(f"{section}_*.j2"))


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))
