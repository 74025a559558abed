"""Standard output and error as commands find them: closed, full, unread, or of few characters."""

import codecs
import errno
import io
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_PLAIN = "plain"  # the name of the error handler
# What stands for signs that the package prints, where a terminal lacks them.
_PLAIN_SIGNS = {
    **{"×": "x", "·": ".", "–": "-", "−": "-", "’": "'", "“": '"', "”": '"', "…": "..."},
    **{"²": "2", "±": "+-", "≤": "<=", "≥": ">=", "→": "->"},
}


def width() -> int | None:
    """Columns of the terminal that shows the output; None where a pipe or a file takes it."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


@contextmanager
def usable_streams() -> Iterator[None]:
    """Have a program's output fail for no character, and for no stream that it was started without.

    A closed stream (``2>&-``) is one to nowhere: its number would else be the next file's that is
    opened, and get what libraries write. Characters that a stream's encoding lacks are spelled with
    those that it has. Where whoever read a stream has gone, the rest leads nowhere, and the work
    goes on: what it makes is for others, too. In the end, what a stream does not take is dropped:
    Python would exit with 120 for it.
    """
    _open_closed()
    codecs.register_error(_PLAIN, _plain)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (
        _usable(stream, number) for number, stream in enumerate(before, start=1)
    )
    try:
        yield
    finally:
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            try:
                stream.flush()
            except (OSError, ValueError):
                with suppress(OSError):
                    _to_nowhere(number)
        sys.stdout, sys.stderr = before


def _usable(stream: TextIO, number: int) -> TextIO:
    """A stream that spells what it lacks; its file descriptor's own one outlives its reader."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.reconfigure(errors=_PLAIN)
    raw = getattr(stream.buffer, "raw", stream.buffer)
    if not isinstance(raw, io.FileIO) or raw.fileno() != number:
        return stream
    outliving = _Outliving(number, "wb", closefd=False)
    return io.TextIOWrapper(
        outliving if raw is stream.buffer else io.BufferedWriter(outliving),
        stream.encoding,
        _PLAIN,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Outliving(io.FileIO):
    """A standard stream that leads nowhere once whoever read it has gone."""

    def write(self, data: bytes) -> int | None:
        """As ever, but that only standard output fails, and only where it might still be read."""
        try:
            return super().write(data)
        except OSError as error:
            if self.fileno() == 1 and not self._has_lost_reader(error):
                raise
        _to_nowhere(self.fileno())
        return super().write(data)

    def _has_lost_reader(self, error: OSError) -> bool:
        """Whether a pipe is no longer read, or a terminal is closed."""
        is_device = stat.S_ISCHR(os.fstat(self.fileno()).st_mode)
        return error.errno == errno.EPIPE or (error.errno == errno.EIO and is_device)


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
