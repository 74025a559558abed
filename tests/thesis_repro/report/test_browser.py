"""The page in headless Chromium: no errors, images load, what a reader does works."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from thesis_repro.report.collect import collect
from thesis_repro.report.links import touched_by
from thesis_repro.report.page import write_page
from thesis_repro.report.pdf import thesis_pages
from thesis_repro.report.results import Script
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.verdicts.questions import questions_of

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
AXE = os.environ.get("THESIS_REPRO_AXE")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

# What a reader sees and does, asked of the page itself; the answer is written into it.
PROBE = """
<script>
const shown = (selector) => [...document.querySelectorAll(selector)]
  .filter((element) => element.checkVisibility()).map((element) => element.id || element.innerText);
const button = (filter, value) =>
  document.querySelector(`fieldset[data-filter="${filter}"] button[data-value="${value}"]`);
const press = (filter, value) => button(filter, value).click();
const pressed = () => [...document.querySelectorAll('[aria-pressed="true"]')]
  .map((one) => one.dataset.value);
const ids = () => [...document.querySelectorAll(".ledger tbody tr")]
  .filter((row) => row.checkVisibility()).map((row) => row.querySelector("a").textContent);
const state = () => ({ claims: ids().length, pressed: pressed(), address: location.hash,
  output: document.querySelector("output").value, nothing: shown(".nothing").length });
const boxes = () => [...document.querySelectorAll("figure .pair")].map((pair) =>
  [...pair.children].map((side) => side.getBoundingClientRect()).map((box) => [box.left, box.top]));
const turned = () => new Promise((done) => addEventListener("hashchange", done, { once: true }));
const go = async (address) => { const there = turned(); location.hash = address; await there; };
const key = (name) =>
  dialog.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const place = () => [dialog.open, dialog.querySelector(".place").textContent,
  dialog.querySelector("img")?.alt];
