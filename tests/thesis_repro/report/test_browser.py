"""The page in headless Chromium: no errors, images load, filters filter, pictures side by side."""

import json
import re
import shutil
import subprocess

import pytest

from thesis_repro.report.collect import collect
from thesis_repro.report.page import write_page
from thesis_repro.report.pdf import thesis_pages
from thesis_repro.report.results import Script
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.questions import questions_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

# What a reader sees, asked of the page itself; the answer is written into it.
PROBE = """
<script>
const shown = (selector) => [...document.querySelectorAll(selector)]
  .filter((element) => element.checkVisibility()).map((element) => element.id || element.innerText);
const press = (value) => document.querySelector(`button[data-value="${value}"]`).click();
const boxes = () => [...document.querySelectorAll("figure .pair")].map((pair) =>
  [...pair.children].map((side) => side.getBoundingClientRect()).map((box) => [box.left, box.top]));
addEventListener("load", () => {
  const seen = {
    images: [...document.images].map((image) => image.complete && image.naturalWidth),
    width: innerWidth, scroll: document.documentElement.scrollWidth, boxes: boxes(),
    filters: shown(".filters button").length, all: shown(".claim").length,
  };
  press("not replicated");
  seen.verdict = { claims: shown(".claim"), lines: shown(".ledger li").length,
    chapters: shown(".chapter"), pressed: shown('[aria-pressed="true"]') };
  press("4.3"); seen.neither = shown(".claim").length;
  document.querySelector('button[data-filter], [data-filter="verdict"] button').click();
  seen.section = { claims: shown(".claim").length, chapters: shown(".chapter"),
    lines: shown(".ledger li").length };
  location.hash = "4.2-best-epoch";
  addEventListener("hashchange", () => {
    seen.linked = shown(".claim").length;
    dispatchEvent(new Event("beforeprint"));
    seen.folded = document.querySelectorAll("details:not([open])").length;
    const answer = document.createElement("pre");
    answer.id = "answer"; answer.textContent = JSON.stringify(seen);
    document.body.append(answer);
  });
});
</script></body>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Open a page in a window of a width; returns what the probe saw and the console's lines."""

    def open_page(path, width):
        profile = tmp_path_factory.mktemp("profile")
        command = [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(
                "--enable-logging=stderr",
                f"--window-size={width},900",
                f"--user-data-dir={profile}",
            ),
            *("--virtual-time-budget=5000", "--dump-dom", path.as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        return done.stdout, console

    return open_page


@pytest.fixture
def page(tmp_path, write_section, thesis_pdf):
    """A report on one section with the thesis's pages, a wide table, and the probe in it."""
    folder = write_section(tmp_path)
    wide = [[f"a long name {number}" for number in range(30)]] * 3
    (folder / "table_3.csv").write_text("\n".join(map(",".join, wide)))
    results = collect(
        tmp_path, {name: Script(f"chapters/ch{name}.py", {}) for name in ("4.2", "4.3")}
    )
    captions = [load_captions()[key] for key in results.reproduced]
    path = tmp_path / "index.html"
    write_page(results, path, thesis_pages(thesis_pdf, captions))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</body>", PROBE), encoding="utf-8")
    return path


def seen_by(browse, page, width):
    dom, console = browse(page, width)
    assert console == []
    return json.loads(re.search(r'<pre id="answer">(.*?)</pre>', dom, re.DOTALL)[1])


def test_on_a_desk(browse, page):
    seen = seen_by(browse, page, 1280)
    assert len(seen["images"]) == 3 + 4  # three figures; the thesis's pages beside them and Table 3
    assert all(width and width > 0 for width in seen["images"])
    assert seen["scroll"] <= seen["width"]
    for ours, theirs in seen["boxes"]:
        assert theirs[0] > ours[0]
        assert theirs[1] == ours[1]


def test_filters(browse, page):
    seen = seen_by(browse, page, 1280)
    assert seen["filters"] == (1 + 4) + (1 + 10)
    assert seen["all"] == len(load_claims())
    assert seen["verdict"] == {
        "claims": ["4.2-best-loss-order"],
        "lines": 1,
        "chapters": ["section-4.2"],
        "pressed": ["not replicated", "all sections"],
    }
    assert seen["neither"] == 0
    claims = load_claims("4.3")
    lines = sum(max(1, len(questions_of(claim))) for claim in claims)
    assert seen["section"] == {"claims": len(claims), "chapters": ["section-4.3"], "lines": lines}
    assert seen["linked"] == len(
        load_claims()
    )  # a link to a claim that is filtered out shows it again
    assert seen["folded"] == 0  # in print


def test_on_a_phone(browse, page):
    seen = seen_by(browse, page, 390)
    assert seen["scroll"] <= seen["width"] <= 500  # the narrowest window of some versions is 500
    for ours, theirs in seen["boxes"]:
        assert theirs[0] == ours[0]
        assert theirs[1] > ours[1]


def test_without_script_everything_is_shown(browse, page):
    text = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL), encoding="utf-8")
    dom, _ = browse(page, 1280)
    assert re.search(r'class="filters" hidden', dom)
    assert len(re.findall("hidden", re.sub(r"<style>.*?</style>", "", dom, flags=re.S))) == 1
