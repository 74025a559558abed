"""Results under other readings: never the section's own, and what they come to beside it."""

import csv
import functools
import io
import json
import operator
import shutil

import pytest
from click.testing import CliRunner

import thesis_repro
from data_prep.checksums import sha256
from data_prep.errors import DataError
from tests.thesis_repro.report.conftest import FALLING, ORDER, PATHS, RISING, write_two_claims
from thesis_repro.cli import main
from thesis_repro.commands import exit_codes
from thesis_repro.files import write_json
from thesis_repro.report.collect import collect
from thesis_repro.report.multiverse import put_together
from thesis_repro.report.page import write_page
from thesis_repro.report.plain import write_plain
from thesis_repro.report.published_results import publishable
from thesis_repro.report.results import Script
from thesis_repro.report.seeds import seed_folder
from thesis_repro.report.universes import (
    curve_file,
    read_multiverse,
    summary_file,
    universe_folder,
    write_multiverse,
)
from thesis_repro.verdicts.judgements import Verdict
from thesis_repro.verdicts.multiverse import Change, conclusions

SCRIPTS = {"4.3": Script("chapters/ch4_3.py", {})}


def write(out, readings=(), *arguments, **changes):
    """The claims of Section 4.3 under these readings."""
    folder = universe_folder(out, readings)
    return write_two_claims(folder, *arguments, readings=readings, **changes)


def together(out, *readings, **not_run):
    return put_together(out, "4.3", readings, SCRIPTS, not_run)


@pytest.fixture
def out(tmp_path):
    """As written, a reading that turns the order, and one that changes nothing."""
    write(tmp_path)
    write(tmp_path, ("E19",), kl=RISING, mean=300.0)
    write(tmp_path, ("E56",))
    return tmp_path


def test_each_reading_says_what_it_does_to_each_claim(out):
    made = together(out, ("E19",), ("E56",), E55="in the code only")
    order, paths = (made.matrix[claim] for claim in (ORDER, PATHS))
    # As written, E19, E56, as run.
    assert [each and each.verdict for each in order] == [
        Verdict.HOLDS, Verdict.FAILS, Verdict.HOLDS, None,
    ]  # fmt: skip
    assert [each and each.change for each in order] == [
        Change.NOTHING, Change.VERDICT, Change.NOTHING, None,
    ]  # fmt: skip
    assert (paths[1].change, paths[3].change) == (Change.NUMBERS, Change.NUMBERS)
    assert made.flipped_by(ORDER) == ["E19"]
    assert made.not_run == {"E55": "in the code only"}


def test_a_reading_that_changes_nothing_is_said_to(out):
    e19, e56 = together(out, ("E19",), ("E56",)).universes
    assert (e19.change, e56.change) == (Change.VERDICT, Change.NOTHING)
    assert not e56.claims_with(Change.NUMBERS)


def test_numbers_may_be_others_and_the_verdict_the_same(tmp_path):
    write(tmp_path)
    write(tmp_path, ("E18",), kl=[50.0, 4.0, 3.0, 2.0, 1.0])
    (universe,) = together(tmp_path, ("E18",)).universes
    assert universe.claims_with(Change.NUMBERS) == [ORDER]
    assert universe.change is Change.NUMBERS


def test_at_path_scale_nothing_flips(tmp_path):
    write(tmp_path, scale="smoke")
    write(tmp_path, ("E19",), kl=RISING, scale="smoke")
    made = together(tmp_path, ("E19",))
    assert made.flipping == []
    assert made.universes[0].change is Change.NUMBERS


def test_over_seeds_each_universe_has_its_own(tmp_path):
    for readings, kl in (((), FALLING), (("E19",), RISING)):
        write(tmp_path, readings, kl=kl)
        further = seed_folder(universe_folder(tmp_path, readings), 1) / "4.3"
        shutil.move(write(tmp_path / "made", readings, 1, kl), further)
    made = together(tmp_path, ("E19",))
    assert made.seeds == (0, 1)
    assert made.matrix[ORDER][1].why.count("0 of 2 seeds")


