"""What a chapter script works with: models and images once each, files with their origin."""

import csv
import json
from dataclasses import replace
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from thesis_repro import provenance
from thesis_repro.analysis.tables import table_of
from thesis_repro.models.zoo import model
from thesis_repro.plots.figures import new_figure
from thesis_repro.progress import TrainingProgress
from thesis_repro.section import chapter as chapter_module
from thesis_repro.section import workspace as module
from thesis_repro.section.answers import render
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.declarations import figure, numbers, table
from thesis_repro.section.workspace import Workspace
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.training.configuration import TrainingOptions
from thesis_repro.training.devices import device_name
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.verdicts.judgements import Measurement, Verdict

FACTOR_1, FACTOR_2 = "mnist-vlae-factor-1", "mnist-vlae-factor-2"
RUN_IDS = {FACTOR_1: "0123456789ab", FACTOR_2: "ba9876543210"}
MNIST = "mnist, tested"


@pytest.fixture
def calls(monkeypatch):
    """Stand-ins for reading and training that count how often they are asked."""
    made = {"images": [], "trained": []}

    def open_manifest(dataset, data_dir, stand_in):
        return SimpleNamespace(description=f"{dataset}, tested", is_stand_in=stand_in, part="")

    def load_images(spec, data_dir, schedule, *, stand_in):
        made["images"].append(spec.id)
        empty = np.zeros((0, 28, 28, 1), dtype=np.uint8)
        return ImageData(empty, empty, f"{spec.dataset.value}, read", "f" * 64, stand_in)

    def train_or_load(spec, data, options, runs_dir, progress):
        made["trained"].append((spec.id, data.description, options.seed, runs_dir.name))
        config = SimpleNamespace(run_id=RUN_IDS[spec.id], values={"epochs": 3})
        recorded = {"device": ["NVIDIA H200"], "batch_norm_momentum": []}
        run = SimpleNamespace(config=config, recorded=recorded.get)
        return TrainedModel(spec, run, [{"epoch": 1.0}] * 3, SimpleNamespace())

    monkeypatch.setattr(module, "open_manifest", open_manifest)
    monkeypatch.setattr(module, "load_images", load_images)
    monkeypatch.setattr("thesis_repro.training.train.train_or_load", train_or_load)
    return made


@pytest.fixture
def chapter(tmp_path, calls):
    options = TrainingOptions(SCALES["quick"], seed=5)
    folders = {"data_dir": tmp_path / "data", "runs_dir": tmp_path / "runs", "out": tmp_path / "o"}
    progress = TrainingProgress(quiet=True)
    return Chapter("4.2", Workspace(**folders, options=options, stand_in=True, progress=progress))


# --- Functions that declare what they make ---


@figure(20, models=RUN_IDS)
def curves(chapter, shown):
    return new_figure(2, 2)


@figure(21, models=(FACTOR_2,), data="celeba", shows_pictures=False)
def other_data(chapter, shown):
    return new_figure(2, 2)


@figure(15, data="mnist")
def digits(chapter, shown):
    return new_figure(2, 2)


@table(3, models=(FACTOR_1,))
def losses(chapter, shown):
    return pd.DataFrame([{"model": "a", "p": 0.25}, {"model": "b", "p": "< 0.001"}])


def written(chapter, name):
    return (chapter.folder / name).read_text(encoding="utf-8")


def read_json(chapter, name):
    return json.loads(written(chapter, name))


