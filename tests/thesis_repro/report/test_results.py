"""The words and counts of what is in a results folder."""

from thesis_repro.report.results import ledger_head
from thesis_repro.verdicts.judgements import Verdict


def test_the_ledgers_head_counts_what_is_decided_and_what_is_indicated():
    counts = dict.fromkeys(Verdict, 0) | {
        Verdict.REPLICATED: 4,
        Verdict.NOT_REPLICATED: 2,
        Verdict.HOLDS: 19,
        Verdict.FAILS: 12,
        Verdict.PATH_ONLY: 20,
    }
    assert ledger_head(counts) == (
        "6 decided at paper scale (4 replicated, 2 not); "
        "31 indicated at reduced scale (19 hold, 12 fail); 20 path only"
    )
    assert ledger_head(counts | {Verdict.UNDECIDED: 1, Verdict.NOT_RUN: 3}).endswith(
        "; 1 undecided; 20 path only; 3 not run"
    )
