"""What lies in a folder of runs: each run, and each reason why something is none."""

import os
import shutil
from datetime import UTC, datetime

import pytest

from data_prep.errors import DataError
from thesis_repro.files import write_json
from thesis_repro.training import folder_of_runs
from thesis_repro.training.folder_of_runs import file_sizes, last_trained, look_through
from thesis_repro.training.run_folder import described_run

MODEL = "mnist-vlae-factor-3"


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


def test_no_folder_and_an_empty_one(runs_dir):
    assert look_through(runs_dir) == ([], {}, [])
    (runs_dir / MODEL).mkdir(parents=True)
    assert look_through(runs_dir) == ([], {}, [])


def test_finished_and_unfinished_runs_of_models_of_any_version(finished_run, runs_dir):
    first, second = (finished_run(runs_dir, seed=seed) for seed in (0, 1))
    (second / "DONE").unlink()
    shutil.copytree(first, runs_dir / "my-own-model" / first.name)
    runs, strays, leftovers = look_through(runs_dir)
    own = runs_dir / "my-own-model" / first.name
    assert {run.path for run in runs} == {first, second, own}
    assert sorted(run.is_done for run in runs) == [False, True, True]
    assert (strays, leftovers) == ({}, [])


def test_what_plans_and_downloads_leave_is_no_stray(finished_run, runs_dir):
    for place in ("logs", "published/mnist-vae/0123", ".trial-1"):
        (runs_dir / place).mkdir(parents=True)
    (runs_dir / "calibrations.json").touch()
    (runs_dir / "logs" / "train.log").touch()
    assert look_through(runs_dir) == ([], {}, [])


@pytest.mark.parametrize("text", ["", '{"spec": {"mod', "[]", "\0", '{"a": ' * 20_000], ids=repr)
def test_a_configuration_that_is_cut_off_stops_nothing(finished_run, runs_dir, text):
    whole, damaged = (finished_run(runs_dir, seed=seed) for seed in (0, 1))
    (damaged / "config.json").write_text(text)
    runs, strays, _ = look_through(runs_dir)
    assert [run.path for run in runs] == [whole]
    assert strays == {
        damaged: "its config.json cannot be read: mend it, or put it back from a copy"
    }


def test_a_folder_of_another_name_is_named(finished_run, runs_dir):
    run = finished_run(runs_dir)
    copy = run.with_name("copy of it")
    run.rename(copy)
    (reason,) = look_through(runs_dir).strays.values()
    assert reason == f"its config.json is that of run {run.name}: rename it to that"


def test_what_holds_no_run_is_named_once(finished_run, runs_dir):
    run = finished_run(runs_dir)
    (run.parent / "not begun").mkdir()
    for name in ("a", "b", "c"):
        (runs_dir / "old things" / name).mkdir(parents=True)
    runs, strays, _ = look_through(runs_dir)
    assert [run.path for run in runs] == [run]
    assert {path.name: reason for path, reason in strays.items()} == {
        "not begun": "no config.json is in it: no run, or one that was ended before its first "
        "epoch",
        "old things": "no run is in it",
    }


def test_links_to_nowhere_are_named(finished_run, runs_dir, tmp_path):
    run = finished_run(runs_dir)
    for link in (runs_dir / "gone", run.parent / "away"):
        link.symlink_to(tmp_path / "nowhere")
    runs, strays, _ = look_through(runs_dir)
    assert [run.path for run in runs] == [run]
    reason = f"a link to {tmp_path / 'nowhere'}, where nothing is"
    assert strays == dict.fromkeys((runs_dir / "gone", run.parent / "away"), reason)


def test_a_model_that_may_not_be_looked_into_is_named(finished_run, runs_dir, monkeypatch):
    run, other = finished_run(runs_dir), finished_run(runs_dir, "celeba-vae")
    iterdir = type(run).iterdir

    def refuse(self):
        if self == run.parent:
            raise PermissionError(13, "Permission denied", str(self))
        return iterdir(self)

    monkeypatch.setattr(type(run), "iterdir", refuse)
    runs, strays, _ = look_through(runs_dir)
    assert [each.path for each in runs] == [other]
    assert strays == {run.parent: "it cannot be looked into (Permission denied)"}


def test_a_folder_of_runs_that_may_not_be_looked_into(runs_dir):
    runs_dir.write_text("a file")
    with pytest.raises(DataError, match="it cannot be looked into"):
        look_through(runs_dir)


def test_what_is_left_of_deletions_is_found_where_no_link_leads(finished_run, runs_dir, tmp_path):
    run = finished_run(runs_dir)
    leftovers = {run.with_name(".deleting-0"), run / ".deleting-compiled-0"}
    for place in (*leftovers, tmp_path / "other" / ".deleting-1"):
        place.mkdir(parents=True)
    (runs_dir / "linked").symlink_to(tmp_path / "other")
    assert {*look_through(runs_dir).leftovers} == leftovers


def test_sizes_follow_no_link(finished_run, runs_dir, tmp_path):
    run = finished_run(runs_dir, weights=b"x" * 1_000)
    before = file_sizes(run)
    assert before["encoder.weights.h5"] == 1_000
    assert before["compiled/program"] == 0
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "file").write_bytes(b"x" * 5_000)
    (run / "link").symlink_to(tmp_path / "big")
    assert file_sizes(run) == before
    (run / "file").symlink_to(tmp_path / "big" / "file")
    assert file_sizes(run)["file"] < 5_000


# --- When ---


def with_sessions(run, *sessions):
    write_json(run / "provenance.json", {"sessions": [*sessions]})


def test_the_end_of_the_last_epoch_that_counts(finished_run, runs_dir):
    run = finished_run(runs_dir)  # 9 s, 5 s, then 0.5 s an epoch
    with_sessions(
        run,
        {"started": "2026-01-01T00:00:00+00:00", "first_epoch": 1},
        {"started": "2026-01-02T12:00:00+02:00", "first_epoch": 2},
    )
    ended = last_trained(described_run(run))
    assert ended == datetime(2026, 1, 2, 10, 1, 44, tzinfo=UTC)  # 5 s, and 198 epochs of 0.5 s


@pytest.mark.parametrize(
    "sessions",
    [[], [{}], [{"started": "yesterday", "first_epoch": 1}], [{"started": 7, "first_epoch": 1}],
     [{"started": "2026-01-01T00:00:00+00:00"}],
     [{"started": "2026-01-01T00:00:00+00:00", "first_epoch": 900}]],
    ids=str,
)  # fmt: skip
def test_else_the_newest_file(finished_run, runs_dir, sessions):
    run = finished_run(runs_dir)
    with_sessions(run, *sessions)
    for path in run.rglob("*"):
        os.utime(path, (1_000, 1_000))
    os.utime(run / "DONE", (2_000, 2_000))
    os.utime(run / ".lock", (3_000, 3_000))  # whoever looks at a run may touch it
    assert last_trained(described_run(run)) == datetime.fromtimestamp(2_000, UTC)


def test_a_run_without_anything_to_tell_it(finished_run, runs_dir, monkeypatch):
    run = described_run(finished_run(runs_dir))
    shutil.rmtree(run.path)
    assert last_trained(run) is None
    assert folder_of_runs.file_sizes(run.path) == {}
