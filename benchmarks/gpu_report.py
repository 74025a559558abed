"""Results of `benchmarks/gpu.py`: a line each as they come, and tables of them in Markdown."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

TITLES = {
    "devices": "What a job sees",
    "digests": "Variables after some steps (SHA-256)",
    "transfers": "Copies between host and device in an epoch that JAX was not told to make",
    "table": "Speed and memory",
    "training": "A whole training",
    "table_3": "Table 3",
}
FAILURES = "failures"

Row = Mapping[str, Any]


class Report(NamedTuple):
    """A folder of results."""

    folder: Path

    @property
    def rows_file(self) -> Path:
        """One JSON object a line; processes add theirs."""
        return self.folder / "rows.jsonl"

    def add(self, part: str, **row: Any) -> None:
        """Keep one result."""
        add(self.rows_file, part, **row)

    def fail(self, part: str, why: str) -> None:
        """Keep that something went wrong."""
        self.add(FAILURES, of=part, why=why)
        self.write()

    def write(self) -> None:
        """Write ``gpu.md`` anew."""
        (self.folder / "gpu.md").write_text(self.markdown(), encoding="utf-8")

    def markdown(self) -> str:
        """All results so far."""
        rows = read(self.rows_file)
        sections = [
            f"## {title}\n\n{table(_shown(part, of_part))}\n"
            for part, title in (TITLES | {FAILURES: "What went wrong"}).items()
            if (of_part := [row for name, row in rows if name == part])
        ]
        return "\n".join(sections)


def add(path: Path, part: str, **row: Any) -> None:
    """Add a result to a file, at once."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"part": part, **row}) + "\n")


def read(path: Path) -> list[tuple[str, Row]]:
    """Results in the order in which they came, each with its part."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row.pop("part"), row) for row in rows]


def _shown(part: str, rows: list[Row]) -> list[Row]:
    return compared(rows) if part == "digests" else rows


def compared(rows: list[Row]) -> list[Row]:
    """A row for each backend and model: the digests of its processes, and whether all are equal."""
    by_model: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        by_model.setdefault((row["backend"], row["model"]), {})[row["run"]] = row["digest"]
    return [
        {
            "backend": backend,
            "model": model,
            **{run: digest[:8] for run, digest in digests.items()},
            "equal": _equal(list(digests.values())),
        }
        for (backend, model), digests in by_model.items()
    ]


def _equal(digests: list[str]) -> str:
    if len(digests) == 1:
        return "one process only"
    return "yes" if len(set(digests)) == 1 else "NO"


def table(rows: list[Row]) -> str:
    """Rows as a table of Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    lines = [names, ["---"] * len(names), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1e4 else f"{value}"
    if isinstance(value, float) and abs(value) >= 1e4:
        text = f"{value:,.0f}"
    return text.replace("|", "/").replace("\n", " ")
