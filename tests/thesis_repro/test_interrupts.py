"""Signals become exceptions, once, and leave alone what someone else has settled."""

import gc
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from thesis_repro import interrupts
from thesis_repro.interrupts import Terminated, as_exceptions, check, exit_code, held_back
from thesis_repro.progress import DataProgress, RunReport

OTHERS = [signal.SIGTERM, signal.SIGHUP]

pytestmark = pytest.mark.usefixtures("_ordinary_signals")


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_is_raised_and_none_after_it(number, code):
    """A closed terminal and a service manager send several."""
    tidied = []

    def work():
        try:
            send(number)
        finally:
            for other in OTHERS:
                send(other)
            tidied.append(True)

    with pytest.raises(KeyboardInterrupt) as raised, as_exceptions():
        work()
    assert tidied == [True]
    assert exit_code(raised.value) == code
    assert [signal.getsignal(other) for other in OTHERS] == [signal.SIG_DFL] * 2


def lose(number):
    """A signal whose exception is dropped, as Python drops what is raised in a callback."""
    with suppress(KeyboardInterrupt):
        send(number)


def test_a_second_signal_acts_where_the_first_has_not(monkeypatch):
    monkeypatch.setattr(interrupts, "_TOGETHER", 0.0)

    def work():
        lose(signal.SIGTERM)
        send(signal.SIGHUP)

    with pytest.raises(Terminated, match="SIGHUP"), as_exceptions():
        work()


@pytest.mark.parametrize("number", [signal.SIGINT, *OTHERS])
def test_what_a_callback_has_dropped_comes_at_the_next_check(number):
    """As JAX's does at each collection of garbage."""
    reached = []

    def collect(phase, info):
        gc.callbacks.remove(collect)
        lose(number)

    def work():
        gc.callbacks.append(collect)
        gc.collect()
        reached.append(True)
        check()

    with pytest.raises(KeyboardInterrupt) as raised, as_exceptions():
        work()
    assert reached == [True]
    assert exit_code(raised.value) == 128 + number
    check()  # outside nothing is remembered


def test_an_error_in_the_place_of_a_signal_is_the_signal():
    """As TensorFlow raises where it traces."""

    def trace():
        try:
            send(signal.SIGTERM)
        except KeyboardInterrupt as error:
            raise ValueError("in user code") from error

    with pytest.raises(Terminated, match="SIGTERM"), as_exceptions():
        trace()


@pytest.mark.parametrize("tells", [DataProgress, RunReport])
def test_work_that_tells_how_far_it_is_ends_at_a_lost_signal(tells):
    progress = DataProgress(quiet=True)
    report = RunReport(progress.bar, "a model", epochs=1, steps=2, done=0, headline=("loss",))

    def work():
        if tells is DataProgress:
            progress("read", 1, 2)
        else:
            report.updates(1, 0.0)

    def lost():
        lose(signal.SIGTERM)
        work()

    work()
    with pytest.raises(Terminated), as_exceptions():
        lost()


def test_ctrl_c_ends_with_130():
    with pytest.raises(KeyboardInterrupt) as raised, as_exceptions():
        send(signal.SIGINT)
    assert exit_code(raised.value) == 130


def test_what_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with as_exceptions():
        send(signal.SIGHUP)
        with held_back():
            send(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_who_handles_a_signal_goes_on_to_handle_it():
    came = []
    signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    with as_exceptions():
        send(signal.SIGTERM)
    assert came == [signal.SIGTERM]


@pytest.mark.parametrize("number", [signal.SIGINT, *OTHERS])
def test_a_signal_held_back_comes_at_the_end_of_the_block(number):
    done = []

    def start():
        send(number)
        done.append(True)

    with pytest.raises(KeyboardInterrupt) as raised, as_exceptions(), held_back():
        start()
    assert done == [True]
    assert isinstance(raised.value, Terminated) == (number != signal.SIGINT)


ENDS = """
import atexit, os, signal
from data_prep.parallel import ordered
from thesis_repro import cli

class Crashes:
    def __del__(self):
        os._exit(99)

crashes = Crashes()  # as what JAX has begun to trace
atexit.register(print, "tidied")

def work(**_):
    results = ordered(abs, range(100), 2)  # its pool waits for who takes them
    next(results)
    os.kill(os.getpid(), signal.SIGTERM)

cli.reference.models.callback = work
cli.main(["models"])
"""


def test_a_program_that_a_signal_ends_is_not_taken_apart():
    """But what was to be done in the end is done."""
    command = [sys.executable, "-c", ENDS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 143, done.stderr
    assert done.stderr.endswith("Stopped; the same command goes on from here.\n")
    assert done.stdout == "tidied\n"
