"""Section 3.3: what Figures 13 to 15 show, and the whole chapter on small prepared data."""

import csv
import json

import numpy as np
import pytest

from chapters.ch3_3 import figure_15, figure_15_numbers, first_of_each_digit, run
from data_prep.content import Content, SplitContent
from data_prep.idx import read_idx
from data_prep.manifest import Feature
from data_prep.morphometry import COLUMNS, UNITS, read_csv
from data_prep.prepare import Dataset, prepare
from data_prep.reading import Split
from thesis_repro.progress import TrainingProgress
from thesis_repro.section.chapter import Chapter
from thesis_repro.section.workspace import Workspace
from thesis_repro.training.scale import SCALES
from thesis_repro.training.train import TrainingOptions

DATASETS = ("celeba", "mnist", "morpho-mnist")  # of Figures 13, 14 and 15

# --- Figure 14 ---


def test_figure_14_is_the_first_image_of_each_digit():
    digits = np.array([5, 5, 9, 8, 7, 6, 4, 3, 2, 1, 0, 0])
    images = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.ones((28, 28, 1), np.uint8)
    chosen = first_of_each_digit(Split(images, {"label": digits}))
    assert chosen.shape == (10, 28, 28)
    assert chosen[:, 0, 0].tolist() == [10, 9, 8, 7, 6, 0, 5, 4, 3, 2]


# --- Figure 15 ---

FIVE = np.array([1.0, 2.0, 3.0, 4.0, 10.0])


@pytest.fixture(scope="module")
def measured():
    """Labels (50,), and values (50, 6): five times FIVE + digit in each column, times 1 to 6."""
    digits = np.tile(np.arange(10), 5)
    values = (FIVE.repeat(10) + digits)[:, np.newaxis] * np.arange(1, 7)
    return digits, values


def summary(digits, values):
    return figure_15_numbers(None, None, digits, values)


def test_summary_by_hand(measured):
    table = summary(*measured)
    row = table[(table["attribute"] == "length") & (table["digit"] == "3")].iloc[0].to_dict()
    # FIVE has the mean 4, squared deviations 9 + 4 + 1 + 0 + 36, cubed -27 - 8 - 1 + 0 + 216; 10 is
    # beyond 4 + 1.5 * (4 - 2). Three is added and all is doubled.
    assert row == {
        "attribute": "length",
        "unit": "px",
        "digit": "3",
        "images": 5,
        "mean": 14.0,
        "sd": pytest.approx(2 * 10**0.5),
        "skewness": pytest.approx(36 / 10**1.5),
        "median": 12.0,
        "quartile_1": 10.0,
        "quartile_3": 14.0,
        "low": 8.0,
        "high": 14.0,
    }


def test_summary_has_a_row_per_attribute_and_digit_and_one_for_all(measured):
    table = summary(*measured)
    names = [*map(str, range(10)), "all"]
    assert table["digit"].tolist() == names * 6
    assert table["attribute"].drop_duplicates().tolist() == list(COLUMNS)
    assert table["unit"].drop_duplicates().tolist() == ["px²", "px", "rad"]
    everything = table[table["digit"] == "all"]
    assert everything["images"].tolist() == [50] * 6
    np.testing.assert_allclose(everything["mean"], 8.5 * np.arange(1, 7))


@pytest.fixture(scope="module")
def panels(measured):
    return figure_15(None, None, *measured, summary(*measured)).axes


def test_figure_15_has_a_column_per_attribute_with_its_unit(panels):
    assert [axes.get_title().lower() for axes in panels] == list(COLUMNS)
    assert [axes.get_xlabel() for axes in panels] == ["px²", "px", "px", "rad", "px", "px"]


def test_rows_of_figure_15_are_the_digits_and_all_of_them_at_the_bottom(panels):
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert labels == [*map(str, range(10)), "all"]
    for axes in panels:
        bottom, top = axes.get_ylim()
        assert bottom > 10 > 0 > top


def test_violins_span_the_values(panels, measured):
    digits, values = measured
    for column, axes in enumerate(panels):
        bodies = axes.collections[:11]
        for number, body in enumerate(bodies):
            group = values[digits == number, column] if number < 10 else values[:, column]
            corners = body.get_paths()[0].vertices
            assert corners[:, 0].min() == pytest.approx(group.min())
            assert corners[:, 0].max() == pytest.approx(group.max())
            assert abs(corners[:, 1] - number).max() == pytest.approx(0.425)


