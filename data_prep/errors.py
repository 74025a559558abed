"""The one error of this package: a path, what is wrong with it, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ_FIX = "check the folder's permissions, or choose another one with --data-dir"
WRITE_FIX = (
    "free some space, mend the permissions, or choose a folder that can be written to with "
    "--data-dir"
)
PERMISSION_FIX = "mend its permissions, or have its owner do it"

LONGEST_CAUSE = 1_000  # characters; a damaged file can hold a name or a number of any length


class DataError(Exception):
    """Data that are missing, damaged or not what they should be.

    Attributes:
        path: The file or folder that was looked at.
        cause: What is wrong with it.
        fix: What to do about it: an option to set or a command to run.
    """

    def __init__(self, path: Path | str, cause: str, fix: str):
        # The arguments go to Exception so that the error survives pickling between processes.
        super().__init__(path, cause, fix)
        self.path = Path(path)
        self.cause = cause
        self.fix = fix

    def __str__(self) -> str:
        return f"{_shown(str(self.path))}: {_shown(self.cause)}. To fix it: {self.fix}."


def _shown(text: str) -> str:
    """One line that is not too long."""
    return printable(text if len(text) <= LONGEST_CAUSE else f"{text[:LONGEST_CAUSE]} ...")


def printable(text: str) -> str:
    """Text that fits a line of any UTF-8 file or terminal.

    Names of files can hold control characters, and bytes that are no text.
    """
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


@contextmanager
def os_errors(path: Path, cause: str, fix: str) -> Iterator[None]:
    """Turn the operating system's errors inside the block into a `DataError`.

    Args:
        path: Named where the operating system names no file.
        cause: What did not work; the system's own words follow in brackets.
        fix: What to do about it.
    """
    try:
        yield
    except OSError as error:
        cause = f"{cause} ({error.strerror or error})"
        # Of two files, as of a copy, the second is the one that was to be made.
        raise DataError(error.filename2 or error.filename or path, cause, fix) from error


def unreadable(path: Path, error: OSError, fix: str) -> DataError:
    """That a file cannot be read.

    Args:
        path: The file.
        error: What the system says.
        fix: What to do about a damaged file, which one that may not be read need not be.
    """
    cause = f"it cannot be read ({error.strerror or error})"
    return DataError(path, cause, PERMISSION_FIX if isinstance(error, PermissionError) else fix)
