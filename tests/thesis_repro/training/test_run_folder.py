"""Run folders: what they are named by, and what survives damage and kills."""

import errno
import json
import os
import runpy
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from thesis_repro.errors import TrainingError
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.run_folder import Checkpoint, RunConfig, RunFolder
from thesis_repro.training.scale import SCALES

SPEC = MODELS["mnist-vae"]
OPTIONS = TrainingOptions(SCALES["quick"])
WORKER = Path(__file__).with_name("run_folder_worker.py")


def changed(**values):
    """The spec with other values of some settings."""
    return replace(SPEC, **{name: Sourced(value, "test") for name, value in values.items()})


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path, RunConfig("toy", {"seed": 0}))


def history(epochs):
    return [{"epoch": epoch, "loss": 1 / epoch, "seconds": 0.25} for epoch in range(1, epochs + 1)]


def save(run, *epochs):
    for epoch in epochs:
        run.save_checkpoint(Checkpoint([np.full((2, 3), epoch / 3)], history(epoch)))


def load(run):
    return run.load_checkpoint([np.empty((2, 3))])


# --- What a run is named by ---


def test_run_id_is_a_digest_of_the_sorted_values():
    # printf '{"a":[1,2],"b":null}' | sha256sum
    config = RunConfig("toy", {"b": None, "a": [1, 2]})
    assert config.run_id == "f25109c41113"
    assert RunFolder(Path("runs"), config).path == Path("runs/toy/f25109c41113")


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        (SPEC, replace(OPTIONS, seed=1)),
        (SPEC, replace(OPTIONS, precision="mixed_bfloat16")),
        (SPEC, replace(OPTIONS, scale=SCALES["smoke"])),
        (SPEC, replace(OPTIONS, scale=replace(SCALES["quick"], epochs=31))),
        (changed(learning_rate=0.002), OPTIONS),
        (changed(reconstruction_weight=9_999), OPTIONS),
        (changed(decay=0.01), OPTIONS),
        (changed(batch_size=64), OPTIONS),
        (MODELS["mnist-vae-as-run"], OPTIONS),
    ],
    ids=lambda value: "",
)
def test_what_changes_the_weights_changes_the_run(tiny_data, spec, options):
    assert (
        run_config(spec, tiny_data.identity(), options).run_id
        != run_config(SPEC, tiny_data.identity(), OPTIONS).run_id
    )


@pytest.mark.parametrize("field", ["fingerprint", "train", "validation"])
def test_other_data_are_another_run(tiny_data, field):
    value = "other" if field == "fingerprint" else getattr(tiny_data, field)[:-1]
    other = replace(tiny_data, **{field: value})
    assert (
        run_config(SPEC, other.identity(), OPTIONS).run_id
        != run_config(SPEC, tiny_data.identity(), OPTIONS).run_id
    )


def test_words_and_places_do_not_make_another_run(tiny_data):
    reworded = {
        name: Sourced(setting.value, "reworded", ("E99",))
        for name, setting in SPEC.settings().items()
    }
    spec = replace(SPEC, **reworded, name="Other name", aliases=("other",))
    data = replace(tiny_data, description="the same images, described otherwise")
    assert run_config(spec, data.identity(), OPTIONS) == run_config(
        SPEC, tiny_data.identity(), OPTIONS
    )


def test_config_survives_its_file(tiny_data, tmp_path):
    config = run_config(SPEC, tiny_data.identity(), OPTIONS)
    run = RunFolder(tmp_path, config)
    with run.lock():
        run.begin({})
    stored = json.loads((run.path / "config.json").read_text())
    assert RunConfig(SPEC.id, stored) == config


# --- Checkpoints, history and weights ---


def test_checkpoint_round_trip_keeps_every_bit(run):
    arrays = [
        np.array(7, "int64"),
        np.array([0.1, np.nextafter(1, 2)], "float32"),
        *(np.array([value]) for value in range(12)),  # more than ten: 10 must not sort before 2
    ]
    run.save_checkpoint(Checkpoint(arrays, history(1)))
    loaded = run.load_checkpoint(arrays)
    assert loaded.history == history(1)
    for array, stored in zip(arrays, loaded.arrays, strict=True):
        assert stored.dtype == array.dtype
        np.testing.assert_array_equal(stored, array)


