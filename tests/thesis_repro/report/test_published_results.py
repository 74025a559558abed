"""Published results: what a repository may show, whole; README says what they say."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from errno import EACCES
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs
from PIL import Image

from data_prep.checksums import sha256
from data_prep.errors import DataError
from tests.thesis_repro.report.conftest import write_manifest
from thesis_repro.commands import exit_codes
from thesis_repro.commands import publish_results as command
from thesis_repro.commands.publish_results import FOLDER, ROOT
from thesis_repro.report.collect import collect
from thesis_repro.report.ledger import folded_tables, is_evidence
from thesis_repro.report.multiverse import put_together
from thesis_repro.report.published_results import (
    LARGEST_IN_ALL,
    publish_results,
    publishable,
    readme_with,
)
from thesis_repro.report.universes import curve_file, rows_file, summary_file, write_multiverse
from thesis_repro.section.declarations import figure
from thesis_repro.section.registry import everything, scripts
from thesis_repro.verdicts.judgements import Verdict
from thesis_repro.verdicts.multiverse import COLUMNS

MADE = {"scale": "paper", "stand_in": False}
VERDICTS = {
    "4.2-best-epoch": Verdict.REPLICATED,
    "4.2-best-loss-order": Verdict.NOT_REPLICATED,
    "4.2-overfit-order": Verdict.PATH_ONLY,
}


@pytest.fixture
def out(tmp_path, write_section):
    write_section(tmp_path / "out", verdicts=VERDICTS, figures=("20", "21"), **MADE)
    return tmp_path / "out"


def publish(out):
    shown = publishable(collect(out, scripts()))
    publish_results(shown, out.parent / "results")
    return shown


def test_page_pictures_and_json_are_there(out, png):
    publish(out)
    folder = out.parent / "results"
    page = (folder / "index.html").read_text(encoding="utf-8")
    for name in ("20", "21"):
        assert f'src="4.2/figure_{name}.webp"' in page
        with (
            Image.open(folder / "4.2" / f"figure_{name}.webp") as ours,
            Image.open(io.BytesIO(png)) as theirs,
        ):
            assert ours.convert("RGB").tobytes() == theirs.convert("RGB").tobytes()
    assert str(out) not in page  # a path of whoever made them
    read = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert read["verdicts"]["as written"]["replicated"] == 1


def test_they_are_results_that_commands_and_programs_read(out):
    """The same claims, tables and pictures as before, each file as its manifest lists it."""
    before = publish(out)
    results = collect(out.parent / "results", scripts())
    assert results.problems == ()
    assert results.judgements == before.judgements
    (was,), (section,) = before.sections, results.sections
    assert [(i.key, i.maker) for i in section.figures] == [(i.key, i.maker) for i in was.figures]
    assert section.tables[0].content == was.tables[0].content
    assert section.answers == was.answers
    assert replace(section.manifest, files={}) == replace(was.manifest, files={})


@pytest.fixture
def with_multiverse(write_section):
    """Write what Section 4.2 comes to under its readings, of these results, and its curve."""

    def write(out, commit="0123456789ab", **changes):
        universe = {"verdicts": VERDICTS, "readings": ["E04"], "commit": commit}
        write_section(out / "multiverse" / "E04", figures=(), **universe, **MADE)
        curve_file(out, "4.2").write_text("<svg/>")
        changes["curve"] = sha256(curve_file(out, "4.2"))
        made = put_together(out, "4.2", [("E04",)], scripts(), {})
        write_multiverse(summary_file(out, "4.2"), structs.replace(made, **changes))

    return write


def test_the_multiverse_is_published_without_its_universes(out, write_section, with_multiverse):
    with_multiverse(out)
    rows_file(out, "4.2").write_text("edited")  # nothing vouches for it: it is written anew
    publish(out)
    folder = out.parent / "results" / "multiverse"
    assert sorted(path.name for path in folder.iterdir()) == ["4.2.csv", "4.2.json", "4.2.svg"]
    with (folder / "4.2.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert {row[head.index("claim")] for row in rows} == {*VERDICTS}
    page = (folder.parent / "index.html").read_text(encoding="utf-8")
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in page
    shutil.rmtree(out)
    write_section(out, "4.7", verdicts={}, figures=(), **MADE)
    publish(out)  # another section: 4.2 stays, with its multiverse
    assert (folder / "4.2.svg").read_text() == "<svg/>"
    page = (folder.parent / "index.html").read_text(encoding="utf-8")
    assert page.count("Under the readings in dispute") == 1


def test_a_published_multiverse_that_was_edited_is_refused(out, with_multiverse):
    with_multiverse(out)
    publish(out)
    published = summary_file(out.parent / "results", "4.2")
    assert collect(out.parent / "results", scripts()).problems == ()
    published.write_text(published.read_text().replace('"nothing"', '"verdict"'))
    (problem,) = collect(out.parent / "results", scripts()).problems
    assert problem.path == published


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"commit": "0123456789ab-dirty"}, "the code that made them"),
        ({"results": {"4.2/claims.json": ""}}, "does not belong to the results there"),
    ],
)
def test_a_multiverse_of_other_code_or_results_is_not_published(
    out, changes, cause, with_multiverse
):
    with_multiverse(out, **changes)
    with pytest.raises(DataError, match=rf"multiverse/4.2.json.*{cause}"):
        publish(out)


def test_what_somebody_keeps_beside_the_multiverse_is_not_lost(out, with_multiverse):
    with_multiverse(out)
    publish(out)
    mine = out.parent / "results" / "multiverse" / "mine.txt"
    mine.write_text("mine")
    with pytest.raises(DataError, match=r"something else, too \(multiverse/mine.txt\)"):
        publish(out)
    assert mine.read_text() == "mine"


def test_a_section_that_is_not_made_again_stays(out, write_section):
    write_section(out / "seed-8", verdicts={}, **MADE, seed=8)
    publish(out)
    folder = out.parent / "results"
    before = contents(folder / "4.2") | contents(folder / "seed-8")
    write_section(out.parent / "more", "4.4", figures=("67",), verdicts={}, **MADE)
    publish(out.parent / "more")
    results = collect(folder, scripts())
    assert [(section.name, section.seeds) for section in results.sections] == [
        ("4.2", (7, 8)),
        ("4.4", ()),
    ]
    assert contents(folder / "4.2") | contents(folder / "seed-8") == before
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert 'src="4.2/figure_20.webp"' in page
    assert 'src="4.4/figure_67.webp"' in page


def test_what_was_published_and_is_damaged_is_not_carried_on(out, write_section):
    publish(out)
    folder = out.parent / "results"
    (folder / "4.2" / "table_3.csv").write_text("edited\n1\n")
    write_section(out.parent / "more", "4.4", figures=("67",), verdicts={}, **MADE)
    with pytest.raises(DataError, match=r"4\.2/table_3\.csv: it is not the file that manifest"):
        publish(out.parent / "more")
    assert not (folder / "4.4").exists()


def test_they_replace_those_before_and_nothing_else(out):
    folder = out.parent / "results"
    publish(out)
    (folder / "4.2" / "figure_99.webp").write_bytes(b"of before")
    manifest = json.loads((folder / "4.2" / "manifest.json").read_text())
    manifest["files"]["figure_99.webp"] = "0" * 64
    (folder / "4.2" / "manifest.json").write_text(json.dumps(manifest))
    publish(out)
    assert not (folder / "4.2" / "figure_99.webp").exists()
    (folder / "index.html").unlink()  # a folder of somebody's
    with pytest.raises(DataError, match="it holds no published results"):
        publish(out)
    assert (folder / "README.md").exists()


def test_pictures_of_people_are_left_out_and_named(out, write_section):
    """Figure 38 is of decoded faces, Figure 67 of codes of faces as points, 99 of nobody knows."""
    write_section(out, "4.4", figures=("38", "38_as_run", "67", "99"), verdicts={}, **MADE)
    publish(out)
    folder = out.parent / "results"
    pictures = {path.relative_to(folder).as_posix() for path in folder.rglob("*.webp")}
    assert pictures == {"4.2/figure_20.webp", "4.2/figure_21.webp", "4.4/figure_67.webp"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "not shown: its pictures show people, and no portion of it may be passed on" in page
    missing = json.loads((folder / "index.json").read_text(encoding="utf-8"))["missing"]
    reasons = {gap["name"]: gap["reason"] for gap in missing}
    assert {name for name, why in reasons.items() if why.startswith("not shown: ")} == {
        *("Figure 38", "Figure 39")
    }


def test_a_figure_of_such_data_has_to_say_what_it_shows():
    def drawn(**declared):
        return figure(38, **declared)(lambda chapter, shown: None).declarations[0]

    for data in ({"models": "celeba-vae"}, {"models": "mnist-vae", "data": ("mnist", "imagenet")}):
        with pytest.raises(ValueError, match="say shows_pictures=True or False"):
            drawn(**data)
        assert drawn(**data, shows_pictures=True).withheld
        assert not drawn(**data, shows_pictures=False).withheld
    assert not drawn(models="mnist-vae").withheld
    assert not drawn(models="mnist-vae", shows_pictures=True).withheld


def test_what_is_withheld_is_what_draws_pictures_of_celeba_and_imagenet():
    """Looked at one by one: a photo, faces with attributes, decoded faces, maps of a photo."""
    withheld = {f"{place.section} {each.stem()}" for place in everything()
                for each in [place.declaration] if each.withheld}  # fmt: skip
    assert withheld == {
        "3.3 figure_13", "4.4 figure_38", "4.4 figure_39", "4.4 figure_39_a", "4.4 figure_39_b",
        "4.8 figure_54", "4.8 figure_54_before_relu", "4.8 figure_54_leaky_relu",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"stand_in": True}, r"4\.2: they are of stand-ins \(digits\)"),
        ({"commit": None}, r"4\.2: the code that made them was of no commit"),
        ({"commit": "0123456789ab-dirty"}, r"4\.2: the code that made them was 0123456789ab-dirty"),
        ({"scale": "smoke"}, r"4\.2: they prove nothing: the scale is smoke, not paper"),
        ({"scale": "untrained"}, r"4\.2: they prove nothing: the scale is untrained, not paper"),
        ({"data": ""}, r"4\.2: they prove nothing: nothing says which data they are of"),
        ({"commit": "unknown"}, r"4\.2: the code that made them was unknown"),
        ({"scale": "quick"}, r"4\.2: its manifest says scale quick, 4\.2-best-epoch paper"),
    ],
)
def test_what_proves_nothing_or_cannot_be_made_again_is_refused(out, changes, cause):
    publish(out)
    before = contents(out.parent / "results")
    (out / "4.2" / "manifest.json").unlink()
    write_manifest(out / "4.2", **MADE | changes)
    with pytest.raises(DataError, match=cause):
        publish(out)
    assert contents(out.parent / "results") == before


def test_a_section_that_this_version_has_not_is_refused(out, write_section):
    write_section(out, "2.10", figures=(), verdicts={}, **MADE)
    with pytest.raises(DataError, match=r"2\.10: this version has no such section"):
        publish(out)


def test_a_page_made_of_what_is_published_says_why_figures_are_not_there(out, write_section):
    write_section(out, "4.4", figures=("38", "67"), verdicts={}, **MADE)
    publish(out)
    folder = out.parent / "results"
    reasons = [gap.reason for gap in collect(folder, scripts()).missing if "shown" in gap.reason]
    assert reasons
    (folder / "REPORT.md").write_text("of `report --summary`")
    publish(out)


def test_further_seeds_have_to_be_of_code_that_others_can_get(out, write_section):
    dirty = MADE | {"seed": 8, "commit": "zzz-dirty"}
    write_section(out / "seed-8", verdicts={}, **dirty)
    with pytest.raises(DataError, match=r"seed-8/4\.2: the code that made them was zzz-dirty"):
        publish(out)


def test_what_is_no_published_result_stays_where_it_is(out):
    publish(out)
    (out.parent / "results" / "mine.txt").write_text("a user's")
    with pytest.raises(DataError, match=r"it holds something else, too \(mine\.txt\)"):
        publish(out)
    assert (out.parent / "results" / "mine.txt").read_text() == "a user's"


@pytest.mark.parametrize("place", ["4.2", "seed-8/4.2"])
def test_what_somebody_keeps_in_a_published_section_s_folder_is_not_lost(out, write_section, place):
    write_section(out / "seed-8", verdicts={}, **MADE, seed=8)
    publish(out)
    folder = out.parent / "results" / place
    (folder / ".DS_Store").write_text("a note")
    publish(out)
    (folder / "mine.txt").write_text("a user's")
    with pytest.raises(DataError, match=rf"something else, too \({place}/mine\.txt\)"):
        publish(out)
    assert (folder / "mine.txt").read_text() == "a user's"


def test_a_file_of_somebody_s_is_to_be_moved_away(out):
    """Results that are made again would keep it."""
    (out / "4.2" / "notes.txt").write_text("a user's")
    with pytest.raises(
        DataError, match=r"notes\.txt: manifest\.json does not list it.*move it away"
    ):
        publish(out)


def test_results_whose_claims_prove_nothing_are_refused(out):
    """As of a part of a data set, of which the claims say so, and no manifest."""
    path = out / "4.2" / "claims.json"
    claims = json.loads(path.read_text())
    for claim in claims:
        for reading in claim["readings"].values():
            if reading["verdict"] != "not run":
                reading |= {"verdict": "path only", "obstacles": ["the data are a part"]}
        claim["verdict"] = claim["readings"]["as written"]["verdict"]
    path.write_text(json.dumps(claims))
    (out / "4.2" / "manifest.json").unlink()
    write_manifest(out / "4.2", **MADE)
    with pytest.raises(DataError, match="they prove nothing: the data are a part"):
        publish(out)


def test_damaged_results_are_refused(out):
    (out / "4.2" / "table_3.csv").write_text("edited\n1\n")
    with pytest.raises(DataError, match=r"table_3\.csv: it is not the file that manifest\.json"):
        publish(out)
    (out / "4.2" / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"manifest\.json: it is missing"):
        publish(out)
    assert not (out.parent / "results").exists()


def test_more_than_a_repository_should_hold_is_refused(out, monkeypatch):
    monkeypatch.setattr("thesis_repro.report.published_results.LARGEST_IN_ALL", 1_000)
    with pytest.raises(DataError, match="bytes are more than the 1,000 allowed"):
        publish(out)
    assert not (out.parent / "results").exists()


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- README ---


def test_each_section_is_folded_under_what_it_comes_to(out, write_section):
    write_section(out, "4.7", verdicts={"4.7-uneven": Verdict.FAILS}, figures=(), **MADE)
    shown = collect(out, scripts()).judgements
    text = folded_tables(filter(is_evidence, shown), "index.html")
    blocks = re.findall(
        r"<details>\n<summary>([^\n]*)</summary>\n\n(.*?)\n\n</details>", text, re.S
    )
    (first, table), (second, other) = blocks
    assert first.startswith("Section 4.2: ")
    assert second.startswith("Section 4.7: ")
    assert ("4.2-best-epoch" in table, "4.7-uneven" in table) == (True, False)
    assert ("4.2-best-epoch" in other, "4.7-uneven" in other) == (False, True)


README = "# Title\n\n<!-- results: by `make results` -->\nold\n<!-- /results -->\n\n## Next\n"


def test_readme_has_the_evidence_and_nothing_else_changes(out):
    shown = publish(out)
    text = readme_with(README, shown.judgements, "docs/results")
    before, after = (
        "# Title\n\n<!-- results: by `make results` -->\n",
        "<!-- /results -->\n\n## Next\n",
    )
    assert text.startswith(before)
    assert text.endswith(after)
    *head, first, second, blank, end = text.removesuffix(after).strip().splitlines()
    assert head[-5:-3] == [
        "<details>",
        "<summary>Section 4.2: 2 decided at paper scale (1 replicated, 1 not); 0 indicated at "
        "reduced scale (0 hold, 0 fail)</summary>",
    ]
    assert (blank, end) == ("", "</details>")
    assert first == (
        "| [4.2-best-epoch](docs/results/index.html#4.2-best-epoch): The fewer feature maps, the "
        "later the minimum of the validation loss: in epochs 26, 39 and 52 | best epoch 26, 39, 52 "
        "| best epoch 2, 2, 2 | paper | replicated | `thesis-repro chapter 4.2` |"
    )
    assert "| – | loss 1.25 | paper | not replicated; as run replicated |" in second
    assert "4.2-overfit-order" not in text  # path only
    assert readme_with(text, shown.judgements, "docs/results") == text


def test_line_ends_of_readme_stay(out):
    text = readme_with(README.replace("\n", "\r\n"), publish(out).judgements, "docs/results")
    assert text.replace("\r\n", "").count("\n") == 0


BEGUN = "<!-- results: no end -->\nnever lost\n"


@pytest.mark.parametrize(
    "text",
    [
        *("# No place", README + README, BEGUN),
        README.replace("<!-- /results -->", ""),
        README.replace("results:", "results-of-others"),
    ],
)
def test_readme_without_one_place_is_refused(text):
    with pytest.raises(ValueError, match="no place for the published results, or several"):
        readme_with(text, [], "docs/results")


def test_a_mark_without_its_end_takes_nothing_of_the_next_ones_place():
    text = README.replace("old", "kept\n<!-- results: again -->\nold")
    kept = text[: text.index("<!-- results: again")]
    assert readme_with(text, [], "docs/results").startswith(kept)


def test_readme_is_looked_at_before_anything_is_replaced(out, tmp_path, monkeypatch):
    publish(out)
    before = contents(out.parent / "results")
    (tmp_path / "README.md").write_text(BEGUN)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "FOLDER", out.parent / "results")
    result = CliRunner().invoke(command.main, [str(out)])
    assert result.exit_code == 3
    assert "README.md: what the results come to cannot be put into it" in result.output
    assert contents(out.parent / "results") == before
    (tmp_path / "README.md").write_text(BEGUN + README)
    assert CliRunner().invoke(command.main, [str(out)]).exit_code == 0
    assert (tmp_path / "README.md").read_text().startswith(BEGUN + "# Title")


def test_a_readme_that_cannot_be_written_is_named(out, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "FOLDER", tmp_path / "docs" / "results")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(README)

    def fails(path):
        raise PermissionError(EACCES, "Permission denied", str(path))

    monkeypatch.setattr(command, "atomic_path", fails)
    result = CliRunner().invoke(command.main, [str(out)])
    assert result.exit_code == exit_codes.FAILED
    assert "README.md: Permission denied. To fix it: mend its permissions" in result.stderr


@pytest.mark.skipif(not FOLDER.exists(), reason="no results are published yet")
def test_readme_says_what_the_published_results_say():
    """README and the folder have the same ledger, line by line, and the JSON its verdicts."""
    place = FOLDER.relative_to(ROOT).as_posix()
    of_folder = (FOLDER / "README.md").read_text("utf-8").replace("[index.html](index.html)", "")
    published = rows(of_folder.replace("](index.html#", f"]({place}/index.html#"))
    shown = {name: row for name, row in published.items() if row[3] in ("paper", "reduced")}
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert shown
    assert rows(text[text.index("<!-- results") : text.index("<!-- /results -->")]) == shown
    claims = json.loads((FOLDER / "index.json").read_text("utf-8"))["claims"]
    assert published.keys() == {claim["id"] for claim in claims}
    for claim in claims:
        *_, grade, verdict, _ = published[claim["id"]]
        assert re.match(rf"{claim['verdict']}\b", verdict)
        assert grade == (claim["grade"] or "–")


def rows(text):
    """The cells of a ledger's rows, by claim."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| [")]
    return {re.match(r"\[(.*?)\]", line[0])[1]: line for line in lines}


@pytest.mark.skipif(not FOLDER.exists(), reason="no results are published yet")
def test_published_results_are_small_and_show_nobody():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LARGEST_IN_ALL
    makers = {
        f"{section}/{Path(name).stem}": maker
        for section, script in scripts().items()
        for name, maker in script.makers.items()
    }
    no_pictures = (".html", ".json", ".md", ".csv")
    pictures = [path.relative_to(FOLDER) for path in files if path.suffix not in no_pictures]
    curves = {curve_file(Path(), section) for section in scripts()}  # which show verdicts alone
    names = [path.with_suffix("").as_posix() for path in pictures if path not in curves]
    assert names
    assert [name for name in names if name not in makers or makers[name].withheld] == []
