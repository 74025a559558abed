"""Signals that ask a command to end: Ctrl-C, SIGTERM and SIGHUP, all as one kind of exception.

A batch system, a service manager and ``kill`` send SIGTERM, a terminal that closes SIGHUP. Left to
themselves they end Python at once, and what it has started goes on without it.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_OTHERS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: whoever tidies up after Ctrl-C does so after these as well."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell says of a program that the signal ended: 130 of Ctrl-C, 143 of SIGTERM."""
    return 128 + getattr(interrupt, "number", signal.SIGINT)


@contextmanager
def as_exceptions() -> Iterator[None]:
    """Raise `Terminated` in the block for SIGTERM and SIGHUP; afterwards all is as it was.

    The first one is raised, and further ones are ignored, so that they stop no tidying up: a closed
    terminal and a service manager send several. One that is ignored already, as by ``nohup``, or
    that the caller handles, stays so; and only a program's main thread may change this.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _OTHERS if signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, frame: object) -> None:
        for each in ours:
            signal.signal(each, signal.SIG_IGN)
        raise Terminated(number)

    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold Ctrl-C and the others back to the end of the block, where they are raised."""
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