addEventListener("load", async () => {
  const seen = {
    images: [...document.images].map((image) => image.complete && image.naturalWidth),
    width: innerWidth, scroll: document.documentElement.scrollWidth, boxes: boxes(),
    counts: [...document.querySelectorAll("fieldset[data-filter]")].map((group) =>
      [...group.querySelectorAll(".count")].reduce((sum, one) => sum + Number(one.textContent), 0)),
    all: state(), alternatives: [...document.images].map((image) => image.alt),
  };
  press("verdict", "not replicated"); seen.verdict = { ...state(), ids: ids() };
  press("section", "4.3"); seen.neither = state();
  press("verdict", "not replicated"); seen.section = state();
  document.querySelector("button[type=reset]").click(); seen.reset = state();
  const words = document.querySelector("input[name=words]");
  words.value = "SKEWNESS gan table5"; words.dispatchEvent(new Event("input", { bubbles: true }));
  seen.searched = ids();
  words.value = "table  3"; words.dispatchEvent(new Event("input", { bubbles: true }));
  seen.phrase = ids();
  document.querySelector("button[type=reset]").click();
  const erratum = document.querySelector("select[name=erratum]");
  erratum.value = "E04"; erratum.dispatchEvent(new Event("input", { bubbles: true }));
  seen.erratum = state();
  document.querySelector("button[type=reset]").click();
  const sorted = () => ids().slice(0, 3);
  const columns = [...document.querySelectorAll("thead button")];
  const column = columns.find((one) => one.textContent === "Distance");
  column.click(); seen.nearest = [sorted(), column.parentElement.ariaSort, location.hash];
  column.click(); seen.farthest = [sorted(), column.parentElement.ariaSort];
  column.click(); seen.unsorted = [sorted(), column.parentElement.ariaSort];
  await go("#?section=4.3&grade=none"); seen.sent = state();
  await go("#E04"); seen.erratumOpen = document.getElementById("E04").open;
  await go("#4.2-best-epoch"); seen.linked = shown("article.claim").length;
  const long = document.getElementById("long-numbers"); long.open = true;
  const rowsOf = () => long.querySelectorAll("tbody tr").length;
  seen.rows = [rowsOf()]; long.querySelector(".all-rows").click(); seen.rows.push(rowsOf());
  document.querySelector("button.open").click(); seen.large = [place()];
  for (const name of ["Right", "Left", "Left"]) { key(`Arrow${name}`); seen.large.push(place()); }
  dialog.querySelector("[data-close]").click(); seen.large.push([dialog.open]);
  const answer = document.createElement("pre");
  answer.id = "answer"; answer.textContent = JSON.stringify(seen);
  document.body.append(answer);
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


@pytest.fixture(scope="module")
def page(tmp_path_factory, write_section, thesis_pdf):
    """A report on one section with the thesis's pages, a wide table, and the probe in it."""
    tmp_path = tmp_path_factory.mktemp("report")
    folder = write_section(tmp_path)
    wide = [[f"a long name {number}" for number in range(30)]] * 3
    (folder / "table_3.csv").write_text("\n".join(map(",".join, wide)))
    (folder / "long.csv").write_text("n\n" + "\n".join(map(str, range(40))) + "\n")
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
    answer = re.search(r'<pre id="answer">(.*?)</pre>', dom, re.DOTALL)[1]
    return json.loads(html.unescape(answer))


@pytest.fixture(scope="module")
def seen(browse, page):
    """What a reader sees and does at a desk."""
    return seen_by(browse, page, 1280)


def test_on_a_desk(seen):
    assert len(seen["images"]) == 3 + 4  # three figures; the thesis's pages beside them and Table 3
    assert all(width and width > 0 for width in seen["images"])
    assert seen["scroll"] <= seen["width"]
    for ours, theirs in seen["boxes"]:
        assert theirs[0] > ours[0]
        assert theirs[1] == ours[1]


def test_the_ledger_is_filtered_searched_and_sent(seen):
    claims, of_43 = len(load_claims()), len(load_claims("4.3"))
    verdicts, sections, questions, grades, outcomes = seen["counts"]
    assert verdicts == sections == grades == outcomes == claims
    assert questions == sum(len({name.rstrip("ab") for name in questions_of(claim)})
                            for claim in load_claims())  # fmt: skip
    every = {"claims": claims, "pressed": [], "address": "", "nothing": 0}
    assert seen["all"] == every | {"output": f"{claims} of {claims} claims"}
    assert seen["verdict"] == {
        "claims": 1,
        "ids": ["4.2-best-loss-order"],
        "pressed": ["not replicated"],
        "address": "#?verdict=not+replicated",
        "output": f"1 of {claims} claims",
        "nothing": 0,
    }
    assert (seen["neither"]["claims"], seen["neither"]["nothing"]) == (0, 1)
    assert seen["neither"]["address"] == "#?verdict=not+replicated&section=4.3"
    assert (seen["section"]["claims"], seen["section"]["pressed"]) == (of_43, ["4.3"])
    assert seen["reset"]["claims"] == claims
    assert seen["reset"]["address"] == "#ledger"
    assert seen["searched"] == ["4.6-table5-mnist-vae-gan", "4.6-table5-mnist-vlae-gan"]
    assert seen["phrase"] == [f"4.2-table3-factor-{number}" for number in (1, 2, 3)]
    touched = touched_by(load_errata()["E04"])
    assert (seen["erratum"]["claims"], seen["erratum"]["address"]) == (
        len(touched),
        "#?erratum=E04",
    )
    assert (seen["sent"]["claims"], seen["sent"]["pressed"]) == (of_43, ["4.3", "none"])


def test_the_ledger_is_sorted_by_distance_with_what_has_none_last(seen):
    first = [claim.id for claim in load_claims()][:3]
    by_distance = ["4.2-best-loss-order", "4.2-overfit-order", "4.2-best-epoch"]
    assert seen["nearest"] == [by_distance, "ascending", "#?sort=Distance+up"]  # 0.123…, 0.5, 12
    assert seen["farthest"] == [[*reversed(by_distance)], "descending"]
    assert seen["unsorted"] == [first, None]


def test_links_open_what_is_folded_and_long_tables_are_shown_whole(seen):
    assert seen["erratumOpen"]
    assert seen["linked"] == len(load_claims())
    assert seen["rows"] == [10, 40]


def test_figures_are_shown_large_one_after_the_other(seen):
    captions = load_captions()
    names = [
        f"Figure 20: {captions['figure', 20].title}",
        f"Figure 21: {captions['figure', 21].title}",
        f"Figure 21 (as run): {captions['figure', 21].title}",
    ]
    assert seen["large"] == [
        [True, "1 of 3", names[0]],
        [True, "2 of 3", names[1]],
        [True, "1 of 3", names[0]],
        [True, "3 of 3", names[2]],
        [False],
    ]
    assert len({*seen["alternatives"]}) == len(seen["alternatives"])


def test_on_a_phone(browse, page):
    seen = seen_by(browse, page, 390)
    assert seen["scroll"] <= seen["width"] <= 500  # the narrowest window of some versions is 500
    for ours, theirs in seen["boxes"]:
        assert theirs[0] == ours[0]
        assert theirs[1] > ours[1]


def test_without_script_everything_is_shown(browse, page):
    """But for rows of long tables, and what needs a script."""
    text = page.read_text(encoding="utf-8")
    bare = page.with_name("bare.html")
    bare.write_text(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL), encoding="utf-8")
    dom, _ = browse(bare, 1280)
    assert re.search(r'class="filters" hidden', dom)
    assert re.search(r'class="nothing" hidden', dom)
    assert len(re.findall("hidden", re.sub(r"<style>.*?</style>", "", dom, flags=re.S))) == 2


@pytest.mark.skipif(not AXE, reason="THESIS_REPRO_AXE names no axe.min.js (`npm install axe-core`)")
@pytest.mark.parametrize("width", [1400, 500])
def test_it_is_accessible(browse, page, width):
    text = page.read_text(encoding="utf-8").replace(PROBE, "</body>")
    check = """
addEventListener("load", () => axe.run({ resultTypes: ["violations"] }).then((found) => {
  const answer = document.createElement("pre");
  answer.id = "answer"; answer.textContent = JSON.stringify(found.violations.map((one) => one.id));
  document.body.append(answer);
}));"""
    script = Path(AXE).read_text(encoding="utf-8")
    checked = page.with_name("checked.html")
    checked.write_text(
        text.replace("</body>", f"<script>{script}{check}</script></body>"), encoding="utf-8"
    )
    assert seen_by(browse, checked, width) == []
