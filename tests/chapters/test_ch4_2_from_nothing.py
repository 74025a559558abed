"""Section 4.2 from nothing, by its command, and once more from the models that it has trained."""

import csv
import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from chapters.ch4_2 import VLAES
from thesis_repro.cli import main
from thesis_repro.thesis.claims import load_claims
from thesis_repro.training import train
from thesis_repro.training.scale import SCALES, Scale

CLAIMS = [claim.id for claim in load_claims("4.2")]


def run_chapter(folder, out):
    arguments = ["chapter", "4.2", "--scale", "smoke", "--out", str(folder / out)]
    arguments += ["--data-dir", str(folder / "data"), "--runs-dir", str(folder / "runs")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    """The folder of results, what the command printed, and the same once more without training.

    Of half the images that smoke scale has, in a sixth of the splits.
    """
    folder = tmp_path_factory.mktemp("chapter")
    with pytest.MonkeyPatch.context() as patch:
        smaller = replace(SCALES["smoke"], train_images=128, validation_images=72)
        patch.setitem(SCALES, "smoke", smaller)
        patch.setattr("chapters.ch4_2.SPLITS", 4)
        printed = run_chapter(folder, "first")
        patch.setattr(train, "_train", lambda *_: pytest.fail("trained a finished run again"))
        run_chapter(folder, "second")
    return folder, printed


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.slow
class TestChapter:
    def test_files(self, chapter):
        folder, printed = chapter
        figures = [f"figure_{n}.{x}" for n in (20, 21, 22, 57, 58, 59, 60) for x in ("png", "svg")]
        expected = {*figures, "table_3.csv", "table_3_rounded_up.csv"}
        expected |= {"claims.json", "manifest.json"}
        expected.add("research_questions.json")
        assert {path.name for path in (folder / "first" / "4.2").iterdir()} == expected
        assert f"18 files in {folder / 'first' / '4.2'}" in printed

    def test_figures_say_that_they_are_no_replication(self, chapter):
        folder, _ = chapter
        runs = sorted(path.parent.name for path in (folder / "runs").rglob("DONE"))
        assert len(runs) == 3
        for path in (folder / "first" / "4.2").glob("*.svg"):
            text = path.read_text(encoding="utf-8")
            assert "scale smoke" in text
            assert "MNIST (official files)" in text
            shown = [run for run in runs if run in text]
            assert len(shown) == (3 if path.stem == "figure_20" else 1)  # its own, no other

    def test_table_3(self, chapter):
        folder, _ = chapter
        with (folder / "first" / "4.2" / "table_3.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["reading"] for row in rows] == ["as written", "as run", "reported"] * 3
        assert [row["scale"] for row in rows] == ["smoke", "smoke", "thesis"] * 3
        ours = "MNIST (official files)"
        assert [row["data"] for row in rows] == [ours, ours, "thesis"] * 3
        measured = [row for row in rows if row["reading"] != "reported"]
        assert all(np.isfinite(float(row[key])) for row in measured for key in list(row)[2:7])

    def test_rounding_up_concerns_factor_3_alone(self, chapter):  # erratum E09
        folder, _ = chapter
        results = folder / "first" / "4.2"
        written = pd.read_csv(results / "table_3.csv").query("reading == 'as written'")
        rounded_up = pd.read_csv(results / "table_3_rounded_up.csv")
        means = [table["deactivated_mean"].to_numpy() for table in (written, rounded_up)]
        same = np.equal(*means)
        assert same.tolist() == [True, True, False]

    def test_other_readings_stand_where_the_errata_say(self, chapter, not_shown):
        folder, _ = chapter
        assert not_shown("4.2", folder / "first" / "4.2") == []

    def test_claims_prove_the_path(self, chapter):
        folder, printed = chapter
        claims = read_json(folder / "first" / "4.2" / "claims.json")
        assert [claim["id"] for claim in claims] == CLAIMS
        assert {claim["verdict"] for claim in claims} == {"path only"}
        as_run = [claim["id"] for claim in claims if "as run" in claim["readings"]]
        assert len(as_run) == 4  # Table 3, and what follows from it
        assert printed.count("path only") == len(CLAIMS) + len(as_run)

    def test_manifest_digests_match(self, chapter):
        folder, _ = chapter
        results = folder / "first" / "4.2"
        manifest = read_json(results / "manifest.json")
        assert len(manifest["files"]) == 18
        for name, digest in manifest["files"].items():
            assert sha256((results / name).read_bytes()).hexdigest() == digest
        assert manifest["stand_in"] is False
        assert {run["epochs"] for run in manifest["runs"].values()} == {2}
        assert list(manifest["runs"]) == list(VLAES)

    def test_loaded_models_give_the_same_bytes(self, chapter):
        folder, _ = chapter
        first = read_json(folder / "first" / "4.2" / "manifest.json")
        second = read_json(folder / "second" / "4.2" / "manifest.json")
        assert first["files"] == second["files"]
        assert first["runs"] == second["runs"]


# --- With several seeds ---


@pytest.mark.long
@pytest.mark.usefixtures("_few_digits")
def test_the_chapter_with_two_seeds(tmp_path, monkeypatch):
    """From nothing: results of each, the judgement over them, Figure 20 with both; then done."""
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 128, 64, 1, 2e11, 32))
    folders = [f"--{name}={tmp_path / name}" for name in ("data-dir", "runs-dir", "out")]
    arguments = ["4.2", "--scale", "smoke", "--seeds", "3,8", *folders]
    result = CliRunner().invoke(main, ["chapter", *arguments])
    assert result.exit_code == 0, result.output
    assert "Section 4.2 over seeds 3, 8:" in result.stdout
    assert "path only, over 2 seeds" in result.stdout
    first, second = (tmp_path / "out" / place for place in ("4.2", "seed-8/4.2"))
    shown = [read_json(folder / "manifest.json")["seeds"] for folder in (first, second)]
    assert shown == [[3, 8], [8]]
    titles = [(folder / "figure_20.svg").read_text() for folder in (first, second)]
    assert ["of 2 seeds" in title for title in titles] == [True, False]
    runs = [read_json(folder / "manifest.json")["runs"] for folder in (first, second)]
    assert all(runs[0][name]["run_id"] != runs[1][name]["run_id"] for name in VLAES)
    plan = CliRunner().invoke(main, ["plan", *arguments])
    assert "0 of 9 jobs to do" in plan.stdout
    more = CliRunner().invoke(main, ["plan", *arguments[:-4], "3,8,9", *folders])
    assert "5 of 13 jobs to do" in more.stdout  # the first seed's, too, for its figure
