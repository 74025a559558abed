"""Results of a section as data frames, as its chapter wrote them."""

import numpy as np
import pytest

from data_prep.errors import DataError
from thesis_repro import UnknownSectionError, load_results
from thesis_repro.thesis.claims import load_claims


def test_tables_hold_numbers_where_there_are_numbers(results):
    tables = load_results("4.2", out=results).tables
    table, shown = tables["table_3"], tables["figure_21"]["shown"]
    assert table["original_mean"].tolist() == [886.25, 886, 232.759]
    assert table["original_mean"].dtype == float
    assert (table["p"][0], np.isnan(table["p"][1]), table["p"][2]) == (0.5, True, "< 0.001")
    assert np.isnan(table["original_sd"][0])  # "undefined"
    assert (shown[0], np.isnan(shown[1]), shown[2]) == (True, True, False)
    assert table["reading"].tolist() == ["as written", "as run", "reported"]


def test_the_made_up_table_has_the_columns_of_the_real_one(results):
    """So that the page's examples are of columns that there are."""
    table = load_results("4.2", out=results).tables["table_3"]
    (claim, *_) = (claim for claim in load_claims("4.2") if claim.source == "Table 3")
    measured = [*claim.reported]
    assert [*table.columns] == ["model", "reading", *measured, "scale", "data"]
    own, reported = table.set_index("reading").loc["reported", measured], claim.reported
    assert {name: own[name] for name in measured if name != "p"} == {
        name: reported[name] for name in measured if name != "p"
    }


def test_a_table_without_rows(results):
    assert load_results("4.2", out=str(results)).tables["figure_20"].shape == (0, 1)


def test_a_row_for_each_claim_and_reading(results):
    found = load_results("4.2", out=results)
    claims = found.claims
    assert [*dict.fromkeys(claims["claim"])] == [claim.id for claim in load_claims("4.2")]
    of_best = claims[claims["claim"] == "4.2-best-epoch"].set_index("reading")
    assert of_best.loc["as written", "measured"] == {"best_epoch": [45, 46, 54]}
    assert of_best.loc["as run", "measured"] == {"best_epoch": [1, 1, 1]}
    assert set(of_best["verdict"]) == {"path only"}
    assert repr(found) == (
        "<Section 4.2: tables figure_20, figure_21, table_3; 14 claims; scale smoke, seed 7; "
        "digits>"
    )


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("table_3.csv", lambda path: path.write_text(path.read_text().replace("886", "887"))),
        ("claims.json", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.write_text("{}")),
    ],
)
def test_what_is_not_as_it_was_made_is_refused(results, file, change):
    change(results / "4.2" / file)
    with pytest.raises(DataError, match=file) as error:
        load_results("4.2", out=results)
    assert "thesis-repro chapter 4.2" in str(error.value)


def test_what_is_not_there(results):
    with pytest.raises(UnknownSectionError, match=r"'4\.22'\. Did you mean 4\.2"):
        load_results("4.22", out=results)
    with pytest.raises(UnknownSectionError, match=r'named by text, as in "4\.2", not 4\.2\.'):
        load_results(4.2, out=results)
    with pytest.raises(DataError, match=r"run `thesis-repro chapter 4\.3`, or name another folder"):
        load_results("4.3", out=results)
