"""Results of sections as data frames."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from data_prep.errors import DataError
from thesis_repro.names import did_you_mean
from thesis_repro.report.collect import section_results
from thesis_repro.report.reading import Manifest, Table
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.thesis.claims import UNDEFINED
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.words import counted


class UnknownSectionError(LookupError):
    """No section is called so; the message names the nearest."""


@dataclass(frozen=True, eq=False, repr=False)
class SectionResults:
    """What a section of the thesis came to.

    Attributes:
        section: Its number, "4.2".
        tables: By the names of their files, "table_3". Numbers are floats; NaN is what the data
            leave undefined or what was not measured, and what the thesis prints otherwise
            ("< 0.001") stays text. Columns "scale" and "data" say what a row comes from.
        claims: A row for each claim and reading: claim, statement, reading ("as written" or "as
            run"), verdict, why, reported, measured, scale, data.
        manifest: What made them: scale, data, seed, runs, versions.
    """

    section: str
    tables: dict[str, pd.DataFrame]
    claims: pd.DataFrame
    manifest: Manifest

    def __repr__(self) -> str:
        made = self.manifest
        parts = [
            f"tables {', '.join(self.tables) or 'none'}",
            counted(self.claims["claim"].nunique(), "claim"),
            f"scale {made.scale}, seed {made.seed}",
            made.data,
        ]
        return f"<Section {self.section}: {'; '.join(filter(None, parts))}>"


def load_results(section: str, *, out: str | Path = "results") -> SectionResults:
    """The tables and claims of a section that was run, each file held against its manifest.

    Args:
        section: "4.2", say.
        out: The folder of all results.

    Raises:
        UnknownSectionError: there is no such section.
        DataError: it has not been run, or a file is missing or damaged.
    """
    if not isinstance(section, str):
        raise UnknownSectionError(f'Sections are named by text, as in "4.2", not {section!r}.')
    if section not in CHAPTERS:
        raise UnknownSectionError(
            f"No section is called {section!r}.{did_you_mean(section, CHAPTERS)} There are "
            f"{', '.join(CHAPTERS)}."
        )
    place = Path(out) / section
    again = f"run `thesis-repro chapter {section}` again"
    if not place.is_dir():
        fix = f"run `thesis-repro chapter {section}`, or name another folder with out="
        raise DataError(place, "the section has left no results there", fix)
    found = section_results(place)
    for problem in found.problems:
        if problem.is_damage or problem.path.name == "manifest.json":
            raise DataError(problem.path, problem.cause, again)
    if found.manifest is None:
        raise DataError(place / "manifest.json", "it cannot be read", again)
    tables = {Path(item.file.name).stem: item.content for item in found.tables}
    return SectionResults(
        section,
        {name: _frame(table) for name, table in tables.items() if isinstance(table, Table)},
        _claims(found.judgements),
        found.manifest,
    )


def _frame(table: Table) -> pd.DataFrame:
    """A table of written cells, with numbers for what are numbers."""
    columns = zip(*table.rows, strict=True) if table.rows else [()] * len(table.columns)
    return pd.DataFrame(
        {
            name: [_value(cell) for cell in cells]
            for name, cells in zip(table.columns, columns, strict=True)
        }
    )


def _value(cell: str) -> Any:
    if cell in ("", UNDEFINED):
        return float("nan")
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(cell, cell)


def _claims(judgements: Iterable[Judgement]) -> pd.DataFrame:
    columns = ["claim", "statement", "reading", "verdict", "why", "reported", "measured"]
    rows = [
        {
            "claim": judgement.claim.id,
            "statement": judgement.claim.statement,
            "reading": str(reading),
            "verdict": str(outcome.verdict),
            "why": outcome.why,
            "reported": judgement.claim.reported,
            "measured": outcome.values,
            "scale": judgement.scale,
            "data": judgement.data,
        }
        for judgement in judgements
        for reading, outcome in judgement.outcomes.items()
    ]
    return pd.DataFrame(rows, columns=[*columns, "scale", "data"])