def test_variables_become_arrays_one_by_one(run):
    """AlexNet-VAE's are 3.7 GB, which need not be in memory twice."""
    made = []

    class Variable:
        shape, dtype = (3,), "int64"

        def __array__(self, dtype=None, copy=None):
            assert sum(reference() is not None for reference in made) <= 1  # the one before
            array = np.arange(3) + len(made)
            made.append(weakref.ref(array))
            return array

    variables = [Variable() for _ in range(5)]
    run.save_checkpoint(Checkpoint(variables, history(1)))
    np.testing.assert_array_equal(run.load_checkpoint(variables).arrays[4], [4, 5, 6])


def test_no_checkpoint(run, caplog):
    assert load(run) is None
    assert caplog.text == ""


def test_the_last_two_checkpoints_are_kept(run):
    save(run, 8, 9, 10, 11)
    names = [path.name for path in sorted((run.path / "checkpoint").iterdir())]
    assert names == ["epoch-00010.npz", "epoch-00011.npz"]
    assert len(load(run).history) == 11


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def flip(path):
    content = bytearray(path.read_bytes())
    content[content.index(np.float64(2 / 3).tobytes())] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, empty, flip])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(run, damage, caplog):
    save(run, 1, 2)
    damage(run.path / "checkpoint" / "epoch-00002.npz")
    loaded = load(run)
    assert loaded.history == history(1)
    np.testing.assert_array_equal(loaded.arrays[0], np.full((2, 3), 1 / 3))
    assert "epoch-00002.npz is damaged" in caplog.text


def test_without_a_whole_checkpoint_a_run_starts_anew(run, caplog):
    save(run, 1, 2)
    for path in (run.path / "checkpoint").iterdir():
        cut(path)
    assert load(run) is None
    assert f"No whole checkpoint is left of run {run.path}: it starts anew." in caplog.text


@pytest.mark.parametrize(
    "variables",
    [[], [np.empty((2, 3))] * 2, [np.empty((3, 2))], [np.empty((2, 3), "float32")]],
    ids=["fewer", "more", "another shape", "another type"],
)
def test_a_checkpoint_of_another_model_is_not_taken(run, variables, caplog):
    save(run, 1)
    assert run.load_checkpoint(variables) is None
    assert "epoch-00001.npz is damaged (its array" in caplog.text


def test_a_checkpoint_that_was_not_taken_goes_with_the_next(run):
    save(run, 1)
    empty(run.path / "checkpoint" / "epoch-00009.npz")
    save(run, len(load(run).history) + 1)
    names = [path.name for path in sorted((run.path / "checkpoint").iterdir())]
    assert names == ["epoch-00001.npz", "epoch-00002.npz"]


@pytest.mark.filterwarnings("ignore")  # of NumPy and zipfile on what they read
def test_no_changed_byte_goes_unnoticed(run, caplog):
    """Each byte in turn; a few mean nothing, such as the time in a zip file."""
    caplog.set_level("ERROR")
    arrays, rng = [np.array([1.5]), np.array([2.5]), np.array(3)], np.random.default_rng(6)
    run.save_checkpoint(Checkpoint(arrays, history(1)))
    path = run.path / "checkpoint" / "epoch-00001.npz"
    content, refused = path.read_bytes(), 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        checkpoint = run.load_checkpoint(arrays)
        refused += checkpoint is None
        assert checkpoint is None or checkpoint == Checkpoint(arrays, history(1))
    assert refused > 0.7 * len(content)


def test_kernels_round_trip(run):
    kernels = [np.random.default_rng(epoch).random((3, 3, 1, 8)) for epoch in range(3)]
    run.save_checkpoint(Checkpoint([np.zeros(2)], history(2), kernels))
    np.testing.assert_array_equal(run.load_checkpoint([np.zeros(2)]).kernels, kernels)
    run.finish({"encoder": Network()}, kernels)
    np.testing.assert_array_equal(run.read_kernels(), kernels)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"kernels")])
