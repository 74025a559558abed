"""The contradictions in the sources as data: what each source says, and the reading taken.

The entries are in ``errata.toml``, which explains their fields. Other modules refer to them by id
("erratum E03"); ``thesis-repro errata E03`` prints one. An id never changes its meaning.
"""

import re
import textwrap
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, NamedTuple

from thesis_repro.files import read_packaged

KINDS = ("architecture", "training", "data", "analysis", "statistics", "reporting", "platform")
WIDTH = 96  # columns of the terminal text

_FILE = "thesis_repro/thesis/errata.toml"
_ID = re.compile(r"E\d{2,}")
_MODEL_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACE = re.compile(r"(Section|Figure|Table|Listing|Appendix|Equation|Algorithm)s? [A-Z0-9][\w.-]*")


class Says(NamedTuple):
    """What one source says; words in quotation marks are its own."""

    source: str
    text: str


@dataclass(frozen=True)
class Erratum:
    """One contradiction; the fields are those of ``errata.toml``."""

    id: str
    title: str
    kind: str
    where: tuple[str, ...]
    says: tuple[Says, ...]
    reading: str
    why: str
    other_reading: str
    runnable: bool  # whether the other reading can be run with this version
    affects: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models it affects."""
        return tuple(item for item in self.affects if _MODEL_ID.fullmatch(item))


class ErrataFileError(ValueError):
    """``errata.toml`` is not what it has to be; the message names the entry and the field."""


class UnknownErratumError(LookupError):
    """No erratum has this id; the message names the closest and how to list all."""

    def __init__(self, erratum_id: str, known: Iterable[str]):
        known = list(known)
        meant = [f"E{int(number):02d}" for number in re.findall(r"\d+", erratum_id)]
        close = [candidate for candidate in meant if candidate in known]
        hint = f"Did you mean {', '.join(close)}?" if close else f"They are {known[0]}-{known[-1]}."
        super().__init__(f"No erratum {erratum_id!r}. {hint} `thesis-repro errata` lists all.")


@cache
def load_errata() -> dict[str, Erratum]:
    """All errata by id, in the order of the file.

    Raises:
        ErrataFileError: the packaged file is damaged.
    """
    return parse(read_packaged("thesis", "errata.toml"))


def get(erratum_id: str) -> Erratum:
    """The erratum of an id, in capital or small letters.

    Raises:
        UnknownErratumError: there is none.
    """
    errata = load_errata()
    try:
        return errata[erratum_id.upper()]
    except KeyError:
        raise UnknownErratumError(erratum_id, errata) from None


def parse(text: str) -> dict[str, Erratum]:
    """Errata from the text of a TOML file, every entry checked.

    Raises:
        ErrataFileError: not TOML, an id twice, or a field missing, empty, unknown or of the wrong
            type.
    """
    try:
        entries = tomllib.loads(text).get("erratum", [])
    except tomllib.TOMLDecodeError as error:
        raise ErrataFileError(f"{_FILE} is not valid TOML: {error}. Mend that line.") from error
    if not isinstance(entries, list) or not entries:
        raise ErrataFileError(f"{_FILE} has no [[erratum]] entries. Reinstall the package.")
    errata: dict[str, Erratum] = {}
    for position, entry in enumerate(entries, start=1):
        erratum = _erratum(entry, position)
        if erratum.id in errata:
            raise ErrataFileError(f"{_FILE}: two entries have the id {erratum.id}. Renumber one.")
        errata[erratum.id] = erratum
    return errata


def _erratum(entry: Any, position: int) -> Erratum:
    """One checked entry; ``position`` names it while its id is not known to be good."""
    if not isinstance(entry, dict):
        raise ErrataFileError(f"{_FILE}: entry {position} has to be a table ([[erratum]]).")
    name = f"{_FILE}, entry {position} ({entry.get('id', 'without id')})"
    expected = {field.name for field in fields(Erratum)}
    if missing := sorted(expected - entry.keys()):
        raise ErrataFileError(f"{name}: missing {', '.join(missing)}. Add it.")
    if unknown := sorted(entry.keys() - expected):
        raise ErrataFileError(f"{name}: unknown field {', '.join(unknown)}. Remove it.")
    texts = ("id", "title", "kind", "reading", "why", "other_reading")
    erratum = Erratum(
        **{field: _text(entry[field], f"{name}: {field}") for field in texts},
        where=_texts(entry["where"], f"{name}: where"),
        says=_says(entry["says"], f"{name}: says"),
        runnable=entry["runnable"],
        affects=_texts(entry["affects"], f"{name}: affects"),
    )
    _check(erratum, name)
    return erratum


def _check(erratum: Erratum, name: str) -> None:
    """Hold id, kind, runnable and affects against what they may be."""
    if not _ID.fullmatch(erratum.id):
        raise ErrataFileError(f"{name}: the id has to be E and two digits, like E07.")
    if erratum.kind not in KINDS:
        raise ErrataFileError(f"{name}: kind {erratum.kind!r} is none of {', '.join(KINDS)}.")
    if not isinstance(erratum.runnable, bool):
        raise ErrataFileError(f"{name}: runnable has to be true or false.")
    for item in erratum.affects:
        if not (_PLACE.fullmatch(item) or _MODEL_ID.fullmatch(item)):
            raise ErrataFileError(
                f"{name}: affects {item!r} is neither a place (like 'Table 3') nor a model id."
            )


def _text(value: Any, name: str) -> str:
    """A non-empty text on one line: the file may break lines anywhere."""
    if not isinstance(value, str) or not value.strip():
        raise ErrataFileError(f"{name} has to be a non-empty text.")
    return " ".join(value.split())


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ErrataFileError(f"{name} has to be a non-empty list of texts.")
    return tuple(_text(item, name) for item in value)


def _says(value: Any, name: str) -> tuple[Says, ...]:
    if not isinstance(value, list) or not value:
        raise ErrataFileError(f"{name} has to be a non-empty list of {{source, text}}.")
    if any(not isinstance(item, dict) or item.keys() != set(Says._fields) for item in value):
        raise ErrataFileError(f"{name}: every item needs source and text, and nothing else.")
    return tuple(Says(_text(item["source"], name), _text(item["text"], name)) for item in value)


def render(erratum: Erratum) -> str:
    """One erratum in full, as plain text wrapped for the terminal."""
    heading = textwrap.fill(f"{erratum.id}  {erratum.title}", WIDTH, subsequent_indent="     ")
    runnable = "yes" if erratum.runnable else "no"
    blocks = [
        ("Kind", [erratum.kind]),
        ("Where", [", ".join(erratum.where)]),
        ("Says", [f"{says.source}: {says.text}" for says in erratum.says]),
        ("Reading", [erratum.reading]),
        ("Why", [erratum.why]),
        ("Other", [f"{erratum.other_reading} Can be run: {runnable}."]),
        ("Affects", [", ".join(erratum.affects)]),
    ]
    return "\n".join([heading, "", *(_block(label, items) for label, items in blocks)])


def _block(label: str, items: list[str]) -> str:
    """A label and its paragraphs, indented beside it; several paragraphs are marked as a list."""
    indent = " " * 9
    lines = []
    for item in items:
        bullet = "- " if len(items) > 1 else ""
        lines += textwrap.wrap(
            bullet + item,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + " " * len(bullet),
            break_on_hyphens=False,
        )
    return label + "\n".join(lines)[len(label) :]


def render_table(errata: Iterable[Erratum]) -> str:
    """One line for each erratum: id, kind and title."""
    return "\n".join(f"{e.id:<4} {e.kind:<13} {e.title}" for e in errata)
