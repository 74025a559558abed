"""Figures and tables are cut out of a PDF that is set like the thesis: each with its colour."""

import io
import textwrap
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image
from pypdfium2 import PdfDocument

from thesis_repro.report.pdf import DPI, thesis_pages
from thesis_repro.report.pdf_layout import Band, place_of
from thesis_repro.thesis.captions import load_captions

CAPTIONS = [*load_captions().values()][::3]  # of all 88, each is found, in thrice the time
PAGE = 8.27, 11.69  # inches: A4
COLOURS = np.array([[1, 0, 0], [0, 0.6, 0], [0, 0, 1], [1, 0, 1], [0, 0.7, 0.8]])
BODY = textwrap.wrap(
    "The latent space is disentangled if a change of one dimension is one. " * 4, 84
)
ALONE = 7  # every seventh figure has a page without its caption


def colour(position):
    return COLOURS[position % len(COLOURS)]


def hyphenated(text, width=62):
    """The text in lines of one width, with words broken by a hyphen as a justified column has."""
    lines = [""]
    for word in text.split():
        room = width - len(lines[-1])
        if len(word) < room:
            lines[-1] += word + " "
        elif room > 4 and len(word) > 7:
            lines[-1] += word[:4] + "-"
            lines.append(word[4:] + " ")
        else:
            lines.append(word + " ")
    return [line.strip() for line in lines]


class Sheet:
    """A page with running head and foot, filled from the top."""

    def __init__(self, pdf):
        self.pdf, self.top = pdf, 0.93
        self.figure = Figure(figsize=PAGE)
        self.figure.add_artist(Line2D([0.15, 0.85], [0.955, 0.955], color="black", linewidth=0.5))
        self.figure.text(0.15, 0.96, "Results", fontsize=8)
        self.figure.text(0.5, 0.03, "42", fontsize=8)

    def text(self, lines, size=9):
        for line in lines:
            self.figure.text(0.15, self.top, line, fontsize=size, family="serif", va="top")
            self.top -= 0.016
        self.top -= 0.012

    def plot(self, tint, height=0.2):
        self.top -= height + 0.03
        axes = self.figure.add_axes((0.25, self.top, 0.5, height))
        axes.set_facecolor(tint)
        axes.set(xlabel="z_1", ylabel="density", title="panel")
        self.top -= 0.06

    def table(self, tint):
        """Three rules, and between them two columns of numbers on a colour."""
        top = self.top
        for row in range(5):
            self.figure.text(0.25, self.top - 0.018, f"{row / 7:.3f}", fontsize=9)
            self.figure.text(0.6, self.top - 0.018, f"{row * 7:.2f}", fontsize=9)
            self.top -= 0.022
        for at in (top, top - 0.024, self.top):
            self.figure.add_artist(Line2D([0.2, 0.8], [at, at], color=tint, linewidth=4))
        self.top -= 0.03

    def save(self):
        self.pdf.savefig(self.figure)


@pytest.fixture(scope="module")
def set_like_the_thesis(tmp_path_factory):
    """A PDF with lists whose numbers are a column, and two captions a page between paragraphs.

    Figures stand above their captions, tables below them; some figures fill the next page.
    """
    path = tmp_path_factory.mktemp("set") / "thesis.pdf"
    with PdfPages(path) as pdf:
        for first in range(0, len(CAPTIONS), 44):
            sheet = Sheet(pdf)
            sheet.text(["List of Figures"])
            for own in CAPTIONS[first : first + 44]:
                sheet.figure.text(0.84, sheet.top + 0.012, own.page, fontsize=8)
                sheet.text([f"{own.name}: {own.title}"[:80]], size=8)
                sheet.top += 0.011
            sheet.save()
        sheet = None
        for position, own in enumerate(CAPTIONS):
            sheet = sheet or Sheet(pdf)
            sheet.text(BODY)
            lines = hyphenated(f"{own.name}: {own.caption}")
            if own.kind == "table":
                sheet.text(lines)
                sheet.table(colour(position))
            elif position % ALONE == 0:
                sheet.text(lines)
                sheet.save()
                sheet = Sheet(pdf)
                sheet.plot(colour(position), height=0.6)
            else:
                sheet.plot(colour(position))
                sheet.text(lines)
            if position % 2 or position % ALONE == 0 or (position + 1) % ALONE == 0:
                sheet.save()
                sheet = None
        if sheet:
            sheet.save()
    return path


