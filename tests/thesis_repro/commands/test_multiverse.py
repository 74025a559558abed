"""`multiverse`, and `chapter --reading`: what is run, where it goes, what is refused."""

import csv
import itertools
import json
import shutil
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from data_prep.checksums import sha256
from data_prep.opening import open_file
from thesis_repro.cli import main
from thesis_repro.commands import multiverse
from thesis_repro.files import write_json
from thesis_repro.plan.plan import Job
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge, write_claims

CHANGED = "mnist-vlae-factor-1+learning_rate=0.005"  # erratum E04
DONE, FAILED, USAGE = 0, 1, 2


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folders(data_dir, tmp_path):
    names = {"--data-dir": data_dir, "--runs-dir": tmp_path / "runs", "--out": tmp_path / "out"}
    return [part for pair in names.items() for part in pair]


@pytest.fixture
def executed(monkeypatch):
    """The plans that would be run; each chapter leaves results of one claim instead."""
    plans = []

    def execute(jobs, *others, **options):
        plans.append(jobs)
        for job in jobs.values():
            if job.name.startswith("chapter ") and not job.is_done:
                leave_results(job.command)
        return SimpleNamespace(left={}, failed={}, plan=jobs)

    monkeypatch.setattr("thesis_repro.commands.plan.execute", execute)
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)
    return plans


def leave_results(command):
    """What `thesis-repro chapter 4.2 ...` writes, of the best epochs alone."""
    given = dict(itertools.pairwise(command))
    readings = [given["--reading"].partition("=")[0]] if "--reading" in given else []
    folder = multiverse.universe_folder(multiverse.Path(given["--out"]), readings) / "4.2"
    folder.mkdir(parents=True, exist_ok=True)
    made = {"scale": given["--scale"], "precision": "float32", "stand_in": False, "data": "MNIST"}
    numbers = {"best_epoch": [10, 12, 190] if readings else [40, 60, 200]}
    measured = {"4.2-best-epoch": Measurement("4.2-best-epoch", numbers)}
    judgements = [judge(claim, measured.get(claim.id), **made) for claim in load_claims("4.2")]
    write_claims(folder / "claims.json", judgements)
    write_json(folder / "manifest.json", {
        **made, "section": "4.2", "created": "2026-01-02", "commit": "0123456789ab", "seed": 0,
        "runs": {}, "files": {"claims.json": sha256(folder / "claims.json")}, "versions": {},
        "readings": readings,
    })  # fmt: skip


# --- The plan ---


def test_each_universe_is_a_section_of_its_own_and_runs_are_shared(folders, executed, tmp_path):
    result = run("multiverse", "4.2", "--errata", "e04", "--scale", "quick", *folders)
    assert result.exit_code == DONE, result.output
    (jobs,) = executed
    universe: Job = jobs["chapter 4.2 (E04)"]
    assert f"train {CHANGED}" in universe.needs
    assert f"train {CHANGED}" not in jobs["chapter 4.2"].needs
    shared = {"train mnist-vlae-factor-2", "train mnist-vlae-factor-3"}
    assert shared < {*universe.needs} & {*jobs["chapter 4.2"].needs}
    assert universe.command[:4] == ("chapter", "4.2", "--reading", "E04=as-run")
    assert universe.command[-2:] == ("--out", str(tmp_path / "out"))


def test_with_seeds_one_job_runs_a_universe_with_all(folders, executed):
    run("multiverse", "4.2", "--errata", "E04", "--scale", "quick", "--seeds", "0-1", *folders)
    (jobs,) = executed
    universe = jobs["chapter 4.2 (E04)"]
    assert {f"train {CHANGED}", f"train {CHANGED} (seed 1)"} < {*universe.needs}
    assert universe.command[universe.command.index("--seeds") + 1] == "0,1"
    assert [name for name in jobs if name.startswith("chapter")] == [
        "chapter 4.2 (seed 1)", "chapter 4.2", "chapter 4.2 (E04)",
    ]  # fmt: skip