def test_universes_from_before_stay_among_what_is_put_together(out):
    """A call for one erratum hides no flip of another."""
    write(out, ("E18",), kl=RISING, scale="paper")  # not alike: it does not count
    made = together(out, ("E56",), E19="not asked for", E18="not asked for", E55="no option")
    assert [each.readings for each in made.universes] == [("E19",), ("E56",)]
    assert made.flipped_by(ORDER) == ["E19"]
    assert made.not_run == {"E18": "not asked for", "E55": "no option"}
    lines = [*conclusions(made)]
    assert lines[0].startswith("1 of 2 claims have one verdict")  # 22 others are not run
    assert "Not asked for: E18." in lines
    assert "In dispute, but no universe: E55 (`errata ID` says why)." in lines


def test_a_universe_that_lacks_claims_is_refused(out):
    folder = universe_folder(out, ["E19"]) / "4.3"
    (folder / "claims.json").write_text("[]")
    files = {"claims.json": sha256(folder / "claims.json")}
    manifest = json.loads((folder / "manifest.json").read_text())
    write_json(folder / "manifest.json", manifest | {"files": files})
    with pytest.raises(DataError, match=r"E19/4.3/claims.json.*multiverse 4.3"):
        together(out, ("E19",))


def test_files_of_the_user_do_not_matter(out):
    (out / "4.3" / "notes.txt").write_text("mine")
    assert together(out, ("E19",)).flipping


def test_code_of_several_commits_is_said_to_be(tmp_path):
    write(tmp_path)
    write(tmp_path, ("E19",), commit="ba9876543210")
    made = together(tmp_path, ("E19",))
    assert made.commits == ("0123456789ab", "ba9876543210")
    assert "several commits" in " ".join(conclusions(made))


def test_code_of_further_seeds_is_counted(tmp_path):
    for readings, commit in (((), "0123456789ab"), (("E19",), "ba9876543210-dirty")):
        write(tmp_path, readings)
        further = write(tmp_path / "made", readings, 1, commit=commit)
        shutil.move(further, seed_folder(universe_folder(tmp_path, readings), 1) / "4.3")
    assert together(tmp_path, ("E19",)).commits == ("0123456789ab", "ba9876543210-dirty")


@pytest.mark.parametrize(
    "changes", [{"scale": "paper"}, {"seed": 3}, {"data": "others"}, {"precision": "bfloat16"}]
)
def test_results_that_were_made_otherwise_are_refused(tmp_path, changes):
    write(tmp_path)
    folder = write(tmp_path, ("E19",), **changes)
    (name,) = changes
    with pytest.raises(
        DataError, match=f"its {name} is .*, not .* as of the section as written.*multiverse 4.3"
    ) as error:
        together(tmp_path, ("E19",))
    assert str(folder) in str(error.value)


def test_a_universe_of_fewer_seeds_is_refused(tmp_path):
    write(tmp_path)
    shutil.move(write(tmp_path / "made", (), 1), seed_folder(tmp_path, 1) / "4.3")
    write(tmp_path, ("E19",), kl=RISING)
    with pytest.raises(DataError, match="its seeds are one alone, not 0, 1 as of the section"):
        together(tmp_path, ("E19",))


def test_what_is_missing_or_damaged_is_named(out):
    with pytest.raises(DataError, match=r"E18.*thesis-repro"):
        together(out, ("E18",))
    claims = universe_folder(out, ["E19"]) / "4.3" / "claims.json"
    claims.write_text("[]")
    with pytest.raises(DataError, match=r"E19/4.3/claims.json.*multiverse 4.3. again"):
        together(out, ("E19",))


# === They never count as the section's own ===


def test_results_under_another_reading_never_count(out):
    """Not where they lie, not in the section's place, and not under a name that is not theirs."""
    of_own = {one.claim.id: one.verdict for one in collect(out, SCRIPTS).judgements}
    assert of_own[ORDER] is Verdict.HOLDS
    shutil.rmtree(out / "4.3")
    shutil.move(universe_folder(out, ["E19"]) / "4.3", out / "4.3")
    moved = collect(out, SCRIPTS)
    assert {one.verdict for one in moved.judgements} == {Verdict.NOT_RUN}
    (problem,) = moved.problems
    assert "the other reading of E19: nothing here counts" in problem.cause
    assert not problem.is_damage  # the section's command would not make it again
    with pytest.raises(DataError, match="other reading of E19"):
        publishable(moved)
    with pytest.raises(DataError, match="other reading of E19"):
        thesis_repro.load_results("4.3", out=out)
    said = CliRunner().invoke(main, ["claims", "4.3", "--out", str(out)]).output
    assert "holds" not in said
    assert "fails" not in said
    assert collect(out, SCRIPTS, readings=("E18",)).problems


