"""The page as text: all that was found is on it, nothing is fetched, nothing breaks out of it."""

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote

import numpy as np
import pytest
from msgspec.structs import asdict
from PIL import Image

from thesis_repro.files import write_json
from thesis_repro.report.collect import collect
from thesis_repro.report.page import compressed, explorer_link, picture_inside, write_page
from thesis_repro.report.plain import write_plain
from thesis_repro.report.reading import Picture
from thesis_repro.report.results import File, Item, Maker, Script, ThesisPage
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import Unchecked, load_claims, load_unchecked
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training import published_places
from thesis_repro.verdicts.judgements import Verdict

FIGURE_20 = Maker(
    Path("chapters/ch4_2.py"),
    "chapters/ch4_2.py",
    111,
    "figure_20",
    ("mnist-vlae-factor-1",),
    "mnist",
)
SCRIPTS = {
    "4.2": Script("chapters/ch4_2.py", {"figure_20.png": FIGURE_20}),
    "4.3": Script("chapters/ch4_3.py", {}),
}
VOID = {"meta", "link", "img", "br", "input"}


class Page(HTMLParser):
    """A page's ids, attributes and text; fails where an element is closed that is not open."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.attributes, self.open, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def page_of(out, pages=None):
    write_page(collect(out, SCRIPTS, out / "runs"), out / "index.html", pages)
    return Page((out / "index.html").read_text(encoding="utf-8"))


def test_everything_found_is_on_the_page(out):
    page = page_of(out)
    claims = {claim.id for claim in load_claims()}
    assert claims | set(load_errata()) <= set(page.ids)
    assert {"figure-20", "figure-21", "figure-21-as-run", "table-3-numbers"} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    for words in (
        "2 decided at paper scale (1 replicated, 1 not)",
        "1 replicated",
        "1 not replicated",
        "1 path only",
        f"{len(load_claims()) - 3} not run",
        "3 of its 88 figures and tables",
        "85 of Figures 13–95 and Tables 2–6, by section",
        "They use many maps.",  # the answer to RQ1
        "because not replicated",
        "As written : not replicated. because not replicated",
        "As run : replicated. so run",
        "by the same rule (1 decided at paper scale (1 replicated, 0 not); "
        "0 indicated at reduced scale (0 hold, 0 fail)).",
        "Check by check as run: 0 of 1 holds",
        "undefined",  # a quantity as run that is NaN
        "off by 90.0%",
        "Figure 21 (as run)",
        load_captions()["figure", 20].caption,
        "thesis-repro chapter 4.2 --scale smoke --stand-in --seed 7",
        "0123456789ab",  # commit
        "aaaabbbbcccc",  # run
        "chapters/ch4_2.py:111",
        "chapter 4.2 · seed 0",  # what is printed in the figure
        "keras 3.15.1",
        "device EPYC",
        "NVIDIA A",  # of the run
        "scale smoke , float32, digits.",
        "Precision float32",
        "Not run: thesis-repro chapter 4.3",
        "Not built in this version.",
    ):
        assert words in page.text, words


def test_what_no_check_can_decide_stands_with_its_section(out, monkeypatch):
    evil = Unchecked("4.2", "Maps look <b>sparse</b>.", "For whom?")
    monkeypatch.setattr("thesis_repro.report.views.load_unchecked", lambda: (evil,))
    page = page_of(out)
    assert "1 statement of this section that no check can decide “Maps look <b>sparse" in page.text
    assert "For whom?" in page.text


def test_checks_of_what_proves_the_path_would_hold_or_fail(out):
    """Of the fixture's three claims one proves the path; its check does not hold."""
    text = page_of(out).text
    assert text.count("a check: would fail") == 1
    assert text.count("Check by check: 0 of 1 would hold") == 1
    assert "a check: holds" in text
    assert "a check: fails" in text


def test_cells_are_short_and_keep_all_digits(out):
    page = page_of(out)
    assert ("td", "title", "886.2996266682943") in page.attributes
    assert "886.3" in page.text
    assert "232.759" in page.text  # as the thesis prints it


