"""Looking numbers up in a table."""

import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.tables import pick, rows

TABLE = pd.DataFrame(
    {"model": ["a", "a", "b"], "layer": ["z_1", "z_2", "z_1"], "value": [1.0, 2.0, 3.0]}
)


def test_the_only_row():
    assert pick(TABLE, "value", model="a", layer="z_2") == 2
    assert pick(TABLE, "value", model="b") == 3


def test_no_row_is_not_a_number():
    assert np.isnan(pick(TABLE, "value", model="b", layer="z_2"))


def test_several_rows_are_no_number():
    with pytest.raises(ValueError, match="size 1"):
        pick(TABLE, "value", model="a")


def test_rows_in_their_order():
    assert rows(TABLE, model="a")["value"].to_list() == [1, 2]
    assert rows(TABLE)["value"].to_list() == [1, 2, 3]
