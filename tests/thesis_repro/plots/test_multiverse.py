"""The specification curve shows each verdict where it belongs, and frames what flips."""

import pytest
from msgspec import structs

from thesis_repro.plots.multiverse import specification_curve
from thesis_repro.verdicts.judgements import Verdict
from thesis_repro.verdicts.multiverse import Change, Judged, Multiverse, Universe

HOLDS, FAILS, PATH = Verdict.HOLDS, Verdict.FAILS, Verdict.PATH_ONLY
CLAIMS = ("4.2-best-epoch", "4.2-all-overfit")


def claims(*verdicts, changes=(Change.NOTHING, Change.NOTHING)):
    pairs = zip(CLAIMS, verdicts, changes, strict=True)
    return {claim: Judged(verdict, "", change) for claim, verdict, change in pairs}


@pytest.fixture
def made():
    """Two claims: E04 turns the first, E10 turns none, and the code turns the second."""
    return Multiverse(
        section="4.2", scale="quick", data="MNIST", seeds=(0,), results={}, created="",
        commits=("",),
        written=claims(FAILS, FAILS),
        run={CLAIMS[1]: Judged(HOLDS, "", Change.VERDICT)},
        universes=(
            Universe(("E10",), claims(FAILS, FAILS)),
            Universe(("E04", "E09"), claims(HOLDS, HOLDS, changes=[Change.VERDICT] * 2)),
        ),
        not_run={},
    )  # fmt: skip


def marks(axes, marker, face=None):
    """Where there are marks of a kind: (column, row)."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    if face is not None:
        lines = [line for line in lines if line.get_markerfacecolor() == face]
    return sorted((int(x), int(y)) for line in lines for x, y in zip(*line.get_data(), strict=True))


def test_universes_stand_by_the_number_of_claims_that_hold(made):
    curve, _, verdicts = specification_curve(made).axes
    names = [label.get_text() for label in verdicts.get_xticklabels()]
    assert names == ["E04 + E09", "as run", "as written", "E10"]
    assert marks(curve, "o") == [(0, 2), (1, 1), (3, 0)]
    assert marks(curve, "D") == [(2, 0)]  # as written


def test_verdicts_that_differ_are_framed(made):
    *_, verdicts = specification_curve(made).axes
    assert marks(verdicts, "s") == [(0, 0), (0, 1), (1, 1)]
    holding = marks(verdicts, "o", "#0072B2")
    assert holding == [(0, 0), (0, 1), (1, 1)]
    assert marks(verdicts, "o", "white") == [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1)]


def test_each_erratum_has_a_row(made):
    _, readings, _ = specification_curve(made).axes
    rows = [label.get_text()[:3] for label in readings.get_yticklabels()]
    assert rows == ["E04", "E09", "E10"]
    assert marks(readings, "s") == [(0, 0), (0, 1), (3, 2)]


def test_at_path_scale_no_claim_has_a_mark(made):
    nothing = structs.replace(made, written=claims(PATH, PATH), run={}, universes=())
    curve, _, verdicts = specification_curve(nothing).axes
    assert marks(verdicts, "o") == []
    assert marks(curve, "D") == [(0, 0)]


def test_what_a_universe_has_not_measured_has_no_mark(made):
    first, _ = claims(FAILS, FAILS).items()
    fewer = structs.replace(made, run={}, universes=(Universe(("E10",), dict([first])),))
    *_, verdicts = specification_curve(fewer).axes
    assert marks(verdicts, "o", "white") == [(0, 0), (0, 1), (1, 0)]


def test_many_universes_fit(made):
    many = tuple(Universe(("E04",), claims(FAILS, FAILS)) for _ in range(128))
    figure = specification_curve(structs.replace(made, universes=many))
    *_, verdicts = figure.axes
    assert not verdicts.get_xticklabels()
    assert figure.get_figwidth() < 60
