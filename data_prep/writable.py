"""Whether a folder can be written to, which is tried before hours of work."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

_TRIAL = bytes(4_096)  # one block: a full disk takes the file's name, but not this


def try_writing(folder: Path) -> None:
    """Write a file to a folder, and take all of it away again.

    Folders that are missing are made for it, and taken away, too.

    Raises:
        OSError: Nothing can be written there; it names the folder.
    """
    try:
        try:
            _try_writing(folder)
        except FileNotFoundError:  # another process that tried it, too, may just have taken it away
            _try_writing(folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def _try_writing(folder: Path) -> None:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in missing:
        if path.is_symlink():
            cause = f"the link {path} leads to {path.readlink()}, and nothing is there"
            raise OSError(errno.ENOENT, cause)
    trial = folder / f".trial-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with trial.open("xb") as file:
            file.write(_TRIAL)
            file.flush()
            os.fsync(file.fileno())
    finally:
        for take_away in (trial.unlink, *(path.rmdir for path in missing)):
            with suppress(OSError):  # it was not made, or another process has written there
                take_away()
