"""Section 3.4: Table 2 cell by cell, and the two figures of structures."""

import csv
import json

import pytest

from appendix_architectures.listings import golden
from chapters.ch3_4 import COLUMNS, listed, run
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.workspace import Workspace
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training.scale import SCALES
from thesis_repro.training.train import TrainingOptions


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    """The chapter, run once; it needs no data."""
    folder = tmp_path_factory.mktemp("chapter")
    options = TrainingOptions(SCALES["paper"])
    workspace = Workspace(folder, folder, folder / "out", options, False, TrainingProgress(True))
    chapter = Chapter("3.4", workspace)
    assert run(chapter) == []
    return chapter


@pytest.fixture(scope="module")
def rows(chapter):
    """Rows of Table 2 by model and reading."""
    with (chapter.folder / "table_2.csv").open(newline="", encoding="utf-8") as file:
        return {(row["model"], row["reading"]): row for row in csv.DictReader(file)}


def test_files(chapter):
    names = {f"figure_{number}.{x}" for number in (16, 17) for x in ("png", "svg")}
    expected = {*names, "table_2.csv", "claims.json", "manifest.json"}
    assert {path.name for path in chapter.folder.iterdir()} == expected
    manifest = json.loads((chapter.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["data"] == ""
    assert manifest["stand_in"] is False


# --- Table 2 ---


def test_two_readings_of_each_of_the_22_models_in_order(rows):
    models = [spec.id for spec in MODELS.values() if spec.in_table_2]
    expected = [(model, reading) for model in models for reading in ("as written", "reported")]
    assert list(rows) == expected
    assert len(models) == 22


def test_a_row_by_hand(rows):
    reported = rows["celeba-vlae", "reported"]
    assert [reported[column] for column in COLUMNS] == [
        *("CelebA-VLAE", "CelebA", "128 × 128 × 3", "2,2,2", "10,000", "1"),
        f"{golden(15)['total_params'] + golden(16)['total_params']:,}",
    ]
    classifier = rows["alexnet-classifier", "as written"]
    assert classifier["latent space size"] == classifier["reconstruction term weight"] == "–"
    assert rows["dsprites-vae", "as written"]["parameters"] == f"{2_954_612 + 6_912_385:,}"


def test_where_ours_differ_from_the_printed_cells(rows):
    differences = {
        (model, column)
        for model in MODELS
        for column in COLUMNS
        if (model, "reported") in rows
        and rows[model, "reported"][column] != rows[model, "as written"][column]
    }
    assert differences == {
        ("mnist-vae", "input/output size"),  # E01
        # Names that are printed with brackets or without the hyphen.
        ("dsprites-vae", "model name"),
        ("mnist-vlae-factor-1", "model name"),
        ("alexnet-vae", "model name"),
        # Other latent sizes than the listing's: no total is printed.
        ("dsprites-vae-dim6", "parameters"),
        ("dsprites-vlae-dim2", "parameters"),
    }
    assert rows["mnist-vae", "as written"]["input/output size"] == "28 × 28 × 3"


def test_errata_stand_beside_our_rows(rows):
    assert "input/output size: E01;" in rows["mnist-vae", "as written"]["errata"]
    assert "reconstruction term weight: E03;" in rows["celeba-vae", "as written"]["errata"]
    assert (
        "feature map reduction factor: E43;" in rows["mnist-vlae-factor-2", "as written"]["errata"]
    )
    known = load_errata()
    for (_, reading), row in rows.items():
        ids = row["errata"].replace(";", " ").split()
        if reading == "reported":
            assert ids == []
        assert all(word in known for word in ids if word[0] == "E" and word[1:].isdigit())


def test_reported_rows_are_the_thesiss_and_ours_need_neither_scale_nor_data(rows):
    for (_, reading), row in rows.items():
        expected = ("thesis", "thesis") if reading == "reported" else ("", "")
        assert (row["scale"], row["data"]) == expected


# --- Figures 16 and 17 ---


@pytest.mark.parametrize(("number", "listings"), [(16, (1, 2)), (17, (7, 8))])
def test_figures_name_every_box_of_their_networks(chapter, number, listings):
    text = (chapter.folder / f"figure_{number}.svg").read_text(encoding="utf-8")
    for listing in listings:
        assert f"Listing {listing})" in text
        assert all(f">{block.title}</text>" in text for block in listed(listing).blocks)
    assert "(Eq. 44)" in text
    assert "thesis-repro chapter 3.4 · seed 0" in text
