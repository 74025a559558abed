"""Results as an offline HTML page: a template filled, with the pictures beside it or inside."""

import base64
import io
import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from thesis_repro import provenance
from thesis_repro.files import atomic_path, read_packaged
from thesis_repro.report import views
from thesis_repro.report.cells import table_view
from thesis_repro.report.links import claims_of, errata_of, places_in, shown_in, touched_by
from thesis_repro.report.results import (
    Item,
    Maker,
    Results,
    ThesisPages,
    count_verdicts,
    ledger_head,
)
from thesis_repro.report.strips import strips
from thesis_repro.thesis.captions import Caption, Key, load_captions
from thesis_repro.thesis.claims import Claim
from thesis_repro.thesis.errata import Erratum, load_errata
from thesis_repro.thesis.readings import Reading
from thesis_repro.training import published_places
from thesis_repro.verdicts.audit import what_n_can_tell
from thesis_repro.verdicts.multiverse import conclusions
from thesis_repro.words import duration

if TYPE_CHECKING:
    import PIL.Image


_QUALITY = 85  # of pictures that would take more bytes without loss
_MUCH, _QUALITY_OF_NOISE = 200_000, 60  # bytes that only noise takes: decoders' without training
_WEBP_AT_MOST = 16_383  # px


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
    folder = None if picture is picture_inside else path.parent
    picture = picture or partial(picture_beside, path.parent, results.out)
    template = _environment(folder, picture).get_template("page.html.j2")
    stream = template.stream(_context(results, pages, folder))
    with atomic_path(path) as temporary:  # names of files can hold bytes that are no text
        stream.dump(str(temporary), encoding="utf-8", errors="backslashreplace")


def _context(results: Results, pages: ThesisPages | None, folder: Path | None) -> dict[str, Any]:
    """What the template is filled with, for a page in this folder, or to be sent alone."""
    rows = views.ledger(results)
    return {
        "results": results,
        "pages": pages,
        "sections": views.sections(results),
        "ledger": rows,
        "choices": views.choices(rows),
        "links": PageLinks(results, folder),
        "data_in_brief": views.data_in_brief(results),
        "questions": views.questions(results),
        "counts": count_verdicts(results.judgements),
        "counts_as_run": count_verdicts(results.judgements, Reading.RUN),
        "origins": views.origins(results),
        "environments": views.environments(results),
        "errata": load_errata().values(),
        "captions": load_captions(),
        "style": Markup(_packaged("page.css")),
        "script": Markup(_packaged("page.js")),
        "created": provenance.now(),
        "commit": provenance.commit(),
    }


def _environment(folder: Path | None, picture: Callable[[str, Item], str]) -> Environment:
    environment = html_environment("report")
    environment.filters["code"] = code
    environment.globals |= {
        "quantities": views.quantities,
        "held_against": views.held_against,
        "what_n_can_tell": what_n_can_tell,
        "table_view": table_view,
        "count_verdicts": count_verdicts,
        "ledger_head": ledger_head,
        "anchor": anchor,
        "alternative": alternative,
        "strips": strips,
        "touched_by": touched_by,
        "duration": duration,
        "conclusions": conclusions,
        "errata_by_id": load_errata(),
        "data_uri": data_uri,
        "picture": picture,
        "source_link": partial(source_link, folder),
        "explorer_link": partial(explorer_link, folder),
    }
    return environment


