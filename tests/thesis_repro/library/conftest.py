"""Results of a section, as its chapter writes them."""

import pytest

from data_prep.checksums import sha256
from thesis_repro.files import write_json
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge, write_claims

# The columns of Table 3 as chapters/ch4_2.py writes it, and the thesis's own numbers.
TABLE = """\
model,reading,original_mean,original_sd,deactivated_mean,deactivated_sd,p,scale,data
mnist-vlae-factor-1,as written,886.25,undefined,901.5,10.25,0.5,smoke,digits
mnist-vlae-factor-1,as run,886,9.5,902.25,,,smoke,digits
mnist-vlae-factor-1,reported,232.759,8.136,1190.616,14.71,< 0.001,thesis,thesis
"""
FLAGS = "shown,scale\nTrue,smoke\n,smoke\nFalse,smoke\n"


@pytest.fixture
def results(tmp_path):
    """The results of Section 4.2: tables, and one claim of which something was measured."""
    folder = tmp_path / "results" / "4.2"
    folder.mkdir(parents=True)
    (folder / "table_3.csv").write_text(TABLE)
    (folder / "figure_21.csv").write_text(FLAGS)
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
