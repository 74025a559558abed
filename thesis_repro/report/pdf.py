"""The thesis's figures and tables: located in its PDF by their captions, and cut out."""

import io
import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

import PIL.Image
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from data_prep.errors import DataError, printable, unreadable
from data_prep.opening import open_file
from thesis_repro.report.pdf_layout import (
    Band,
    Line,
    around,
    drawn,
    is_rule,
    lines,
    place_of,
    with_labels,
    with_margins,
)
from thesis_repro.report.results import ThesisPage, ThesisPages
from thesis_repro.thesis.captions import Caption

FIX = "name the thesis's PDF with --pdf: a whole file that opens without a password"
DPI = 110
_POINTS_PER_INCH = 72
_JPEG_QUALITY = 80
_LARGEST = 4_000  # px: a page may be as large as its file says

_COMPARED = 60  # signs of the caption's start that are compared
_LINES = 12  # of a caption, at most
_LOOKED_AT = 400  # signs of the text that hold so many, with all that is no letter
_ALIKE = 0.6  # share of them that has to agree (formulas and the scan differ)
_ANY_LABEL = re.compile(r"^\s*(figure|table)\s*\d+\s*:", re.I)
_LIST_HEADING = re.compile(r"^\s*List of (Figures|Tables)\s*$", re.IGNORECASE | re.MULTILINE)
# A line of these lists ends in a page number, Arabic or Roman.
_LIST_LINE = re.compile(r"(?:^|[\s.])(?:\d{1,3}|[IVXLC]+)\s*$")


def thesis_pages(path: Path, captions: Iterable[Caption]) -> ThesisPages:
    """What each caption names, cut out of its page, or why there is none.

    Raises:
        DataError: the file is no PDF, damaged, or wants a password.
    """
    try:
        with open_file(path):  # which PDFium does not ask
            document = PdfDocument(path)
    except PdfiumError as error:
        raise DataError(path, f"it cannot be read as a PDF ({error})", FIX) from error
    except OSError as error:
        raise unreadable(path, error, FIX) from error
    with document:
        texts = [_text(document, index) for index in range(len(document))]
        return {
            caption: f"The caption of {caption.name} was not found in {printable(path.name)}."
            if (index := find_page(caption, texts)) is None
            else _cut_out(document, index, caption)
            for caption in captions
        }


def find_page(caption: Caption, texts: list[str]) -> int | None:
    """The index of the page whose text holds a caption, never one of the lists at the front.

    A caption starts a line with its name and a colon, so that a mention of it in the text does not
    match; of several such lines the one is taken whose words are most like the caption's.
    """
    label = _label(caption)
    in_lists = _list_pages(texts)
    candidates = [
        (_likeness(text[match.end() :], caption), index)
        for index, text in enumerate(texts)
        if index not in in_lists
        for match in label.finditer(text)
    ]
    # Where no caption is known but the title, the only line of that name has to do.
    only_one = len(candidates) == 1 and caption.caption == caption.title
    likeness, index = max(candidates, default=(0.0, None))
    return index if likeness >= _ALIKE or only_one else None


def _label(caption: Caption) -> re.Pattern[str]:
    return re.compile(rf"^\s*{caption.kind}\s*{caption.number}\s*[:.]", re.I | re.M)


def _likeness(text: str, caption: Caption) -> float:
    """How much the text starts like the caption, or its title in the lists: 0 to 1."""
    text = text[:_LOOKED_AT]
    return max(
        SequenceMatcher(None, _letters(text)[: len(wanted)], wanted, autojunk=False).ratio()
        for words in (caption.caption, caption.title)
        if (wanted := _letters(words)[:_COMPARED])
    )


def _letters(text: str) -> str:
    """Letters and digits alone: line breaks, hyphens and spaces are the typesetter's."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum()
    )


def _list_pages(texts: list[str]) -> set[int]:
    """The pages of the lists of figures and tables: the heading's, and those that go on with it."""
    pages: set[int] = set()
    for index, text in enumerate(texts):
        lines = [line for line in text.splitlines() if line.strip()]
        entries = sum(_LIST_LINE.search(line) is not None for line in lines)
        goes_on = index - 1 in pages and entries > len(lines) / 2
        if _LIST_HEADING.search(text) or goes_on:
            pages.add(index)
    return pages