def html_environment(room: str) -> Environment:
    """For the HTML templates beside the modules of ``thesis_repro.<room>``."""
    return Environment(
        loader=FunctionLoader(partial(read_packaged, room)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _packaged(name: str) -> str:
    return read_packaged("report", name)


# === What the template calls ===


class PageLinks:
    """What belongs together on the page, as links to it."""

    def __init__(self, results: Results, folder: Path | None):
        self._folder = folder
        self.under_other_readings = results.under_other_readings
        self._scripts = results.scripts
        self._judged = {one.claim.id: one for one in results.judgements}
        # The first of each number: "36_a" stands for Figure 36.
        self._anchors: dict[Key, str] = {}
        self._makers: dict[Key, Maker] = {}
        self._runs: dict[tuple[str, str], str] = {}
        for section in results.sections:
            for item in (*section.figures, *section.tables):
                if item.key:
                    place = anchor(item) + ("-numbers" if item in section.tables else "")
                    self._anchors.setdefault(item.key, place)
                    if item.maker:
                        self._makers.setdefault(item.key, item.maker)
            for run in section.manifest.runs if section.manifest else ():
                self._runs[section.name, run.model] = f"run-{section.name}-{run.model}"

    def source(self, claim: Claim) -> Markup:
        """Where the thesis makes a claim, with links to what is shown of that."""
        return self._named(claim.source, shown_in(claim))

    def of_claim(self, claim: Claim) -> Markup:
        """Its models with their runs, what touches it, and the function that makes its numbers."""
        models = Markup(", ").join(self._model(claim.section, name) for name in claim.models)
        parts = [Markup("Models: {}").format(models)]
        makers = {m.function: m for key in shown_in(claim) if (m := self._makers.get(key))}
        code = [self._code(maker) for maker in makers.values()]
        if not code and claim.section in self._scripts:
            code = [Markup("{}").format(self._scripts[claim.section].name)]
        if code:
            parts.append(Markup("Code: {}").format(Markup(", ").join(code)))
        return Markup(" · ").join(parts)

    def errata(self, claim: Claim) -> Markup:
        """The errata that touch a claim, by their titles."""
        errata = errata_of(claim)
        lines = (
            Markup("<li>{}: {}</li>").format(_link(f"#{one.id}", one.id), one.title)
            for one in errata
        )
        words = "1 erratum" if len(errata) == 1 else f"{len(errata)} errata"
        whole = Markup('<details class="small"><summary>{}</summary><ul>{}</ul></details>')
        return whole.format(words, Markup().join(lines)) if errata else Markup()

    def of_item(self, item: Item) -> Markup:
        """The claims that the thesis takes from a figure or table, with their verdicts."""
        claims = claims_of(item.key) if item.key else ()
        if not claims:
            return Markup("")
        links = [
            Markup("{} ({})").format(_link(f"#{one.id}", one.id), self._judged[one.id].verdict)
            for one in claims
        ]
        if item.key[0] != "table":
            return Markup('<p class="small">Claims: {}</p>').format(Markup(", ").join(links))
        reasons = (
            Markup("<li>{}: {}</li>").format(link, code(self._judged[one.id].why))
            for link, one in zip(links, claims, strict=True)
        )
        return Markup('<ul class="small">{}</ul>').format(Markup().join(reasons))

    def to_caption(self, caption: Caption) -> Markup:
        """A figure or table by its name, with a link if it is on the page."""
        place = self._anchors.get((caption.kind, caption.number))
        return _link(f"#{place}", caption.name) if place else Markup("{}").format(caption.name)

    def affected(self, erratum: Erratum) -> Markup:
        """What an erratum affects."""
        return Markup(", ").join(self._affected(item) for item in erratum.affects)

    def _affected(self, item: str) -> Markup:
        section = item.removeprefix("Section ")
        if section in views.SECTION_TITLES:
            return _link(f"#section-{section}", item)
        if item in {model for _, model in self._runs}:
            return _link(f"#?model={quote(item)}", item)
        return self._named(item, places_in(item))

    def _named(self, text: str, keys: Iterable[Key]) -> Markup:
        """A text with a link for each figure and table that it names and that is on the page."""
        there = [(key, self._anchors[key]) for key in keys if key in self._anchors]
        numbers = {str(key[1]): place for key, place in there}
        return Markup(
            re.sub(
                r"(?<![\w.])\d+(?![\d.]*\.\d)(?=[a-z]?\b)",
                lambda match: (
                    _link(f"#{numbers[match[0]]}", match[0]) if match[0] in numbers else match[0]
                ),
                str(escape(text)),
            )
        )

    def _model(self, section: str, name: str) -> Markup:
        place = self._runs.get((section, name))
        return _link(f"#{place}", name) if place else Markup("{}").format(name)

    def _code(self, maker: Maker) -> Markup:
        words, place = f"{maker.name}:{maker.line}", source_link(self._folder, maker)
        named = _link(place, words) if place else Markup("{}").format(words)
        return Markup("{} <code>{}</code>").format(named, maker.function)


def _link(address: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, words)


def anchor(item: Item | Key) -> str:
    """The id of a figure or table on the page: "figure-23", "figure-27-as-run"."""
    key, variant = (item.key, item.variant) if isinstance(item, Item) else (item, "")
    parts = [*(map(str, key) if key else ()), *variant.split()]
    return "-".join(parts)


def alternative(item: Item) -> str:
    """What a figure shows, in words for who cannot see it; different for each."""
    variant = f" ({item.variant})" if item.variant else ""
    if item.caption is None:
        return f"{Path(item.file.name).stem.replace('_', ' ')}, beside the thesis's figures"
    return f"{item.caption.name}{variant}: {item.caption.title}"


def source_link(folder: Path | None, maker: Maker) -> str:
    """The address of a function from a page in a folder of its source tree; empty elsewhere.

    A page that is sent away, or to be sent alone (no folder), has no source beside it.
    """
    if folder is None:
        return ""
    root = maker.path.resolve().parents[1]
    if not folder.resolve().is_relative_to(root):
        return ""
    return f"{os.path.relpath(maker.path.resolve(), folder.resolve())}#L{maker.line}"


def explorer_link(folder: Path | None, model: str, run_id: str) -> str:
    """The address of a published run's explorer from a page in the repository; else empty."""
    if folder is None:
        return ""
    page = published_places.PAGES / f"{model}_{run_id}.html"
    inside = folder.resolve().is_relative_to(published_places.PAGES.parents[1])
    return os.path.relpath(page, folder.resolve()) if inside and page.is_file() else ""


def picture_beside(folder: Path, out: Path, section: str, item: Item) -> str:
    """The address of a section's picture in the folder of results ``out``, from a page's folder."""
    place = os.path.relpath(out.resolve() / section / item.file.name, folder.resolve())
    return quote(os.fsencode(place))


def picture_inside(section: str, item: Item) -> str:
    """A picture as an address that holds it."""
    return data_uri(*compressed(item))


def compressed(item: Item) -> tuple[bytes, str]:
    """A figure in fewer bytes, and their format: WebP, but for one too long for that, "png".

    Charts of few colours are as they were, in a third of the PNG's bytes; others are saved at 85 %,
    and at 60 % what is noise all over.
    """
    from PIL import Image

    if item.content.format != "PNG" or max(item.content[1:3]) > _WEBP_AT_MOST:
        return item.content.content, item.content.format.lower()
    with Image.open(io.BytesIO(item.content.content)) as image:
        picture = image.convert("RGB")
    ways: tuple[dict[str, Any], ...] = ({"lossless": True}, {"quality": _QUALITY})
    saved = min((_saved(picture, **way) for way in ways), key=len)
    return _saved(picture, quality=_QUALITY_OF_NOISE) if len(saved) > _MUCH else saved, "webp"


def _saved(picture: "PIL.Image.Image", **options: Any) -> bytes:
    with io.BytesIO() as file:
        picture.save(file, "WEBP", **options)
        return file.getvalue()


def data_uri(content: bytes, kind: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def code(text: str) -> Markup:
    """Text with `commands` between backticks set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
