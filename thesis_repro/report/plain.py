"""Results as JSON: what the page says, for other programs."""

from dataclasses import asdict as fields
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from thesis_repro import provenance
from thesis_repro.files import write_json
from thesis_repro.report.results import Item, Results, Section, count_verdicts
from thesis_repro.thesis.claims import load_unchecked
from thesis_repro.thesis.readings import Reading
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
        "claims": [
            judgement.to_json() | {"questions": questions_of(judgement.claim)}
            for judgement in results.judgements
        ],
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


def _section(section: Section) -> dict[str, Any]:
    made = section.manifest
    manifest = made and fields(made) | {"runs": [run._asdict() for run in made.runs]}
    return {
        "section": section.name,
        "script": section.script,
        "manifest": manifest,
        "answers": [answer._asdict() for answer in section.answers],
        "figures": [_item(item) for item in section.figures],
        "tables": [_item(item) | item.content._asdict() for item in section.tables],
        "files": [file._asdict() for file in section.files],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "name": item.caption.name if item.caption else None,
        "caption": item.caption.caption if item.caption else None,
        "variant": item.variant,
        "file": item.file.name,
        "sha256": item.file.sha256,
    }
