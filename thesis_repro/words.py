"""Numbers in the words of a message."""


def counted(count: int, noun: str) -> str:
    """How many there are, "1 epoch" or "1,200 epochs", of what takes an s as its plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