def colours_of(jpeg):
    """Which of the colours a picture shows."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3) / 255
    strong = pixels[np.ptp(pixels, axis=1) > 0.5]
    nearest = np.linalg.norm(strong[:, None] - COLOURS, axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(COLOURS))
    return {index for index, count in enumerate(counts) if count > 0.1 * len(strong)}


def test_each_is_cut_out_with_its_caption_and_nothing_else(set_like_the_thesis):
    pages = thesis_pages(set_like_the_thesis, CAPTIONS)
    shown = {own.name: pages[own] for own in CAPTIONS}
    assert [name for name, page in shown.items() if isinstance(page, str)] == []
    for position, (name, page) in enumerate(shown.items()):
        assert colours_of(page.jpeg) == {position % len(COLOURS)}, name
        with Image.open(io.BytesIO(page.jpeg)) as picture:
            limit = 0.9 if position % ALONE == 0 else 0.5
            assert picture.height < limit * PAGE[1] * DPI, name
    assert all(one.number <= other.number for one, other in pairwise(shown.values()))


HEIGHT = 800.0
CAPTION = Band(400, 420)


@pytest.mark.parametrize(
    ("drawn", "others", "expected"),
    [
        ([Band(450, 600)], [], (396, 632)),  # above its caption
        ([Band(200, 380)], [], (168, 424)),  # below it
        ([Band(450, 600), Band(100, 395)], [], (68, 424)),  # on both sides: the nearer
        ([Band(450, 600), Band(650, 700)], [Band(620, 640)], (396, 620)),  # as far as the next
        ([Band(450, 600), Band(100, 395)], [Band(397, 399)], (399, 632)),
        ([Band(650, 700)], [Band(620, 640)], None),
        ([Band(450, 600), Band(380, 380.4)], [], (396, 632)),  # and the rule of a note below
        ([Band(450, 600), Band(780, 780.4)], [], (396, 632)),  # and that of the page's head
        ([Band(780, 780.4)], [], None),
        ([Band(390, 390.4), Band(370, 370.4), Band(250, 250.4)], [], (218, 424)),  # a table's rules
        ([], [], None),
    ],
)
def test_what_a_caption_names_lies_beside_it(drawn, others, expected):
    place = place_of(CAPTION, others, drawn, HEIGHT)
    assert place == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("change", ["turned", "cropped", "huge"])
def test_a_page_whose_places_are_not_those_of_its_picture_is_shown_whole(
    change, set_like_the_thesis, tmp_path
):
    caption = CAPTIONS[1]
    number = thesis_pages(set_like_the_thesis, [caption])[caption].number
    document = PdfDocument(set_like_the_thesis)
    page = document[number - 1]
    if change == "turned":
        page.set_rotation(90)
    elif change == "cropped":
        page.set_cropbox(50, 50, 500, 800)
    else:
        page.set_mediabox(0, 0, 90_000, 90_000)
    document.save(tmp_path / "other.pdf")
    shown = thesis_pages(tmp_path / "other.pdf", [caption])[caption]
    with Image.open(io.BytesIO(shown.jpeg)) as picture:
        width, height = {
            "turned": (PAGE[1] * DPI, PAGE[0] * DPI),
            "cropped": (450 / 72 * DPI, 750 / 72 * DPI),
            "huge": (4_000, picture.height),
        }[change]
        assert picture.size == pytest.approx((width, height), abs=2)
