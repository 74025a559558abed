"""Results as JSON: what the page says, for other programs."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict as fields
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict

from thesis_repro import provenance
from thesis_repro.files import write_json
from thesis_repro.report.cells import cell
from thesis_repro.report.results import Item, Results, Section, count_verdicts
from thesis_repro.thesis.claims import load_unchecked
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.verdicts.judgements import Judgement, Line
from thesis_repro.verdicts.questions import questions_of


def write_plain(results: Results, path: Path) -> None:
    """Write the report's content without the pictures; files are named by section and name."""
    report = {
        "created": provenance.now(),
        "commit": provenance.commit(),
        "verdicts": {
            reading.value: {
                verdict.value: count
                for verdict, count in count_verdicts(results.judgements, reading).items()
            }
            for reading in Reading
        },
        "claims": claim_entries(results, results.judgements),
        "unchecked": [asdict(statement) for statement in load_unchecked()],
        "sections": [_section(section) for section in results.sections],
        "missing": [
            {"name": gap.caption.name, "section": gap.caption.section, "reason": gap.reason}
            for gap in results.missing
        ],
        "problems": [
            {"file": str(problem.path), "cause": problem.cause} for problem in results.problems
        ],
    }
    write_json(path, report)


def claim_entries(results: Results, chosen: Iterable[Judgement]) -> list[dict[str, Any]]:
    """All that is known of each claim chosen, and the research questions that it bears on."""
    return [
        judgement.to_json()
        | {"under_other_readings": results.under_other_readings(judgement.claim)}
        | {"questions": questions_of(judgement.claim), "printed": judgement.claim.printed}
        for judgement in chosen
    ]


def claim_rows(results: Results, chosen: Iterable[Judgement]) -> str:
    """A line of CSV for each quantity of each claim chosen and, where a list has one each, model.

    Numbers have all of their digits. A claim without any quantity has a line, too.
    """
    readings = [reading.value for reading in Reading]
    verdicts = [f"verdict {reading}" for reading in readings]
    what = ("claim", "section", "title", "source", "quantity", "model")
    with io.StringIO() as file:
        writer = csv.writer(file, lineterminator="\n")
        last = (*verdicts, "under other readings", "grade", "scale", "data")
        writer.writerow((*what, REPORTED, *readings, *last))
        for one in chosen:
            claim, run = one.claim, one.run.label if one.run else ""
            others = results.under_other_readings(claim)
            worth = (one.written.label, run, others, one.verdict.grade or "", one.scale, one.data)
            for line in one.lines or [Line("", "", ("", "", ""))]:
                given = (_in_full(value) for value in line.values)
                stands = (claim.id, claim.section, claim.statement, claim.source)
                writer.writerow((*stands, line.name, line.model, *given, *worth))
        return file.getvalue()


def _in_full(value: Any) -> str:
    """A quantity with all of its digits; empty where none belongs."""
    shown = cell(value)
    return "" if value == "" else shown.full or shown.text


def _section(section: Section) -> dict[str, Any]:
    made = section.manifest
    manifest = made and fields(made) | {"runs": [run._asdict() for run in made.runs]}
    return {
        "section": section.name,
        "script": section.script,
        "manifest": manifest,
        "answers": [answer._asdict() for answer in section.answers],
        "figures": [_item(item) for item in section.figures],
        "tables": [
            _item(item) | {"columns": item.content.columns, "rows": item.content.rows}
            for item in section.tables
        ],
        "files": [file._asdict() for file in section.files],
        "multiverse": section.multiverse and msgspec.to_builtins(section.multiverse),
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.caption.name if item.caption else None,
        "caption": item.caption.caption if item.caption else None,
        "variant": item.variant,
        "file": item.file.name,
        "sha256": item.file.sha256,
    }
