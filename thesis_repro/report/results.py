"""What was found under the results folder, as data, and what is missing from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from thesis_repro.report.reading import Answer, Manifest, Picture, Table
from thesis_repro.thesis.captions import Caption, Key, load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Judgement, Verdict, judge


class Problem(NamedTuple):
    """A file that is missing, damaged or not what its manifest says."""

    path: Path
    cause: str

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}."


class File(NamedTuple):
    """A file of a section: its name, its SHA-256 now (empty if gone), and its state."""

    name: str
    sha256: str
    state: str


@dataclass(frozen=True)
class Item:
    """A figure or table found; ``key`` is the thesis's number, None where it prints none.

    ``variant`` tells files of one number apart: "as run" for ``figure_27_as_run.png``.
    """

    key: Key | None
    variant: str
    file: File
    content: Picture | Table

    @property
    def caption(self) -> Caption | None:
        """The thesis's caption, if it prints this figure or table."""
        return load_captions().get(self.key) if self.key else None


@dataclass(frozen=True)
class Section:
    """One section's results; ``script`` is empty where this version has no such section."""

    name: str
    script: str
    manifest: Manifest | None
    judgements: tuple[Judgement, ...]
    figures: tuple[Item, ...]
    tables: tuple[Item, ...]
    answers: tuple[Answer, ...]
    files: tuple[File, ...]
    problems: tuple[Problem, ...]


class Gap(NamedTuple):
    """A figure or table of the thesis that no section has given, and why."""

    caption: Caption
    reason: str


class ThesisPage(NamedTuple):
    """A page of the PDF: its number in the file, counted from 1, and its picture."""

    number: int
    jpeg: bytes


# Where a caption was not found or a page cannot be shown, the sentence that says so.
ThesisPages = Mapping[Caption, ThesisPage | str]


@dataclass(frozen=True)
class Results:
    """All that was found; ``chapters`` maps the sections of this version to their scripts."""

    out: Path
    chapters: Mapping[str, str]
    sections: tuple[Section, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every damaged or missing file."""
        return tuple(problem for section in self.sections for problem in section.problems)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """All claims of the thesis in its order; those without a result as "not run"."""
        found = {own.claim.id: own for section in self.sections for own in section.judgements}
        return tuple(
            found.get(claim.id) or judge(claim, None, scale="", stand_in=False, data="")
            for claim in load_claims()
        )

    @cached_property
    def found(self) -> frozenset[Key]:
        """The figures and tables of the thesis that are there."""
        figures = {item.key for section in self.sections for item in section.figures}
        tables = {item.key for section in self.sections for item in section.tables}
        captions = load_captions()  # figure_15.csv, the numbers behind a figure, is not that figure
        return frozenset(
            key for key in captions if key in figures or (key[0] == "table" and key in tables)
        )

    @property
    def missing(self) -> tuple[Gap, ...]:
        """The figures and tables of the thesis that are not there."""
        captions = load_captions()
        return tuple(
            Gap(caption, self._reason(caption))
            for key, caption in captions.items()
            if key not in self.found
        )

    def _reason(self, caption: Caption) -> str:
        section = caption.section
        if section not in self.chapters:
            return f"Section {section} is not built in this version"
        if section in {own.name for own in self.sections}:
            return f"not among the results of Section {section}: `thesis-repro chapter {section}`"
        return f"Section {section} has not been run: `thesis-repro chapter {section}`"


def count_verdicts(judgements: Iterable[Judgement]) -> dict[Verdict, int]:
    """How many judgements have each verdict."""
    verdicts = [judgement.verdict for judgement in judgements]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}
