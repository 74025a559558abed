"""What a command says of an error that no part of the package explains: one line, with the fix."""

import errno
import os
import shlex
import sys
import tempfile
import traceback

from thesis_repro import provenance
from thesis_repro.errors import command_for

DEBUG = "THESIS_REPRO_DEBUG"  # set to anything, it has Python show the traceback of such errors

_FIXES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "mend its permissions, or name another place"),
    errno.EROFS: "name a place that can be written to",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "move the file that is in the way"),
    errno.EISDIR: "name a file, not a folder",
    errno.ENOENT: "check the name",
    errno.ELOOP: "check the links on the way to it",
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), "allow more open files (`ulimit -n`)"),
    **dict.fromkeys((errno.EAGAIN, errno.ENOMEM), "end other programs, or allow more"),
    errno.EIO: "check the disk",
}
# What TensorFlow and JAX raise where memory ends; naming them here imports neither.
_OUT_OF_MEMORY = ("ResourceExhaustedError", "RESOURCE_EXHAUSTED", "Out of memory")


def explained(error: Exception) -> str:
    """An error in a line: what it is about, its cause and the fix.

    One that says nothing of its cause is a fault of this package; the traceback is in a file then.
    """
    if isinstance(error, MemoryError) or _names_memory(error):
        return (
            f"There is not enough memory ({_first_line(error)}). End other programs, or take a "
            "smaller --scale; `thesis-repro plan` says what each training needs."
        )
    if isinstance(error, OSError):
        return _of_the_system(error)
    if str(error).startswith("Symlink loop from"):  # pathlib's, before Python 3.13
        return f"{_first_line(error)}. To fix it: {_FIXES[errno.ELOOP]}."
    if isinstance(error, ImportError):
        return (
            f"{error.name or 'A package'} cannot be imported ({_first_line(error)}). Install what "
            f"is missing with `{command_for(error.name)}`, and check that no file here has its "
            "name."
        )
    return f"{_first_line(error)}. {_how_to_report(error)}"


def _of_the_system(error: OSError) -> str:
    place = error.filename2 or error.filename
    cause = error.strerror or _first_line(error)
    fix = f" To fix it: {_FIXES[error.errno]}." if error.errno in _FIXES else ""
    if isinstance(place, str | bytes | os.PathLike):
        where = os.fsdecode(place)
    elif error.errno == errno.ENOENT:  # only the current folder has no name to be asked for by
        where, fix = "the current folder", " To fix it: change to one that is there."
    else:
        where = "the output, or a file that Python does not name"
    return f"{where}: {cause}.{fix}"


def _names_memory(error: Exception) -> bool:
    """Whether a backend says that memory has ended."""
    text = f"{type(error).__name__}: {error}"
    return any(sign in text for sign in _OUT_OF_MEMORY)


def _first_line(error: Exception) -> str:
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first[:300]}".rstrip(":. ")


def _how_to_report(error: Exception) -> str:
    """Write the traceback to a file of its own; where it is, and whom to tell."""
    command = shlex.join(["thesis-repro", *sys.argv[1:]])
    versions = [f"{name} {version}" for name, version in provenance.versions().items()]
    text = [f"$ {command}\n{', '.join(versions)}\n\n", *traceback.format_exception(error)]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="thesis-repro-", suffix=".log", delete=False, encoding="utf-8",
            errors="backslashreplace",
        ) as log:  # fmt: skip
            log.writelines(text)
    except OSError:
        return f"This is a fault of thesis-repro: please report what {DEBUG}=1 shows of it."
    return f"This is a fault of thesis-repro: please report it, with {log.name}."
