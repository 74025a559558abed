"""Locks that keep two processes from the same folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from data_prep.errors import DataError


@contextmanager
def alone(path: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold a lock, which is the operating system's: it ends with the process, however that ends.

    Args:
        path: Its file, which is there only while it is held, or after a kill.
        busy: Called where another process holds it, which is waited for unless this raises.

    Raises:
        DataError: The file is there, but cannot be opened.
    """
    lock = FileLock(path)
    try:
        try:
            acquire(lock, busy)
        except (PermissionError, IsADirectoryError) as error:
            if not os.path.lexists(path):
                raise
            cause = f"this lock, of another user or program, cannot be opened ({error.strerror})"
            fix = "take it away once nobody works there, or have its owner do it"
            raise DataError(path, cause, fix) from error
        yield
    finally:
        try:
            if lock.is_locked:
                with suppress(OSError):
                    path.unlink()  # who waits for it notices, and makes it anew
        finally:
            lock.release()


def acquire(lock: FileLock, busy: Callable[[], None]) -> None:
    """Take a lock; `busy` is called where another process holds it, as of `alone`."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        busy()
        lock.acquire()