@pytest.mark.parametrize("is_whole", [False, True])
def test_nothing_is_fetched_but_pictures_beside_a_page_without_them(out, is_whole):
    pictures = set() if is_whole else {f"4.2/{path.name}" for path in out.glob("4.2/*.png")}
    fetching = {"src", "href", "srcset", "action", "data", "poster"}
    path = out / "index.html"
    inside = picture_inside if is_whole else None
    write_page(collect(out, SCRIPTS, out / "runs"), path, picture=inside)
    text = path.read_text(encoding="utf-8")
    for tag, name, value in Page(text).attributes:
        if name in fetching:
            assert value.startswith(("data:", "#")) or value in pictures, (tag, name, value[:60])
    assert "@import" not in text
    assert "url(" not in text


def test_links_inside_the_page_lead_somewhere(out):
    page = page_of(out)
    links = {value[1:] for _, name, value in page.attributes if name == "href" and value[0] == "#"}
    assert {link for link in links if link[0] != "?"} <= set(page.ids)
    rows = rows_of(page)
    for view in filter(lambda link: link[0] == "?", links):
        wanted = parse_qs(view[1:], strict_parsing=True)
        assert any(
            all(values[0] in row[name].split("|") for name, values in wanted.items())
            for row in rows
        ), view


def rows_of(page):
    """What the ledger's rows are filtered by."""
    rows = []
    for tag, name, value in page.attributes:
        if (tag, name) == ("tr", "data-verdict"):
            rows.append({})
        if tag == "tr" and name.startswith("data-"):
            rows[-1][name.removeprefix("data-")] = value
    return rows


def test_a_question_links_to_as_many_claims_as_it_counts(out):
    text = (page_of(out), (out / "index.html").read_text(encoding="utf-8"))[1]
    rows = rows_of(page_of(out))
    found = re.findall(r'href="#\?question=(RQ\d)&amp;verdict=([\w%]+)">(\d+) ', text)
    assert len(found) >= 8
    for question, verdict, count in found:
        matching = [
            row for row in rows
            if question in row["question"].split("|") and row["verdict"] == unquote(verdict)
        ]  # fmt: skip
        assert len(matching) == int(count)


def test_the_ledger_has_numbers_and_how_far_they_are(out):
    page_of(out)
    text = (out / "index.html").read_text(encoding="utf-8")
    (row,) = re.findall(r'<tr data-verdict="replicated".*?</tr>', text, re.DOTALL)
    cells = [
        re.sub(r"<.*?>|\s+", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)
    ]
    assert cells == [
        "best epoch 26, 39, 52",
        "best epoch 2, 2, 2",
        "–",
        "12.00",
        "1",
        "paper",
        "replicated",
    ]


def test_a_claim_leads_to_what_it_rests_on(out):
    page_of(out)
    text = (out / "index.html").read_text(encoding="utf-8")
    (claim,) = re.findall(
        r'<article class="claim [^"]*" id="4.2-best-epoch">.*?</article>', text, re.S
    )
    assert 'Figure <a href="#figure-20">20</a> and text' in claim
    assert '<a href="#E04">E04</a>' in claim
    assert '<a href="#run-4.2-mnist-vlae-factor-1">mnist-vlae-factor-1</a>' in claim
    assert "chapters/ch4_2.py:111 <code>figure_20</code>" in claim
    (figure,) = re.findall(r'<figure id="figure-20">.*?</figure>', text, re.S)
    assert '<a href="#4.2-best-epoch">4.2-best-epoch</a> (replicated)' in figure
    (table,) = re.findall(r'<details class="table" id="table-3-numbers".*?</details>', text, re.S)
    assert '<a href="#4.2-table3-factor-1">4.2-table3-factor-1</a> (not run)' in table
    (index,) = re.findall(r'<ul class="index">.*?</ul>', text, re.S)
    assert '<a href="#figure-20">Figure 20</a>' in index
    assert '<a href="#table-3-numbers">Table 3</a>' in index
    assert "Figure 22" in index  # which is not there
    assert len(re.findall(r"(?:Figure|Table) \d+", index)) == 88
    (erratum,) = re.findall(r'<details id="E04">.*?</details>', text, re.S)
    assert '<a href="#section-4.2">Section 4.2</a>' in erratum
    assert 'Figure <a href="#figure-20">20</a>' in erratum
    assert "Figure 57" in erratum  # which is not there
    command = "thesis-repro train mnist-vlae-factor-1 --reading E04=as-run: learning_rate 0.005"
    assert f"<dt>Run by</dt><dd>{command}</dd>" in erratum
    assert '<a href="#4.2-best-epoch">4.2-best-epoch</a>' in erratum


