"""Regular files alone are opened for reading: a pipe is waited for, a device read without end."""

import errno
import stat
from pathlib import Path
from typing import BinaryIO


def open_file(path: Path) -> BinaryIO:
    """Open a regular file, or a link to one, for reading.

    Raises:
        OSError: It cannot be opened; or it is a pipe, a socket or a device.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # what a folder is, the system says
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device", str(path))
    return path.open("rb")
