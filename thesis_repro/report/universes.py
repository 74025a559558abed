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
from thesis_repro.report.reading import Damaged, read_bytes, read_json
from thesis_repro.report.seeds import seed_folder
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.multiverse import Multiverse

FOLDER = "multiverse"


def universe_folder(out: Path, readings: Iterable[str]) -> Path:
    """Where results are with these errata read the other way; ``out`` itself without any."""
    name = "+".join(readings)
    return out / FOLDER / name if name else out


def universes_in(out: Path, section: str) -> list[tuple[str, ...]]:
    """The readings under which there are results of a section."""
    folders = sorted((out / FOLDER).glob(f"*/{section}/"))
    named = (tuple(folder.parent.name.split("+")) for folder in folders)
    return [readings for readings in named if {*readings} <= load_errata().keys()]


def claims_file(out: Path, section: str) -> Path:
    """The verdicts of a section in a folder of results."""
    return out / section / "claims.json"


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


def multiverse_of(out: Path, section: str, seeds: Iterable[int] = ()) -> Multiverse | None:
    """What a section comes to under all of its readings; None where that was not put together.

    ``seeds`` are the further ones whose results count with the section's.

    Raises:
        Damaged: it cannot be read, or was put together of other results than those there.
    """
    path = summary_file(out, section)
    try:
        if not path.exists():
            return None
        multiverse = read_multiverse(path)
        folders = [Path(), *(seed_folder(Path(), seed) for seed in seeds)]
        ours = {claims_file(folder, section).as_posix() for folder in folders}
        named = {*multiverse.results}
        # Universes stay behind where results are published.
        checked = named if universes_in(out, section) else ours
        is_of_these = (
            multiverse.section == section
            and {name for name in named if not name.startswith(f"{FOLDER}/")} == ours
            and all(sha256(out / name) == multiverse.results[name] for name in checked)
        )
    except OSError:
        is_of_these = False
    if not is_of_these:
        raise Damaged(
            f"it does not belong to the results there: run `thesis-repro multiverse {section}` "
            "again, with their options"
        )
    return multiverse


def curve_of(out: Path, multiverse: Multiverse) -> bytes:
    """Its specification curve as SVG; nothing where it is another one's, or not there."""
    path = curve_file(out, multiverse.section)
    try:
        return read_bytes(path) if sha256(path) == multiverse.curve else b""
    except OSError:
        return b""