def test_a_dry_run_shows_it_and_does_nothing(folders, executed, tmp_path):
    result = run("multiverse", "4.2", "--errata", "E04", "--scale", "smoke", "--dry-run", *folders)
    assert result.exit_code == DONE
    assert "chapter 4.2 (E04)" in result.stdout
    assert not executed
    assert not (tmp_path / "out").exists()


def test_of_all_combinations_the_count_is_said_first(folders, executed):
    some = ("--errata", "E05,E11,E14", "--scale", "smoke", "--stand-in", "--dry-run")
    result = run("multiverse", "4.5", *some, "--full", *folders)
    assert result.stderr.startswith("Section 4.5, 8 universes: ours, and with E05, E11, E14 read")
    assert "chapter 4.5 (E05+E11+E14)" in result.stdout


# --- What comes of it ---


def test_table_picture_and_json_lie_beside_the_universes(folders, executed, tmp_path):
    result = run("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    assert "E04" in result.stdout
    assert "MNIST-VLAE-factor-1's learning rate" in result.stdout
    place = tmp_path / "out" / "multiverse"
    (universe,) = json.loads((place / "4.2.json").read_text())["universes"]
    assert universe["readings"] == ["E04"]
    assert universe["claims"]["4.2-best-epoch"]["change"] == "numbers"
    with open_file(place / "4.2.csv") as file:
        rows = [*csv.DictReader(file.read().decode().splitlines())]
    assert {row["readings"] for row in rows} == {"as written", "E04"}
    assert (place / "4.2.png").stat().st_size
    assert (place / "4.2.svg").stat().st_size
    assert "Under the readings in dispute" in (tmp_path / "out" / "index.html").read_text()


def test_it_goes_on_with_what_is_missing(folders, executed, tmp_path):
    """A plan of which a job failed is concluded by its exit code; nothing is put together."""
    asked = ("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    run(*asked)
    (tmp_path / "out" / "multiverse" / "E04" / "4.2" / "claims.json").unlink()
    executed.clear()
    result = run(*asked)
    assert result.exit_code == DONE, result.output
    assert not executed[0]["chapter 4.2 (E04)"].is_done


@pytest.mark.parametrize("errata", ["E04, E10", "e10 E04=as-run", "E10,E04,E04,"])
def test_errata_may_be_set_apart_as_people_do(errata, folders, executed):
    result = run("multiverse", "4.2", "--errata", errata, "--scale", "smoke", "--dry-run", *folders)
    assert result.stderr.startswith("Section 4.2, 3 universes: ours, and with E04, E10 read")
    assert "chapter 4.2 (E04)" in result.stdout
    assert "chapter 4.2 (E10)" in result.stdout


# --- What is refused ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("4.2", "--errata", "E19"), "Section 4.2 cannot be run under the other reading of E19"),
        (("4.2", "--errata", "E99"), "No erratum 'E99'."),
        (("4.2", "--errata", " , "), "names no erratum"),
        (("4.9",), "Section 4.9 discusses and computes nothing"),
        (("3.3",), "Nothing of Section 3.3 can be run under another reading"),
    ],
)
def test_what_cannot_be_read_otherwise_is_refused(arguments, message, folders, executed):
    result = run("multiverse", *arguments, "--scale", "smoke", *folders)
    assert result.exit_code == USAGE
    assert message in result.output
    assert not executed


def test_too_many_combinations_are_refused_before_any_work(folders, executed):
    result = run("multiverse", "4.6", "--full", "--scale", "smoke", "--stand-in", *folders)
    assert result.exit_code == USAGE
    assert "more than 1,024; name fewer with --errata" in result.output


