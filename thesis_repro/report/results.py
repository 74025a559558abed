"""What lies under the results folder, as data, and what is missing from it."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from data_prep.errors import printable
from thesis_repro.report.reading import Answer, Manifest, Picture, Table
from thesis_repro.thesis.captions import Caption, Key, load_captions
from thesis_repro.thesis.claims import Claim, load_claims
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.judgements import Judgement, Verdict, judge
from thesis_repro.verdicts.multiverse import Multiverse

_NUMBERED = re.compile(r"(figure|table)_(\d+)(?:_(.+))?", re.ASCII)


class Problem(NamedTuple):
    """A file that is missing, damaged or not what its manifest says.

    ``is_damage`` is False of a file that no manifest speaks of: what was made is whole beside it.
    """

    path: Path
    cause: str
    is_damage: bool = True

    def __str__(self) -> str:
        return printable(f"{self.path}: {self.cause}.")


class File(NamedTuple):
    """A file of a section: its name, its SHA-256 now (empty if gone), and its state."""

    name: str
    sha256: str
    state: str


class Maker(NamedTuple):
    """The function that makes a figure or table, and what it shows.

    Attributes:
        path: Its file, where it lies here.
        name: Its file in the source tree, "chapters/ch4_2.py".
        line: Its first line.
        function: Its name.
        models: Ids of the models shown.
        data: What the data are, in words.
        withheld: Why it must not be passed on; empty where it may be.
    """

    path: Path
    name: str
    line: int
    function: str
    models: tuple[str, ...]
    data: str
    withheld: str = ""


class Script(NamedTuple):
    """A section's script, "chapters/ch4_2.py", and what makes each of its files, by name."""

    name: str
    makers: Mapping[str, Maker]


@dataclass(frozen=True)
class Item:
    """A figure or table that is there; ``key`` is the thesis's number, None where it prints none.

    ``variant`` tells files of one number apart: "as run" for ``figure_27_as_run.png``. ``maker`` is
    None where this version makes no such file.
    """

    key: Key | None
    variant: str
    file: File
    content: Picture | Table
    maker: Maker | None

    @property
    def caption(self) -> Caption | None:
        """The thesis's caption, if it prints this figure or table."""
        return load_captions().get(self.key) if self.key else None


@dataclass(frozen=True)
class Section:
    """One section's results; ``script`` is empty where this version has no such section.

    ``seeds`` are those that the judgements are over, where there are several: all else is of the
    first one. ``multiverse`` is what it comes to under the readings in dispute, and ``curve`` the
    picture of that, as SVG.
    """

    name: str
    script: str
    manifest: Manifest | None
    judgements: tuple[Judgement, ...]
    figures: tuple[Item, ...]
    tables: tuple[Item, ...]
    answers: tuple[Answer, ...]
    files: tuple[File, ...]
    problems: tuple[Problem, ...]
    seeds: tuple[int, ...] = ()
    multiverse: Multiverse | None = None
    curve: bytes = b""

    @property
    def is_damaged(self) -> bool:
        """Whether a file is missing, damaged or not the one that was made."""
        return any(problem.is_damage for problem in self.problems)


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
    """All that is there; ``scripts`` are those of this version, by section."""

    out: Path
    scripts: Mapping[str, Script]
    sections: tuple[Section, ...]

    def of(self, sections: Collection[str]) -> "Results":
        """Those of some sections alone."""
        chosen = tuple(section for section in self.sections if section.name in sections)
        return replace(self, sections=chosen)

    def under_other_readings(self, claim: Claim) -> str:
        """What becomes of a claim under other readings, in a line; empty if that was not run."""
        made = [each.multiverse for each in self.sections if each.name == claim.section]
        known = [each for each in made if each and claim.id in each.written]
        return known[0].of_claim(claim.id) if known else ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every damaged or missing file."""
        return tuple(problem for section in self.sections for problem in section.problems)

    @cached_property
    def judgements(self) -> tuple[Judgement, ...]:
        """All claims of the thesis in its order; those without a result as "not run"."""
        judged = {
            one.claim.id: one
            for section in self.sections
            for one in section.judgements
            if one.claim.section == section.name
        }
        nothing = {"scale": "", "precision": "", "stand_in": False, "data": ""}
        return tuple(
            judged.get(claim.id) or judge(claim, None, **nothing) for claim in load_claims()
        )

    @cached_property
    def reproduced(self) -> frozenset[Key]:
        """The figures and tables of the thesis that are there."""
        figures, tables = (
            {
                item.key
                for section in self.sections
                for item in getattr(section, kind)
                if item.caption and item.caption.section == section.name
            }
            for kind in ("figures", "tables")
        )
        captions = load_captions()  # figure_15.csv, the numbers behind a figure, is not that figure
        return frozenset(
            key for key in captions if key in figures or (key[0] == "table" and key in tables)
        )

    @property
    def withheld(self) -> dict[Key, str]:
        """The figures that published results leave out, and why."""
        files = (section.manifest.withheld for section in self.sections if section.manifest)
        return {
            key: f"not shown: {reason}"
            for each in files
            for name, reason in each.items()
            if (key := numbered(name)[0])
        }

    @property
    def missing(self) -> tuple[Gap, ...]:
        """The figures and tables of the thesis that are not there."""
        captions = load_captions()
        return tuple(
            Gap(caption, self.withheld.get(key) or self._reason(caption))
            for key, caption in captions.items()
            if key not in self.reproduced
        )

    def _reason(self, caption: Caption) -> str:
        section = caption.section
        if section not in self.scripts:
            return f"Section {section} is not built in this version"
        if section in {result.name for result in self.sections}:
            return f"not among the results of Section {section}: `thesis-repro chapter {section}`"
        return f"Section {section} has not been run: `thesis-repro chapter {section}`"


def count_verdicts(
    judgements: Iterable[Judgement], reading: Reading = Reading.WRITTEN
) -> dict[Verdict, int]:
    """How many judgements have each verdict on a reading; those without it are not counted."""
    outcomes = [judgement.outcomes.get(reading) for judgement in judgements]
    verdicts = [outcome.verdict for outcome in outcomes if outcome]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


def ledger_head(counts: Mapping[Verdict, int]) -> str:
    """What verdicts come to, in a line: what is decided, what is indicated, and what is neither."""
    replicated, refuted = counts[Verdict.REPLICATED], counts[Verdict.NOT_REPLICATED]
    hold, fail = counts[Verdict.HOLDS], counts[Verdict.FAILS]
    parts = [
        f"{replicated + refuted} decided at paper scale ({replicated} replicated, {refuted} not)",
        f"{hold + fail} indicated at reduced scale ({hold} hold, {fail} fail)",
    ]
    others = (
        Verdict.UNDECIDED,
        Verdict.UNDECIDED_AT_REDUCED,
        Verdict.PATH_ONLY,
        Verdict.NOT_RUN,
    )
    return "; ".join(
        parts + [f"{counts[verdict]} {verdict}" for verdict in others if counts[verdict]]
    )


def numbered(name: str) -> tuple[Key | None, str]:
    """The thesis's number in a file's name, and what else the name says."""
    stem = Path(name).stem
    match = _NUMBERED.fullmatch(stem)
    if not match:
        return None, stem.replace("_", " ")
    kind, number, variant = match.groups()
    return (kind, int(number)), (variant or "").replace("_", " ")
