"""What is found, what is not right about it, and what is missing."""

import shutil
from pathlib import Path

import pytest

from data_prep.errors import DataError
from thesis_repro.report.collect import collect, require, require_claims
from thesis_repro.report.results import Script, count_verdicts
from thesis_repro.thesis.claims import load_claims

SCRIPTS = {
    "3.4": Script("chapters/ch3_4.py", {}),
    "4.2": Script("chapters/ch4_2.py", {}),
    "4.3": Script("chapters/ch4_3.py", {}),
}


@pytest.fixture
def folder(tmp_path, write_section):
    return write_section(tmp_path)


def causes(results):
    return {(problem.path.name, problem.cause.split(":")[0]) for problem in results.problems}


def test_a_whole_section(tmp_path, folder):
    results = require(collect(tmp_path, SCRIPTS))
    (section,) = results.sections
    assert (section.name, section.script) == ("4.2", "chapters/ch4_2.py")
    assert [(own.key, own.variant) for own in section.figures] == [
        (("figure", 20), ""),
        (("figure", 21), ""),
        (("figure", 21), "as run"),
    ]
    assert section.tables[0].caption.name == "Table 3"
    assert section.answers[0].text == "They use many maps."
    assert results.problems == ()
    assert {file.state for file in section.files} == {"as made"}
    require_claims(results)


def test_every_claim_has_a_verdict(tmp_path, folder):
    judgements = collect(tmp_path, SCRIPTS).judgements
    assert [own.claim.id for own in judgements] == [claim.id for claim in load_claims()]
    counts = {
        verdict.value: count for verdict, count in count_verdicts(judgements).items() if count
    }
    some = {"replicated": 1, "not replicated": 1, "path only": 1}
    assert counts == some | {"not run": len(judgements) - 3}


def test_what_is_missing_and_why(tmp_path, folder):
    results = collect(tmp_path, SCRIPTS)
    reasons = {gap.caption.name: gap.reason for gap in results.missing}
    assert len(results.reproduced) == 3
    assert len(reasons) == 88 - 3
    assert not {"Figure 20", "Figure 21", "Table 3"} & set(reasons)
    assert reasons["Figure 22"].startswith("not among the results of Section 4.2")
    assert reasons["Figure 23"] == "Section 4.3 has not been run: `thesis-repro chapter 4.3`"
    assert reasons["Table 6"] == "Section 4.6 is not built in this version"


def test_the_numbers_behind_a_figure_are_not_the_figure(tmp_path, folder):
    (folder / "table_3.csv").rename(folder / "figure_22.csv")
    assert ("figure", 22) not in collect(tmp_path, SCRIPTS).reproduced


def test_nothing_found(tmp_path):
    for out in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError, match=r"holds no results.*thesis-repro chapter"):
            require(collect(out, SCRIPTS))


@pytest.mark.parametrize("name", ["old-4.2", "4.2.1", "\u0664.\u0662"])  # in Arabic digits
def test_other_folders_are_no_sections(tmp_path, folder, name):
    folder.rename(tmp_path / name)
    assert collect(tmp_path, SCRIPTS).sections == ()


def test_a_figure_is_numbered_as_a_chapter_does_it(tmp_path, folder):
    (folder / "figure_20.png").rename(folder / "figure_\u0662\u0660.png")
    assert ("figure", 20) not in collect(tmp_path, SCRIPTS).reproduced


def test_results_that_may_not_be_looked_into_are_not_missing(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "4.2").mkdir()
    listed = Path.iterdir
    for place in (tmp_path, tmp_path / "4.2"):
        monkeypatch.setattr(
            Path, "iterdir", lambda path, at=place: (refuse if path == at else listed)(path)
        )
        with pytest.raises(DataError, match="it cannot be read \\(Permission denied\\)") as caught:
            collect(tmp_path, SCRIPTS)
        assert caught.value.path == place


# --- Damage ---


def test_a_manifest_alone_is_damage_and_an_empty_folder_nothing(tmp_path):
    (tmp_path / "4.2").mkdir()
    (tmp_path / "4.2" / ".DS_Store").touch()
    assert collect(tmp_path, SCRIPTS).sections == ()
    (tmp_path / "4.2" / "manifest.json").write_text("{}")
    (section,) = require(collect(tmp_path, SCRIPTS)).sections
    assert section.is_damaged


