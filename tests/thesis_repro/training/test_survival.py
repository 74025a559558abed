"""Runs that survive: kills at random moments, a full disk, data that are damaged or taken away."""

import json
import shutil
import signal
from contextlib import contextmanager

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.datasets import load_digits

from data_prep.checksums import sha256
from data_prep.errors import DataError
from data_prep.prepare import prepare
from thesis_repro.cli import main
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.images import load_images
from thesis_repro.training.scale import Scale
from thesis_repro.training.schedule import Schedule
from thesis_repro.training.train import TrainingOptions, train_or_load

FAMILIES = {
    "vae": "mnist-vae",
    "vlae": "mnist-vlae-factor-3",
    "vae-gan": "mnist-vae-gan",
    "vlae-gan": "mnist-vlae-gan",
    "classifier": "digit-classifier",
}
TIMEOUT = 600  # s, for one process on a machine with much else to do
EPOCHS = 5

# Of the 25 events of an epoch: six updates, three calls into the backend, and what is done to
# files. The end of a run has more, an epoch without a checkpoint eleven in all.
EVENTS = 20
MOST_DELAY = 0.02  # s after an event


@pytest.fixture(scope="module")
def request_of(tiny_images, tmp_path_factory):
    """Make the request of a run of five epochs, each of six updates on two images, by model."""
    path = tmp_path_factory.mktemp("images") / "images.npz"
    labels = load_digits().target.astype("int64")
    parts = {"train": slice(0, 12), "validation": slice(12, 15)}
    images = {name: tiny_images[rows] for name, rows in parts.items()}
    known = {f"{name}_label": labels[rows] for name, rows in parts.items()}
    np.savez(path, **images, **known, fingerprint="15 digits")
    changed = {"batch_size": 2, "epochs": EPOCHS}
    request = {"images": str(path), "epochs": EPOCHS, "changed": changed}
    return lambda model: {"model": model, **request}


@pytest.fixture
def finish(start_training):
    """Run a training in a new process, to its end unless it is killed; its exit code."""

    def run(**request):
        process = start_training(**request)
        process.join(TIMEOUT)
        return process.exitcode

    return run


def only_run(runs_dir, model):
    (folder,) = (runs_dir / model).iterdir()
    return folder


def digests(folder):
    return {path.name: sha256(path) for path in folder.glob("*.weights.h5")}


def history(folder):
    """The rows of history.csv without the seconds, which are last."""
    return [row.rsplit(",", 1)[0] for row in (folder / "history.csv").read_text().splitlines()]


def assert_same_run(folder, other):
    assert digests(folder) == digests(other)
    assert history(folder) == history(other)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in other.iterdir()
    )


# --- Kills ---


def damage_newest_checkpoint(runs_dir):
    checkpoints = sorted(runs_dir.rglob("epoch-*.npz"))
    if checkpoints:
        checkpoints[-1].write_bytes(checkpoints[-1].read_bytes()[:-100])


# Of every family; the next test kills the one whose steps have most to keep twice.
@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
def test_killed_again_and_again_a_run_ends_with_the_same_bits(family, request_of, finish, tmp_path):
    """At random moments from the first epoch to the end, when the weights are written.

    Every other kill comes some time after an event, in the midst of computing or writing; some
    processes write a checkpoint every other epoch only.
    """
    kills = 20
    model, rng = FAMILIES[family], np.random.default_rng(len(family))
    request, killed, whole = request_of(model), tmp_path / "killed", tmp_path / "whole"
    assert finish(**request, runs_dir=whole) == 0
    for kill in range(kills):
        code = finish(
            **request,
            runs_dir=killed,
            events=str(tmp_path / f"events-{kill:02d}"),
            kill_at=("", int(rng.integers(1, EVENTS + 1))),
            from_epoch=1 + round(kill * EPOCHS / (kills - 1)),
            checkpoint_epochs=1 + kill // 2 % 2,
            delay=kill % 2 * rng.uniform(0, MOST_DELAY),
        )
        assert code == -signal.SIGKILL
        if kill % 6 == 2:
            damage_newest_checkpoint(killed)
    assert finish(**request, runs_dir=killed) == 0
    folder = only_run(killed, model)
    sessions = json.loads((folder / "provenance.json").read_text())["sessions"]
    assert len(sessions) == kills + 1
    assert {session["first_epoch"] for session in sessions} >= {1, EPOCHS + 1}
    assert_same_run(folder, only_run(whole, model))
    for runs_dir in (killed, whole):  # of a VLAE-GAN, 150 MB each
        shutil.rmtree(runs_dir)


@pytest.mark.slow
def test_killed_within_a_call_a_run_goes_on_from_a_checkpoint_of_two_epochs_before(
    request_of, finish, tmp_path
):
    """Of checkpoints after the second and the fourth epoch; a kill amid the updates of the fourth.

    Then one in the fifth, of a process that writes a checkpoint every epoch.
    """
    model = FAMILIES["vae-gan"]
    request, killed, whole = request_of(model), tmp_path / "killed", tmp_path / "whole"
    assert finish(**request, runs_dir=whole) == 0
    kill = {"kill_at": ("call", 1), "delay": 0.005, "runs_dir": killed}
    for epoch, checkpoint_epochs in ((4, 2), (5, 1)):
        events = tmp_path / f"events-{epoch}"
        settings = {"from_epoch": epoch, "checkpoint_epochs": checkpoint_epochs}
        code = finish(**request, **kill, **settings, events=str(events))
        assert code == -signal.SIGKILL
        assert events.read_text().splitlines()[-1] == f"epoch {epoch}: call"
    assert finish(**request, runs_dir=killed) == 0
    folder = only_run(killed, model)
    sessions = json.loads((folder / "provenance.json").read_text())["sessions"]
    assert [session["first_epoch"] for session in sessions] == [1, 3, 5]
    assert_same_run(folder, only_run(whole, model))


