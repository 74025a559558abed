"""Text tables by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thesis_repro.columns import filled, table, widths

ROWS = [("E04", "training", "MNIST-VLAE's learning rate"), ("E10", "analysis", "Deactivated maps")]


def test_a_table_with_headers():
    assert table([("1", "one"), ("20", "twenty")], ("n", "word"), right=(0,)).splitlines() == [
        " n  word",
        "--  ------",
        " 1  one",
        "20  twenty",
    ]


def test_lines_are_whole_without_a_width():
    assert table(ROWS).splitlines()[0] == "E04  training  MNIST-VLAE's learning rate"
    long = [("x" * 500, "y")]
    assert table(long) == f"{'x' * 500}  y"


def test_the_widest_column_gives_way():
    assert table(ROWS, width=30).splitlines() == [
        "E04  training  MNIST-VLAE's",
        "               learning rate",
        "E10  analysis  Deactivated",
        "               maps",
    ]


def test_nothing_at_all():
    assert table([]) == ""
    assert table([], ("a", "b")) == "a  b\n-  -"


@given(
    st.lists(st.tuples(*[st.text("ab -", max_size=60)] * 4), min_size=1, max_size=4),
    st.integers(40, 200),
)
def test_no_line_is_longer_than_the_terminal_and_nothing_is_lost(rows, width):
    text = table(rows, width=width)
    assert all(len(line) <= width for line in text.splitlines())
    for sign in "ab":
        assert text.count(sign) == sum(cell.count(sign) for row in rows for cell in row)


def test_columns_keep_some_signs_where_nothing_fits():
    assert widths([("a" * 50, "b" * 50)], 5) == [8, 8]


@pytest.mark.parametrize(
    ("width", "text"),
    [(None, "  one two three"), (9, "  one two\n    three"), (1, "  one two\n    three")],
)
def test_filled(width, text):
    assert filled("one two three", width, "  ", "    ") == text