def test_marks_are_median_quartiles_and_extremes_without_outliers(panels):
    for factor, axes in enumerate(panels, start=1):
        (points,) = axes.lines
        assert points.get_ydata().tolist() == list(range(11))
        assert points.get_xdata()[:10].tolist() == [factor * (3 + d) for d in range(10)]
        thin, thick = axes.collections[11:]
        for bars, offsets in ((thin, (1, 4)), (thick, (2, 4))):
            for digit, segment in enumerate(bars.get_segments()[:10]):
                expected = [[factor * (offset + digit), digit] for offset in offsets]
                assert segment.tolist() == expected
        assert thick.get_linewidth() > thin.get_linewidth()


def test_what_the_thesis_says_of_the_official_measures(real_data):
    """Of the test images, whose official measures are at hand; Figure 15 has the training set's."""
    digits = read_idx(real_data / "mnist" / "t10k-labels-idx1-ubyte.gz")
    values = read_csv(real_data / "morpho_mnist" / "t10k-morpho.csv", 10_000)
    table = summary(digits, values).set_index(["attribute", "digit"])
    # Section 3.3.4: "partly is highly skewed (for example Thickness and Height)"
    assert table["skewness"]["thickness", "all"] > 1
    assert table["skewness"]["height", "all"] < -1
    # Section 4.4.2: stroke length and width "have a low mean value for the digit '1'"
    for attribute in ("length", "width"):
        means = table["mean"][attribute].drop("all")
        assert means.idxmin() == "1"
        assert means["1"] < 0.65 * means.drop("1").min()


# --- The whole chapter ---


@pytest.fixture(scope="module")
def chapter(tmp_path_factory, measured):
    """The chapter, run on small prepared data."""
    folder = tmp_path_factory.mktemp("chapter")
    digits, values = measured
    rng = np.random.default_rng(0)

    def image(*shape):
        return rng.integers(0, 256, (50, *shape), dtype=np.uint8)

    label = {"label": digits.astype(np.int64)}
    contents = {
        "celeba": {"image": image(128, 128, 3), "attributes": rng.random((50, 40)) < 0.3},
        "mnist": {"image": image(28, 28, 1), **label},
        "morpho-mnist": {"image": image(28, 28, 1), **label, "morphometrics": values},
    }
    datasets = {name: made_of(name, batch) for name, batch in contents.items()}
    for name in DATASETS:
        prepare(name, folder / "data", stand_in=True, datasets=datasets)
    options = TrainingOptions(SCALES["paper"])
    workspace = Workspace(
        folder / "data", folder / "runs", folder / "out", options, True, TrainingProgress(True)
    )
    chapter = Chapter("3.3", workspace)
    assert run(chapter) == []
    return chapter


def made_of(name, batch):
    features = {
        key: Feature(str(value.dtype), value.shape[1:], "raw") for key, value in batch.items()
    }

    def make(options):
        splits = {part: SplitContent(50, iter([batch])) for part in ("train", "validation")}
        return Content(f"made-up {name}", features, splits, ())

    return Dataset(name, None, make)


def test_files(chapter):
    names = [f"figure_{number}.{x}" for number in (13, 14, 15) for x in ("png", "svg")]
    expected = {*names, "figure_15.csv", "claims.json", "manifest.json"}
    assert {path.name for path in chapter.folder.iterdir()} == expected


@pytest.mark.parametrize(("number", "name"), [*zip((13, 14, 15), DATASETS, strict=True)])
def test_a_figure_names_its_own_data_and_no_others(chapter, number, name):
    text = (chapter.folder / f"figure_{number}.svg").read_text(encoding="utf-8")
    assert f"thesis-repro chapter 3.3 · made-up {name} · seed 0" in text


def test_numbers_of_figure_15(chapter):
    with (chapter.folder / "figure_15.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(UNITS) * 11
    assert float(rows[10]["mean"]) == 8.5
    # All images, whatever the scale asked for.
    assert {(row["scale"], row["data"]) for row in rows} == {("", "made-up morpho-mnist")}


def test_the_section_has_no_claims(chapter):
    assert json.loads((chapter.folder / "claims.json").read_text(encoding="utf-8")) == []
    manifest = json.loads((chapter.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["stand_in"] is True
    assert manifest["runs"] == {}
