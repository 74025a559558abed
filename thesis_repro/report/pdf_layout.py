"""Where things stand on a page of a PDF: its lines of text, what is drawn, and a figure's place."""

from collections.abc import Iterable
from typing import NamedTuple

from pypdfium2 import PdfPage
from pypdfium2 import raw as pdfium

_DRAWN = [
    pdfium.FPDF_PAGEOBJ_PATH,
    pdfium.FPDF_PAGEOBJ_IMAGE,
    pdfium.FPDF_PAGEOBJ_SHADING,
    pdfium.FPDF_PAGEOBJ_FORM,
]
_THIN = 2  # points by which something may stick out
_RULE = 3  # points: what is no higher is a line
_WHOLE = 0.9  # share of the page that only a background fills
_LABELS = 32  # points: titles and labels of axes stand beside what is drawn
_MARGIN = 4  # points above and below lines of text


class Band(NamedTuple):
    """A strip across the page, in points from its lower edge."""

    bottom: float
    top: float

    def holds(self, other: "Band") -> bool:
        """Whether the other lies in it, but for a rule's width."""
        return self.bottom - _THIN <= other.bottom and other.top <= self.top + _THIN


class Line(NamedTuple):
    """A line of text and its height on the page."""

    text: str
    band: Band


def lines(page: PdfPage) -> list[Line]:
    """The lines of a page, from the first to the last of its text."""
    textpage = page.get_textpage()
    there: list[Line] = []
    signs, bands = "", list[Band]()
    for index in range(textpage.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(textpage, index))
        if sign in "\r\n":
            if bands:
                there.append(Line(signs, around(bands)))
            signs, bands = "", []
            continue
        signs += sign
        if not sign.isspace():
            _, bottom, _, top = textpage.get_charbox(index)
            bands.append(Band(bottom, top))
    return [*there, Line(signs, around(bands))] if bands else there


def drawn(page: PdfPage) -> list[Band]:
    """What is drawn on a page, as far as it lies on it, without its background."""
    width, height = page.get_size()
    bands = []
    for item in page.get_objects(filter=_DRAWN, max_depth=1):
        left, bottom, right, top = item.get_bounds()
        bottom, top = max(bottom, 0), min(top, height)
        fills = (right - left) * (top - bottom) > _WHOLE * width * height
        if bottom <= top and not fills:
            bands.append(Band(bottom, top))
    return bands


def place_of(
    caption: Band, others: Iterable[Band], there: Iterable[Band], height: float
) -> Band | None:
    """The strip with a caption and what it names; None where nothing is drawn beside it.

    A caption stands below what it names or above it, and both lie between the captions before and
    after: on the side where something is drawn, the nearer one if on both. A single rule is the
    page's, of its head or its notes.

    Args:
        caption: the caption's lines.
        others: the other captions of the page.
        there: what is drawn on it.
        height: the page's, in points.
    """
    others, there = [*others], [*there]
    ceiling = min((other.bottom for other in others if other.bottom > caption.top), default=height)
    floor = max((other.top for other in others if other.top < caption.bottom), default=0)
    sides = []
    for side in (Band(caption.top, ceiling), Band(floor, caption.bottom)):
        shown = _shown([band for band in there if side.holds(band)])
        if shown:
            sides.append((_gap(caption, shown), shown))
    if not sides:
        return None
    _, shown = min(sides)
    text, labelled = with_margins(caption), with_labels(shown)
    if shown.bottom > caption.bottom:
        return Band(max(text.bottom, floor), min(labelled.top, ceiling))
    return Band(max(labelled.bottom, floor), min(text.top, ceiling))


def _shown(held: list[Band]) -> Band | None:
    """What of the drawn is a figure or table: all but rules or, where there are only these, them.

    Of several rules they are a table's; with one of the page's among them the strip is a bit
    larger than the table.
    """
    figures = [band for band in held if not is_rule(band)]
    if figures:
        return around(figures)
    table = around(held) if len(held) > 1 else None
    return table if table and not is_rule(table) else None


def is_rule(band: Band) -> bool:
    """Whether it is no higher than a line."""
    return band.top - band.bottom <= _RULE


def with_margins(text: Band) -> Band:
    """A strip of text with some room."""
    return Band(text.bottom - _MARGIN, text.top + _MARGIN)


def with_labels(shown: Band) -> Band:
    """What is drawn with the titles and labels beside it."""
    return Band(shown.bottom - _LABELS, shown.top + _LABELS)


def around(bands: Iterable[Band]) -> Band:
    """The strip that holds all of these."""
    bands = [*bands]
    return Band(min(band.bottom for band in bands), max(band.top for band in bands))


def _gap(one: Band, other: Band) -> float:
    return max(one.bottom - other.top, other.bottom - one.top, 0)
