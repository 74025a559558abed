"""Results under other readings: OUT/multiverse/E04/<section>/, beside those as written.

Such a folder is one of results in itself, with further seeds in it. What lies there never counts as
the section's own results: its manifests name the readings.
"""

from collections.abc import Iterable
from pathlib import Path

FOLDER = "multiverse"


def universe_folder(out: Path, readings: Iterable[str]) -> Path:
    """Where results are with these errata read the other way; ``out`` itself without any."""
    name = "+".join(readings)
    return out / FOLDER / name if name else out
