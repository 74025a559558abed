"""The contradictions in the sources as data: what each source says, and the reading taken.

The entries are in ``errata.toml``, which explains their fields. Other modules refer to them by id
("erratum E03"); ``thesis-repro errata E03`` prints one. An id never changes its meaning.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated

from msgspec import Meta, field

from thesis_repro.columns import filled, table
from thesis_repro.files import DataFileError, Entry, checked, read_packaged
from thesis_repro.names import did_you_mean
from thesis_repro.thesis.captions import load_captions

KINDS = ("architecture", "training", "data", "analysis", "statistics", "reporting", "platform")
RUNNABLE = "*"  # in the table, at those whose other reading can be run
WIDTH = 96  # columns of prose, where the terminal has as many

_FILE = "thesis_repro/thesis/errata.toml"
_ID = re.compile(r"E\d{2,}")
_MODEL_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SECTIONS = re.compile(r"Sections? (\d+)\.(\d+)((?:\.\d+)*)(?:-\d+\.(\d+))?")
_PLACE = re.compile(r"(Section|Figure|Table|Listing|Appendix|Equation|Algorithm)s? [A-Z0-9][\w.-]*")


Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]


class Says(Entry):
    """What one source says; words in quotation marks are quoted."""

    source: Text
    text: Text


class Shown(Entry):
    """A result in which the other reading stands: all of a file, or some of its rows or columns."""

    file: Annotated[str, Meta(pattern=r"^\d\.\d/\w+\.(csv|png)$")]  # "4.2/table_3.csv"
    rows: Text | None = None  # in which a cell reads so: "as run"
    columns: Texts = ()

    @property
    def section(self) -> str:
        """The section that makes it."""
        return self.file.partition("/")[0]

    def __str__(self) -> str:
        parts = [f'rows "{self.rows}"'] if self.rows else []
        parts += [f"columns {', '.join(self.columns)}"] if self.columns else []
        return " of ".join((*parts, self.file))


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
    affects: Texts
    settings: dict[str, dict[str, int | float | str]] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()
    switched_in: tuple[Annotated[str, Meta(pattern=r"^\d\.\d$")], ...] = ()

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
    def trained(self) -> tuple[str, ...]:
        """The ids of the models whose training has another reading."""
        return (*self.settings, *self.instead)

    @property
    def runnable(self) -> bool:
        """Whether the other reading can be run with this version."""
        return bool(self.trained or self.switched_in or self.shown)

    @property
    def commands(self) -> list[str]:
        """How it is run: a line for each command, with what comes of it."""
        lines = []
        for name in self.trained:
            to_train = f"thesis-repro train {name} --reading {self.id}=as-run"
            values = [f"{key} {value}" for key, value in self.settings.get(name, {}).items()]
            lines.append(f"{to_train}: {self.instead.get(name) or ', '.join(values)}")
        for section in self.switched_in:
            lines.append(f"thesis-repro chapter {section} --reading {self.id}=as-run: the section")
        for section in dict.fromkeys(each.section for each in self.shown):
            results = "; ".join(str(each) for each in self.shown if each.section == section)
            lines.append(f"thesis-repro chapter {section}: {results}")
        return lines

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


class UnknownSectionError(LookupError):
    """No erratum is of this section; the message names the closest."""

    def __init__(self, section: str, known: Iterable[str]):
        known = list(known)
        hint = did_you_mean(section, known) or f" There are some of {', '.join(known)}."
        super().__init__(f"No erratum is of section {section!r}.{hint}")


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


def chosen(section: str | None = None, models: Iterable[str] = ()) -> list[Erratum]:
    """The errata that affect a section, and one of these models, where these are given.

    An erratum affects a section also through a figure or table of its, or a part of it ("3.4" has
    3.4.1), and it counts to those that it says to disagree.

    Raises:
        UnknownSectionError: no erratum is of this section.
    """
    errata = [*load_errata().values()]
    if section is not None:
        by_section = {erratum.id: sections_of(erratum) for erratum in errata}
        known = sorted(set().union(*by_section.values()), key=_in_order)
        if section not in known:
            raise UnknownSectionError(section, known)
        errata = [erratum for erratum in errata if section in by_section[erratum.id]]
    return [erratum for erratum in errata if not models or {*models} & {*erratum.models}]


def sections_of(erratum: Erratum) -> set[str]:
    """The sections that an erratum is of, "4.3", and their parts that it names, "4.4.1"."""
    places = (*erratum.where, *erratum.affects)
    sections = {number for place in places for number in _sections_in(place)}
    captions = load_captions().values()
    return sections | {one.section for one in captions if one.name in erratum.affects}


def _sections_in(place: str) -> Iterator[str]:
    """Those that a place names: four in "Sections 4.4-4.7"; 3.4 and 3.4.1 in "Section 3.4.1"."""
    match = _SECTIONS.match(place)
    if not match:
        return
    chapter, first, part, last = match.groups()
    for number in range(int(first), int(last or first) + 1):
        yield f"{chapter}.{number}"
    if part:
        yield f"{chapter}.{first}{part}"


def _in_order(section: str) -> list[int]:
    return [int(part) for part in section.split(".")]


def render(erratum: Erratum, width: int | None = None) -> str:
    """One erratum in full, as plain text wrapped for the terminal, which has this width."""
    width = min(width or WIDTH, WIDTH)
    heading = filled(f"{erratum.id}  {erratum.title}", width, hanging=" " * 5)
    blocks = [
        ("Kind", [erratum.kind]),
        ("Where", [", ".join(erratum.where)]),
        ("Says", [f"{says.source}: {says.text}" for says in erratum.says]),
        ("Reading", [erratum.reading]),
        ("Why", [erratum.why]),
        ("Other", [erratum.other_reading]),
        ("Run by", erratum.commands or ["Cannot be run."]),
        ("Affects", [", ".join(erratum.affects)]),
    ]
    return "\n".join([heading, "", *(_block(label, items, width) for label, items in blocks)])


def _block(label: str, items: list[str], width: int) -> str:
    """A label and its paragraphs, indented beside it; several paragraphs are marked as a list."""
    indent = " " * 9
    bullet = "- " if len(items) > 1 else ""
    lines = [filled(bullet + item, width, indent, indent + " " * len(bullet)) for item in items]
    return label + "\n".join(lines)[len(label) :]


def render_table(errata: Iterable[Erratum], width: int | None = None) -> str:
    """One line for each erratum: id, kind and title; more where the terminal is too narrow.

    A star is at those whose other reading can be run.
    """
    rows = [
        (f"{erratum.id}{RUNNABLE if erratum.runnable else ''}", erratum.kind, erratum.title)
        for erratum in errata
    ]
    return table(rows, width=width)
