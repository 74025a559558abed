"""Shares of information by layer: looked up in a table, and how alone the strongest is."""

import numpy as np
import pandas as pd
import pytest

from thesis_repro.analysis.factor_information import INFORMATION
from thesis_repro.analysis.layer_shares import (
    layer_share,
    layer_shares,
    second_to_first,
    strongest,
)

ALONE, SHARED, UNKNOWN = [0, 0, 0.5], [0.1, 0.4, 0.4], [0.0, 0.0, 0.0]


@pytest.fixture(scope="module")
def table():
    """What three layers tell of the digit, of ln 10 nats."""
    best = np.log(10)
    return pd.DataFrame(
        {
            "model": "m",
            "layer": f"z_{number}",
            "factor": "digit",
            "measure": INFORMATION,
            "value": share * best,
            "low": (share - 0.05) * best,
            "best": best,
        }
        for number, share in enumerate(SHARED, 1)
    )


def test_information_is_looked_up_as_a_share(table):
    np.testing.assert_allclose(layer_shares(table, "m", "digit"), SHARED)
    np.testing.assert_allclose(layer_shares(table, "m", "digit", "low"), [0.05, 0.35, 0.35])
    assert layer_share(table, "m", "z_2", "digit") == pytest.approx(0.4)


def test_what_was_not_measured_is_nan(table):
    assert np.isnan(layer_share(table, "m", "z_1", "shoe size"))
    assert np.isnan(layer_shares(table, "other", "digit")).all()


def test_the_strongest_layer():
    assert [strongest(shares) for shares in (ALONE, UNKNOWN)] == [("z_3", 0.5), None]


def test_how_alone_the_strongest_layer_is():
    assert second_to_first([ALONE]) == 0
    assert second_to_first([SHARED]) == 1
    assert second_to_first([[0.5, -0.1, -0.1]]) == 0
    assert second_to_first([ALONE, SHARED, UNKNOWN]) == 0.5
    assert second_to_first([UNKNOWN]) is None