def test_further_seeds_that_are_there_have_to_be_asked_for(folders, executed, tmp_path):
    some = ("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    run(*some)
    shutil.copytree(tmp_path / "out" / "4.2", tmp_path / "out" / "seed-1" / "4.2")
    manifest = tmp_path / "out" / "seed-1" / "4.2" / "manifest.json"
    write_json(manifest, json.loads(manifest.read_text()) | {"seed": 1})
    executed.clear()
    result = run(*some)
    assert result.exit_code == USAGE
    assert "say --seeds 0,1" in result.output
    assert not executed


def test_a_place_that_cannot_be_written_to_is_named_before_the_work(folders, executed, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "multiverse").write_text("")
    result = run("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    assert result.exit_code == 3
    assert "multiverse" in result.output
    assert not executed


def test_a_folder_in_the_place_of_what_comes_of_it_is_named(folders, executed, tmp_path):
    (tmp_path / "out" / "multiverse" / "4.2.json").mkdir(parents=True)
    result = run("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    assert result.exit_code == 3
    assert "4.2.json: a folder is in the place" in result.output
    assert not executed


def test_less_never_replaces_a_universe(folders, executed):
    some = ("multiverse", "4.2", "--errata", "E04", *folders)
    run(*some, "--scale", "quick")
    executed.clear()
    result = run(*some, "--scale", "smoke")
    assert result.exit_code == USAGE
    assert "holds more than what is asked for" in result.output
    assert not executed


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("E04", "."),  # also before anything was run
        ("E04/4.2", "4.2"),
        ("E04", "4.2"),
        ("E04/seed-1", "."),
        ("E04/seed-1", "multiverse/E04"),
        ("E04/4.2", "multiverse/E10/4.2"),
        ("E04/4.2", "4.3"),
        ("E04", "../elsewhere"),
    ],
)
def test_a_link_to_other_results_is_no_universe(
    link, target, folders, executed, tmp_path, monkeypatch
):
    """What is run there would replace them."""
    monkeypatch.setattr("thesis_repro.commands.run._run_sections", lambda _: pytest.fail("run"))
    out, place = tmp_path / "out", tmp_path / "out" / "multiverse" / link
    place.parent.mkdir(parents=True)
    if target != ".":
        (out / target).mkdir(parents=True, exist_ok=True)
    place.symlink_to(out / target)
    for command in (("multiverse", "4.2", "--errata"), ("chapter", "4.2", "--reading")):
        result = run(*command, "E04", "--scale", "smoke", *folders)
        assert result.exit_code == 3, result.output
        error = result.stderr.splitlines()[-1]
        assert f"{place}" in error
        assert "it is a link, maybe to other results" in error
        assert "remove it" in error
    assert not executed


def test_all_universes_may_lie_on_another_disk(folders, executed, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "out" / "multiverse").symlink_to(tmp_path / "disk")
    result = run("multiverse", "4.2", "--errata", "E04", "--scale", "quick", *folders)
    assert result.exit_code == DONE, result.output
    assert (tmp_path / "disk" / "E04" / "4.2" / "claims.json").exists()


# --- chapter --reading ---


def test_a_section_under_another_reading_has_a_folder_of_its_own(folders, tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr("thesis_repro.commands.run._run_sections", ran.extend)
    result = run("chapter", "4.2", "--reading", "E04=as-run", "--seeds", "0-1", *folders)
    assert result.exit_code == DONE, result.output
    (_, second), (sections, first) = ran
    assert sections == ["4.2"]
    assert first["readings"] == ("E04",) == second["readings"]
    assert first["out"] == tmp_path / "out" / "multiverse" / "E04"
    assert second["out"] == first["out"] / "seed-1"


def test_discussions_have_no_readings(folders):
    result = run("chapter", "4.2", "4.14", "--reading", "E10", *folders)
    assert result.exit_code == USAGE
    assert "leave out 4.14" in result.output


def test_a_reading_that_the_section_has_not_is_refused(folders):
    result = run("chapter", "4.7", "--reading", "E19=as-run", *folders)
    assert result.exit_code == USAGE
    assert "its readings are E02, E04" in result.output
