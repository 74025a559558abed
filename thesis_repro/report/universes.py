"""Results under other readings: OUT/multiverse/E04/<section>/, beside those as written.

Such a folder is one of results in itself, with further seeds in it. What lies there never counts as
the section's own results: its manifests name the readings. What all of them come to is in
``OUT/multiverse/4.2.json``, and its specification curve beside it.
"""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import structs

from data_prep.checksums import sha256
from data_prep.errors import DataError
from thesis_repro import provenance
from thesis_repro.files import atomic_path, write_json
from thesis_repro.report.reading import (
    Damaged,
    Manifest,
    read_bytes,
    read_json,
    read_judgements,
    read_manifest,
)
from thesis_repro.report.seeds import (
    Made,
    OverSeeds,
    further_results,
    seed_folder,
    with_further_seeds,
)
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.multiverse import COLUMNS, Multiverse, Run, universes

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
        DataError: a link leads from their place to who knows which results.
    """
    for readings in asked:
        folder = universe_folder(out, readings)
        for place in (folder, *sorted(folder.glob("seed-*"))):
            for path in (place, place / section):
                if path.is_symlink():
                    fix = f"remove it; {out} or {out / FOLDER} may be links, to another disk say"
                    raise DataError(path, "it is a link, maybe to other results", fix)


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


def write_rows(path: Path, multiverse: Multiverse) -> None:
    """Write the same as CSV: a row for each claim and universe."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *multiverse.rows])


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
    makers = [
        maker
        for readings, folder in places.items()
        for maker in (made[readings], *further_results(folder, Made.of(made[readings])).values())
    ]
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
        commits=tuple(dict.fromkeys(maker.commit for maker in makers)),
        written=headline,
        run=as_run,
        universes=under_others,
        not_run={},
    )


def _made(folder: Path, section: str, readings: tuple[str, ...]) -> Manifest:
    """What made a section's results.

    Raises:
        Damaged: it cannot be read, or is of other readings.
    """
    path = folder / section / "manifest.json"
    try:
        manifest = read_manifest(path)
    except Damaged as error:
        raise Damaged(f"{path}: {error}") from error
    if manifest.readings != readings:
        raise Damaged(f"{path}: it is of other readings")
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
    if not path.exists():
        return None
    multiverse, why = read_multiverse(path), ""
    try:
        if universes_in(out, section):
            is_of_these = _is_derived(out, section, multiverse)
        else:
            is_of_these = _is_published(out, made, multiverse, seeds)
    except (Damaged, OSError) as error:
        is_of_these, why = False, f" ({error})"
    if not is_of_these:
        raise Damaged(
            f"it does not belong to the results there{why}: "
            f"run `thesis-repro multiverse {section}` again, with their options"
        )
    return multiverse


def _is_derived(out: Path, section: str, multiverse: Multiverse) -> bool:
    """Whether all that can be computed from the results there is as they say.

    When it was put together, what was left out and its picture cannot.

    Raises:
        Damaged: results of a universe cannot be read, or are of other readings than its folder.
    """
    made = derived(out, section, (each.readings for each in multiverse.universes))
    beside = {name: getattr(multiverse, name) for name in ("created", "not_run", "curve")}
    return multiverse == structs.replace(made, **beside)


def _is_published(out: Path, made: Manifest, multiverse: Multiverse, seeds: Iterable[int]) -> bool:
    """Whether it is the file that the manifest vouches for, of the section's results there.

    Raises:
        Damaged: the manifest vouches for none, as those of older versions.
        OSError: a file of claims cannot be read.
    """
    if not made.multiverse:
        raise Damaged("no universes are there, and manifest.json does not vouch for it")
    ours = {
        claims.relative_to(out).as_posix(): sha256(claims)
        for claims in _claims_files(out, made.section, seeds)
    }
    named = multiverse.results.items()
    of_section = {name: digest for name, digest in named if not name.startswith(f"{FOLDER}/")}
    return sha256(summary_file(out, made.section)) == made.multiverse and ours == of_section


def curve_of(out: Path, multiverse: Multiverse) -> bytes:
    """Its specification curve as SVG; nothing where it is another one's, or not there."""
    path = curve_file(out, multiverse.section)
    try:
        return read_bytes(path) if sha256(path) == multiverse.curve else b""
    except OSError:
        return b""