def test_damaged_kernels_are_named_with_the_fix(run, damage):
    save(run, 1)
    run.finish({"encoder": Network()}, KERNELS)
    damage(run.path / "first_kernels.npy")
    fix = f"Put back first_kernels.npy from a copy; without one, delete {run.path / 'DONE'}, and"
    with pytest.raises(TrainingError, match=rf"first_kernels\.npy: the kernels.*{fix}"):
        run.read_kernels()


def test_history_round_trip(run):
    rows = [{"epoch": 1, "loss": 0.1 + 0.2}, {"epoch": 2, "loss": 1e-300}]
    run.path.mkdir(parents=True)
    run.write_history(rows)
    assert run.read_history() == rows
    assert (run.path / "history.csv").read_text().startswith("epoch,loss\n1,0.3000")


def test_begin_adds_a_session_each_time(run):
    for session in (1, 2):
        with run.lock():
            run.begin({"session": session})
    stored = json.loads((run.path / "provenance.json").read_text())
    assert stored == {"sessions": [{"session": 1}, {"session": 2}]}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"runs": []}', '{"sessions": 3}', '{"sessions": [5, null]}']
)
def test_a_damaged_provenance_does_not_stop_the_run(run, text, caplog):
    run.begin({"started": "once"})
    (run.path / "provenance.json").write_text(text)
    run.begin({"started": "again"})
    assert f"{run.path / 'provenance.json'} is damaged" in caplog.text
    stored = json.loads((run.path / "provenance.json").read_text())
    assert stored == {"sessions": [{"started": "again"}]}


def test_devices_are_those_of_all_sessions(run):
    assert run.recorded("device") == []
    for session in ({}, {"device": "NVIDIA H200"}, {"device": "EPYC"}, {"device": "NVIDIA H200"}):
        with run.lock():
            run.begin(session)
    assert run.recorded("device") == ["NVIDIA H200", "EPYC"]


def test_what_is_recorded_in_no_form_of_ours_is_not_known(run):
    with run.lock():
        run.begin({"data": ["digits"], "device": {}})
    assert run.recorded("data") == run.recorded("device") == []
    assert run.of_stand_ins is None


def test_lock_sweeps_what_a_killed_process_was_writing(run):
    save(run, 1)
    leftovers = [run.path / ".writing-x-DONE", run.path / "checkpoint" / ".writing-y-epoch.npz"]
    for path in leftovers:
        path.write_bytes(b"half")
    with run.lock():
        assert not any(path.exists() for path in leftovers)
    assert len(load(run).history) == 1


KERNELS = [np.full((2, 2, 1, 3), epoch, "float32") for epoch in range(3)]


class Network:
    weights = ()

    def save_weights(self, path):
        assert path.name.endswith(".weights.h5")  # Keras takes no other name
        path.write_bytes(b"weights")


def test_finish(run):
    save(run, 1)
    assert not run.is_done
    run.finish({"encoder": Network()}, KERNELS)
    assert run.is_done
    assert run.verified_weights("encoder").read_bytes() == b"weights"
    assert not (run.path / "checkpoint").exists()


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"weighty")])
def test_damaged_weights_are_named_with_the_fix(run, damage):
    save(run, 1)
    run.finish({"encoder": Network()}, KERNELS)
    damage(run.weights("encoder"))
    with pytest.raises(TrainingError) as caught:
        run.verified_weights("encoder")
    assert str(caught.value).startswith(f"{run.weights('encoder')}: the weights of this run")
    assert "Put back encoder.weights.h5 from a copy; without" in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"encoder.weights.h5": 3}', "\x00"])
@pytest.mark.parametrize(
    "read", [lambda run: run.verified_weights("encoder"), RunFolder.read_history]
)
def test_a_damaged_note_of_the_end_is_not_told_as_damaged_weights(run, text, read):
    """What it told of is all there: only the note has to come back."""
    save(run, 1)
    run.finish({"encoder": Network()}, KERNELS)
    note = run.path / "DONE"
    whole = note.read_text()
    note.write_text(text)
    with pytest.raises(TrainingError) as caught:
        read(run)
    message = str(caught.value)
    assert message.startswith(f"{note}: it is damaged (")
    assert f"Put back DONE from a copy; without one, delete {note}, and the run is tr" in message
    assert "\n" not in message
    note.write_text(whole)
    read(run)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("epoch\n9\n")])
