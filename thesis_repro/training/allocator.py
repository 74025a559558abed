"""The C library's memory: what one step has freed is kept for the next."""

import ctypes
import platform

# Of mallopt(3). Large arrays come from the heap and not as mappings of their own, the heap is
# neither trimmed nor grown by little, and there is one of it for all threads.
_SETTINGS = {
    "M_MMAP_MAX": (-4, 0),
    "M_TRIM_THRESHOLD": (-1, 2**31 - 1),
    "M_TOP_PAD": (-2, 2**27),
    "M_ARENA_MAX": (-8, 1),
}


def keep_freed_memory() -> None:
    """Have glibc keep what is freed, for the rest of the process.

    It would hand the large arrays of each step back to the operating system, which gives them out
    anew page by page, filled with zeros: 240,000 page faults an update of dSprites-VAE, a tenth of
    the processor's time. Other C libraries are left alone.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        for parameter, value in _SETTINGS.values():
            library.mallopt(parameter, value)