def _text(document: PdfDocument, index: int) -> str:
    """A page's text with plain letters and line ends; empty where the page cannot be read."""
    try:
        return _plain(document[index].get_textpage().get_text_bounded())
    except PdfiumError:
        return ""


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)  # ligatures as letters
    text = re.sub(r"[\u00ad\u2010\ufffe\ufffd]", "-", text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


# === The picture ===


def _cut_out(document: PdfDocument, index: int, caption: Caption) -> ThesisPage | str:
    try:
        strips = _strips(document, index, caption)
        pictures = [_render(document, page, band) for page, band in strips]
    except (PdfiumError, ValueError) as error:
        return f"Page {index + 1} of the PDF cannot be shown ({error})."
    size = (max(one.width for one in pictures), sum(one.height for one in pictures))
    whole, top = PIL.Image.new("RGB", size, "white"), 0
    for one in pictures:
        whole.paste(one, (0, top))
        top += one.height
    with io.BytesIO() as file:
        whole.save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
        return ThesisPage(index + 1, file.getvalue())


def _strips(document: PdfDocument, index: int, caption: Caption) -> list[tuple[int, Band]]:
    """The strips of pages that show what a caption names, each with its page's index.

    Where nothing is drawn on the caption's page, a page before or after it that holds a figure and
    no caption goes with it. The whole page is shown of a table without rules, and where it is
    turned or cropped, so that places on it are not those in the picture.
    """
    page = document[index]
    height = page.get_height()
    there = lines(page)
    mine = _caption_band(there, caption)
    if mine is None or _is_turned_or_cropped(page):  # or lines that are broken otherwise
        return [(index, Band(0, height))]
    shapes = drawn(page)
    place = place_of(mine, _other_captions(there, mine), shapes, height)
    if place:
        return [(index, place)]
    if caption.kind == "figure" and all(map(is_rule, shapes)):
        for beside in (index - 1, index + 1):
            if 0 <= beside < len(document) and (alone := _without_caption(document, beside)):
                return sorted([(index, with_margins(mine)), (beside, with_labels(alone))])
    return [(index, Band(0, height))]


def _is_turned_or_cropped(page: PdfPage) -> bool:
    left, bottom, *_ = page.get_cropbox()
    return bool(page.get_rotation() or left or bottom)


def _caption_band(there: list[Line], caption: Caption) -> Band | None:
    """Where on its page a caption stands, down to the line with its last letter."""
    starts = [
        position for position, line in enumerate(there) if _label(caption).match(_plain(line.text))
    ]
    if not starts:
        return None

    def following(start: int) -> str:
        text = "\n".join(_plain(line.text) for line in there[start : start + _LINES])
        return _label(caption).sub("", text, count=1)

    start = max(starts, key=lambda position: _likeness(following(position), caption))
    letters, bands = len(_letters(caption.name + caption.caption)), []
    for line in there[start : start + _LINES]:
        bands.append(line.band)
        letters -= len(_letters(_plain(line.text)))
        if letters <= 0:
            break
    return around(bands)


def _other_captions(there: list[Line], mine: Band) -> list[Band]:
    return [
        line.band
        for line in there
        if _ANY_LABEL.match(_plain(line.text)) and not mine.holds(line.band)
    ]


def _without_caption(document: PdfDocument, index: int) -> Band | None:
    """What is drawn on a page that has no caption."""
    page = document[index]
    if _is_turned_or_cropped(page) or any(
        _ANY_LABEL.match(_plain(line.text)) for line in lines(page)
    ):
        return None
    there = drawn(page)
    return around(there) if there else None


def _render(document: PdfDocument, index: int, band: Band) -> PIL.Image.Image:
    """A strip of a page, over its whole width."""
    page = document[index]
    width, height = page.get_size()
    scale = min(DPI / _POINTS_PER_INCH, _LARGEST / max(width, height))
    crop = (0, max(band.bottom, 0), 0, max(height - band.top, 0))
    return page.render(scale=scale, crop=crop).to_pil().convert("RGB")
