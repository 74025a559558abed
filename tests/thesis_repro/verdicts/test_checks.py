"""The types of checks, and rules that are wrong."""

import pytest

from thesis_repro.thesis.claims import Claim
from thesis_repro.verdicts.rules import CHECK_TYPES, Check, evaluate, parse_rules


def outcome(type_: str, ours, theirs=None, models=("a", "b", "c"), **params):
    claim = Claim("x", "9", "value", "s", models, "source", {"q": theirs})
    check = Check("name", type_, "q", "why", params)
    measured = ours if isinstance(ours, dict) else {"q": ours}
    return evaluate(check, claim, measured)


@pytest.mark.parametrize("kind", list(CHECK_TYPES))
@pytest.mark.parametrize(
    ("ours", "detail"),
    [
        (float("nan"), "q is undefined"),
        (None, "q is not measured"),
        ([], "q is not measured"),
        ([1.0, float("nan"), 2.0], "q is undefined (1.000, undefined, 2.000)"),
        ([1.0, None, float("nan")], "q is not measured (1.000, not measured, undefined)"),
    ],
)
def test_no_check_holds_of_it_or_raises(kind, ours, detail):
    params = {"tolerance": 9, "factor": 9, "order": ["a", "b", "c"], "low": -9, "high": 9}
    params |= {"model": "a", "than": "r", "alpha": 9}
    result = outcome(kind, {"q": ours, "r": -9}, [1.0, 2.0, 3.0], **params)
    assert (result.holds, result.detail) == (False, detail)


@pytest.mark.parametrize(("bad", "word"), [(float("nan"), "undefined"), (None, "not measured")])
def test_what_is_no_number_on_the_other_side_is_named(bad, word):
    result = outcome("greater", {"q": 2.0, "r": bad}, than="r")
    assert (result.holds, result.detail) == (False, f"r is {word}")


# === How far it is ===


@pytest.mark.parametrize(
    ("type_", "ours", "theirs", "params", "distance", "allowed"),
    [
        ("relative", 1.4, 1.0, {"tolerance": 0.5}, 0.8, [(0.5, 1.5)]),
        ("relative", -1.1, -1.0, {"tolerance": 0.2}, 0.5, [(-1.2, -0.8)]),
        ("relative", [1.0, 3.0], [1.0, 2.0], {"tolerance": 0.25}, 2.0, [(0.75, 1.25), (1.5, 2.5)]),
        ("ratio", 4.0, 1.0, {"factor": 2.0}, 2.0, [(0.5, 2.0)]),
        ("ratio", 0.25, 1.0, {"factor": 2.0}, 2.0, [(0.5, 2.0)]),
        ("ratio", -1.0, -1.0, {"factor": 2.0}, 0.0, [(-2.0, -0.5)]),
        ("ratio", 0.0, 1.0, {"factor": 2.0}, None, [(0.5, 2.0)]),
        ("ratio", -1.0, 1.0, {"factor": 2.0}, None, [(0.5, 2.0)]),
        ("within", 3.0, None, {"low": 2.0, "high": 4.0}, None, [(2.0, 4.0)]),
        ("increasing", [1, 2, 3], None, {}, None, []),
        ("significance", 0.01, None, {"alpha": 0.05}, None, []),
        ("relative", 1.7e308, 1e-9, {"tolerance": 0.1}, None, [(0.9e-9, 1.1e-9)]),
        ("relative", float("nan"), 1.0, {"tolerance": 0.5}, None, []),
    ],
)
def test_the_distance_is_as_many_times_as_is_allowed(
    type_, ours, theirs, params, distance, allowed
):
    result = outcome(type_, ours, theirs, **params)
    assert result.distance == (None if distance is None else pytest.approx(distance))
    assert [*result.allowed] == [pytest.approx(ends) for ends in allowed]
    if distance is not None:
        assert result.holds == (distance <= 1)


# === Check types ===


