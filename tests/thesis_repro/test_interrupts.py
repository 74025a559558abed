"""Signals become exceptions, once, and leave alone what someone else has settled."""

import os
import signal

import pytest

from thesis_repro.interrupts import Terminated, as_exceptions, exit_code, held_back

OTHERS = [signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _handlers():
    """Those of an ordinary program, and afterwards what was there."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *OTHERS)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in OTHERS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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
