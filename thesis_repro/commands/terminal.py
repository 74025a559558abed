"""Standard output and error as commands find them: closed, full, or of few characters."""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_PLAIN = "plain"  # the name of the error handler
# What stands for signs that the package prints, where a terminal lacks them.
_PLAIN_SIGNS = {
    **{"×": "x", "·": ".", "–": "-", "−": "-", "’": "'", "“": '"', "”": '"', "…": "..."},
    **{"²": "2", "±": "+-", "≤": "<=", "≥": ">=", "→": "->"},
}


@contextmanager
def usable_streams() -> Iterator[None]:
    """Have a program's output fail for no character, and for no stream that it was started without.

    A closed stream (``2>&-``) is one to nowhere: its number would else be the next file's that is
    opened, and get what libraries write. Characters that a stream's encoding lacks are spelled with
    those that it has. In the end, what a stream does not take is dropped: Python would exit with
    120 for it.
    """
    _open_closed()
    codecs.register_error(_PLAIN, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_PLAIN)
    try:
        yield
    finally:
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            try:
                stream.flush()
            except (OSError, ValueError):
                with suppress(OSError):
                    _to_nowhere(number)


def _open_closed() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            _to_nowhere(number)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115


def _to_nowhere(number: int) -> None:
    """Let a file descriptor be one of the null device."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Signs that are like those that cannot be encoded, or else their numbers."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    signs = (_PLAIN_SIGNS.get(sign) or ascii(sign)[1:-1] for sign in text)
    return "".join(signs), error.end
