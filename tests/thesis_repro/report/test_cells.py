"""Cells by hand."""

import pytest

from thesis_repro.report.cells import Cell, cell, table_view
from thesis_repro.report.reading import Table


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
