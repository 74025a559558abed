"""Results under other readings: OUT/multiverse/E04/<section>/, beside those as written.

Such a folder is one of results in itself, with further seeds in it. What lies there never counts as
the section's own results: its manifests name the readings. What all of them come to is in
``OUT/multiverse/4.2.json``, and its specification curve beside it.
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from data_prep.checksums import sha256
from thesis_repro.files import write_json
from thesis_repro.report.reading import Damaged, read_json
from thesis_repro.verdicts.multiverse import Multiverse

FOLDER = "multiverse"


def universe_folder(out: Path, readings: Iterable[str]) -> Path:
    """Where results are with these errata read the other way; ``out`` itself without any."""
    name = "+".join(readings)
    return out / FOLDER / name if name else out


def summary_file(out: Path, section: str) -> Path:
    """Where it is written what a section comes to under all of its readings."""
    return out / FOLDER / f"{section}.json"


def rows_file(out: Path, section: str) -> Path:
    """Where the same is as a table: a row for each claim and universe."""
    return out / FOLDER / f"{section}.csv"


def curve_file(out: Path, section: str) -> Path:
    """Where its specification curve is, which can be drawn large or small."""
    return out / FOLDER / f"{section}.svg"


def write_multiverse(path: Path, multiverse: Multiverse) -> None:
    """Write it as JSON, whole or not at all."""
    write_json(path, msgspec.to_builtins(multiverse))


def read_multiverse(path: Path) -> Multiverse:
    """Read what `write_multiverse` has written.

    Raises:
        Damaged: it cannot be read, is no JSON, or lacks a field.
    """
    return read_json(path, Multiverse)


def multiverse_of(out: Path, section: str) -> Multiverse | str | None:
    """What a section comes to under all of its readings; None where that was not put together.

    In place of what is damaged, or was put together of other results, the sentence that says so.
    """
    path, claims = summary_file(out, section), out / section / "claims.json"
    if not path.exists():
        return None
    again = f"run `thesis-repro multiverse {section}` again"
    try:
        multiverse = read_multiverse(path)
        if claims.exists() and multiverse.results == sha256(claims):
            return multiverse
        other = f"it is of other results of Section {section} than those beside it"
        return f"{path.name}: {other}; {again}."
    except (Damaged, OSError) as error:
        return f"{path.name}: {error}; {again}."


def curve_of(out: Path, section: str) -> bytes:
    """A section's specification curve as SVG; nothing where it is not there."""
    try:
        return curve_file(out, section).read_bytes()
    except OSError:
        return b""
