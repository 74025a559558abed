"""Run folders: what they are named by, and what survives damage and kills."""

import json
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thesis_repro.errors import TrainingError
from thesis_repro.runs import Checkpoint, RunConfig, RunFolder
from thesis_repro.scale import SCALES
from thesis_repro.spec import Setting
from thesis_repro.training import TrainingOptions, run_config
from thesis_repro.zoo import MODELS

SPEC = MODELS["mnist-vae"]
OPTIONS = TrainingOptions(SCALES["quick"])


def changed(**values):
    """The spec with other values of some settings."""
    return replace(SPEC, **{name: Setting(value, "test") for name, value in values.items()})


@pytest.fixture
def run(tmp_path) -> RunFolder:
    return RunFolder(tmp_path, RunConfig("toy", {"seed": 0}))


def history(epochs):
    return [{"epoch": epoch, "loss": 1 / epoch, "seconds": 0.25} for epoch in range(1, epochs + 1)]


def save(run, *epochs):
    for epoch in epochs:
        run.save_checkpoint(Checkpoint([np.full((2, 3), epoch / 3)], history(epoch)))


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
        run_config(spec, tiny_data, options).run_id != run_config(SPEC, tiny_data, OPTIONS).run_id
    )


@pytest.mark.parametrize("field", ["fingerprint", "train", "validation"])
def test_other_data_are_another_run(tiny_data, field):
    value = "other" if field == "fingerprint" else getattr(tiny_data, field)[:-1]
    other = replace(tiny_data, **{field: value})
    assert run_config(SPEC, other, OPTIONS).run_id != run_config(SPEC, tiny_data, OPTIONS).run_id


def test_words_and_places_do_not_make_another_run(tiny_data):
    reworded = {
        name: Setting(setting.value, "reworded", ("E99",))
        for name, setting in SPEC.settings().items()
    }
    spec = replace(SPEC, **reworded, name="Other name", aliases=("other",))
    data = replace(tiny_data, description="the same images, described otherwise")
    assert run_config(spec, data, OPTIONS) == run_config(SPEC, tiny_data, OPTIONS)


def test_config_survives_its_file(tiny_data, tmp_path):
    config = run_config(SPEC, tiny_data, OPTIONS)
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
    loaded = run.load_checkpoint()
    assert loaded.history == history(1)
    for array, found in zip(arrays, loaded.arrays, strict=True):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_variables_become_arrays_one_by_one(run):
    """AlexNet-VAE's are 3.7 GB, which need not be in memory twice."""
    made = []

    class Variable:
        def __array__(self, dtype=None, copy=None):
            assert sum(reference() is not None for reference in made) <= 1  # the one before
            array = np.arange(3) + len(made)
            made.append(weakref.ref(array))
            return array

    run.save_checkpoint(Checkpoint([Variable() for _ in range(5)], history(1)))
    np.testing.assert_array_equal(run.load_checkpoint().arrays[4], [4, 5, 6])


def test_no_checkpoint(run):
    assert run.load_checkpoint() is None


def test_the_last_two_checkpoints_are_kept(run):
    save(run, 8, 9, 10, 11)
    names = [path.name for path in sorted((run.path / "checkpoint").iterdir())]
    assert names == ["epoch-00010.npz", "epoch-00011.npz"]
    assert len(run.load_checkpoint().history) == 11


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
    loaded = run.load_checkpoint()
    assert loaded.history == history(1)
    np.testing.assert_array_equal(loaded.arrays[0], np.full((2, 3), 1 / 3))
    assert "epoch-00002.npz is damaged" in caplog.text


def test_without_a_whole_checkpoint_a_run_starts_anew(run):
    save(run, 1, 2)
    for path in (run.path / "checkpoint").iterdir():
        cut(path)
    assert run.load_checkpoint() is None


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


def test_lock_sweeps_what_a_killed_process_was_writing(run):
    save(run, 1)
    leftovers = [run.path / ".writing-x-DONE", run.path / "checkpoint" / ".writing-y-epoch.npz"]
    for path in leftovers:
        path.write_bytes(b"half")
    with run.lock():
        assert not any(path.exists() for path in leftovers)
    assert len(run.load_checkpoint().history) == 1


class Network:
    def save_weights(self, path):
        assert path.name.endswith(".weights.h5")  # Keras takes no other name
        path.write_bytes(b"weights")


def test_finish(run):
    save(run, 1)
    assert not run.is_done
    run.finish({"encoder": Network()})
    assert run.is_done
    assert run.verified_weights("encoder").read_bytes() == b"weights"
    assert not (run.path / "checkpoint").exists()


def test_a_run_is_not_done_if_its_weights_cannot_be_written(run):
    class Broken:
        def save_weights(self, path):
            raise OSError("disk full")

    save(run, 1)
    with pytest.raises(OSError, match="disk full"):
        run.finish({"encoder": Network(), "decoder": Broken()})
    assert not run.is_done
    assert len(run.load_checkpoint().history) == 1


@pytest.mark.parametrize("file", ["encoder.weights.h5", "DONE"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"weighty")])
def test_damaged_weights_are_named_with_the_fix(run, file, damage):
    save(run, 1)
    run.finish({"encoder": Network()})
    damage(run.path / file)
    with pytest.raises(TrainingError) as caught:
        run.verified_weights("encoder")
    assert str(run.weights("encoder")) in str(caught.value)
    assert f"Delete the folder {run.path}" in str(caught.value)


def test_a_kill_before_any_file_operation_loses_nothing(tmp_path):
    worker = Path(__file__).with_name("run_folder_worker.py")
    command = [sys.executable, str(worker), str(tmp_path)]
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
        "history.csv",
    ]
