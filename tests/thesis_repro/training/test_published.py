"""Published runs: which there are, where each lies, and how one comes here from its address."""

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
from click.testing import CliRunner

from data_prep import fetch as fetching
from data_prep.errors import DataError
from thesis_repro.cli import main
from thesis_repro.errors import TrainingError
from thesis_repro.files import DataFileError, checked
from thesis_repro.training import published as module
from thesis_repro.training.configuration import TRAINING_VERSION
from thesis_repro.training.published import Index, published_runs
from thesis_repro.training.published_places import CLONE
from thesis_repro.training.publishing import check, checked_files, runs_in

RUN = "mnist-vlae-factor-3"


# --- What this version publishes ---


def test_the_index_is_what_lies_in_the_folder():
    """`make published` makes it so."""
    index = published_runs().index
    assert list(index.runs) == runs_in(CLONE)
    files = {path for path in CLONE.rglob("*") if path.is_file()}
    assert files == {
        CLONE / run.model / run.run_id / name for run in index.runs for name in run.files
    }


def test_what_is_published_is_small_and_shows_nobody():
    check(published_runs().index, CLONE)


def test_what_is_published_is_what_this_version_asks_for():
    for run in published_runs().index.runs:
        assert run.config.run_id == run.run_id
        assert run.values["training_version"] == TRAINING_VERSION


@pytest.mark.parametrize(
    "change", [{"run_id": "../x"}, {"model": "/etc"}, {"files": {"../x": None}}, {"bytes": 3}]
)
def test_an_index_that_leads_elsewhere_is_refused(change):
    entry = {"model": "m", "run_id": "r", "data": "d", "values": {}, "files": {}}
    with pytest.raises(DataFileError, match=r"published\.json"):
        checked({"address": None, "runs": [entry | change]}, Index, "published.json")


# --- Where a run lies ---