@pytest.mark.parametrize(
    ("type_", "ours", "theirs", "params", "holds"),
    [
        ("relative", 1.4, 1.0, {"tolerance": 0.5}, True),
        ("relative", 1.6, 1.0, {"tolerance": 0.5}, False),
        ("relative", -1.1, -1.0, {"tolerance": 0.2}, True),
        ("relative", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0], {"tolerance": 0.2}, False),
        ("ratio", 2.9, 1.0, {"factor": 3.0}, True),
        ("ratio", 3.1, 1.0, {"factor": 3.0}, False),
        ("ratio", 1.0, 2.9, {"factor": 3.0}, True),
        ("ratio", 1.0, 3.1, {"factor": 3.0}, False),
        ("ratio", 0.0, 3.1, {"factor": 3.0}, False),
        ("increasing", [1, 2, 3], None, {}, True),
        ("increasing", [1, 2, 2], None, {}, False),
        ("increasing", [2, 1, 3], None, {}, False),
        ("descending", [2, 3, 1], None, {"order": ["b", "a", "c"]}, True),
        ("descending", [2, 3, 1], None, {"order": ["a", "b", "c"]}, False),
        ("descending", [3, 3, 1], None, {"order": ["b", "a", "c"]}, False),
        ("within", [2, 3], None, {"low": 2, "high": 3}, True),
        ("within", [2, 3.1], None, {"low": 2, "high": 3}, False),
        ("within", 1.9, None, {"low": 2, "high": 3}, False),
        ("lowest_at", [2, 1, 3], None, {"model": "b"}, True),
        ("lowest_at", [1, 2, 3], None, {"model": "b"}, False),
        ("lowest_at", [1, 1, 3], None, {"model": "b"}, False),
        ("lowest_at", [3, 3, 3], None, {"model": "b"}, False),
        ("highest_at", [2, 1, 3], None, {"model": "c"}, True),
        ("highest_at", [2, 3, 1], None, {"model": "c"}, False),
        ("highest_at", [3, 1, 3], None, {"model": "c"}, False),
        ("greater", {"q": 2, "r": 1}, None, {"than": "r"}, True),
        ("greater", {"q": 1, "r": 1}, None, {"than": "r"}, False),
        ("greater", {"q": 1, "r": 2}, None, {"than": "r"}, False),
        ("greater", {"q": 2.1, "r": 1}, None, {"than": "r", "factor": 2}, True),
        ("greater", {"q": 2, "r": 1}, None, {"than": "r", "factor": 2}, False),
        ("greater", {"q": 0.8, "r": 1}, None, {"than": "r", "factor": 0.75}, True),
        ("greater", {"q": 1.2, "r": 1}, None, {"than": "r", "margin": 0.1}, True),
        ("greater", {"q": 1.05, "r": 1}, None, {"than": "r", "margin": 0.1}, False),
        ("greater", {"q": 0.95, "r": 1}, None, {"than": "r", "margin": -0.1}, True),
        ("greater", {"q": 2.05, "r": 1}, None, {"than": "r", "factor": 2, "margin": 0.1}, False),
        ("significance", 0.049, None, {"alpha": 0.05}, True),
        ("significance", 0.05, None, {"alpha": 0.05}, False),
        ("significance", -0.1, None, {"alpha": 0.05}, False),
    ],
)
def test_each_check_type_holds_and_fails(type_, ours, theirs, params, holds):
    result = outcome(type_, ours, theirs, **params)
    assert result.holds is holds
    assert result.theirs == theirs
    assert result.why == "why"
    assert result.detail


@pytest.mark.parametrize("type_", list(CHECK_TYPES))
def test_every_check_type_is_tried_above(type_):
    cases = test_each_check_type_holds_and_fails.pytestmark[0].args[1]
    assert {case[-1] for case in cases if case[0] == type_} == {True, False}


# === Rules that are wrong ===

GOOD = 'name = "n"\ntype = "relative"\nkey = "best_epoch"\ntolerance = 0.4\nwhy = "w"'


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        ("4.2-best-epochs", "", "", "no such claim"),
        ("4.2-best-epoch", 'why = "w"', "", "without why"),
        ("4.2-best-epoch", 'why = "w"', 'why = " "', "without why"),
        ("4.2-best-epoch", "relative", "absolute", "unknown check type 'absolute'; there are rel"),
        ("4.2-best-epoch", "tolerance", "tolerence", "parameters tolerance, given tolerence"),
        ("4.2-best-epoch", "tolerance = 0.4", "", "parameters tolerance, given none"),
        ("4.2-best-epoch", "best_epoch", "epoch", "reports no 'epoch'"),
        ("4.2-best-loss-order", "", "", "reports no 'best_epoch'"),
        ("4.2-table3-factor-1", "best_epoch", "p", "is 0 or no number"),
        ("4.2-best-epoch", '"relative"', '"lowest_at"\nmodel = "x"', "takes the parameters model"),
        (
            *("4.2-best-epoch", '"relative"\nkey = "best_epoch"\ntolerance = 0.4'),
            '"greater"\nkey = "a"\nthan = "b"\nfaktor = 2',
            "takes the parameters than and, if wanted, factor, margin, given faktor, than",
        ),
        *(
            (
                *("4.2-best-epoch", '"relative"\nkey = "best_epoch"\ntolerance = 0.4'),
                f'"greater"\nkey = "a"\nthan = "b"\n{wrong}',
                message,
            )
            for wrong, message in (
                ("factor = 0", "factor is 0; make it a number above 0"),
                ('factor = "2"', "factor is '2'; make it a number above 0"),
                ("margin = nan", "margin is nan; make it a number"),
                ("margin = true", "margin is True; make it a number"),
            )
        ),
    ],
)
def test_a_wrong_rule_is_named(table, old, new, message):
    text = f'[["{table}".checks]]\n' + (GOOD.replace(old, new) if old else GOOD)
    with pytest.raises(ValueError, match=f"rules.toml, '{table}'.*{message}"):
        parse_rules(text)


def test_a_rule_for_a_model_the_claim_does_not_have_is_named():
    rule = GOOD.replace("relative", "lowest_at").replace("tolerance = 0.4", 'model = "mnist-vae"')
    with pytest.raises(ValueError, match="'mnist-vae' is none of the claim's models"):
        parse_rules('[["4.2-best-epoch".checks]]\n' + rule)


def test_an_order_of_models_the_claim_does_not_have_is_named():
    rule = GOOD.replace("relative", "descending")
    rule = rule.replace("tolerance = 0.4", 'order = ["mnist-vlae-factor-1", "mnist-vae"]')
    with pytest.raises(ValueError, match="'mnist-vae' is none of the claim's models"):
        parse_rules('[["4.2-best-epoch".checks]]\n' + rule)


@pytest.mark.parametrize(
    "body",
    ["", "checks = []", 'same_as = "4.2-nothing"', 'same_as = "4.2-best-epoch"\nchecks = []'],
)
def test_a_rule_without_checks_is_named(body):
    with pytest.raises(ValueError, match="wants checks"):
        parse_rules(f'["4.2-best-epoch"]\n{body}')