def test_a_problem_is_one_line_whatever_a_file_is_called(tmp_path, folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("figure_20.png", "a\\nb\\u001b.png"))
    lines = [str(problem) for problem in collect(tmp_path, SCRIPTS).problems]
    assert f"{folder}/a\\nb\\x1b.png: manifest.json lists it, but it is not there." in lines
    assert all(line.isprintable() for line in lines)


def test_a_listed_figure_is_gone(tmp_path, folder):
    (folder / "figure_20.png").unlink()
    results = collect(tmp_path, SCRIPTS)
    assert causes(results) == {("figure_20.png", "manifest.json lists it, but it is not there")}
    assert "Figure 20" in {gap.caption.name for gap in results.missing}


def test_a_changed_file_is_named_and_shown(tmp_path, folder):
    with (folder / "table_3.csv").open("a") as file:
        file.write("mnist-vlae-factor-9,as run,1.0,0.5,smoke,digits\n")
    results = collect(tmp_path, SCRIPTS)
    assert {name for name, _ in causes(results)} == {"table_3.csv"}
    assert results.sections[0].tables[0].file.state == "changed since"


def test_a_half_written_figure_is_named_and_not_shown(tmp_path, folder):
    path = folder / "figure_20.png"
    path.write_bytes(path.read_bytes()[:-20])
    results = collect(tmp_path, SCRIPTS)
    assert ("figure", 20) not in results.reproduced
    assert any("cut off" in cause for _, cause in causes(results))


def test_a_file_of_another_run(tmp_path, folder):
    (folder / "figure_22.png").write_bytes((folder / "figure_20.png").read_bytes())
    assert causes(collect(tmp_path, SCRIPTS)) == {
        ("figure_22.png", "manifest.json does not list it")
    }


def test_notes_of_file_managers_are_no_problem(tmp_path, folder):
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store"):
        (folder / name).write_bytes(b"")
    assert causes(collect(tmp_path, SCRIPTS)) == set()


def test_an_unfinished_section_has_one_problem(tmp_path, folder):
    (folder / "manifest.json").unlink()
    (folder / ".writing-abc-figure_22.png").write_bytes(b"half")
    results = collect(tmp_path, SCRIPTS)
    assert causes(results) == {("manifest.json", "it is missing")}
    assert len(results.sections[0].figures) == 3


@pytest.mark.parametrize("content", ["", "[{", '{"a": 1}', "[1]"])
def test_damaged_claims(tmp_path, folder, content):
    (folder / "claims.json").write_text(content)
    results = collect(tmp_path, SCRIPTS)
    assert {name for name, _ in causes(results)} == {"claims.json"}
    assert count_verdicts(results.judgements)["not run"] == len(load_claims())
    with pytest.raises(DataError, match=r"claims.json.*thesis-repro chapter 4.2"):
        require_claims(results)


def test_a_verdict_that_was_edited_is_noticed(tmp_path, folder):
    path = folder / "claims.json"
    path.write_text(path.read_text().replace('"not replicated"', '"replicated"'))
    with pytest.raises(DataError, match="SHA-256 is another"):
        require_claims(collect(tmp_path, SCRIPTS))


def test_any_file_damaged_never_raises(tmp_path, folder):
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for content in (b"", whole[: len(whole) // 2], b"\xff" * 50):
            path.write_bytes(content)
            assert path in {problem.path for problem in collect(tmp_path, SCRIPTS).problems}
        path.write_bytes(whole)
    assert collect(tmp_path, SCRIPTS).problems == ()


# --- Run times ---


def test_run_times(tmp_path, folder, monkeypatch):
    history = tmp_path / "runs/mnist-vlae-factor-1/aaaabbbbcccc/history.csv"
    history.parent.mkdir(parents=True)
    history.write_text("epoch,loss,seconds\n1,2.0,10.5\n2,1.0,9.25\n")

    def seconds(runs_dir):
        return collect(tmp_path, SCRIPTS, runs_dir).sections[0].manifest.runs[0].seconds

    assert seconds(tmp_path / "runs") == 19.75
    assert seconds(tmp_path / "elsewhere") is None
    published = tmp_path / "elsewhere" / "published"  # which were downloaded
    shutil.copytree(tmp_path / "runs", published)
    assert seconds(tmp_path / "elsewhere") == 19.75
    monkeypatch.setattr("thesis_repro.training.published_places.CLONE", published)
    assert seconds(tmp_path / "nowhere") == 19.75
    shutil.rmtree(published)
    for damaged in ("epoch\n1\n2\n", "seconds\nx\n1\n", "seconds\n10.5\n", ""):
        history.write_text(damaged)
        assert seconds(tmp_path / "runs") is None
