"""One file of a section's results -> checked Python values; what is wrong with it as `Damaged`.

Files can be half-written, edited or of another version: nothing in them is taken on trust.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from data_prep.opening import open_file
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Outcome

Kind = TypeVar("Kind")

_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


class Damaged(Exception):
    """A file is not what a chapter writes; the message is the cause, without the path."""


class Run(NamedTuple):
    """A trained model behind a section, and the devices it was trained on.

    ``seconds`` that it trained are None where its run folder is not at hand, unless results are
    published, which keep them.
    """

    model: str
    run_id: str
    epochs: int
    devices: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True)
class Constraints:
    """The ``constraints.txt`` beside the package, and which versions were other than it names."""

    sha256: str
    otherwise: dict[str, str]

    def __str__(self) -> str:
        others = (f"{name} {versions}" for name, versions in self.otherwise.items())
        return "; ".join((self.sha256[:12], *others))


@dataclass(frozen=True)
class Manifest:
    """What made a section's files: the fields of ``manifest.json``; ``files`` maps to SHA-256.

    ``device`` is what the section was computed on; older manifests do not say it, nor the
    ``constraints``, which an installed package has none of. ``withheld`` are files that are left
    out of published results, and why; ``multiverse`` is the SHA-256 of the multiverse's JSON file
    that is published beside them, if any. ``readings`` are the ids of errata that were read the
    other way.
    """

    section: str
    created: str
    commit: str | None
    scale: str
    data: str
    stand_in: bool
    seed: int
    precision: str
    runs: tuple[Run, ...]
    files: dict[str, str]
    versions: dict[str, str]
    device: str = ""
    constraints: Constraints | None = None
    withheld: dict[str, str] = field(default_factory=dict)
    readings: tuple[str, ...] = ()
    multiverse: str = ""


class Answer(NamedTuple):
    """What a section's numbers say about a research question."""

    number: str
    text: str
    scale: str
    data: str


class Table(NamedTuple):
    """A CSV file's cells as they are written; ``name`` is the file's, without its suffix."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str = ""


class Picture(NamedTuple):
    """A whole PNG or WebP file: its bytes, size in pixels and the origin written into it."""

    content: bytes
    width: int
    height: int
    origin: str
    format: str = "PNG"


class _Trained(msgspec.Struct):
    run_id: str
    epochs: int
    devices: tuple[str, ...] = ()
    seconds: float | None = None


class _Runs(msgspec.Struct):
    """The runs in ``manifest.json``, by model."""

    runs: dict[str, _Trained]


class _Judged(msgspec.Struct):
    """An entry of ``claims.json``, without what the claim itself says."""

    id: str
    scale: str
    data: str
    readings: dict[Reading, Outcome]
    other_readings: tuple[str, ...] = ()


class _Answered(msgspec.Struct):
    number: str
    answer: str


class _Answers(msgspec.Struct):
    """``research_questions.json``."""

    scale: str
    data: str
    rq: tuple[_Answered, ...]


def read_manifest(path: Path) -> Manifest:
    """Read ``manifest.json``.

    Raises:
        Damaged: it is no JSON, or a field is missing or of another type.
    """
    content = read_json(path, dict[str, Any])
    trained = _checked(content, _Runs).runs.items()
    runs = [(model, *structs.astuple(run)) for model, run in trained]
    return _checked(content | {"runs": runs}, Manifest)


def readings_in_words(readings: Sequence[str]) -> str:
    """What errata that are read the other way are called."""
    return f"the other reading of {' and '.join(readings)}" if readings else "the readings taken"


def read_runs(path: Path) -> dict[str, str]:
    """The ids of the runs that ``manifest.json`` names, by model; of all else, nothing is asked.

    Raises:
        Damaged: it is no JSON, or names no runs.
    """
    return {model: run.run_id for model, run in read_json(path, _Runs).runs.items()}


def read_judgements(path: Path, readings: tuple[str, ...] = ()) -> dict[str, Judgement]:
    """Read ``claims.json``: the judgements by claim id.

    Raises:
        Damaged: it is no JSON, an entry lacks a field, a claim or verdict is unknown, or it says
            that it is of other readings than these. Older ones do not say it.
    """
    claims = {claim.id: claim for claim in load_claims()}
    judgements = {}
    for entry in read_json(path, list[_Judged]):
        claim = claims.get(entry.id)
        if claim is None:
            raise Damaged(f"this version has no claim {entry.id!r}")
        if entry.other_readings not in ((), readings):
            raise Damaged(f"it is of {readings_in_words(entry.other_readings)}")
        written, run = (entry.readings.get(reading) for reading in Reading)
        if written is None:
            raise Damaged(f"the claim {entry.id!r} is not judged {Reading.WRITTEN}")
        judgements[claim.id] = Judgement(claim, written, run, entry.scale, entry.data)
    return judgements


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Read ``research_questions.json``.

    Raises:
        Damaged: it is no JSON or lacks a field.
    """
    content = read_json(path, _Answers)
    return tuple(
        Answer(entry.number, entry.answer, content.scale, content.data) for entry in content.rq
    )


def read_table(path: Path) -> Table:
    """Read a CSV file.

    Raises:
        Damaged: it is empty, no text, or its rows are of different lengths.
    """
    try:
        with io.TextIOWrapper(open_file(path), encoding="utf-8", newline="") as file:
            rows = [tuple(row) for row in csv.reader(file, strict=True)]
    except (OSError, ValueError, csv.Error) as error:
        raise Damaged(f"it cannot be read as CSV ({error})") from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise Damaged("it is empty or its rows are of different lengths")
    return Table(rows[0], tuple(rows[1:]), path.stem)


def read_picture(path: Path) -> Picture:
    """Read a PNG file and hold every part of it against its checksum, or a WebP, which has none.

    Raises:
        Damaged: it is neither, cut off, or a part does not match its checksum.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        content = read_bytes(path)
    except OSError as error:
        raise Damaged(f"it cannot be read ({error.strerror})") from error
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "WEBP"]) as image:
            (width, height), origin = image.size, image.info.get("Description", "")
            kind = str(image.format)
            image.verify()
    except UnidentifiedImageError as error:  # whose words are of an object
        raise Damaged("it is no PNG picture, cut off or changed at its start") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Damaged(f"it is no PNG picture, cut off or changed ({error})") from error
    if kind == "PNG" and not content.endswith(
        _PNG_END
    ):  # which Pillow does not hold against its checksum
        raise Damaged("it is cut off or changed at its end")
    return Picture(content, width, height, origin, kind)


def read_json(path: Path, kind: type[Kind]) -> Kind:
    """The value of this type in a JSON file.

    Raises:
        Damaged: it cannot be read, is no JSON, or is of another type.
    """
    try:
        return msgspec.json.decode(read_bytes(path), type=kind)
    except OSError as error:
        raise Damaged(f"it cannot be read ({error.strerror})") from error
    except msgspec.ValidationError as error:
        raise Damaged(f"it is not as this version writes it: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"it is no whole JSON file ({error})") from error


def read_bytes(path: Path) -> bytes:
    """All of a file; never waits for one that is no ordinary file."""
    with open_file(path) as file:
        return file.read()


def _checked(value: Any, kind: type[Kind]) -> Kind:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Damaged(f"it is not as this version writes it: {error}") from error
