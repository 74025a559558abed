"""Cells by hand."""

import pytest

from thesis_repro.report.cells import Cell, cell, table_view
from thesis_repro.report.reading import Table, read_table
from thesis_repro.thesis.claims import is_p_value


@pytest.mark.parametrize(
    ("value", "text", "full"),
    [
        (3321.9707355693276, "3322", "3321.9707355693276"),
        (0.0039477518, "0.003948", "0.0039477518"),
        (123456.789, "123457", "123456.789"),
        (1.5e9, "1.5e+09", "1500000000.0"),
        (0.25, "0.25", ""),
        (6.0, "6", "6.0"),
        (float("nan"), "undefined", ""),
        (float("inf"), "inf", ""),
        (7, "7", ""),
        ("< 0.001", "< 0.001", ""),
        (None, "not measured", ""),
        ([], "not measured", ""),
        ("", "–", ""),
        ([0.123456, 2], "0.1235, 2", "0.123456, 2"),
        ([0.25, float("nan"), None], "0.25, undefined, not measured", ""),
    ],
)
def test_cell(value, text, full):
    assert cell(value) == Cell(text, full)


def test_printed_numbers_keep_their_digits():
    assert cell(1190.616, printed=True) == Cell("1190.616")


@pytest.mark.parametrize("text", ["3", "0.25", "-1.5", "< 0.001", "<0.001", "1e-05", "26, 39, 52"])
def test_numbers(text):
    assert Cell(text).is_number


@pytest.mark.parametrize("text", ["–", "28 × 28 × 1", "10,000-VAE", "as run", ""])
def test_no_numbers(text):
    assert not Cell(text).is_number


@pytest.mark.parametrize(
    ("p", "text", "full"),
    [
        (0.6500934623485037, "0.650", "0.6500934623485037"),
        (1e-9, "< 0.001", "1e-09"),
        (0.99999, "> 0.999", "0.99999"),
        (1.0, "> 0.999", "1.0"),
        ("<0.001", "< 0.001", ""),
        ([0.25, 1e-9], "0.250, < 0.001", "0.25, 1e-09"),
        (float("nan"), "undefined", ""),
        (None, "not measured", ""),
    ],
)
def test_p_values(p, text, full):
    assert cell(p, least_p=0.001) == Cell(text, full)
    assert cell(p, least_p=0.001).is_number is (text[0] in "<>0")


def test_scale_and_data_are_said_once():
    columns = ("model", "reading", "mean_loss", "scale", "data")
    rows = (
        ("a", "as written", "3321.9707", "smoke", "digits"),
        ("a", "reported", "936.25712", "thesis", "thesis"),
    )
    view = table_view(Table(columns, rows))
    assert view.columns == ("model", "reading", "mean loss")
    assert [[own.text for own in row] for row in view.rows] == [
        ["a", "as written", "3322"],
        ["a", "reported", "936.25712"],
    ]
    assert view.rows[0][2].full == "3321.9707"
    assert view.origin == "smoke · digits"


def test_rows_of_different_data_keep_them():
    rows = (("1", "quick", "a"), ("2", "quick", "b"))
    view = table_view(Table(("x", "scale", "data"), rows))
    assert view.columns == ("x", "scale", "data")
    assert view.origin == ""


def test_a_table_without_rows_or_origin():
    assert table_view(Table(("x",), ())) == (("x",), (), "")
    assert table_view(Table(("x", "scale", "data"), ())).columns == ("x", "scale", "data")


# --- Tables of the thesis ---


def read(folder, name, *lines):
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines) + "\n")
    return table_view(read_table(path))


def test_reported_rows_have_the_digits_that_the_thesis_prints(tmp_path):
    view = read(
        tmp_path,
        "table_3",
        "model,reading,deactivated_mean,deactivated_sd,p,scale,data",
        "mnist-vlae-factor-1,as written,1190.6,14.71,0.9999,paper,MNIST",
        "mnist-vlae-factor-1,reported,1190.616,14.71,< 0.001,thesis,thesis",
        "mnist-vlae-factor-2,reported,1111.337,16.326,< 0.001,thesis,thesis",
    )
    assert view.columns == ("model", "reading", "deactivated mean", "deactivated sd", "p")
    assert [[own.text for own in row[2:]] for row in view.rows] == [
        ["1191", "14.71", "> 0.999"],
        ["1190.616", "14.710", "< 0.001"],
        ["1111.337", "16.326", "< 0.001"],
    ]


TABLE_5 = (
    "model,reading,mean,kurtosis,larger_mean,paired_mean,equivalence_mean,generated,scale,data",
    "mnist-vlae-gan,as written,0.0,0.99996,0.4,0.00002,1e-99,10000,paper,MNIST",
    "mnist-vlae-gan,reported,<0.001,0.227,,,,,thesis,thesis",
)


@pytest.mark.parametrize("name", ["table_5", "table_6"])
def test_what_the_thesis_has_not_is_marked_as_ours(tmp_path, name):
    view = read(tmp_path, name, *TABLE_5)
    added = ("larger mean", "paired mean", "equivalence mean", "generated")
    ours = (f"{name} (ours)" for name in added)
    assert view.columns == ("model", "reading", "mean", "kurtosis", *ours)
    assert [[own.text for own in row[2:]] for row in view.rows] == [
        ["< 0.001", "> 0.999", "0.4", "< 0.001", "< 0.001", "10000"],
        ["< 0.001", "0.227", "–", "–", "–", "–"],
    ]
    assert view.rows[0][2].full == "0.0"


def test_a_mean_is_no_p_value_in_another_table(tmp_path):
    view = read(
        tmp_path, "table_4", "model,reading,mean,sd", "a,as written,0.00002,1.0", "a,reported,1.5,2"
    )
    assert [own.text for own in view.rows[0][2:]] == ["2e-05", "1"]


def test_p_values_behind_table_4_are_shown_to_its_bound(tmp_path):
    view = read(
        tmp_path,
        "table_4_p_values",
        "model,other_model,as_written,smallest,as_run",
        "a,b,6.9e-18,6.9e-18,1e-30",
    )
    assert [own.text for own in view.rows[0][2:]] == ["6.90e-18", "6.90e-18", "< 1e-29"]


@pytest.mark.parametrize("name", ["p", "paired_p", "t_test_p", "p_of_z", "smallest_p"])
def test_p_values_by_name(name):
    assert is_p_value(name)


@pytest.mark.parametrize("name", ["share", "sparse", "larger_mean", "p95", "overlap", ""])
def test_no_p_values_by_name(name):
    assert not is_p_value(name)
