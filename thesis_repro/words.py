"""Numbers in the words of a message."""


def counted(count: int, noun: str) -> str:
    """How many there are, "1 epoch" or "1,200 epochs", of what takes an s as its plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as hours, minutes or seconds, whichever reads best."""
    if seconds >= 5_400:
        return f"{seconds / 3600:,.1f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
