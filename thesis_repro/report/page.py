"""Results as one offline HTML page: a template filled, everything it needs inside it."""

import base64
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from thesis_repro import provenance
from thesis_repro.files import atomic_path, read_packaged
from thesis_repro.report import views
from thesis_repro.report.cells import cell, table_view
from thesis_repro.report.results import Item, Results, ThesisPages, count_verdicts
from thesis_repro.thesis.captions import Key, load_captions
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.judgements import Verdict
from thesis_repro.verdicts.questions import questions_of


def write_page(results: Results, path: Path, pages: ThesisPages | None = None) -> None:
    """Write the report.

    Args:
        results: what was found.
        path: the HTML file.
        pages: the thesis's own pages, to be shown beside ours; None without its PDF.
    """
    template = _environment().get_template("page.html.j2")
    with atomic_path(path) as temporary:
        template.stream(_context(results, pages)).dump(str(temporary), encoding="utf-8")


def _context(results: Results, pages: ThesisPages | None) -> dict[str, Any]:
    """What the template is filled with."""
    return {
        "results": results,
        "pages": pages,
        "sections": views.sections(results),
        "questions": views.questions(results),
        "counts": count_verdicts(results.judgements),
        "verdicts": list(Verdict),
        "origins": views.origins(results),
        "environments": views.environments(results),
        "errata": load_errata().values(),
        "captions": load_captions(),
        "style": Markup(_packaged("page.css")),
        "script": Markup(_packaged("page.js")),
        "created": provenance.now(),
        "commit": provenance.commit(),
    }


def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_packaged),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = code
    environment.globals |= {
        "quantities": views.quantities,
        "cell": cell,
        "table_view": table_view,
        "questions_of": questions_of,
        "count_verdicts": count_verdicts,
        "anchor": anchor,
        "duration": duration,
        "data_uri": data_uri,
    }
    return environment


def _packaged(name: str) -> str:
    return read_packaged("report", name)


# === What the template calls ===


def anchor(item: Item | Key) -> str:
    """The id of a figure or table on the page: "figure-23", "figure-27-as-run"."""
    key, variant = (item.key, item.variant) if isinstance(item, Item) else (item, "")
    parts = [*(map(str, key) if key else ()), *variant.split()]
    return "-".join(parts)


def duration(seconds: float | None) -> str:
    """A run's time in words."""
    if seconds is None:
        return "not at hand"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def data_uri(content: bytes, kind: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def code(text: str) -> Markup:
    """Text with `commands` between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
