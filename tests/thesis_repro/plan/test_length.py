"""How long plans of known jobs take."""

import pytest

from thesis_repro.plan.jobs import Job
from thesis_repro.plan.length import length


def plan(*jobs):
    """Jobs of (name, what they need)."""
    return {name: Job(name, tuple(needs), (), False) for name, needs in jobs}


FOUR = plan(*((f"train {name}", ()) for name in "abcd"))
SECONDS = {"train a": 5.0, "train b": 3.0, "train c": 3.0, "train d": 3.0}


@pytest.mark.parametrize(("side_by_side", "expected"), [(1, 14.0), (2, 8.0), (3, 6.0), (9, 5.0)])
def test_trainings_side_by_side_the_longest_first(side_by_side, expected):
    assert length(FOUR, SECONDS, side_by_side) == expected


def test_a_training_waits_for_what_it_needs():
    jobs = plan(
        ("data x", ()),
        ("train generator", ("data x",)),
        ("train judge", ("train generator",)),
        ("train other", ("data x",)),
        ("chapter", ("train judge", "train other")),
    )
    seconds = {"train generator": 4.0, "train judge": 2.0, "train other": 5.0}
    assert length(jobs, seconds, 1) == 11.0
    assert length(jobs, seconds, 2) == 6.0
    assert length(jobs, seconds, 4) == 6.0


def test_what_is_done_takes_no_time():
    done = {name: Job(name, (), (), True) for name in FOUR}
    assert length(done, SECONDS, 1) == 0.0
    assert length(done | plan(("train e", ("train a",))), {"train e": 2.0}, 1) == 2.0
    assert length({}, {}, 1) == 0.0