def test_claims_under_another_reading_never_count(out):
    """Also without their manifest, and listed by the section's."""
    claims, manifest = out / "4.3" / "claims.json", out / "4.3" / "manifest.json"
    shutil.copy(universe_folder(out, ["E19"]) / "4.3" / "claims.json", claims)
    files = {"files": {"claims.json": sha256(claims)}}
    write_json(manifest, json.loads(manifest.read_text()) | files)
    results = collect(out, SCRIPTS)
    assert {one.verdict for one in results.judgements} == {Verdict.NOT_RUN}
    assert "the other reading of E19" in results.problems[0].cause


def test_results_as_written_do_not_count_as_a_universe(out):
    shutil.rmtree(universe_folder(out, ["E56"]) / "4.3")
    shutil.copytree(out / "4.3", universe_folder(out, ["E56"]) / "4.3")
    with pytest.raises(DataError, match=r"E56/4.3/manifest.json.*nothing here counts"):
        together(out, ("E56",))


# === What is written of it ===


@pytest.fixture
def written(out):
    write_multiverse(summary_file(out, "4.3"), together(out, ("E19",), ("E56",), E55="no option"))
    return out


def test_what_is_written_is_read_again(written):
    made = together(written, ("E19",), ("E56",), E55="no option")
    read = read_multiverse(summary_file(written, "4.3"))
    assert read.universes == made.universes
    assert read.written == made.written


def test_the_page_says_what_flips(written):
    write_page(collect(written, SCRIPTS), written / "index.html")
    page = (written / "index.html").read_text()
    assert page.count("Under the readings in dispute") == 1
    assert f"{ORDER}: holds at reduced scale as written, fails at reduced scale under E19." in page
    assert "No number is another one under E56." in page
    assert "In dispute, but no universe: E55" in page


def test_programs_read_it_with_the_rest(written):
    write_plain(collect(written, SCRIPTS), written / "index.json")
    (section,) = json.loads((written / "index.json").read_text())["sections"]
    assert section["multiverse"] == json.loads(summary_file(written, "4.3").read_text())


def test_each_claim_says_what_becomes_of_it(written):
    said = CliRunner().invoke(main, ["claims", ORDER, PATHS, "--out", str(written)]).output
    flips = "fails at reduced scale under E19; the same verdict under 1 other reading"
    assert f"Under other readings: {flips}" in said
    assert "Under other readings: the same verdict under each of 2 other readings" in said
    write_page(collect(written, SCRIPTS), written / "index.html")
    page = (written / "index.html").read_text()
    assert page.count('<p class="small">Under other readings:') == 2  # those that were measured
    assert f"Under other readings: {flips}." in page


def test_other_programs_read_what_becomes_of_each_claim(written):
    flips = "fails at reduced scale under E19; the same verdict under 1 other reading"
    asked = ["claims", "4.3", "--out", str(written), "--format"]
    rows = csv.DictReader(io.StringIO(CliRunner().invoke(main, [*asked, "csv"]).stdout))
    by_claim = {row["claim"]: row["under other readings"] for row in rows}
    assert (by_claim[ORDER], by_claim["4.3-kl-7500"]) == (flips, "")
    entries = json.loads(CliRunner().invoke(main, [*asked, "json"]).stdout)
    assert {entry["id"]: entry["under_other_readings"] for entry in entries} == by_claim


def change_the_section(out):
    shutil.rmtree(out / "4.3")
    write(out, kl=RISING)


def change_a_universe(out):
    shutil.rmtree(universe_folder(out, ["E19"]))
    write(out, ("E19",), kl=RISING, mean=301.0)


def lose_a_universe(out):
    shutil.rmtree(universe_folder(out, ["E19"]))


