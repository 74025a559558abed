"""What a chapter script works with: models and images once each, files with their origin."""

import csv
import json
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thesis_repro.plots.figures import new_figure
from thesis_repro.progress import TrainingProgress
from thesis_repro.section import workspace as module
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.workspace import Workspace
from thesis_repro.seeds import derive_seed
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES
from thesis_repro.training.train import TrainedModel, TrainingOptions
from thesis_repro.verdicts.judgements import Measurement, Verdict

RUN_IDS = {"mnist-vlae-factor-1": "0123456789ab", "mnist-vlae-factor-2": "ba9876543210"}


@pytest.fixture
def calls(monkeypatch):
    """Stand-ins for reading and training that count how often they are asked."""
    made = {"images": [], "trained": []}

    def load_images(spec, data_dir, schedule, *, stand_in):
        made["images"].append(spec.id)
        empty = np.zeros((0, 28, 28, 1), dtype=np.uint8)
        return ImageData(empty, empty, f"{spec.dataset.value}, tested", "f" * 64, stand_in)

    def train_or_load(spec, data, options, runs_dir, progress):
        made["trained"].append((spec.id, data.description, options.seed, runs_dir.name))
        config = SimpleNamespace(run_id=RUN_IDS[spec.id], values={"epochs": 3})
        run = SimpleNamespace(config=config)
        return TrainedModel(spec, run, [{"epoch": 1.0}] * 3, SimpleNamespace())

    monkeypatch.setattr(module, "load_images", load_images)
    monkeypatch.setattr(module, "train_or_load", train_or_load)
    return made


@pytest.fixture
def chapter(tmp_path, calls):
    options = TrainingOptions(SCALES["quick"], seed=5)
    folders = {"data_dir": tmp_path / "data", "runs_dir": tmp_path / "runs", "out": tmp_path / "o"}
    progress = TrainingProgress(quiet=True)
    return Chapter("4.2", Workspace(**folders, options=options, stand_in=True, progress=progress))


def test_a_model_and_its_images_are_made_once(chapter, calls):
    first = chapter.trained("mnist-vlae-factor-1")
    assert chapter.trained("mnist-vlae-factor-1") is first
    chapter.images("mnist-vlae-factor-1")
    assert calls["images"] == ["mnist-vlae-factor-1"]
    assert calls["trained"] == [("mnist-vlae-factor-1", "mnist, tested", 5, "runs")]


def test_random_numbers_are_of_section_seed_and_purpose_alone(chapter):
    drawn = chapter.rng("draws", 1).random(4)
    expected = np.random.default_rng(derive_seed(5, "4.2", "draws", 1)).random(4)
    np.testing.assert_array_equal(drawn, expected)
    assert not np.array_equal(drawn, chapter.rng("draws", 2).random(4))


def test_origin_names_scale_data_seed_and_runs(chapter):
    for name in RUN_IDS:
        chapter.trained(name)
    assert chapter.origin == (
        "thesis-repro chapter 4.2 · scale quick · mnist, tested · seed 5 · "
        "runs 0123456789ab, ba9876543210"
    )


def test_origin_names_another_precision(chapter, tmp_path):
    options = TrainingOptions(SCALES["paper"], precision="mixed_bfloat16")
    workspace = Workspace(tmp_path, tmp_path, tmp_path, options, False, TrainingProgress(True))
    other = Chapter("4.2", workspace)
    other.trained("mnist-vlae-factor-1")
    assert " · seed 0 · mixed_bfloat16 · runs " in other.origin


def test_figures_lie_in_the_sections_folder_with_their_origin(chapter):
    chapter.trained("mnist-vlae-factor-1")
    chapter.save_figure(20, new_figure(2, 2))
    assert [path.name for path in chapter.files] == ["figure_20.png", "figure_20.svg"]
    assert all(path.parent == chapter.folder for path in chapter.files)
    assert chapter.folder.name == "4.2"
    assert chapter.origin in chapter.files[1].read_text(encoding="utf-8")


def test_a_figure_of_some_models_names_their_runs_alone(chapter):
    for name in RUN_IDS:
        chapter.trained(name)
    chapter.save_figure(20, new_figure(2, 2), "other data", models=["mnist-vlae-factor-2"])
    written = chapter.files[1].read_text(encoding="utf-8")
    assert "· other data · seed 5 · runs ba9876543210<" in written


def test_every_row_of_a_table_carries_scale_and_data(chapter):
    chapter.images("mnist-vlae-factor-1")
    chapter.save_table(3, pd.DataFrame([{"model": "a", "p": 0.25}, {"model": "b", "p": "< 0.001"}]))
    (path,) = chapter.files
    assert path.name == "table_3.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["model", "p", "scale", "data"]
    assert [(row["model"], row["p"]) for row in rows] == [("a", "0.25"), ("b", "< 0.001")]
    assert {(row["scale"], row["data"]) for row in rows} == {("quick", "mnist, tested")}
    assert b"\r" not in path.read_bytes()


