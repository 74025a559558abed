"""The thesis's pages: located in its PDF by the captions of figures and tables, and rendered."""

import io
import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

from pypdfium2 import PdfDocument, PdfiumError

from data_prep.errors import DataError, printable, unreadable
from data_prep.opening import open_file
from thesis_repro.report.results import ThesisPage, ThesisPages
from thesis_repro.thesis.captions import Caption

FIX = "name the thesis's PDF with --pdf: a whole file that opens without a password"
DPI = 110
_POINTS_PER_INCH = 72
_JPEG_QUALITY = 80

_COMPARED = 60  # signs of the caption's start that are compared
_ALIKE = 0.6  # share of them that has to agree (formulas and the scan differ)
_LIST_HEADING = re.compile(r"^\s*List of (Figures|Tables)\s*$", re.IGNORECASE | re.MULTILINE)
# A line of these lists ends in a page number, Arabic or Roman.
_LIST_LINE = re.compile(r"(?:^|[\s.])(?:\d{1,3}|[IVXLC]+)\s*$")


def thesis_pages(path: Path, captions: Iterable[Caption]) -> ThesisPages:
    """The page that each caption is printed on, or why there is none.

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
        located = {caption: find_page(caption, texts) for caption in captions}
        indices = {index for index in located.values() if index is not None}
        rendered = {index: _render(document, index) for index in indices}
    name = printable(path.name)
    return {
        caption: rendered.get(index, f"The caption of {caption.name} was not found in {name}.")
        for caption, index in located.items()
    }


def find_page(caption: Caption, texts: list[str]) -> int | None:
    """The index of the page whose text holds a caption, never one of the lists at the front.

    A caption starts a line with its name and a colon, so that a mention of it in the text does not
    match; of several such lines the one is taken whose words are most like the caption's.
    """
    label = re.compile(rf"^\s*{caption.kind}\s*{caption.number}\s*[:.]", re.I | re.M)
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


def _likeness(text: str, caption: Caption) -> float:
    """How much the text starts like the caption, or its title in the lists: 0 to 1."""
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
        page = document[index]
        text = page.get_textpage().get_text_bounded()
    except PdfiumError:
        return ""
    text = unicodedata.normalize("NFKC", text)  # ligatures as letters
    text = re.sub(r"[\u00ad\u2010\ufffe\ufffd]", "-", text)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _render(document: PdfDocument, index: int) -> ThesisPage | str:
    try:
        picture = document[index].render(scale=DPI / _POINTS_PER_INCH).to_pil()
    except PdfiumError as error:
        return f"Page {index + 1} of the PDF cannot be shown ({error})."
    with io.BytesIO() as file:
        picture.convert("RGB").save(file, "JPEG", quality=_JPEG_QUALITY, optimize=True)
        return ThesisPage(index + 1, file.getvalue())
