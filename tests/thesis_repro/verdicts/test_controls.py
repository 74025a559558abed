"""The rules held against untrained networks: what the table says of made judgements."""

from dataclasses import replace

from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.controls import as_markdown, controls, of_other_rules, passed
from thesis_repro.verdicts.judgements import Measurement, judge

CLAIMS = {claim.id: claim for claim in load_claims()}
UNMEASURED = CLAIMS["4.2-best-epoch"]
ORDER = CLAIMS["4.3-kl-order"]


def judgements(*kl):
    """Of a claim that nobody measured, and of the order of KL divergences, which is to fall."""
    measured = Measurement(ORDER.id, {"kl": list(kl)})
    facts = {"scale": "untrained", "precision": "float32", "stand_in": False, "data": "made"}
    return [judge(UNMEASURED, None, **facts), judge(ORDER, measured, **facts)]


KL = [(5.0, 4.0, 3.0, 2.0, 1.0), (1.0, 2.0, 3.0, 4.0, 5.0), (9.0, 8.0, 3.0, 2.0, 1.5)]
BY_SEED = [judgements(*kl) for kl in KL]


def test_a_rule_is_passed_with_a_seed_where_all_its_checks_hold():
    (order,) = passed(BY_SEED)
    assert (order.claim, order.seeds, order.of) == (ORDER, 2, 3)


def test_every_check_of_what_was_measured():
    (check,) = controls(BY_SEED)
    assert check.claim == ORDER
    assert check.values == tuple(map(list, KL))
    assert check.holds == (True, False, True)


def test_checks_of_another_version_are_noticed():
    (unmeasured, order) = BY_SEED[0]
    assert of_other_rules([unmeasured, order]) is None
    renamed = replace(order.written.checks[0], name="another")
    other = replace(order, written=replace(order.written, checks=(renamed,)))
    assert of_other_rules([order, other]) == other


def test_the_tables():
    claims, checks = as_markdown(BY_SEED).split("\n\n")
    assert [cell.strip() for cell in claims.splitlines()[2].split("|")[1:-1]] == [
        ORDER.id, ORDER.kind, "2 of 3"
    ]  # fmt: skip
    assert "9.000, 8.000, 3.000, 2.000, 1.500 |" in checks
    assert "| 2 of 3" in checks
