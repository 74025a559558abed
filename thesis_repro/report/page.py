"""Results as an offline HTML page: a template filled, with the pictures beside it or inside."""

import base64
import io
import os
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from thesis_repro import provenance
from thesis_repro.files import atomic_path, read_packaged
from thesis_repro.report import views
from thesis_repro.report.cells import cell, table_view
from thesis_repro.report.results import (
    Item,
    Maker,
    Results,
    ThesisPages,
    count_verdicts,
    ledger_head,
)
from thesis_repro.thesis.captions import Key, load_captions
from thesis_repro.thesis.errata import load_errata
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.questions import questions_of
from thesis_repro.words import duration


def write_page(
    results: Results,
    path: Path,
    pages: ThesisPages | None = None,
    picture: Callable[[str, Item], str] | None = None,
) -> None:
    """Write the report.

    Args:
        results: what is there.
        path: the HTML file.
        pages: the thesis's pages, to be shown beside ours; None without its PDF.
        picture: the address of a section's picture, `picture_inside` for a page that can be sent
            alone; by default that in the folders of the results.
    """
    picture = picture or partial(picture_beside, path.parent, results.out)
    template = _environment(path.parent, picture).get_template("page.html.j2")
    stream = template.stream(_context(results, pages))
    with atomic_path(path) as temporary:  # names of files can hold bytes that are no text
        stream.dump(str(temporary), encoding="utf-8", errors="backslashreplace")


def _context(results: Results, pages: ThesisPages | None) -> dict[str, Any]:
    """What the template is filled with."""
    return {
        "results": results,
        "pages": pages,
        "sections": views.sections(results),
        "questions": views.questions(results),
        "counts": count_verdicts(results.judgements),
        "counts_as_run": count_verdicts(results.judgements, Reading.RUN),
        "kinds": Counter(judgement.claim.kind for judgement in results.judgements),
        "origins": views.origins(results),
        "environments": views.environments(results),
        "errata": load_errata().values(),
        "captions": load_captions(),
        "style": Markup(_packaged("page.css")),
        "script": Markup(_packaged("page.js")),
        "created": provenance.now(),
        "commit": provenance.commit(),
    }


def _environment(folder: Path, picture: Callable[[str, Item], str]) -> Environment:
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
        "ledger_head": ledger_head,
        "anchor": anchor,
        "duration": duration,
        "data_uri": data_uri,
        "picture": picture,
        "source_link": partial(source_link, folder),
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


def source_link(folder: Path, maker: Maker) -> str:
    """The address of a function from a page in a folder of its source tree; empty elsewhere.

    A page that is sent away has no source beside it.
    """
    root = maker.path.resolve().parents[1]
    if not folder.resolve().is_relative_to(root):
        return ""
    return f"{os.path.relpath(maker.path.resolve(), folder.resolve())}#L{maker.line}"


def picture_beside(folder: Path, out: Path, section: str, item: Item) -> str:
    """The address of a section's picture in the folder of results ``out``, from a page's folder."""
    place = os.path.relpath(out.resolve() / section / item.file.name, folder.resolve())
    return quote(os.fsencode(place))


def picture_inside(section: str, item: Item) -> str:
    """A picture as an address that holds it."""
    return data_uri(webp(item), "webp")


def webp(item: Item) -> bytes:
    """A figure as WebP without loss, a third of the PNG's bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(item.content.content)) as image, io.BytesIO() as file:
        image.convert("RGB").save(file, "WEBP", lossless=True)
        return file.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def code(text: str) -> Markup:
    """Text with `commands` between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
