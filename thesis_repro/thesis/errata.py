"""The contradictions in the sources as data: what each source says, and the reading taken.

The entries are in ``errata.toml``, which explains their fields. Other modules refer to them by id
("erratum E03"); ``thesis-repro errata E03`` prints one. An id never changes its meaning.
"""

import re
import textwrap
import tomllib
from collections.abc import Iterable
from functools import cache
from typing import Annotated

from msgspec import Meta

from thesis_repro.files import DataFileError, Entry, checked, read_packaged
from thesis_repro.names import did_you_mean

KINDS = ("architecture", "training", "data", "analysis", "statistics", "reporting", "platform")
WIDTH = 96  # columns of the terminal text

_FILE = "thesis_repro/thesis/errata.toml"
_ID = re.compile(r"E\d{2,}")
_MODEL_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PLACE = re.compile(r"(Section|Figure|Table|Listing|Appendix|Equation|Algorithm)s? [A-Z0-9][\w.-]*")


Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]


class Says(Entry):
    """What one source says; words in quotation marks are quoted."""

    source: Text
    text: Text


class Erratum(Entry):
    """One contradiction; the fields are those of ``errata.toml``."""

    id: str
    title: Text
    kind: str
    where: Texts
    says: Annotated[tuple[Says, ...], Meta(min_length=1)]
    reading: Text
    why: Text
    other_reading: Text
    runnable: bool  # whether the other reading can be run with this version
    affects: Texts

    def __post_init__(self):
        if not _ID.fullmatch(self.id):
            raise ValueError("the id has to be E and two digits, like E07")
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} is none of {', '.join(KINDS)}")
        for item in self.affects:
            if not (_PLACE.fullmatch(item) or _MODEL_ID.fullmatch(item)):
                raise ValueError(
                    f"affects {item!r} is neither a place (like 'Table 3') nor a model id"
                )

    @property
    def models(self) -> tuple[str, ...]:
        """The ids of the models it affects."""
        return tuple(item for item in self.affects if _MODEL_ID.fullmatch(item))


class UnknownErratumError(LookupError):
    """No erratum has this id; the message names the closest and how to list all."""

    def __init__(self, erratum_id: str, known: Iterable[str]):
        known = list(known)
        number = re.search("[0-9]{1,3}", erratum_id)
        meant = f"E{int(number[0]):02d}" if number else erratum_id
        near = {meant} & {*known}  # a number that none has is near to none
        hint = did_you_mean(meant, near) or f" They are {known[0]}-{known[-1]}."
        super().__init__(f"No erratum {erratum_id!r}.{hint} `thesis-repro errata` lists all.")


@cache
def load_errata() -> dict[str, Erratum]:
    """All errata by id, in the order of the file.

    Raises:
        DataFileError: the packaged file is damaged.
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
        DataFileError: not TOML, an id twice, or a field missing, empty, unknown or of the wrong
            type.
    """
    try:
        entries = tomllib.loads(text).get("erratum")
    except tomllib.TOMLDecodeError as error:
        raise DataFileError(f"{_FILE} is not valid TOML: {error}. Mend that line.") from error
    if not isinstance(entries, list) or not entries:
        raise DataFileError(f"{_FILE} has no [[erratum]] entries. Reinstall the package.")
    errata: dict[str, Erratum] = {}
    for position, entry in enumerate(entries, start=1):
        name = entry.get("id", "without id") if isinstance(entry, dict) else "no table"
        erratum = checked(entry, Erratum, f"{_FILE}, entry {position} ({name})")
        if erratum.id in errata:
            raise DataFileError(f"{_FILE}: two entries have the id {erratum.id}. Renumber one.")
        errata[erratum.id] = erratum
    return errata


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
    from tabulate import tabulate

    rows = [(erratum.id, erratum.kind, erratum.title) for erratum in errata]
    return tabulate(rows, tablefmt="plain", disable_numparse=True)