def test_numbers_without_a_number_of_the_thesis_have_a_name(chapter):
    chapter.images("mnist-vlae-factor-1")
    chapter.save_numbers("kl_divergences", pd.DataFrame([{"mean": 1.5}]))
    chapter.save_numbers("shares", pd.DataFrame([{"mean": 2.5}]), "other data")
    chapter.save_figure("27_as_run", new_figure(2, 2))
    names = ["kl_divergences.csv", "shares.csv", "figure_27_as_run.png", "figure_27_as_run.svg"]
    assert [path.name for path in chapter.files] == names
    assert '1.5,quick,"mnist, tested"' in (chapter.folder / "kl_divergences.csv").read_text()
    assert "2.5,quick,other data" in (chapter.folder / "shares.csv").read_text()


def test_answers_stand_with_their_questions_and_once_in_the_manifest(chapter):
    chapter.images("mnist-vlae-factor-1")
    chapter.answer("RQ3", "They can.")
    chapter.answer("RQ1", "Hardly.")
    written = json.loads((chapter.folder / "research_questions.json").read_text(encoding="utf-8"))
    assert (written["scale"], written["data"]) == ("quick", "mnist, tested")
    assert [(entry["number"], entry["answer"]) for entry in written["rq"]] == [
        ("RQ3", "They can."),
        ("RQ1", "Hardly."),
    ]
    assert "categorical" in written["rq"][0]["question"]
    assert [path.name for path in chapter.files] == ["research_questions.json"]


def test_claims_without_a_measurement_are_not_run(chapter):
    chapter.images("mnist-vlae-factor-1")
    measured = Measurement("4.2-best-epoch", {"best_epoch": [26, 39, 52]})
    verdicts = {one.claim.id: one.verdict for one in chapter.judge([measured])}
    assert verdicts.pop("4.2-best-epoch") is Verdict.NOT_COMPARABLE  # another scale, stand-in
    assert set(verdicts.values()) == {Verdict.NOT_RUN}
    assert len(verdicts) == 5
    written = json.loads((chapter.folder / "claims.json").read_text(encoding="utf-8"))
    assert [one["id"] for one in written] == ["4.2-best-epoch", *verdicts]
    assert {(one["scale"], one["data"]) for one in written} == {("quick", "mnist, tested")}


def test_a_finished_run_is_found_without_reading_images_and_stands_in_the_manifest(
    chapter, calls, monkeypatch
):
    monkeypatch.setattr(module, "Identity", SimpleNamespace(of=lambda *_: "identity"))
    monkeypatch.setattr(module, "open_manifest", lambda *_: "manifest")
    config = RunConfig("mnist-vae", {"epochs": 7})
    monkeypatch.setattr(module, "run_config", lambda spec, identity, options: config)
    assert chapter.finished("mnist-vae") is None
    run = RunFolder(chapter.workspace.runs_dir, config)
    run.path.mkdir(parents=True)
    (run.path / "DONE").write_text("{}")
    assert chapter.finished("mnist-vae").path == run.path
    assert not calls["trained"]
    chapter.write_manifest()
    manifest = json.loads((chapter.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["runs"] == {"mnist-vae": {"run_id": config.run_id, "epochs": 7}}


def test_without_data_no_run_is_finished(chapter):
    assert chapter.finished("mnist-vae") is None


def test_manifest_tells_what_made_the_files_and_their_digests(chapter):
    chapter.trained("mnist-vlae-factor-1")
    chapter.save_table(3, pd.DataFrame([{"a": 1}]))
    chapter.save_figure(20, new_figure(2, 2))
    chapter.judge([])
    chapter.write_manifest()
    manifest = json.loads((chapter.folder / "manifest.json").read_text(encoding="utf-8"))
    names = ["table_3.csv", "figure_20.png", "figure_20.svg", "claims.json"]
    assert manifest["files"] == {
        name: sha256((chapter.folder / name).read_bytes()).hexdigest() for name in names
    }
    assert manifest["runs"] == {"mnist-vlae-factor-1": {"run_id": "0123456789ab", "epochs": 3}}
    assert manifest["section"] == "4.2"
    assert manifest["scale"] == "quick"
    assert manifest["data"] == "mnist, tested"
    assert manifest["stand_in"] is True
    assert manifest["seed"] == 5
    assert {"python", "keras", "numpy"} <= manifest["versions"].keys()
    assert sorted(path.name for path in chapter.folder.iterdir()) == sorted(
        [*names, "manifest.json"]
    )


def test_a_released_model_still_names_its_run(chapter):
    chapter.trained("mnist-vlae-factor-1")
    origin = chapter.origin
    chapter.release("mnist-vlae-factor-1")
    assert chapter.trained("mnist-vlae-factor-1").model is None
    assert chapter.origin == origin
    chapter.write_manifest()
    manifest = json.loads((chapter.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["runs"] == {"mnist-vlae-factor-1": {"run_id": "0123456789ab", "epochs": 3}}
