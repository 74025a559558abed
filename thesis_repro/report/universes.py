"""Results under other readings: OUT/multiverse/E04/<section>/, beside those as written.

Such a folder is one of results in itself, with further seeds in it. What lies there never counts as
the section's own results: its manifests name the readings. What all of them come to is in
``OUT/multiverse/4.2.json``, and its specification curve beside it.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import structs

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro import provenance
from thesis_repro.files import write_json
from thesis_repro.report.reading import (
    Damaged,
    Manifest,
    read_bytes,
    read_json,
    read_judgements,
    read_manifest,
)
from thesis_repro.report.seeds import OverSeeds, seed_folder, with_further_seeds
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.multiverse import Multiverse, Run, universes

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


def refuse_links(out: Path, section: str, asked: Iterable[tuple[str, ...]]) -> None:
    """See, before any work, that a section's results under these readings would replace no others.

    Raises:
        DataError: by a link, their place is that of the section's results or of another universe's.
    """
    asked = [*asked]
    taken: dict[Path, Path] = {}
    for readings in ((), *({*universes_in(out, section)} - {*asked}), *asked):
        folder = universe_folder(out, readings)
        places = [each / section for each in (folder, *sorted(folder.glob("seed-*")))]
        real = {Path(os.path.realpath(place)): place for place in places}
        for path, place in real.items() if readings in asked else ():
            for other in (taken[each] for each in (path, *path.parents) if each in taken):
                cause = f"by a link it is the place of other results, {other}"
                raise DataError(place, cause, "remove the link")
        taken |= real


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


def derived(out: Path, section: str, others: Iterable[tuple[str, ...]]) -> Multiverse:
    """What the files there say a section comes to, as written and under these other readings.

    Raises:
        Damaged: one cannot be read, or is of other readings than its folder.
        OSError: a file of claims cannot be read.
    """
    places = {readings: universe_folder(out, readings) for readings in ((), *others)}
    made = {readings: _made(folder, section, readings) for readings, folder in places.items()}
    over = {readings: _over_seeds(folder, made[readings]) for readings, folder in places.items()}
    seeds = over[()].seeds
    runs = [Run(readings, each.judgements) for readings, each in over.items() if readings]
    headline, as_run, under_others = universes(over[()].judgements, runs)
    return Multiverse(
        section=section,
        scale=made[()].scale,
        data=made[()].data,
        seeds=seeds or (made[()].seed,),
        results={
            claims.relative_to(out).as_posix(): sha256(claims)
            for folder in places.values()
            for claims in _claims_files(folder, section, seeds[1:])
        },
        created=provenance.now(),
        commits=tuple(dict.fromkeys(each.commit for each in made.values())),
        written=headline,
        run=as_run,
        universes=under_others,
        not_run={},
    )


def _made(folder: Path, section: str, readings: tuple[str, ...]) -> Manifest:
    """What made a section's results, which have to be of these readings."""
    manifest = read_manifest(folder / section / "manifest.json")
    if manifest.readings != readings:
        raise Damaged("it is of other readings")
    return manifest


def _over_seeds(folder: Path, made: Manifest) -> OverSeeds:
    """A section's judgements in a folder of results, over all seeds there."""
    judgements = read_judgements(claims_file(folder, made.section), made.readings)
    return with_further_seeds(folder, made, tuple(judgements.values()))


def _claims_files(out: Path, section: str, further: Iterable[int]) -> Iterator[Path]:
    """The verdicts of a section in a folder of results, also with further seeds."""
    for folder in (out, *(seed_folder(out, seed) for seed in further)):
        yield claims_file(folder, section)


def multiverse_of(out: Path, made: Manifest, seeds: Iterable[int] = ()) -> Multiverse | None:
    """What a section comes to under all of its readings; None where that was not put together.

    Args:
        out: The folder of the results.
        made: The manifest of the section.
        seeds: The further ones whose results count with the section's.

    Raises:
        Damaged: it cannot be read, or is not what the results there come to.
    """
    section = made.section
    path = summary_file(out, section)
    try:
        if not path.exists():
            return None
        multiverse = read_multiverse(path)
        if universes_in(out, section):
            is_of_these = _is_derived(out, section, multiverse)
        else:  # published: the universes stayed behind, and the manifest vouches for the file
            ours = {
                claims.relative_to(out).as_posix(): sha256(claims)
                for claims in _claims_files(out, section, seeds)
            }
            named = multiverse.results.items()
            is_of_these = sha256(path) == made.multiverse and ours == {
                name: digest for name, digest in named if not name.startswith(f"{FOLDER}/")
            }
    except OSError:
        is_of_these = False
    if not is_of_these:
        raise Damaged(
            f"it does not belong to the results there: run `thesis-repro multiverse {section}` "
            "again, with their options"
        )
    return multiverse


def _is_derived(out: Path, section: str, multiverse: Multiverse) -> bool:
    """Whether all that can be computed from the results there is as they say."""
    try:
        made = derived(out, section, (each.readings for each in multiverse.universes))
    except Damaged:
        return False
    beside = {name: getattr(multiverse, name) for name in ("created", "not_run", "curve")}
    return multiverse == structs.replace(made, **beside)


def curve_of(out: Path, multiverse: Multiverse) -> bytes:
    """Its specification curve as SVG; nothing where it is another one's, or not there."""
    path = curve_file(out, multiverse.section)
    try:
        return read_bytes(path) if sha256(path) == multiverse.curve else b""
    except OSError:
        return b""
