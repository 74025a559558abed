"""What is said while work goes on, and of how long it takes."""

import io
import logging
from contextlib import suppress
from types import SimpleNamespace

import pytest
from rich.console import Console

from thesis_repro import progress as module
from thesis_repro.progress import DataProgress, TrainingProgress
from thesis_repro.words import duration

ROW = {"loss": 270.914, "val_loss": 265.3, "seconds": 12.0}
HEADLINE = ("loss", "val_loss")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "3 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5_399, "90 min"),
        (5_400, "1.5 h"),
        (4e6, "1,111.1 h"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.fixture
def clock(monkeypatch):
    """The seconds that have passed, to be set."""
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.fixture
def terminal(monkeypatch):
    """A terminal; what is written on it."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=200)
    monkeypatch.setattr(module, "Console", lambda **_: console)
    return written


@pytest.fixture
def lines(monkeypatch, caplog):
    """A pipe; the lines that are written into it."""
    console = Console(file=io.StringIO(), force_terminal=False, width=40)
    monkeypatch.setattr(module, "Console", lambda **_: console)
    caplog.set_level(logging.INFO, "thesis_repro")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_bar_shows_no_loss_before_the_first_batch(terminal):
    with TrainingProgress().run("mnist-vae (quick)", 60, 24, 0, HEADLINE) as report:
        report.bar.refresh()
        before = terminal.getvalue()
        report.updates(1, 270.914)
        report.bar.refresh()
    assert "epoch 0/60" in before
    assert "nan" not in terminal.getvalue()
    assert "loss" not in before
    assert "loss 270.91" in terminal.getvalue()


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (0, "mnist-vae (quick): 60 epochs, 24 updates each"),
        (13, "mnist-vae (quick): goes on after epoch 13 of 60, 24 updates each"),
    ],
)
def test_a_pipe_is_told_what_runs_before_the_first_update(lines, done, line):
    with TrainingProgress().run("mnist-vae (quick)", 60, 24, done, HEADLINE):
        assert lines() == [line]


def test_a_pipe_is_told_of_epochs_and_how_long_the_others_take(lines, clock):
    """The first updates compile: they tell nothing of how fast the others are."""
    with TrainingProgress().run("a", 3, 20, 0, HEADLINE) as report:
        clock.now += 25  # in which it compiles
        report.updates(10, 3.0)
        clock.now += 2
        report.updates(10, 3.0)
        report.epoch(1, ROW)
        for _ in range(2):
            clock.now += 2
            report.updates(10, 2.0)
        report.epoch(2, ROW)
        clock.now += 4
        report.updates(20, 2.0)
        report.epoch(3, ROW)
    assert lines()[1:] == [
        "a epoch 1/3: loss 270.91, validation loss 265.30, 12.0 s, about 8 s to go",
        "a epoch 2/3: loss 270.91, validation loss 265.30, 12.0 s, about 4 s to go",
        "a epoch 3/3: loss 270.91, validation loss 265.30, 12.0 s",
    ]


def test_an_epoch_of_one_call_does_not_tell_how_long_the_others_take(lines, clock):
    with TrainingProgress().run("a", 3, 20, 0, HEADLINE) as report:
        clock.now += 25
        report.updates(20, 3.0)
        report.epoch(1, ROW)
    assert lines()[1:] == ["a epoch 1/3: loss 270.91, validation loss 265.30, 12.0 s"]


def test_a_pipe_is_told_of_long_epochs_now_and_then(lines, clock):
    with TrainingProgress().run("a", 2, 1_000, 1, HEADLINE) as report:
        for _ in range(9):
            clock.now += 10
            report.updates(100, 1.5)
    assert lines() == [
        "a: goes on after epoch 1 of 2, 1,000 updates each",
        "a epoch 2/2: update 300 of 1,000, loss 1.50, about 70 s to go",
        "a epoch 2/2: update 600 of 1,000, loss 1.50, about 40 s to go",
        "a epoch 2/2: update 900 of 1,000, loss 1.50, about 10 s to go",
    ]


def test_who_wants_quiet_is_told_nothing(lines):
    module.Console().quiet = True
    with TrainingProgress(quiet=True).run("a", 2, 10, 1, HEADLINE) as report:
        report.updates(10, 1.5)
        report.epoch(2, ROW)
    assert lines() == []


def test_a_pipe_is_told_at_once_what_is_prepared(lines, clock):
    """And then now and then; names are no markup, and no line is cut."""
    what = "/data/[bold]/celeba of a long name: reading"
    with DataProgress() as progress:
        for done in range(8):
            clock.now += 10
            progress(what, done, 8)
        progress("MNIST: writing", 0, None)
    assert module.Console().file.getvalue().splitlines() == [
        f"{what}: 0 of 8",
        f"{what}: 4 of 8",
        f"{what}: 7 of 8",
        "MNIST: writing: 0 of ?",
    ]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([(64, 1_828), (1_800, 1_828), (1_828, 1_828)], ["64 of 1,828", "1,828 of 1,828"]),
        ([(5, 5), (5, 5)], ["5 of 5"]),
        ([(1, None), (7, None)], ["1 of ?", "7 of ?"]),  # as much as there was
        ([(1, 9), (7, 9)], ["1 of 9", "7 of 9"]),  # and then an error
    ],
)
def test_a_pipe_is_told_the_last_state(lines, clock, states, told):
    with suppress(ZeroDivisionError), DataProgress() as progress:
        for done, total in states:
            progress("write train", done, total)
        if done != total:
            raise ZeroDivisionError
    written = module.Console().file.getvalue().splitlines()
    assert written == [f"write train: {state}" for state in told]


def test_a_pipe_is_told_the_end_when_it_comes(lines, clock):
    """What follows may take long and say nothing."""
    with DataProgress() as progress:
        for done in (1, 2, 3):
            progress("write train", done, 3)
        assert module.Console().file.getvalue().endswith("write train: 3 of 3\n")
