"""The thesis's claims as data."""

import subprocess
import sys

import pytest

from thesis_repro.thesis.claims import load_claims

CLAIMS = {claim.id: claim for claim in load_claims()}


def test_there_are_52_claims_with_unique_ids():
    assert len(load_claims()) == len(CLAIMS) == 52
    assert {claim.section for claim in CLAIMS.values()} == {f"4.{n}" for n in range(1, 9)}


def test_claims_carry_what_the_thesis_prints():
    # Table 3, second row, and the text of Section 4.2.
    row = {"original_mean": 208.107, "original_sd": 6.958, "deactivated_mean": 1111.337}
    assert CLAIMS["4.2-table3-factor-2"].reported.items() >= row.items()
    assert CLAIMS["4.2-best-epoch"].reported == {"best_epoch": [26, 39, 52]}
    assert CLAIMS["4.2-best-loss-order"].reported is None
    assert CLAIMS["4.1-classifier-gabor"].note.startswith("needs a stated numeric criterion")


def test_unknown_section_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'4\.9'.*4\.1, 4\.2"):
        load_claims("4.9")


def test_claims_import_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'statsmodels', 'pandas', 'matplotlib', 'keras', 'tensorflow'}"
    code = f"import sys, thesis_repro.verdicts.judgements; assert not {heavy} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
