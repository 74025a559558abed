"""Which results name which runs."""

import json

import pytest

from thesis_repro.report.uses import uses_of_runs


def manifest(folder, **runs):
    folder.mkdir(parents=True)
    named = {model: {"run_id": run_id, "epochs": 2} for model, run_id in runs.items()}
    (folder / "manifest.json").write_text(json.dumps({"section": folder.name, "runs": named}))


def test_no_results(tmp_path):
    assert uses_of_runs(tmp_path / "none") == ({}, [], False)
    assert uses_of_runs(tmp_path) == ({}, [], False)


def test_sections_further_seeds_and_the_untrained_control(tmp_path):
    manifest(tmp_path / "4.2", a="1", b="2")
    manifest(tmp_path / "4.4", a="1", c="1")  # of one run, named once
    manifest(tmp_path / "seed-1" / "4.2", a="3")
    manifest(tmp_path / "untrained" / "seed-0" / "4.2", a="4")
    manifest(tmp_path / "multiverse" / "E04" / "seed-1" / "4.2", a="5")
    manifest(tmp_path / "3.3")
    uses = uses_of_runs(tmp_path)
    assert uses.places == {
        "1": ["4.2", "4.4"],
        "2": ["4.2"],
        "3": ["seed-1/4.2"],
        "4": ["untrained/seed-0/4.2"],
        "5": ["multiverse/E04/seed-1/4.2"],
    }
    assert uses.problems == []
    assert uses.has_results


def test_results_behind_a_link_count(tmp_path):
    manifest(tmp_path / "elsewhere" / "4.2", a="1")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "seed-1").symlink_to(tmp_path / "elsewhere")
    assert uses_of_runs(tmp_path / "out").places == {"1": ["seed-1/4.2"]}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"runs": {"a": {"run_id": 7}}}'])
def test_a_damaged_manifest_is_named_and_stops_nothing(tmp_path, text):
    manifest(tmp_path / "4.2", a="1")
    manifest(tmp_path / "4.3", a="2")
    (tmp_path / "4.3" / "manifest.json").write_text(text)
    uses = uses_of_runs(tmp_path)
    assert uses.places == {"1": ["4.2"]}
    (problem,) = uses.problems
    assert problem.path == tmp_path / "4.3" / "manifest.json"


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path, monkeypatch):
    manifest(tmp_path / "4.2", a="1")
    manifest(tmp_path / "seed-1" / "4.2", a="2")
    iterdir = type(tmp_path).iterdir

    def refuse(self):
        if self.name == "seed-1":
            raise PermissionError(13, "Permission denied", str(self))
        return iterdir(self)

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    uses = uses_of_runs(tmp_path)
    assert uses.places == {"1": ["4.2"]}
    (problem,) = uses.problems
    assert str(problem) == f"{tmp_path / 'seed-1'}: it cannot be looked into (Permission denied)."


def test_results_that_are_a_file(tmp_path):
    (tmp_path / "out").touch()
    assert [problem.path for problem in uses_of_runs(tmp_path / "out").problems] == [
        tmp_path / "out"
    ]
