"""Results of a section as data frames, as its chapter wrote them."""

import numpy as np
import pytest

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro import UnknownSectionError, load_results
from thesis_repro.files import write_json
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge, write_claims

TABLE = """\
model,reading,mean,p,empty,scale,data
a,as written,886.25,0.5,undefined,smoke,digits
a,as run,12,,True,smoke,digits
a,reported,232.759,< 0.001,,thesis,thesis
"""


@pytest.fixture
def out(tmp_path):
    """The results of Section 4.2: a table, and one claim of which something was measured."""
    folder = tmp_path / "results" / "4.2"
    folder.mkdir(parents=True)
    (folder / "table_3.csv").write_text(TABLE)
    (folder / "figure_20.csv").write_text("nothing\n")
    first, *others = load_claims("4.2")
    of_best = Measurement("4.2-best-epoch", {"best_epoch": [45, 46, 54]}, {"best_epoch": [1, 1, 1]})
    known = {"scale": "smoke", "precision": "float32", "stand_in": False, "data": "digits"}
    measured = {of_best.claim_id: of_best}
    judgements = [judge(claim, measured.get(claim.id), **known) for claim in (first, *others)]
    write_claims(folder / "claims.json", judgements)
    manifest = {
        **{"section": "4.2", "created": "2026-01-02T03:04:05+00:00", "commit": None, "seed": 7},
        **{"scale": "smoke", "data": "digits", "stand_in": False, "precision": "float32"},
        **{"runs": {}, "versions": {"python": "3.11.0"}},
        "files": {path.name: sha256(path) for path in folder.iterdir()},
    }
    write_json(folder / "manifest.json", manifest)
    return folder.parent


def test_tables_hold_numbers_where_there_are_numbers(out):
    table = load_results("4.2", out=out).tables["table_3"]
    assert table["mean"].tolist() == [886.25, 12, 232.759]
    assert table["mean"].dtype == float
    assert (table["p"][0], np.isnan(table["p"][1]), table["p"][2]) == (0.5, True, "< 0.001")
    assert (np.isnan(table["empty"][0]), table["empty"][1]) == (True, True)
    assert table["reading"].tolist() == ["as written", "as run", "reported"]


def test_a_table_without_rows(out):
    assert load_results("4.2", out=str(out)).tables["figure_20"].shape == (0, 1)


def test_a_row_for_each_claim_and_reading(out):
    results = load_results("4.2", out=out)
    claims = results.claims
    assert [*dict.fromkeys(claims["claim"])] == [claim.id for claim in load_claims("4.2")]
    of_best = claims[claims["claim"] == "4.2-best-epoch"].set_index("reading")
    assert of_best.loc["as written", "measured"] == {"best_epoch": [45, 46, 54]}
    assert of_best.loc["as run", "measured"] == {"best_epoch": [1, 1, 1]}
    assert set(of_best["verdict"]) == {"path only"}
    assert repr(results) == (
        "<Section 4.2: tables figure_20, table_3; 14 claims; scale smoke, digits, seed 7>"
    )


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("table_3.csv", lambda path: path.write_text(TABLE.replace("886", "887"))),
        ("claims.json", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.unlink()),
        ("manifest.json", lambda path: path.write_text("{}")),
    ],
)
def test_what_is_not_as_it_was_made_is_refused(out, file, change):
    change(out / "4.2" / file)
    with pytest.raises(DataError, match=file) as error:
        load_results("4.2", out=out)
    assert "thesis-repro chapter 4.2" in str(error.value)


def test_what_is_not_there(out):
    with pytest.raises(UnknownSectionError, match=r"'4\.22'\. Did you mean 4\.2"):
        load_results("4.22", out=out)
    with pytest.raises(DataError, match=r"run `thesis-repro chapter 4\.3`, or name another folder"):
        load_results("4.3", out=out)
