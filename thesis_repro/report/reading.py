"""One file of a section's results -> checked Python values; what is wrong with it as `Damaged`.

Files can be half-written, edited or of another version: nothing in them is taken on trust.
"""

import csv
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from thesis_repro.thesis.claims import Claim, load_claims
from thesis_repro.verdicts.judgements import Judgement, Verdict
from thesis_repro.verdicts.rules import CheckResult


class Damaged(Exception):
    """A file is not what a chapter writes; the message is the cause, without the path."""


class Run(NamedTuple):
    """A trained model behind a section; ``seconds`` is None where its run folder is not at hand."""

    model: str
    run_id: str
    epochs: int
    seconds: float | None = None


@dataclass(frozen=True)
class Manifest:
    """What made a section's files: the fields of ``manifest.json``; ``files`` maps to SHA-256."""

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


class Answer(NamedTuple):
    """What a section's numbers say about a research question."""

    number: str
    text: str
    scale: str
    data: str


class Table(NamedTuple):
    """A CSV file's cells as they are written."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Picture(NamedTuple):
    """A whole PNG file: its bytes, size in pixels and the origin that was written into it."""

    content: bytes
    width: int
    height: int
    origin: str


def read_manifest(path: Path) -> Manifest:
    """Read ``manifest.json``.

    Raises:
        Damaged: it is no JSON, or a field is missing or of another type.
    """
    entry = _entry(_json(path), "it")
    runs = _field(entry, "runs", dict)
    return Manifest(
        runs=tuple(
            Run(name, _field(_entry(run, name), "run_id", str), _field(run, "epochs", int))
            for name, run in runs.items()
        ),
        files=_texts(entry, "files"),
        versions=_texts(entry, "versions"),
        commit=_field(entry, "commit", str, type(None)),
        seed=_field(entry, "seed", int),
        stand_in=_field(entry, "stand_in", bool),
        **{name: _field(entry, name, str) for name in ("created", "scale", "data", "precision")},
    )


def read_judgements(path: Path) -> dict[str, Judgement]:
    """Read ``claims.json``: the judgements by claim id.

    Raises:
        Damaged: it is no JSON, an entry lacks a field, or a claim or verdict is unknown.
    """
    entries = _json(path)
    if not isinstance(entries, list):
        raise Damaged("it holds no list of claims")
    known = {claim.id: claim for claim in load_claims()}
    judgements = (_judgement(_entry(entry, "an entry"), known) for entry in entries)
    return {judgement.claim.id: judgement for judgement in judgements}


def _judgement(entry: dict[str, Any], known: dict[str, Claim]) -> Judgement:
    claim = known.get(_field(entry, "id", str))
    if claim is None:
        raise Damaged(f"this version has no claim {entry['id']!r}")
    verdict = _field(entry, "verdict", str)
    if verdict not in list(Verdict):
        raise Damaged(f"{claim.id} has the unknown verdict {verdict!r}")
    try:
        checks = tuple(CheckResult(**check) for check in _field(entry, "checks", list))
    except TypeError as error:
        raise Damaged(f"a check of {claim.id} is not as this version writes it") from error
    return Judgement(
        claim,
        Verdict(verdict),
        checks=checks,
        **{name: _field(entry, name, dict, type(None)) for name in ("as_written", "as_run")},
        **{name: _field(entry, name, str) for name in ("why", "scale", "data")},
    )


def read_answers(path: Path) -> tuple[Answer, ...]:
    """Read ``research_questions.json``.

    Raises:
        Damaged: it is no JSON or lacks a field.
    """
    whole = _entry(_json(path), "it")
    scale, data = _field(whole, "scale", str), _field(whole, "data", str)
    entries = [_entry(entry, "an answer") for entry in _field(whole, "rq", list)]
    return tuple(
        Answer(_field(entry, "number", str), _field(entry, "answer", str), scale, data)
        for entry in entries
    )


def read_table(path: Path) -> Table:
    """Read a CSV file.

    Raises:
        Damaged: it is empty, no text, or its rows are of different lengths.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [tuple(row) for row in csv.reader(file, strict=True)]
    except (OSError, ValueError, csv.Error) as error:
        raise Damaged(f"it cannot be read as CSV ({error})") from error
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise Damaged("it is empty or its rows are of different lengths")
    return Table(rows[0], tuple(rows[1:]))


def read_picture(path: Path) -> Picture:
    """Read a PNG file and hold every part of it against its checksum.

    Raises:
        Damaged: it is no PNG, cut off, or a part does not match its checksum.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Damaged(f"it cannot be read ({error.strerror})") from error
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise Damaged("it is no PNG picture")
    parts = list(_png_parts(content))
    if parts[0][0] != b"IHDR" or len(parts[0][1]) != 13:
        raise Damaged("its first part is not a PNG picture's")
    width, height = struct.unpack(">II", parts[0][1][:8])
    texts = (body.partition(b"\0") for kind, body in parts if kind == b"tEXt")
    origins = [text.decode("latin-1") for name, _, text in texts if name == b"Description"]
    return Picture(content, width, height, origins[0] if origins else "")


def _png_parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The parts (kind, body) of a PNG file to its end mark."""
    at, kind = 8, b""
    while kind != b"IEND":
        if at + 12 > len(content):
            raise Damaged("it is cut off")
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        checksum = content[at + 8 + length : at + 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(kind + body)):
            raise Damaged("it is cut off or changed: a part does not match its checksum")
        yield kind, body
        at += 12 + length


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Damaged(f"it cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"it is no whole JSON file ({error})") from error


def _entry(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Damaged(f"{name} is no JSON object")
    return value


def _field(entry: dict[str, Any], name: str, *types: type) -> Any:
    if name not in entry:
        raise Damaged(f"the field {name!r} is missing")
    if not isinstance(entry[name], types):
        wanted = " or ".join(kind.__name__ for kind in types)
        raise Damaged(f"the field {name!r} is of type {type(entry[name]).__name__}, not {wanted}")
    return entry[name]


def _texts(entry: dict[str, Any], name: str) -> dict[str, str]:
    texts = _field(entry, name, dict)
    for key in texts:
        _field(texts, key, str)
    return texts