def test_a_run_lies_in_the_repository_before_all_else(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"), address="http://127.0.0.1:1")
    published = published_runs()
    (run,) = published.index.runs
    assert published.run(run.config) == run
    assert published.folder(run, tmp_path / "runs").path == folder / RUN / run.run_id
    assert published.folder(run, tmp_path / "runs").is_done


def test_without_folder_and_address_it_is_not_to_be_had(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"))
    folder.rename(tmp_path / "away")
    published = published_runs()
    (run,) = published.index.runs
    assert published.folder(run, tmp_path / "runs") is None


def test_a_damaged_file_is_named_with_what_mends_it(finished_run, publish, tmp_path):
    folder = publish(finished_run(tmp_path / "trained"))
    published = published_runs()
    (run,) = published.index.runs
    here = published.folder(run, tmp_path / "runs")
    assert here.verified_weights("encoder").read_bytes() == b"weights"
    assert [*here.damage()] == []
    here.weights("encoder").write_bytes(b"Weights")
    with pytest.raises(TrainingError, match=r"encoder\.weights\.h5.*git checkout -- .*--train"):
        here.verified_weights("encoder")
    (line,) = here.damage()
    assert line.startswith(f"{folder / RUN / run.run_id / 'encoder.weights.h5'}: sha256:")
    assert line.endswith(f"instead of sha256:{run.files['encoder.weights.h5'].sha256}")
    here.weights("encoder").write_bytes(b"weight")
    assert "6 bytes instead of 7" in next(here.damage())
    here.weights("encoder").unlink()
    assert "it cannot be read (No such file or directory)" in next(here.damage())


def test_a_run_in_the_place_of_the_published_one_is_noticed(finished_run, publish, tmp_path):
    """With its own digests beside it: only the index tells it from the one that was published."""
    publish(finished_run(tmp_path / "trained"))
    published = published_runs()
    (run,) = published.index.runs
    here = published.folder(run, tmp_path / "runs")
    here.weights("encoder").write_bytes(b"other")
    digests = json.loads((here.path / "DONE").read_text())
    digests["encoder.weights.h5"] = hashlib.sha256(b"other").hexdigest()
    (here.path / "DONE").write_text(json.dumps(digests))
    with pytest.raises(TrainingError, match=r"encoder\.weights\.h5.*git checkout"):
        here.verified_weights("encoder")
    with pytest.raises(DataError, match=r"it is not as it was published: .*git checkout"):
        published.ready(here)
    exported = CliRunner().invoke(
        main, ["weights", "export", run.run_id, "--out", str(tmp_path / "exported")]
    )
    assert exported.exit_code == 3
    assert "it is not as it was published: " in exported.stderr
    assert not (tmp_path / "exported").exists()


def test_a_published_run_without_its_end_is_damaged_not_absent(finished_run, publish, tmp_path):
    """Else hours of training would begin, and nobody would know why."""
    publish(finished_run(tmp_path / "trained"))
    published = published_runs()
    (run,) = published.index.runs
    (published.folder(run, tmp_path / "runs").path / "DONE").unlink()
    here = published.folder(run, tmp_path / "runs")
    assert here.is_here
    with pytest.raises(DataError, match="DONE: it cannot be read"):
        here.check()


# --- From an address ---


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder; what ends in "cut" is promised whole, and half of it is sent."""

    def log_message(self, *_):
        self.server.log.append(self.path)

    def copyfile(self, source, outputfile):
        content = source.read()
        is_cut = self.path.endswith(self.server.cut)
        outputfile.write(content[: len(content) // 2] if is_cut else content)


@pytest.fixture
def server(monkeypatch, tmp_path):
    """The folder `served` of this test on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "PAUSES", (0.0, 0.0))
    handler = partial(Handler, directory=str(tmp_path / "served"))
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    http.log, http.cut = [], "/no file"
    http.address = f"http://127.0.0.1:{http.server_port}/weights"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield http
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def elsewhere(finished_run, publish, tmp_path, server):
    """A run that lies at its address alone: what is published, the run, and its folder there."""
    folder = publish(finished_run(tmp_path / "trained"), address=server.address + "/")
    (tmp_path / "served").mkdir()
    folder.rename(tmp_path / "served" / "weights")
    published = published_runs()
    (run,) = published.index.runs
    return published, run, tmp_path / "served" / "weights" / RUN / run.run_id


def fetch(published, run, runs_dir):
    published.fetch(published.folder(run, runs_dir), lambda name, done, total: None)


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_run_is_downloaded_once(elsewhere, server, tmp_path):
    published, run, source = elsewhere
    folder = published.folder(run, tmp_path / "runs")
    assert folder.path == tmp_path / "runs" / "published" / RUN / run.run_id
    assert not folder.is_done
    fetch(published, run, tmp_path / "runs")
    assert folder.is_done
    assert folder.read_history()[1]["val_loss"] == 210.25
    assert {path.name for path in files_in(tmp_path / "runs")} == run.files.keys()
    assert checked_files(folder.path) == checked_files(source)
    asked = len(server.log)
    assert asked == len(run.files)
    fetch(published, run, tmp_path / "runs")
    assert len(server.log) == asked
    assert published.folder(run, tmp_path / "runs").path == folder.path


def replaced_byte(path):
    path.write_bytes(b"W" + path.read_bytes()[1:])


def shortened(path):
    path.write_bytes(path.read_bytes()[:-1])


def lengthened(path):
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize(
    ("harm", "cause"),
    [
        (replaced_byte, "sha256:{found} instead of sha256:{expected}"),
        (shortened, "6 bytes instead of 7"),
        (lengthened, "8 bytes instead of 7"),
        (lambda path: path.unlink(), "404 File not found"),
    ],
)
def test_what_is_not_as_published_leaves_nothing(elsewhere, tmp_path, harm, cause):
    published, run, source = elsewhere
    harm(source / "encoder.weights.h5")
    with pytest.raises(DataError) as caught:
        fetch(published, run, tmp_path / "runs")
    found = "" if "found" not in cause else checksum(source / "encoder.weights.h5")
    expected = run.files["encoder.weights.h5"].sha256
    assert cause.format(found=found, expected=expected) in caught.value.cause
    folder = published.folder(run, tmp_path / "runs")
    assert caught.value.path == folder.weights("encoder")
    assert "--train" in caught.value.fix
    assert not folder.path.exists()
    assert files_in(tmp_path / "runs") == []


def checksum(path):
    return module.sha256(path) if path.exists() else ""


def test_what_breaks_off_leaves_nothing(elsewhere, server, tmp_path):
    published, run, _ = elsewhere
    server.cut = "encoder.weights.h5"
    with pytest.raises(DataError, match="IncompleteRead"):
        fetch(published, run, tmp_path / "runs")
    assert files_in(tmp_path / "runs") == []
    server.cut = "/no file"
    fetch(published, run, tmp_path / "runs")
    assert published.folder(run, tmp_path / "runs").is_done


def test_an_address_that_nobody_answers(finished_run, publish, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "PAUSES", ())
    publish(finished_run(tmp_path / "trained"), address="http://127.0.0.1:1").rename(tmp_path / "x")
    published = published_runs()
    with pytest.raises(DataError, match="Connection refused") as caught:
        fetch(published, *published.index.runs, tmp_path / "runs")
    assert "check the network and its proxy" in caught.value.fix
    assert files_in(tmp_path / "runs") == []


def test_who_stops_a_download_finds_nothing(elsewhere, tmp_path):
    published, run, _ = elsewhere

    def stop(name, done, total):
        if name == "first_kernels.npy" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        published.fetch(published.folder(run, tmp_path / "runs"), stop)
    assert files_in(tmp_path / "runs") == []


def test_what_a_killed_download_leaves_is_cleared_away(elsewhere, tmp_path):
    published, run, _ = elsewhere
    left = tmp_path / "runs" / "published" / RUN / f".{run.run_id}.partial"
    left.mkdir(parents=True)
    (left / "encoder.weights.h5").write_bytes(b"wei")
    fetch(published, run, tmp_path / "runs")
    assert {path.name for path in files_in(tmp_path / "runs")} == run.files.keys()


def test_what_is_in_the_place_of_a_run_stays(elsewhere, tmp_path):
    published, run, _ = elsewhere
    mine = published.folder(run, tmp_path / "runs").path / "mine"
    mine.parent.mkdir(parents=True)
    mine.touch()
    with pytest.raises(DataError, match="in the place of one") as caught:
        fetch(published, run, tmp_path / "runs")
    assert caught.value.path == mine.parent
    assert files_in(tmp_path / "runs") == [mine]


def test_a_place_that_cannot_be_written_to(elsewhere, tmp_path):
    published, run, _ = elsewhere
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(DataError, match="it cannot be kept there") as caught:
        fetch(published, run, tmp_path / "runs")
    assert "--runs-dir" in caught.value.fix


def test_an_index_round_trips(finished_run, publish, tmp_path):
    publish(finished_run(tmp_path / "trained"), address="https://example.org/weights")
    index = published_runs().index
    assert msgspec.json.decode(msgspec.json.encode(index), type=Index) == index