# --- A full disk ---


# The file in hand in the order in which a run writes them, the size, epochs done.
FULL_AT = [
    ("config.json", 0, 0),
    ("epoch-00001.npz", 1_000_000, 0),  # of 12 MB
    ("epoch-00003.npz", 0, 2),
    ("history.csv", 0, 3),
    ("classifier.weights.h5", 0, EPOCHS),
    ("classifier.weights.h5", 20_000, EPOCHS),  # where HDF5 would crash the process
    ("DONE", 0, EPOCHS),
]


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(FULL_AT[2:6:3], marks=pytest.mark.slow, id="twice"),
        pytest.param(FULL_AT, marks=pytest.mark.long, id="always"),
    ],
)
def test_on_a_full_disk_a_run_stops_with_a_message_and_goes_on_later(
    moments, request_of, finish, tmp_path
):
    """From a moment on, no file may grow beyond a size: the operating system has such a limit."""
    request, error = request_of(FAMILIES["classifier"]), tmp_path / "error"
    full = tmp_path / "full"
    for file, size, epochs in moments:
        moment = {"full_at": (f"-{file}", 1), "room": size}
        assert finish(**request, runs_dir=full, error=str(error), **moment) == 1
        message = error.read_text()
        assert f"{file}: it cannot be written: File too large" in message
        assert str(only_run(full, request["model"])) in message
        assert f"move the folder {full} elsewhere" in message
        assert (f"goes on after epoch {epochs}," in message) == (epochs > 0)
        assert not list(full.rglob(".writing-*"))
        assert not list(full.rglob("DONE"))
    for runs_dir in (full, tmp_path / "whole"):
        assert finish(**request, runs_dir=runs_dir) == 0
    assert_same_run(*(only_run(tmp_path / x, request["model"]) for x in ("full", "whole")))


# --- Data that are damaged or taken away while a model trains on them ---


class DoAfter:
    """A progress report that does something after so many calls; the first is of one update."""

    def __init__(self, calls, action):
        self.left, self.action = calls, action

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        self.updates(0, None)
        yield self

    def updates(self, count, loss):
        if self.left == 0:
            self.action()
        self.left -= 1

    def epoch(self, epoch, row):
        pass


@pytest.fixture
def digits(tmp_path, monkeypatch, _few_digits):
    """The folder of a few digits, which are read chunk by chunk as large data sets are."""
    prepare("mnist", tmp_path / "data")
    monkeypatch.setattr("thesis_repro.training.images.IN_MEMORY_BYTES", 0)
    monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
    monkeypatch.setattr("thesis_repro.training.feed.CHUNK_BYTES", 3 * 128 * 784)
    return tmp_path / "data" / "mnist"


def overwrite(path):
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))


@pytest.mark.parametrize(
    ("family", "split", "updates"),
    [
        *((family, "train", n) for family in ("vlae", "classifier") for n in (0, 1)),
        ("classifier", "validation", 1),
        ("vae-gan", "train", 0),
        pytest.param("vae-gan", "train", 1, marks=pytest.mark.long),
    ],
)
def test_data_damaged_while_training_are_named_with_the_fix(
    digits, tmp_path, monkeypatch, family, split, updates
):
    path = digits / f"{split}-00000.tfrecord"
    report = DoAfter(updates, lambda: overwrite(path))
    monkeypatch.setattr("thesis_repro.progress.TrainingProgress.run", lambda _, *a: report.run(*a))
    folders = ["--data-dir", str(tmp_path / "data"), "--runs-dir", str(tmp_path / "runs")]
    result = CliRunner().invoke(main, ["train", FAMILIES[family], "-q", *folders])
    assert result.exit_code == 3
    for part in (str(path), "record ", "data prepare mnist --data-dir", folders[1]):
        assert part in result.output
    assert "Traceback" not in result.output


def test_a_data_folder_that_is_removed_is_not_missed(digits, tmp_path):
    """Its files stay open until the training ends."""
    spec = MODELS["digit-classifier"]
    data = load_images(spec, tmp_path / "data", Schedule(None, None, 1), stand_in=False)
    assert not isinstance(data.train, np.ndarray)
    report = DoAfter(2, lambda: shutil.rmtree(digits))
    options = TrainingOptions(Scale("tiny", None, None, 1))
    trained = train_or_load(spec, data, options, tmp_path / "runs", report)
    assert trained.run.is_done
    assert not digits.exists()
    with pytest.raises(DataError, match=r"not been prepared.*data prepare mnist --data-dir"):
        load_images(spec, tmp_path / "data", Schedule(None, None, 1), stand_in=False)
