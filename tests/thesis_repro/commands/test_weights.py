"""The commands `weights` and `publish`: published runs, shown, verified and handed on."""

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.commands import publish as tool
from thesis_repro.training import publishing
from thesis_repro.training.published import published_runs
from thesis_repro.training.publishing import checked_files

RUN = "mnist-vlae-factor-3"


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


def test_nothing_is_published(publish, runs_dir):
    publish()
    for command in ("list", "verify"):
        result = run("weights", command, "--runs-dir", runs_dir)
        assert result.exit_code == 0
        assert result.stdout == (
            "No runs are published with this version: `thesis-repro train MODEL` trains one.\n"
        )
    result = run("weights", "export", RUN, "--runs-dir", runs_dir)
    assert result.exit_code == 2
    assert f"no finished run of {RUN}: `thesis-repro train {RUN}`" in result.stderr


def test_list_says_where_each_is_loaded_from(finished_run, publish, tmp_path, runs_dir):
    runs = [finished_run(tmp_path / "trained", seed=seed) for seed in (0, 1)]
    folder = publish(*runs, address="https://example.org/weights")
    finished_run(runs_dir, seed=1)

    def rows():
        result = run("weights", "list", "--runs-dir", runs_dir)
        assert result.exit_code == 0
        return [line.split() for line in result.stdout.splitlines()]

    header, _, first, second = rows()
    assert header == ["model", "scale", "seed", "run", "MB", "where"]
    assert first[:5] == [RUN, "paper", "0", runs[0].name, "0.0"]
    assert first[5:] == [str(folder / RUN / runs[0].name)]
    assert second[3:] == [runs[1].name, "0.0", str(runs_dir / RUN / runs[1].name)]
    folder.rename(tmp_path / "away")
    assert rows()[2][5:] == ["https://example.org/weights"]
    (tmp_path / "away").rename(folder)
    publish()
    folder.rename(tmp_path / "away")
    assert "not here" in run("weights", "list", "--runs-dir", runs_dir).stdout


def test_verify_names_what_is_damaged(finished_run, publish, tmp_path, runs_dir):
    runs = [finished_run(tmp_path / "trained", seed=seed) for seed in (0, 1)]
    folder = publish(*runs)
    places = [folder / RUN / each.name for each in runs]
    result = run("weights", "verify", "--runs-dir", runs_dir)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{place}: verified: 6 files" for place in places]
    (places[0] / "provenance.json").write_text("{}")  # which DONE says nothing of
    result = run("weights", "verify", "--runs-dir", runs_dir)
    assert result.exit_code == 3
    first, second = result.stdout.splitlines()
    assert first.startswith(f"PROBLEM {places[0] / 'provenance.json'}: 2 bytes instead of ")
    assert f"`git checkout -- {places[0]}` puts it back" in first
    assert second == f"{places[1]}: verified: 6 files"
    (places[0] / "DONE").unlink()
    assert run("weights", "verify", "--runs-dir", runs_dir).exit_code == 3


@pytest.mark.parametrize("by", ["id", "model", "name"])
def test_export_writes_a_folder_that_is_loaded_and_a_card(
    finished_run, publish, tmp_path, runs_dir, by
):
    source = finished_run(tmp_path / "trained")
    publish(source)
    asked = {"id": source.name, "model": RUN, "name": "MNIST-VLAE-factor-3"}[by]
    out = tmp_path / "out"
    result = run("weights", "export", asked, "--runs-dir", runs_dir, "--out", out)
    assert result.exit_code == 0, result.output
    exported = out / RUN / source.name
    assert result.stdout == f"{exported}\n"
    assert checked_files(exported) == checked_files(source)
    assert {path.name for path in exported.iterdir()} == {*checked_files(source), "README.md"}
    assert "# MNIST-VLAE-factor-3\n" in (exported / "README.md").read_text(encoding="utf-8")
    again = run("weights", "export", asked, "--runs-dir", runs_dir, "--out", out)
    assert again.exit_code == 3
    assert "it is there already" in again.stderr


def test_export_of_a_run_that_was_trained_here(finished_run, publish, tmp_path, runs_dir):
    publish()
    runs = [finished_run(runs_dir, "celeba-vae", seed=seed) for seed in (0, 1)]
    result = run("weights", "export", "celeba-vae", "--runs-dir", runs_dir, "--out", tmp_path)
    assert result.exit_code == 2
    for seed, each in enumerate(runs):
        assert (
            f"  {each.name}: celeba-vae, scale paper, seed {seed}, float32, tensorflow"
            in result.stderr
        )
    call = ("weights", "export", runs[0].name, "--runs-dir", runs_dir, "--out", tmp_path / "out")
    assert run(*call).exit_code == 0
    card = (tmp_path / "out" / "celeba-vae" / runs[0].name / "README.md").read_text()
    assert "**Do not publish this run:** its pictures show people" in card


def test_export_of_a_damaged_run(finished_run, publish, tmp_path, runs_dir):
    publish()
    (finished_run(runs_dir) / "encoder.weights.h5").write_bytes(b"x")
    result = run("weights", "export", RUN, "--runs-dir", runs_dir, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "encoder.weights.h5: it has changed since the run ended" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nothing", "mnist-vlae-factor-33"])
def test_a_run_that_nobody_has(publish, runs_dir, name):
    publish()
    result = run("weights", "export", name, "--runs-dir", runs_dir)
    assert result.exit_code == 2
    assert f"No finished run is called '{name}'." in result.stderr


def test_the_tool_publishes_and_indexes(finished_run, publish, tmp_path, monkeypatch):
    folder = publish()
    index = folder.parent / "index.json"
    monkeypatch.setattr(tool, "CLONE", folder)
    monkeypatch.setattr(publishing.publish, "__defaults__", (index,))
    monkeypatch.setattr(publishing.write_index, "__defaults__", (index,))
    source = finished_run(tmp_path / "trained")
    result = CliRunner().invoke(tool.main, [str(source)])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        f"{folder / RUN / source.name}: 0.0 MB",
        "1 published, 0.0 MB in all",
    ]
    assert [each.run_id for each in published_runs().index.runs] == [source.name]
    bad = finished_run(tmp_path / "trained", "celeba-vae")
    result = CliRunner().invoke(tool.main, [str(bad)])
    assert result.exit_code == 3
    assert "of which nothing is published" in result.stderr
