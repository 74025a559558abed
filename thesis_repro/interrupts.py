"""Signals that ask a command to end: Ctrl-C, SIGTERM and SIGHUP, all as one kind of exception.

A batch system, a service manager and ``kill`` send SIGTERM, a terminal that closes SIGHUP. Left to
themselves they end Python at once, and what it has started goes on without it. As exceptions they
can be lost: Python drops what is raised in a callback, such as JAX's at each collection of garbage,
and TensorFlow raises another in its place where it traces. So a signal is remembered, too, and
whoever works for long looks now and then (`check`).
"""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_OTHERS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_TOGETHER = 5.0  # s in which SIGTERM and SIGHUP after a signal ask for nothing new

EXIT_CODES = frozenset(128 + number for number in (signal.SIGINT, *_OTHERS))

# What has come in the block of `as_exceptions`, and when.
_came: list[tuple[int, float]] = []


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: whoever tidies up after Ctrl-C does so after these as well."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell says of a program that the signal ended: 130 of Ctrl-C, 143 of SIGTERM."""
    return 128 + getattr(interrupt, "number", signal.SIGINT)


def end_program(code: int) -> None:
    """End this process after a signal, with what others have left to be done in the end.

    As Python does: first threads and pools of processes are told to end, then the rest is tidied
    up. But it would take apart its modules and objects then, where it crashes after an exception
    amid JAX's tracing: the exit code would be that of a segmentation fault.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def check() -> None:
    """Raise again what a signal raised, where somebody has dropped it.

    Raises:
        KeyboardInterrupt: a signal has come in the block of `as_exceptions`.
    """
    if _came:
        raise _exception(_came[0][0])


def _exception(number: int) -> KeyboardInterrupt:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)


def _raise(number: int, frame: object) -> None:
    """Raise what a signal is, unless it only repeats one that has just come.

    A closed terminal and a service manager send several, which must not stop the tidying up after
    the first; who presses Ctrl-C once more means it.
    """
    now, latest = time.monotonic(), _came[-1][1] if _came else float("-inf")
    if number != signal.SIGINT and now - latest < _TOGETHER:
        return
    _came.append((number, now))
    raise _exception(number)


@contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise `Terminated` in the block for SIGTERM and SIGHUP, and remember them and Ctrl-C.

    Afterwards all is as it was. A signal that is ignored already, as by ``nohup``, or that the
    caller handles, stays so; and only a program's main thread may change this.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = dict.fromkeys(_OTHERS, signal.SIG_DFL) | {signal.SIGINT: signal.default_int_handler}
    ours = {each: handler for each, handler in usual.items() if signal.getsignal(each) is handler}
    for number in ours:
        signal.signal(number, _raise)
    try:
        yield
    except Exception as error:
        if _came:  # raised in its place
            raise _exception(_came[0][0]) from error
        raise
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        _came.clear()


def _read_input() -> None:
    os.read(0, 1)


def end_with_starter(until_it_ends: Callable[[], None] = _read_input) -> None:
    """Send this process SIGTERM when the one that started it has ended, however that ended.

    Args:
        until_it_ends: Returns then. By default, standard input is a pipe that nobody writes to, and
            that closes: what `thesis_repro.plan.execution` gives the jobs that it starts.
    """

    def wait() -> None:
        until_it_ends()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def held_back() -> Iterator[None]:
    """Hold Ctrl-C and the others back to the end of the block, where they are raised."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *_OTHERS)}
    ours = {number: handler for number, handler in handlers.items() if callable(handler)}
    came = []
    for number in ours:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
    if came:
        ours[came[0]](came[0], None)