def test_a_damaged_history_is_named_with_the_fix(run, damage):
    save(run, 1)
    run.finish({"encoder": Network()}, KERNELS)
    assert run.read_history() == history(1)
    damage(run.path / "history.csv")
    with pytest.raises(TrainingError) as caught:
        run.read_history()
    assert f"{run.path / 'history.csv'}: the history" in str(caught.value)
    assert "Put back history.csv from a copy" in str(caught.value)


def test_a_history_that_nobody_noted_is_taken_as_it_is(run):
    """DONE had only the weights in it before."""
    save(run, 1)
    run.finish({"encoder": Network()}, KERNELS)
    noted = json.loads((run.path / "DONE").read_text())
    assert set(noted) == {"encoder.weights.h5", "first_kernels.npy", "history.csv"}
    del noted["history.csv"]
    (run.path / "DONE").write_text(json.dumps(noted))
    (run.path / "history.csv").write_text("epoch\n9\n")
    assert run.read_history() == [{"epoch": 9}]


# --- What cannot be written ---


@pytest.mark.parametrize("call", [(os, "fsync"), (Path, "touch")], ids=lambda call: call[1])
def test_a_disk_that_is_full_at_any_write_is_said_and_loses_nothing(tmp_path, monkeypatch, call):
    worker = runpy.run_path(str(WORKER))
    train, contents, plain = worker["train"], worker["contents"], getattr(*call)
    train(tmp_path / "whole")
    kept = []
    writes = 13  # config, provenance, 3 x 2 an epoch, history, kernels, 2 weights, DONE
    for write in range(1, writes + 1):
        left, runs_dir = write, tmp_path / str(write)

        def full(*arguments, **keywords):
            nonlocal left
            left -= 1
            if left == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return plain(*arguments, **keywords)

        monkeypatch.setattr(*call, full)
        with pytest.raises(TrainingError) as caught:
            train(runs_dir)
        path, message = str(caught.value).split(": ", 1)
        assert Path(path).is_relative_to(runs_dir)
        assert "the disk is full (No space left on device). Free some space, or move" in message
        assert f"the folder {runs_dir} elsewhere and name it with --runs-dir" in message
        epoch = message.split("after epoch ")[1][0] if "after epoch" in message else "none"
        kept.append((Path(path).name, epoch))
        assert not list(runs_dir.rglob(".writing-*"))
        assert not list(runs_dir.rglob("DONE"))
        monkeypatch.setattr(*call, plain)
        train(runs_dir)
        assert contents(runs_dir) == contents(tmp_path / "whole")
    assert kept == [
        ("config.json", "none"), ("provenance.json", "none"), ("epoch-00001.npz", "none"),
        ("history.csv", "1"), ("epoch-00002.npz", "1"), ("history.csv", "2"),
        ("epoch-00003.npz", "2"), ("history.csv", "3"), ("history.csv", "3"),
        ("first_kernels.npy", "3"), ("encoder.weights.h5", "3"), ("decoder.weights.h5", "3"),
        ("DONE", "3"),
    ]  # fmt: skip


def test_who_may_read_a_run_is_the_umasks_to_say(run):
    """Its lock, and the weights that Keras writes, too."""
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    before = os.umask(0o027)
    try:
        with run.lock():
            run.begin({})
            save(run, 1)
            run.finish({"encoder": network}, KERNELS)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in run.path.iterdir()}
    assert {"encoder.weights.h5", "history.csv", "DONE", ".lock"} <= modes.keys()
    assert set(modes.values()) == {0o640}


def test_room_for_weights_is_tried_before_they_are_written(run):
    """HDF5 may crash on a full disk: see test_survival.py."""
    layers = [keras.layers.Dense(1) for _ in range(30)]
    network = keras.Sequential([keras.Input((1_000,)), *layers])

    class Measured:
        weights = network.weights

        def save_weights(self, path):
            self.room = path.stat().st_size
            network.save_weights(path)
            self.size = path.stat().st_size

    save(run, 1)
    measured = Measured()
    run.finish({"encoder": measured}, KERNELS)
    assert measured.size <= measured.room < 10 * measured.size


