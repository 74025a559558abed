"""A section's folder of results: replaced whole or not at all, and never by less in silence."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from data_prep import folders
from data_prep.errors import DataError
from data_prep.folders import is_made_up, is_mount_point
from thesis_repro.report.reading import Damaged, read_manifest
from thesis_repro.section.registry import datasets_of, models_of
from thesis_repro.training.precision import FLOAT32
from thesis_repro.training.scale import SCALES, is_smaller

_MANIFEST = "manifest.json"


def replacing(folder: Path) -> AbstractContextManager[Path]:
    """`data_prep.folders.replacing`, for a section's results.

    Files among the results before that their manifest does not list are not the section's: they
    are kept.
    """
    return folders.replacing(folder, _check, _keep_others)


def _check(folder: Path) -> None:
    """Make sure that a folder can be moved out of the way.

    Raises:
        DataError: it is a mount point, or a file.
    """
    if is_mount_point(folder):
        fix = "mount the folder of all results, or name another one with --out"
        raise DataError(folder, "it is a mount point, which cannot be replaced", fix)
    if folder.exists() and not folder.is_dir():
        fix = "move it away, or name another folder with --out"
        raise DataError(folder, "a file is in the place of the section's results", fix)


def _keep_others(replaced: Path, folder: Path) -> None:
    """Move what is not the section's from the results before to those in their place."""
    try:
        ours = {_MANIFEST, *read_manifest(replaced / _MANIFEST).files}
    except Damaged:
        ours = {_MANIFEST}
    for path in replaced.iterdir():
        place = folder / path.name
        if path.name not in ours and not path.name.startswith(".writing-") and not place.exists():
            path.rename(place)


def places_of(sections: Iterable[str], out: Path) -> Iterator[Path]:
    """The folders that are written to where these sections' results are replaced.

    Raises:
        DataError: one of them cannot be moved, or is a file.
    """
    for section in sections:
        folder = (out / section).resolve()
        _check(folder)
        yield from (folder.parent, folder)


def first_of_seeds(section: str, out: Path, seed: int) -> str:
    """What results of several seeds are there that begin with another one, in words; "" if none.

    Those of the further seeds count with the first's alone.
    """
    try:
        there = read_manifest(out / section / _MANIFEST)
    except Damaged:
        return ""
    first = there.seed
    if there.section != section:
        return ""
    further = any(path.is_dir() for path in out.glob(f"seed-*/{section}"))
    return f"{section} (first seed {first})" if further and first != seed else ""


def more_than(
    section: str,
    out: Path,
    scale: str,
    precision: str,
    *,
    stand_in: bool,
    readings: tuple[str, ...] = (),
) -> str:
    """What results are there, in words, that ones like these would be less than; "" if none.

    Less is a smaller scale or, at the same one, fewer digits, where the section has models; and
    stand-ins where there are data, whatever the scale. Results under other readings are not these.
    """
    try:
        there = read_manifest(out / section / _MANIFEST)
    except Damaged:
        return ""
    if (there.section, there.readings) != (section, readings):
        return ""
    made_up = any(is_made_up(dataset, stand_in) for dataset in datasets_of(section, scale))
    is_more = made_up and not there.stand_in
    if made_up == there.stand_in and models_of(section, scale) and there.scale in SCALES:
        fewer_digits = there.precision == FLOAT32 != precision
        is_more = is_smaller(scale, there.scale) or (scale == there.scale and fewer_digits)
    return f"scale {there.scale}, {there.data}" if is_more else ""