def csv_rows(chapter, name):
    with (chapter.folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# --- Models, images and random numbers ---


def test_a_model_and_its_images_are_made_once(chapter, calls):
    first = chapter.trained(FACTOR_1)
    assert chapter.trained(FACTOR_1) is first
    chapter.images(FACTOR_1)
    assert calls["images"] == [FACTOR_1]
    assert calls["trained"] == [(FACTOR_1, "mnist, read", 5, "runs")]


def test_random_numbers_are_of_section_seed_and_purpose_alone(chapter):
    assert chapter.seed("draws", 1) == derive_seed(5, "4.2", "draws", 1)
    drawn = chapter.rng("draws", 1).random(4)
    expected = np.random.default_rng(derive_seed(5, "4.2", "draws", 1)).random(4)
    np.testing.assert_array_equal(drawn, expected)
    assert not np.array_equal(drawn, chapter.rng("draws", 2).random(4))


def test_how_much_is_computed_goes_by_scale(chapter):
    assert chapter.at_scale({"paper": 1_000, "quick": 96, "smoke": 16}) == 96


# --- The line under a figure ---


def test_origin_names_scale_data_seed_and_runs(chapter):
    for name in RUN_IDS:
        chapter.trained(name)
    assert chapter.origin == (
        "thesis-repro chapter 4.2 · scale quick · mnist, tested · seed 5 · float32 · "
        "runs 0123456789ab, ba9876543210"
    )


@pytest.mark.parametrize(
    ("scale", "caution"),
    [
        ("paper", ""),
        ("quick", ""),
        ("smoke", "untrained: proves the path"),
        ("untrained", "untrained: a control"),
    ],
)
def test_figures_of_networks_of_a_few_updates_say_so_first(chapter, scale, caution):
    options = TrainingOptions(SCALES[scale])
    chapter.workspace = replace(chapter.workspace, options=options)
    for name in RUN_IDS:
        chapter.trained(name)
    chapter.emit(curves)
    start = f">{caution} · thesis-repro chapter 4.2" if caution else ">thesis-repro chapter 4.2"
    assert f"{start} · scale {scale}" in written(chapter, "figure_20.svg")


def test_no_figure_without_a_network_is_called_untrained(chapter):
    chapter.workspace = replace(chapter.workspace, options=TrainingOptions(SCALES["smoke"]))
    chapter.emit(digits)
    assert "untrained" not in written(chapter, "figure_15.svg")


def test_origin_names_another_precision(chapter, tmp_path):
    options = TrainingOptions(SCALES["paper"], precision="mixed_bfloat16")
    workspace = Workspace(tmp_path, tmp_path, tmp_path, options, False, TrainingProgress(True))
    other = Chapter("4.2", workspace)
    other.trained(FACTOR_1)
    assert " · seed 0 · mixed_bfloat16 · runs " in other.origin


def test_figures_lie_in_the_sections_folder_with_their_origin(chapter):
    chapter.trained(FACTOR_1)
    chapter.emit(curves)
    assert [path.name for path in chapter.files] == ["figure_20.png", "figure_20.svg"]
    assert all(path.parent == chapter.folder for path in chapter.files)
    assert chapter.folder.name == "4.2"
    assert chapter.origin in written(chapter, "figure_20.svg")


def test_a_figure_of_some_models_names_their_runs_and_its_data_alone(chapter):
    for name in RUN_IDS:
        chapter.trained(name)
    chapter.emit(other_data)
    line = "· scale quick · celeba, tested · seed 5 · float32 · runs ba9876543210<"
    assert line in written(chapter, "figure_21.svg")


def test_a_figure_of_no_model_has_neither_scale_nor_precision_nor_runs(chapter):
    for name in RUN_IDS:
        chapter.trained(name)

    @figure(55, data=(), note="made images")
    def made(chapter, shown):
        return new_figure(2, 2)

    chapter.emit(made)
    line = "thesis-repro chapter 4.2 · made images · seed 5<"
    assert line in written(chapter, "figure_55.svg")


def test_a_note_follows_the_data(chapter):
    @figure(
        21, models=(FACTOR_1,), data=("mnist", "celeba"), note="made images", shows_pictures=False
    )
    def noted(chapter, shown):
        return new_figure(2, 2)

    chapter.emit(noted)
    assert "· celeba, tested, mnist, tested, made images · seed 5 · float32<" in written(
        chapter, "figure_21.svg"
    )


# --- What a function is asked to make ---


def test_a_function_is_asked_for_each_of_its_declarations_in_each_reading(chapter):
    asked = []

    @figure(57, models=(FACTOR_1,), readings=Reading)
    @figure("21_a", models=(FACTOR_2,), readings=(Reading.RUN,))
    def made(given, shown, words):
        asked.append((given, shown.declaration.name, shown.model, shown.reading, words))
        return new_figure(2, 2)

    chapter.emit(made, "words")
    assert asked == [
        (chapter, "57", FACTOR_1, Reading.WRITTEN, "words"),
        (chapter, "57", FACTOR_1, Reading.RUN, "words"),
        (chapter, "21_a", FACTOR_2, Reading.RUN, "words"),
    ]
    names = [path.name for path in chapter.files if path.suffix == ".png"]
    assert names == ["figure_57.png", "figure_57_as_run.png", "figure_21_a_as_run.png"]


def test_what_has_nothing_to_show_at_this_scale_is_not_written(chapter):
    @figure(19, models=(FACTOR_1,), readings=Reading)
    def made(chapter, shown):
        return new_figure(2, 2) if shown.reading is Reading.WRITTEN else None

    chapter.emit(made)
    assert [path.name for path in chapter.files] == ["figure_19.png", "figure_19.svg"]


def test_models_and_data_are_those_of_the_scale(chapter, monkeypatch):
    """Smoke scale may leave out models: what they are trained on is not there either."""
    monkeypatch.setattr(chapter_module, "models_of", lambda section, scale: (FACTOR_1,))
    shown_models = []

    @numbers("shares", models=(FACTOR_1, "celeba-vlae"))
    def shares(chapter, shown):
        shown_models.append(shown.models)
        return pd.DataFrame([{"mean": 1.5}])

    chapter.emit(shares)
    chapter.compute(shares)
    assert shown_models == [(FACTOR_1,)] * 2
    assert [row["data"] for row in csv_rows(chapter, "shares.csv")] == [MNIST]


# --- Tables ---


def test_every_row_of_a_table_carries_scale_and_data(chapter):
    chapter.emit(losses)
    (path,) = chapter.files
    assert path.name == "table_3.csv"
    rows = csv_rows(chapter, "table_3.csv")
    assert list(rows[0]) == ["model", "p", "scale", "data"]
    assert [(row["model"], row["p"]) for row in rows] == [("a", "0.25"), ("b", "< 0.001")]
    assert {(row["scale"], row["data"]) for row in rows} == {("quick", MNIST)}
    assert b"\r" not in path.read_bytes()


def test_reported_rows_are_the_thesiss(chapter):
    @table(3, models=(FACTOR_1,))
    def both(chapter, shown):
        return pd.DataFrame({"reading": [*Reading, REPORTED], "p": [1, 2, 3]})

    chapter.emit(both)
    rows = [tuple(row.values()) for row in csv_rows(chapter, "table_3.csv")]
    assert rows == [
        ("as written", "1", "quick", MNIST),
        ("as run", "2", "quick", MNIST),
        ("reported", "3", "thesis", "thesis"),
    ]


def test_nan_is_undefined_in_a_table_and_none_is_empty(chapter):
    @table(3, models=(FACTOR_1,))
    def both(chapter, shown):
        records = [{"reading": own, "p": np.nan} for own in (*Reading, REPORTED)]
        return table_of([*records, {"reading": "as written"}])

    chapter.emit(both)
    assert [row["p"] for row in csv_rows(chapter, "table_3.csv")] == ["undefined"] * 2 + [""] * 2


def test_numbers_without_a_number_of_the_thesis_have_a_name(chapter):
    @numbers("kl_divergences", models=(FACTOR_1,))
    def divergences(chapter, shown):
        return pd.DataFrame([{"mean": 1.5}])

    @numbers("shares", models=(FACTOR_1,), data="celeba")
    def shares(chapter, shown, mean):
        return pd.DataFrame([{"mean": mean}])

    chapter.emit(divergences)
    table = chapter.compute(shares, 2.5)
    assert [path.name for path in chapter.files] == ["kl_divergences.csv", "shares.csv"]
    assert '1.5,quick,"mnist, tested"' in written(chapter, "kl_divergences.csv")
    assert '2.5,quick,"celeba, tested"' in written(chapter, "shares.csv")
    assert table.to_dict("list") == {"mean": [2.5]}  # as computed, unmarked


# --- Answers and claims ---

SPARSENESS = {
    "models": ["MNIST-VLAE"],
    "variance_kept": [0.5],
    "loss_ratios": [5.25],
    "largest_p": 0.0001,
    "replacement": "mean values",
    "corrected": True,
}


def test_answers_stand_with_their_questions_and_once_in_the_manifest(chapter, monkeypatch):
    monkeypatch.setattr(chapter_module, "render", lambda *given: str(given))
    chapter.answer("RQ3", share=0.5)
    chapter.answer("RQ1", share=0.25)
    entries = read_json(chapter, "research_questions.json")
    assert (entries["scale"], entries["data"]) == ("quick", MNIST)
    assert [(entry["number"], entry["answer"]) for entry in entries["rq"]] == [
        ("RQ3", "('4.2', 'RQ3', {'share': 0.5})"),
        ("RQ1", "('4.2', 'RQ1', {'share': 0.25})"),
    ]
    assert "categorical" in entries["rq"][0]["question"]
    assert [path.name for path in chapter.files] == ["research_questions.json"]


def test_the_words_of_an_answer_are_those_of_the_sections_template(chapter):
    chapter.answer("RQ1", **SPARSENESS)
    (entry,) = read_json(chapter, "research_questions.json")["rq"]
    assert entry["answer"] == render("4.2", "RQ1", SPARSENESS)
    assert "In MNIST-VLAE it holds 50% of the variance" in entry["answer"]


def test_under_other_readings_each_claim_and_answer_names_them(chapter):
    chapter.workspace = replace(chapter.workspace, readings=("E04", "E10"))
    chapter.judge([])
    claims = read_json(chapter, "claims.json")
    assert {tuple(one["other_readings"]) for one in claims} == {("E04", "E10")}
    chapter.answer("RQ1", **SPARSENESS)
    (entry,) = read_json(chapter, "research_questions.json")["rq"]
    assert entry["answer"].startswith("Under the other reading of E04 and E10: (b) No: without")


def test_claims_without_a_measurement_are_not_run(chapter):
    measured = Measurement("4.2-best-epoch", {"best_epoch": [26, 39, 52]})
    verdicts = {one.claim.id: one.verdict for one in chapter.judge([measured])}
    assert verdicts.pop("4.2-best-epoch") is Verdict.PATH_ONLY  # stand-in
    assert set(verdicts.values()) == {Verdict.NOT_RUN}
    claims = read_json(chapter, "claims.json")
    assert [one["id"] for one in claims] == [claim.id for claim in load_claims("4.2")]
    assert len(claims) == 1 + len(verdicts)
    assert {(one["scale"], one["data"]) for one in claims} == {("quick", MNIST)}


def test_the_data_of_a_claim_are_those_of_its_models(chapter, monkeypatch):
    """A claim on dSprites can be replicated where the section's other data are stand-ins."""

    def open_manifest(dataset, data_dir, stand_in):
        is_stand_in = dataset != "dsprites"
        return SimpleNamespace(description=dataset, is_stand_in=is_stand_in, part="")

    monkeypatch.setattr(module, "open_manifest", open_manifest)
    options = TrainingOptions(SCALES["paper"])
    other = Chapter("4.4", replace(chapter.workspace, options=options))
    loss = {"loss": 21.638, "reconstruction": 6.375, "kl": 15.264}
    judgements = {one.claim.id: one for one in other.judge([Measurement("4.4-dim6-loss", loss)])}
    assert judgements["4.4-dim6-loss"].verdict is Verdict.REPLICATED
    assert {one.data for one in judgements.values()} == {"dsprites", "mnist", "celeba"}
    for one in judgements.values():
        assert {model(name).dataset.value for name in one.claim.models} == {one.data}


def test_a_claim_on_a_part_of_the_data_proves_the_path(chapter, monkeypatch):
    """Official images, at the thesis's scale, but not all of them."""
    part = "55,013 of 737,280 images of dSprites"

    def open_manifest(dataset, data_dir, stand_in):
        words = part if dataset == "dsprites" else ""
        return SimpleNamespace(description=dataset, is_stand_in=False, part=words)

    monkeypatch.setattr(module, "open_manifest", open_manifest)
    options = TrainingOptions(SCALES["paper"])
    other = Chapter("4.4", replace(chapter.workspace, options=options, stand_in=False))
    loss = {"loss": 21.638, "reconstruction": 6.375, "kl": 15.264}
    judgements = {one.claim.id: one for one in other.judge([Measurement("4.4-dim6-loss", loss)])}
    judgement = judgements["4.4-dim6-loss"]
    assert judgement.verdict is Verdict.PATH_ONLY
    assert f"as the data are but a part ({part});" in judgement.why


def test_a_claim_on_networks_of_another_precision_is_an_indication(chapter):
    options = TrainingOptions(SCALES["paper"], precision="tensorfloat32")
    workspace = replace(chapter.workspace, options=options, stand_in=False)
    loss = {"loss": 21.638, "reconstruction": 6.375, "kl": 15.264}
    judged = Chapter("4.4", workspace).judge([Measurement("4.4-dim6-loss", loss)])
    (judgement,) = (one for one in judged if one.claim.id == "4.4-dim6-loss")
    assert judgement.verdict is Verdict.HOLDS
    assert "as the precision is tensorfloat32, not float32." in judgement.why


def test_a_claim_on_all_other_models_is_of_those_that_are_there(chapter):
    other = Chapter("4.1", chapter.workspace)
    other.others = dict.fromkeys(("mnist-vae", "celeba-vae", "celeba-vlae"))
    judgements = {one.claim.id: one for one in other.judge([])}
    assert judgements["4.1-none-elsewhere"].data == "celeba, tested, mnist, tested"
    assert judgements["4.1-vae-no-gabor"].data == "imagenet, tested"


# --- Runs and the manifest ---


def test_a_finished_run_is_found_without_reading_images_and_stands_in_the_manifest(
    chapter, calls, monkeypatch
):
    monkeypatch.setattr(module, "Identity", SimpleNamespace(of=lambda *_: "identity"))
    config = RunConfig("mnist-vae", {"epochs": 7})
    monkeypatch.setattr(module, "run_config", lambda spec, identity, options: config)
    assert chapter.finished("mnist-vae") is None
    run = RunFolder(chapter.workspace.runs_dir, config)
    run.path.mkdir(parents=True)
    (run.path / "DONE").write_text("{}")
    assert chapter.finished("mnist-vae").path == run.path
    assert not calls["trained"]
    assert not calls["images"]
    chapter.write_manifest()
    manifest = read_json(chapter, "manifest.json")
    run = {
        "run_id": config.run_id,
        "epochs": 7,
        "devices": [],
        "batch_norm_momentum": [],
    }  # of before devices were named
    assert manifest["runs"] == {"mnist-vae": run}
    assert manifest["device"] == provenance.processor()


def test_without_data_no_run_is_finished(chapter, monkeypatch):
    monkeypatch.undo()  # the real manifests, of which there are none
    assert chapter.finished("mnist-vae") is None


def test_manifest_tells_what_made_the_files_and_their_digests(chapter):
    chapter.trained(FACTOR_1)
    chapter.emit(losses)
    chapter.emit(curves)
    chapter.judge([])
    chapter.write_manifest()
    manifest = read_json(chapter, "manifest.json")
    names = ["table_3.csv", "figure_20.png", "figure_20.svg", "claims.json"]
    assert manifest["files"] == {
        name: sha256((chapter.folder / name).read_bytes()).hexdigest() for name in names
    }
    run = {
        "run_id": "0123456789ab",
        "epochs": 3,
        "devices": ["NVIDIA H200"],
        "batch_norm_momentum": [],
    }
    assert manifest["runs"] == {FACTOR_1: run}
    assert manifest["precision"] == "float32"
    assert manifest["device"] == device_name()
    assert manifest["section"] == "4.2"
    assert manifest["scale"] == "quick"
    assert manifest["data"] == MNIST
    assert manifest["stand_in"] is True
    assert manifest["seed"] == 5
    assert {"python", "keras", "numpy"} <= manifest["versions"].keys()
    assert sorted(path.name for path in chapter.folder.iterdir()) == sorted(
        [*names, "manifest.json"]
    )


def test_a_released_model_still_names_its_run(chapter):
    chapter.trained(FACTOR_1)
    origin = chapter.origin
    assert "0123456789ab" in origin
    chapter.release(FACTOR_1)
    assert chapter.trained(FACTOR_1).model is None
    assert chapter.origin == origin
    chapter.emit(curves)
    assert origin in written(chapter, "figure_20.svg")
    chapter.write_manifest()
    (run,) = read_json(chapter, "manifest.json")["runs"].items()
    assert (run[0], run[1]["run_id"]) == (FACTOR_1, "0123456789ab")


# --- Further seeds ---


def finish(monkeypatch, losses):
    """Finished runs of factor-1 with one epoch, by seed, wherever they lie."""

    def finished(workspace, model_id):
        seed = workspace.options.seed
        if model_id != FACTOR_1 or seed not in losses:
            return None
        rows = [{"epoch": 1.0, "loss": losses[seed], "val_loss": losses[seed]}]
        return SimpleNamespace(is_done=losses[seed] is not None, read_history=lambda: rows)

    monkeypatch.setattr(Workspace, "finished", finished)


def further(out, seed, **changes):
    """The manifest of the section's results with a further seed."""
    manifest = {
        "section": "4.2", "created": "", "commit": None, "scale": "quick", "data": MNIST,
        "stand_in": True, "seed": seed, "precision": "float32", "runs": {}, "files": {},
        "versions": {},
    }  # fmt: skip
    folder = out / f"seed-{seed}" / "4.2"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def test_runs_of_further_seeds_are_those_whose_results_lie_beside(chapter, monkeypatch):
    finish(monkeypatch, {5: 5.0, 6: 6.0, 7: 7.0, 9: 9.0, 10: None})
    for seed in (9, 6, 8, 10):  # not 7; 8 has no run, that of 10 has still to be downloaded
        further(chapter.workspace.out, seed)
    runs = chapter.further_runs(FACTOR_1)
    assert [run.read_history()[0]["loss"] for run in runs] == [6.0, 9.0]
    assert chapter.seeds_shown == {5, 6, 9}


def test_tables_of_further_seeds_are_those_that_their_manifests_list(chapter, caplog):
    files = {
        6: "share,scale\n0.5,quick\nundefined,quick\n",
        7: "share,scale\n0.25,quick\n",
        8: None,
        9: "part,scale\n0.25,quick\n",
    }
    for seed, content in files.items():
        further(chapter.workspace.out, seed)
        folder = chapter.workspace.out / f"seed-{seed}" / "4.2"
        if content:
            (folder / "shares.csv").write_text(content)
            is_listed = seed != 7
            digest = sha256(content.encode()).hexdigest() if is_listed else "another"
            manifest = json.loads((folder / "manifest.json").read_text())
            manifest["files"] = {"shares.csv": digest}
            (folder / "manifest.json").write_text(json.dumps(manifest))

    @numbers("shares", models=(FACTOR_1,))
    def shares(chapter, shown): ...

    (table,) = chapter.further_tables(shares, pd.DataFrame({"share": [0.75]}))
    np.testing.assert_array_equal(table["share"], [0.5, np.nan])
    assert chapter.seeds_shown == {5, 6}
    for seed in (7, 8):  # not the one that is listed; not there
        assert f"seed-{seed}/4.2/shares.csv is not as it was made: not shown." in caplog.text
    assert "seed-9/4.2/shares.csv has no share: not shown." in caplog.text  # an older version


@pytest.mark.parametrize(
    "changes",
    [{"scale": "smoke"}, {"section": "4.3"}, {"precision": "tensorfloat32"}, {"data": "else"}],
)
def test_results_that_do_not_count_are_not_shown(chapter, monkeypatch, changes):
    finish(monkeypatch, {6: 6.0})
    further(chapter.workspace.out, 6, **changes)
    assert chapter.further_runs(FACTOR_1) == []
    assert chapter.seeds_shown == {5}


def test_the_manifest_says_which_seeds_are_shown(chapter):
    chapter.write_manifest()
    path = chapter.folder / "manifest.json"
    assert "seeds" not in json.loads(path.read_text())
    chapter.seeds_shown |= {9, 5}
    chapter.write_manifest()
    assert json.loads(path.read_text())["seeds"] == [5, 9]