@pytest.mark.parametrize("runs_dir", ["a file", "/sys/runs"])  # where not even root makes a folder
def test_a_folder_that_cannot_be_written_to_is_said(tmp_path, runs_dir):
    runs_dir = tmp_path / runs_dir
    if not runs_dir.parent.exists():
        pytest.skip("there is no /sys")
    if runs_dir.parent == tmp_path:
        runs_dir.touch()
    run = RunFolder(runs_dir, RunConfig("toy", {"seed": 0}))
    with pytest.raises(TrainingError) as caught, run.lock():
        pass
    assert f"{run.path}: it cannot be written: " in str(caught.value)
    assert f"the folder {runs_dir} elsewhere and name it with --runs-dir" in str(caught.value)


# Each with what is to be done to mend it.
MOVES = {
    "renamed": lambda path, kept: (path.rename(kept), kept.rename),
    "its model renamed": lambda path, kept: (
        path.parent.rename(kept),
        lambda place: kept.rename(place.parent),
    ),
    "another in its place": lambda path, kept: (
        path.rename(kept),
        path.mkdir(),
        lambda place: (place.rmdir(), kept.rename(place)),
    ),
    "a file in its place": lambda path, kept: (
        path.rename(kept),
        path.touch(),
        lambda place: (place.unlink(), kept.rename(place)),
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("epochs", [0, 2])
def test_a_folder_that_is_moved_meanwhile_is_missed(run, tmp_path, move, epochs):
    """What would be written to its place would lack all that was written before."""
    with run.lock():
        run.begin({"session": 1})
        save(run, *range(1, epochs + 1))
        *_, put_back = move(run.path, tmp_path / "kept")
        there = sorted(tmp_path.rglob("*"))
        with pytest.raises(TrainingError) as caught:
            save(run, epochs + 1)
    message = str(caught.value)
    assert message.startswith(f"{run.path}: this folder was moved or removed while the run was")
    assert ("goes on after epoch 2, whose checkpoint is in it" in message) == (epochs == 2)
    assert sorted(tmp_path.rglob("*")) == there
    put_back(run.path)
    with run.lock():
        assert epochs == 0 or len(load(run).history) == 2
        save(run, epochs + 1)
        run.finish({"encoder": Network()}, KERNELS)
    assert (run.path / "config.json").exists()


@pytest.mark.parametrize(
    "write",
    [
        lambda run: run.begin({}),
        lambda run: run.write_history(history(1)),
        lambda run: run.finish({"encoder": Network()}, KERNELS),
    ],
    ids=["begin", "history", "finish"],
)
def test_a_folder_that_was_removed_is_missed_by_each_write(run, write):
    with run.lock():
        shutil.rmtree(run.path)
        with pytest.raises(TrainingError, match="moved or removed"):
            write(run)
    assert not run.path.exists()


def test_a_folder_that_is_moved_while_a_file_is_written_is_no_full_disk(run, tmp_path):
    class Moves(Network):
        def save_weights(self, path):
            path.write_bytes(b"weights")
            run.path.rename(tmp_path / "kept")

    with run.lock():
        save(run, 1)
        with pytest.raises(TrainingError, match=r"moved or removed .* goes on after epoch 1"):
            run.finish({"encoder": Moves()}, KERNELS)
    assert not run.path.exists()


def test_other_errors_of_a_run_are_not_taken_for_those_of_its_folder(run):
    with pytest.raises(OSError, match="the network is gone"), run.lock():
        raise OSError("the network is gone")


# --- Kills ---


def test_a_kill_before_any_file_operation_loses_nothing(tmp_path):
    command = [sys.executable, str(WORKER), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result = json.loads(done.stdout)
    assert result["problems"] == []
    assert result["kills"] > 50  # three checkpoints and histories, two weights, DONE
    assert [Path(name).name for name in result["files"]] == [
        ".lock",
        "DONE",
        "config.json",
        "decoder.weights.h5",
        "encoder.weights.h5",
        "first_kernels.npy",
        "history.csv",
    ]
