"""Tables of numbers: looking them up, and the words for those that are not there."""

import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.tables import pick, rows, table_of, with_undefined

TABLE = pd.DataFrame(
    {"model": ["a", "a", "b"], "layer": ["z_1", "z_2", "z_1"], "value": [1.0, 2.0, 3.0]}
)


def test_the_only_row():
    assert pick(TABLE, "value", model="a", layer="z_2") == 2
    assert pick(TABLE, "value", model="b") == 3


def test_no_row_is_not_a_number():
    assert pick(TABLE, "value", model="b", layer="z_2") is None


def test_several_rows_are_no_number():
    with pytest.raises(ValueError, match="size 1"):
        pick(TABLE, "value", model="a")


def test_rows_in_their_order():
    assert rows(TABLE, model="a")["value"].to_list() == [1, 2]
    assert rows(TABLE)["value"].to_list() == [1, 2, 3]


def test_what_a_record_lacks_is_none_and_no_nan():
    table = table_of([{"model": "a", "p": np.nan, "n": 3}, {"model": "b", "note": "not trained"}])
    assert table.columns.to_list() == ["model", "p", "n", "note"]
    assert np.isnan(table["p"][0])
    assert table["n"][0] == 3
    assert (table["p"][1], table["n"][1], table["note"][0]) == (None, None, None)
    assert table_of([{"p": 0.5}, {"p": np.nan}])["p"].dtype == np.float64


def test_nan_is_undefined_in_rows_of_ours():
    table = pd.DataFrame(
        {
            "reading": ["as written", "as run", "reported"],
            "p": [np.nan, 0.25, np.nan],
            "bound": [np.nan, 0.25, "< 0.001"],
            "all": [np.nan, np.nan, np.nan],
            "note": [np.nan, "text", np.nan],
            "n": pd.Series([None, 3, np.nan], dtype=object),
        }
    )
    named = with_undefined(table, np.array([True, True, False]))
    assert named["p"].to_list()[:2] == ["undefined", 0.25]
    assert named["bound"].to_list() == ["undefined", 0.25, "< 0.001"]
    assert named["all"].to_list()[:2] == ["undefined"] * 2
    assert named["n"].to_list()[:2] == [None, 3]
    assert named[["p", "all", "n"]].isna().iloc[2].all()  # the thesis has no such number
    assert named["note"].isna().to_list() == [True, False, True]
    assert table["p"].dtype == np.float64  # as it was


def test_a_table_without_rows_stays():
    empty = pd.DataFrame({"p": []})
    assert with_undefined(empty, np.zeros(0, bool)).equals(empty)