def test_a_claim_with_a_p_value_says_what_its_n_can_tell(out):
    page_of(out)
    text = (out / "index.html").read_text(encoding="utf-8")
    articles = dict(
        re.findall(r'<article class="claim [^"]*" id="([^"]*)">(.*?)</article>', text, re.S)
    )
    line = re.search("What this n can tell: (.*?)</p>", articles["4.3-ppl-p"], re.S)
    assert "so that p &lt; 1e-29 is out of reach" in line[1]
    assert "What this n" in articles["4.2-table3-factor-1"]
    assert "What this n" not in articles["4.2-best-epoch"]


def test_long_tables_of_numbers_begin_on_the_page_and_are_in_it(out):
    (out / "4.2" / "many.csv").write_text("n\n" + "".join(f"row {n}\n" for n in range(40)))
    page_of(out)
    text = (out / "index.html").read_text(encoding="utf-8")
    (table,) = re.findall(r'<details class="table" id="many-numbers">.*?</details>', text, re.S)
    first, rest = table.split("<template>")
    assert "row 9<" in first
    assert "row 10<" not in first
    assert all(f"row {n}<" in rest for n in range(10, 40))


def test_words_in_files_are_words_and_no_markup(out):
    folder = out / "4.2"
    evil = "<script>alert(1)</script>\"'&"
    entries = json.loads((folder / "claims.json").read_text())
    entries[0]["data"] = evil
    entries[0]["readings"]["as written"] |= {"why": evil, "values": {evil: evil}}
    write_json(folder / "claims.json", entries)
    (folder / "table_3.csv").write_text("a\n<b>bold</b>\n")
    page = page_of(out)
    assert ("alert(1)") in page.text
    assert "<b>bold</b>" in page.text
    text = (out / "index.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<b>bold" not in text


def test_damage_is_named_on_the_page(out):
    (out / "4.2" / "figure_20.png").unlink()
    (out / "4.2" / "manifest.json").write_text("{")
    page = page_of(out)
    assert "4.2/manifest.json" in page.text
    assert "no whole JSON file" in page.text
    assert "Figure 20" in page.text  # among the missing


def test_the_thesiss_pages_stand_beside(out):
    captions = load_captions()
    pages = {caption: ThesisPage(60, b"jpeg") for caption in captions.values()}
    pages[captions["figure", 21]] = "The caption was not found."
    page = page_of(out, pages)
    assert page.text.count("The thesis, page 60 of the PDF") == 2  # Figure 20 and Table 3
    assert page.text.count("The caption was not found.") == 2  # both readings of Figure 21
    assert ("div", "class", "shown pair") in page.attributes
    assert ("div", "class", "shown pair") not in page_of(out).attributes


def test_an_interrupted_writing_leaves_the_page_as_it_was(out, monkeypatch):
    page_of(out)
    before = (out / "index.html").read_bytes()
    monkeypatch.setattr("thesis_repro.report.page.picture_beside", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        page_of(out)
    assert (out / "index.html").read_bytes() == before
    assert [path.name for path in out.iterdir() if path.is_file()] == ["index.html"]


def test_a_picture_on_the_page_is_that_of_the_results_wherever_the_page_lies(
    tmp_path, write_section
):
    out = tmp_path / "a folder with ü and #"
    folder = write_section(out)
    results = collect(out, SCRIPTS)
    for path in (out / "index.html", tmp_path / "pages" / "index.html"):
        path.parent.mkdir(exist_ok=True)
        write_page(results, path)
        address = re.search(r'<img src="([^"]*20.png)"', path.read_text(encoding="utf-8"))[1]
        assert (path.parent / unquote(address)).resolve() == folder / "figure_20.png"


def test_a_picture_inside_the_page_is_the_same_picture(out, png):
    write_page(collect(out, SCRIPTS), out / "report.html", picture=picture_inside)
    text = (out / "report.html").read_text(encoding="utf-8")
    coded = re.search(r'src="data:image/webp;base64,([^"]+)"', text)[1]
    with (
        Image.open(io.BytesIO(base64.b64decode(coded))) as inside,
        Image.open(io.BytesIO(png)) as original,
    ):
        np.testing.assert_array_equal(np.asarray(inside), np.asarray(original.convert("RGB")))


def test_photos_inside_the_page_take_fewer_bytes_than_without_loss_and_look_the_same(tmp_path):
    noise = np.random.default_rng(0).normal(128, 40, (60, 80, 3)).clip(0, 255).astype("uint8")
    photo = Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)
    with io.BytesIO() as file:
        photo.save(file, "PNG")
        picture = Picture(file.getvalue(), *photo.size, "")
    coded, kind = compressed(Item(None, "", File("photo.png", "", ""), picture, None))
    assert kind == "webp"
    with io.BytesIO() as file:
        photo.save(file, "WEBP", lossless=True)
        assert len(coded) < len(file.getvalue()) / 2
    with Image.open(io.BytesIO(coded)) as ours:
        off = np.asarray(ours, float) - np.asarray(photo, float)
    assert np.sqrt(np.mean(off**2)) < 5  # of 255


def test_a_picture_too_long_for_webp_stays_a_png(tmp_path):
    with io.BytesIO() as file:
        Image.new("RGB", (17_000, 2)).save(file, "PNG")
        picture = Picture(file.getvalue(), 17_000, 2, "")
    assert compressed(Item(None, "", File("long.png", "", ""), picture, None)) == (
        picture.content,
        "png",
    )


def test_json_has_the_constraints(tmp_path, write_section):
    constraints = {"sha256": "ab" * 32, "otherwise": {"keras": "3.14, not 3.15.1"}}
    write_section(tmp_path, constraints=constraints)
    write_plain(collect(tmp_path, SCRIPTS), tmp_path / "index.json")
    (section,) = json.loads((tmp_path / "index.json").read_text())["sections"]
    assert section["manifest"]["constraints"] == constraints


def test_json(out):
    write_plain(collect(out, SCRIPTS), out / "index.json")
    report = json.loads((out / "index.json").read_text())
    not_run = len(load_claims()) - 3
    none = dict.fromkeys(Verdict, 0)
    assert report["verdicts"] == {
        "as written": none
        | {"replicated": 1, "not replicated": 1, "path only": 1, "not run": not_run},
        "as run": none | {"replicated": 1},
    }
    assert report["unchecked"] == [asdict(one) for one in load_unchecked()]
    assert [claim["id"] for claim in report["claims"]] == [claim.id for claim in load_claims()]
    own = next(claim for claim in report["claims"] if claim["id"] == "4.2-best-epoch")
    assert own["questions"] == ["RQ1b"]
    assert own["readings"]["as written"]["values"] == {"best_epoch": [2, 2, 2]}
    (section,) = report["sections"]
    assert [figure["file"] for figure in section["figures"]] == [
        "figure_20.png",
        "figure_21.png",
        "figure_21_as_run.png",
    ]
    assert section["tables"][0]["rows"][1][2] == "232.759"
    assert section["manifest"]["runs"][0]["run_id"] == "aaaabbbbcccc"
    assert len(report["missing"]) == 85
    assert report["problems"] == []


def test_published_runs_are_linked_to_their_explorer(tmp_path, monkeypatch):
    pages = tmp_path / "docs" / "explore"
    pages.mkdir(parents=True)
    (pages / "mnist-vae_0123456789ab.html").touch()
    monkeypatch.setattr(published_places, "PAGES", pages)
    results = tmp_path / "docs" / "results"
    address = explorer_link(results, "mnist-vae", "0123456789ab")
    assert (results / address).resolve() == pages / "mnist-vae_0123456789ab.html"
    assert explorer_link(results, "mnist-vae", "ffffffffffff") == ""
    assert explorer_link(tmp_path.parent, "mnist-vae", "0123456789ab") == ""  # not beside it


def test_noise_all_over_a_large_picture_takes_fewer_bytes():
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype("uint8")
    with io.BytesIO() as file:
        Image.fromarray(noise).save(file, "PNG")
        picture = Picture(file.getvalue(), 800, 600, "")
    coded, _ = compressed(Item(None, "", File("noise.png", "", ""), picture, None))
    with io.BytesIO() as file:
        Image.fromarray(noise).save(file, "WEBP", quality=85)
        assert len(coded) < 0.8 * len(file.getvalue())