def add_a_seed(out):
    shutil.move(write(out / "made", seed=1), seed_folder(out, 1) / "4.3")


@pytest.mark.parametrize(
    "change", [change_the_section, change_a_universe, lose_a_universe, add_a_seed]
)
def test_of_other_results_it_is_not_shown(change, written):
    change(written)
    results = collect(written, SCRIPTS)
    (section,) = results.sections
    assert section.multiverse is None
    (problem,) = section.problems
    assert (problem.path, problem.is_damage) == (summary_file(written, "4.3"), False)
    assert problem.cause.startswith("it does not belong to the results there")
    assert problem.cause.endswith("run `thesis-repro multiverse 4.3` again, with their options")
    write_page(results, written / "index.html")
    assert "Under the readings in dispute" not in (written / "index.html").read_text()
    assert results.under_other_readings(section.judgements[0].claim) == ""
    said = CliRunner().invoke(main, ["claims", ORDER, "--strict", "--out", str(written)])
    assert f"{problem}\n" in said.stderr
    assert (
        said.exit_code == exit_codes.NOT_REPLICATED
    )  # as without it: no file of claims is damaged


@pytest.mark.parametrize("stays", [True, False])
def test_without_universes_the_manifest_vouches_for_it(stays, written):
    """As where results are published."""
    for readings in (["E19"], ["E56"]):
        shutil.rmtree(universe_folder(written, readings))
    summary = summary_file(written, "4.3")
    manifest = written / "4.3" / "manifest.json"
    write_json(manifest, json.loads(manifest.read_text()) | {"multiverse": sha256(summary)})
    if not stays:
        content = json.loads(summary.read_text())
        content["universes"][0]["claims"][ORDER]["verdict"] = "holds at reduced scale"
        write_json(summary, content)
    (section,) = collect(written, SCRIPTS).sections
    assert [problem.path for problem in section.problems] == ([] if stays else [summary])
    assert (section.multiverse and section.multiverse.flipped_by(ORDER)) == (
        ["E19"] if stays else None
    )


@pytest.mark.parametrize(
    ("place", "edited"),
    [
        (("universes", 0, "claims", ORDER, "verdict"), "holds at reduced scale"),
        (("universes", 0, "claims", PATHS, "change"), "nothing"),
        (("written", ORDER, "verdict"), "replicated"),
        (("run", PATHS, "why"), "so it is"),
        (("scale",), "paper"),
        (("data",), "others"),
        (("seeds",), [0, 1]),
        (("commits",), ["ba9876543210"]),
    ],
)
def test_what_its_universes_do_not_say_is_not_shown(place, edited, written):
    """An edited summary; each verdict in it is a word that it may have."""
    path = summary_file(written, "4.3")
    content = json.loads(path.read_text())
    *way, last = place
    functools.reduce(operator.getitem, way, content)[last] = edited
    write_json(path, content)
    (section,) = collect(written, SCRIPTS).sections
    assert section.multiverse is None
    assert [problem.path for problem in section.problems] == [path]


@pytest.mark.parametrize("content", ["", "[]", "{}", "\xff", "null"])
def test_a_damaged_file_is_named_and_the_rest_is_collected(written, content):
    summary_file(written, "4.3").write_text(content, encoding="latin-1")
    (section,) = collect(written, SCRIPTS).sections
    assert section.problems[0].path == summary_file(written, "4.3")
    assert section.judgements


@pytest.mark.parametrize(
    ("field", "value"),
    [("section", "4.2"), ("seeds", []), ("universes", [{"readings": ["E95"], "claims": {}}])],
)
def test_what_is_not_this_section_s_is_refused(written, field, value):
    path = summary_file(written, "4.3")
    write_json(path, json.loads(path.read_text()) | {field: value})
    (section,) = collect(written, SCRIPTS).sections
    assert section.multiverse is None
    assert section.problems[0].path == path


def test_a_curve_of_another_is_not_shown(written):
    curve_file(written, "4.3").write_text("<svg>of another</svg>")
    assert collect(written, SCRIPTS).sections[0].curve == b""


def test_json_has_no_nan(written):
    json.loads(summary_file(written, "4.3").read_text(), parse_constant=pytest.fail)
