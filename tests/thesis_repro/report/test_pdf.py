"""The thesis's pages are found by their captions in a PDF whose pages we know."""

import io

import pytest
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from PIL import Image

from data_prep.errors import DataError
from thesis_repro.report.pdf import find_page, thesis_pages
from thesis_repro.thesis.captions import load_captions

CAPTIONS = load_captions()
LISTS = 4  # pages before the first caption


def test_every_caption_is_found_on_its_page(thesis_pdf):
    pages = thesis_pages(thesis_pdf, CAPTIONS.values())
    there = [own for own in CAPTIONS.values() if own.name != "Figure 24"]
    assert {own.name: pages[own].number for own in there} == {
        own.name: LISTS + position for position, own in enumerate(there, start=1)
    }
    assert pages[CAPTIONS["figure", 24]] == (
        "The caption of Figure 24 was not found in thesis.pdf."
    )


def test_pages_are_rendered_at_110_dpi(thesis_pdf):
    page = thesis_pages(thesis_pdf, [CAPTIONS["figure", 13]])[CAPTIONS["figure", 13]]
    with Image.open(io.BytesIO(page.jpeg)) as picture:
        assert picture.format == "JPEG"
        assert picture.size == pytest.approx((8.3 * 110, 11.7 * 110), abs=1)
        assert picture.convert("L").getextrema()[0] < 100  # the text is there


@pytest.mark.parametrize(
    "text",
    [
        "Figure 23: Posterior distribution of VAE with reconstruction term weight 10,000",
        "Some words.\n  Figure 23: Posterior distribu-\ntion of VAE with reconstruc-\ntion term",
        "FIGURE 23. Posterior distribution of VAE\nwith reconstruction\nterm weight 10 000 on",
        "Figure\u00a023: Posterior distri\u00adbution of VAE with recon\ufb01struction term weight",
        "Figure 23: VAE Latent Space Distribution - dSprites",
    ],
)
def test_captions_as_pdfs_hold_them(text):
    assert find_page(CAPTIONS["figure", 23], ["Figure 23: see there.", text]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "as Figure 23: Posterior distribution of VAE with reconstruction term weight shows",
        "Figure 23. It shows the distribution of the latent values.",
        "Figure 230: Posterior distribution of VAE with reconstruction term weight 10,000",
        "Table 23: Posterior distribution of VAE with reconstruction term weight 10,000",
        "List of Figures\nFigure 23: VAE Latent Space Distribution - dSprites 42",
    ],
)
def test_text_that_is_no_caption(text):
    assert find_page(CAPTIONS["figure", 23], [text]) is None


def test_a_title_alone_is_enough_where_no_caption_is_known():
    text = "Figure 35: Traversals of two models"
    assert find_page(CAPTIONS["figure", 35], ["", text]) == 1
    assert find_page(CAPTIONS["figure", 35], [text, text]) is None


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.4\n1 0 obj\n"])
def test_a_file_that_is_no_pdf(tmp_path, content):
    path = tmp_path / "thesis.pdf"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"thesis.pdf: it cannot be read as a PDF.*--pdf"):
        thesis_pages(path, CAPTIONS.values())


def test_a_device_is_not_read_without_end(tmp_path):
    (tmp_path / "x.pdf").symlink_to("/dev/zero")
    with pytest.raises(DataError, match="it is a pipe, a socket or a device"):
        thesis_pages(tmp_path / "x.pdf", [])


def test_half_a_pdf_is_refused_or_read_as_far_as_it_goes(tmp_path, thesis_pdf):
    whole = thesis_pdf.read_bytes()
    path = tmp_path / "thesis.pdf"
    for share in (0.3, 0.6, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        try:
            pages = thesis_pages(path, [CAPTIONS["figure", 95]])
        except DataError:
            continue
        assert len(pages) == 1


ENCRYPTED = """\
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/Length 40/P -4/O<{o}>/U<{u}>>>endobj
trailer<</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]/Size 5>>
%%EOF
"""


def test_a_pdf_with_a_password(tmp_path):
    path = tmp_path / "thesis.pdf"
    path.write_text(ENCRYPTED.format(o="12" * 32, u="34" * 32))
    with pytest.raises(DataError, match=r"[Pp]assword"):
        thesis_pages(path, CAPTIONS.values())


def test_a_pdf_of_something_else(tmp_path):
    path = tmp_path / "other.pdf"
    with PdfPages(path) as pdf:
        pdf.savefig(Figure())
    assert thesis_pages(path, [CAPTIONS["table", 2]]) == {
        CAPTIONS["table", 2]: "The caption of Table 2 was not found in other.pdf."
    }
