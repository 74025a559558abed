"""Training of whole runs: losses, determinism, checkpoints, company, and what stops them."""

import json
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import filelock
import h5py
import keras
import numpy as np
import pytest
import tensorflow

from data_prep.errors import DataError
from thesis_repro.errors import TrainingError
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS
from thesis_repro.progress import TrainingProgress
from thesis_repro.seeds import derive_seed
from thesis_repro.training.evidence_step import EvidenceStep
from thesis_repro.training.run_folder import finished_runs
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.training.train import (
    CHECKPOINT_SECONDS,
    TrainingOptions,
    load_run,
    run_config,
    train_or_load,
)
from thesis_repro.training.trainer import Trainer

SPEC = MODELS["mnist-vlae-factor-3"]
QUIET = TrainingProgress(quiet=True)
TERMS = ("loss", "reconstruction", "kl")
NO_ROW = dict.fromkeys(EvidenceStep.headline, 1.0)  # of an epoch that did not happen
TIMEOUT = 120  # s, for one process


class NoTraining:
    """A progress report for runs that must not train."""

    def run(self, *arguments):
        pytest.fail("a finished run was trained again")


class StopAfter:
    """A progress report that ends the training after an epoch, as Ctrl-C would."""

    def __init__(self, epoch, after_epoch=lambda epoch: None):
        self.last, self.after_epoch = epoch, after_epoch

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        yield self

    def updates(self, count, loss):
        pass

    def epoch(self, epoch, row):
        self.after_epoch(epoch)
        if epoch == self.last:
            raise KeyboardInterrupt


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """Every array of both weight files, by file and name."""
    stored = {}
    for part in ("encoder", "decoder"):
        with h5py.File(folder / f"{part}.weights.h5") as file:
            file.visititems(
                lambda name, item, part=part: (
                    stored.update({f"{part}/{name}": item[()]})
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
    return stored


def history(folder: Path) -> list[list[str]]:
    """The rows of history.csv without the seconds, which are last."""
    rows = [line.split(",") for line in (folder / "history.csv").read_text().splitlines()]
    assert rows[0][-1] == "seconds"
    return [row[:-1] for row in rows]


def assert_same_run(folder: Path, other: Path) -> None:
    expected, ours = arrays(other), arrays(folder)
    assert list(ours) == list(expected)
    different = [name for name in expected if not np.array_equal(ours[name], expected[name])]
    assert different == []
    assert history(folder) == history(other)
    assert (folder / "config.json").read_bytes() == (other / "config.json").read_bytes()


def sessions(folder: Path) -> list[dict]:
    return json.loads((folder / "provenance.json").read_text())["sessions"]


def moved(reference, runs_dir: Path) -> Path:
    """Where the reference run lies below another runs folder."""
    return runs_dir / SPEC.id / reference.run.path.name


# --- What a run tells and leaves ---


def test_history(reference):
    assert [row["epoch"] for row in reference.history] == [1, 2, 3, 4]
    for row in reference.history:
        for prefix in ("", "val_"):
            loss, reconstruction, kl = (row[prefix + term] for term in TERMS)
            assert loss == pytest.approx(reconstruction + kl, rel=1e-5)
            assert min(reconstruction, kl) > 0
    assert reference.history[-1]["loss"] < reference.history[0]["loss"] * 0.9


def test_last_validation_loss_from_the_saved_weights(reference, tiny_data):
    """The same noise once more, and the losses by NumPy."""
    model = reference.model
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        seed = derive_seed(0, SPEC.id, "validation noise", 4, index)
        state.assign(np.array([seed, 0], "uint32"))
    totals = dict.fromkeys(TERMS, 0.0)
    for start in (0, 128):
        images = tiny_data.validation[start : start + 128].astype("float32") / 255
        out = keras.tree.map_structure(np.asarray, model(images))
        totals["reconstruction"] += (
            10_000 * ((images - out["reconstruction"]) ** 2).mean((1, 2, 3)).sum()
        )
        for mu, log_var in zip(out["mu"], out["log_var"], strict=True):
            totals["kl"] += 0.5 * (np.exp(log_var) + mu**2 - 1 - log_var).sum()
    totals["loss"] = totals["reconstruction"] + totals["kl"]
    for term, total in totals.items():
        assert reference.history[-1][f"val_{term}"] == pytest.approx(total / 200, rel=1e-4)


def test_run_folder(reference, tiny_data, tiny_scale):
    folder = reference.run.path
    names = sorted(path.name for path in folder.iterdir())
    files = ["DONE", "config.json", "decoder.weights.h5", "encoder.weights.h5"]
    assert names == [".lock", *files, "first_kernels.npy", "history.csv", "provenance.json"]
    config = run_config(SPEC, tiny_data.identity(), TrainingOptions(tiny_scale))
    assert (folder.parent.name, folder.name) == (SPEC.id, config.run_id)
    assert json.loads((folder / "config.json").read_text()) == config.values
    (session,) = sessions(folder)
    assert session["first_epoch"] == 1
    assert session["versions"]["keras"] == keras.__version__
    assert session["settings"]["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert session["batch_norm_momentum"] == 0  # 20 updates are a short run


def test_a_run_keeps_its_first_kernels_of_every_epoch(reference, tiny_data, tiny_scale):
    """Before training: those of fresh weights with the run's seed; at the end: the weights'."""
    kernels = reference.run.read_kernels()
    assert kernels.shape == (5, 5, 5, 1, 22)
    last = reference.model.encoder.get_layer("inference_0_conv2d_0").get_weights()[0]
    np.testing.assert_array_equal(kernels[-1], last)
    keras.utils.set_random_seed(derive_seed(0, SPEC.id, "initial weights"))
    fresh = build_model(SPEC).encoder.get_layer("inference_0_conv2d_0").get_weights()[0]
    np.testing.assert_array_equal(kernels[0], fresh)
    assert all((kernels[epoch] != kernels[epoch + 1]).any() for epoch in range(4))


def test_a_finished_run_is_loaded_from_where_nothing_can_be_written(
    reference, tiny_data, tiny_scale, tmp_path
):
    """By what asks for it with its data, and by what knows its folder alone."""
    folder = moved(reference, tmp_path)
    shutil.copytree(reference.run.path, folder)
    (folder / ".lock").unlink()
    (folder / ".lock").mkdir()  # so that no lock can be had; tests may run as root
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    options = TrainingOptions(tiny_scale)
    by_data = train_or_load(SPEC, tiny_data, options, tmp_path, NoTraining())
    (run,) = finished_runs(tmp_path, SPEC.id)
    for again in (by_data, load_run(SPEC, run)):
        assert again.run.path == folder
        assert again.history == reference.history
        for weight, expected in zip(again.model.weights, reference.model.weights, strict=True):
            np.testing.assert_array_equal(np.asarray(weight), np.asarray(expected))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.fixture
def every_epoch(monkeypatch):
    """A checkpoint after every epoch."""
    monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", 0)


@pytest.mark.usefixtures("every_epoch")
def test_another_seed_is_another_run(reference, tiny_data, tiny_scale):
    runs_dir = reference.run.path.parents[1]
    options = TrainingOptions(tiny_scale, seed=1)
    with pytest.raises(KeyboardInterrupt):
        train_or_load(SPEC, tiny_data, options, runs_dir, StopAfter(1))
    config = run_config(SPEC, tiny_data.identity(), options)
    other = runs_dir / SPEC.id / config.run_id
    assert other != reference.run.path
    assert not (other / "DONE").exists()
    for one, two in zip(history(other)[1][1:], history(reference.run.path)[1][1:], strict=True):
        assert one != two


# --- The control that learns nothing ---

UNTRAINED = TrainingOptions(replace(SCALES["untrained"], train_images=128))


def test_untrained_networks_keep_the_weights_that_a_training_begins_with(make_data, tmp_path):
    """And batch normalisation gets the statistics of training images under these weights."""
    spec = MODELS["mnist-vae"]
    data = make_data(128, 24)
    untrained = train_or_load(spec, data, UNTRAINED, tmp_path, QUIET)
    keras.utils.set_random_seed(derive_seed(0, spec.id, "initial weights"))
    fresh = build_model(spec)
    for kept, initial in zip(
        untrained.model.trainable_weights, fresh.trainable_weights, strict=True
    ):
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(initial))
    encoder = untrained.model.encoder
    images = np.repeat(data.train.astype("float32") / 255, 3, axis=-1)
    maps = np.asarray(encoder.get_layer("encoder_conv_0")(images))
    normalization = encoder.get_layer("batch_normalization_1")
    mean, variance = maps.mean((0, 1, 2)), maps.var((0, 1, 2))
    np.testing.assert_allclose(np.asarray(normalization.moving_mean), mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.asarray(normalization.moving_variance), variance, rtol=1e-3)
    assert len(untrained.history) == 1
    assert untrained.history[0]["loss"] > 0


def test_what_measures_is_trained_beside_untrained_networks():
    """From the first seed, whatever that of the untrained networks."""
    quick = TrainingOptions(SCALES["quick"])
    untrained = TrainingOptions(SCALES["untrained"], seed=2)
    measuring = [name for name, spec in MODELS.items() if untrained.of(spec) == quick]
    assert sorted(measuring) == [
        "digit-classifier", "feature-extraction", "feature-extraction-as-run",
        "sample-discriminator",
    ]  # fmt: skip
    others = [spec for name, spec in MODELS.items() if name not in measuring]
    assert all(untrained.of(spec) == untrained for spec in others)
    for learning in (quick, TrainingOptions(SCALES["quick"], seed=2)):
        assert all(learning.of(spec) == learning for spec in MODELS.values())


# --- Checkpoints ---


@pytest.fixture
def saved(monkeypatch):
    """Epochs of 25 s, of whose work nothing is done; the epochs after which there was a checkpoint.

    And the times (s) at which they were written, which takes 10 s.
    """
    clock, saved = SimpleNamespace(now=1_000.0), []
    clock.monotonic = lambda: clock.now

    def epoch(trainer, seed, epoch, report):
        clock.now += 25
        return NO_ROW

    def save(run, checkpoint):
        clock.now += 10
        saved.append(len(checkpoint.history))
        run.write_history(checkpoint.history)

    monkeypatch.setattr("thesis_repro.training.train.time", clock)
    monkeypatch.setattr(Trainer, "epoch", epoch)
    monkeypatch.setattr("thesis_repro.training.train.RunFolder.save_checkpoint", save)
    return saved


@pytest.mark.parametrize(
    ("seconds", "epochs", "expected"),
    [
        (60.0, 1, [1]),  # none is due, but that of the end
        (60.0, 2, [2]),
        (60.0, 8, [3, 6, 8]),
        (60.0, 9, [3, 6, 9]),  # the last only once
        (0.0, 4, [1, 2, 3, 4]),
        (1e9, 4, [4]),
    ],
)
def test_checkpoints_come_by_time_and_at_the_end(
    make_data, tmp_path, monkeypatch, saved, seconds, epochs, expected
):
    """Counted from the end of the one before, and from the start."""
    monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", seconds)
    options = TrainingOptions(Scale("tiny", None, None, epochs))
    trained = train_or_load(SPEC, make_data(8, 8), options, tmp_path, QUIET)
    assert saved == expected
    assert [row["seconds"] for row in trained.history] == [25] * epochs


def test_a_minute_is_what_a_kill_may_cost():
    assert CHECKPOINT_SECONDS == 60


def test_a_run_goes_on_from_a_checkpoint_of_some_epochs_before(
    reference, tiny_data, tiny_scale, tmp_path, monkeypatch
):
    """After the first epoch of four; the third ends with Ctrl-C. Then all bits are the same."""
    monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", 0)

    def no_more(epoch):
        monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", 1e9)

    options, folder = TrainingOptions(tiny_scale), moved(reference, tmp_path)
    with suppress(KeyboardInterrupt):
        train_or_load(SPEC, tiny_data, options, tmp_path, StopAfter(3, no_more))
    assert [path.name for path in folder.rglob("*.npz")] == ["epoch-00001.npz"]
    assert history(folder) == history(reference.run.path)[:2]
    train_or_load(SPEC, tiny_data, options, tmp_path, QUIET)
    assert [session["first_epoch"] for session in sessions(folder)] == [1, 2]
    assert_same_run(folder, reference.run.path)


@pytest.mark.parametrize("damaged", [(5,), (5, 3)])
def test_the_checkpoint_before_is_kept_however_old_it_is(make_data, tmp_path, monkeypatch, damaged):
    """After epochs 1, 3 and 5: the last two are kept, in case the very last is damaged."""
    monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", 0)

    def every_other(epoch):
        seconds = 1e9 if epoch % 2 else 0
        monkeypatch.setattr("thesis_repro.training.train.CHECKPOINT_SECONDS", seconds)

    monkeypatch.setattr(Trainer, "epoch", lambda *_: NO_ROW)
    data, options = make_data(8, 8), TrainingOptions(Scale("tiny", None, None, 7))
    with suppress(KeyboardInterrupt):
        train_or_load(SPEC, data, options, tmp_path, StopAfter(6, every_other))
    files = sorted(tmp_path.rglob("*.npz"))
    assert [path.name for path in files] == ["epoch-00003.npz", "epoch-00005.npz"]
    for epoch in damaged:
        (path,) = (own for own in files if own.name == f"epoch-{epoch:05d}.npz")
        path.write_bytes(path.read_bytes()[:-100])
    trained = train_or_load(SPEC, data, options, tmp_path, QUIET)
    first_epochs = [session["first_epoch"] for session in sessions(trained.run.path)]
    assert first_epochs == [1, 4 if damaged == (5,) else 1]


# --- Two at once ---


def wait_for(condition, process) -> None:
    ends = time.monotonic() + TIMEOUT
    while not condition():
        assert process.is_alive(), "the process ended before it came so far"
        assert time.monotonic() < ends, "the process took too long"
        time.sleep(0.05)


@pytest.mark.slow
def test_two_fresh_processes_on_one_run(
    reference, tiny_data, saved_images, start_training, tmp_path
):
    """One trains while the other waits; other processes with other hashes give the same bits."""
    runs_dir, go, log = tmp_path / "runs", tmp_path / "go", tmp_path / "log"
    request = {
        "model": SPEC.id, "images": saved_images(tiny_data), "runs_dir": runs_dir, "epochs": 4,
    }  # fmt: skip
    folder = moved(reference, runs_dir)
    first = start_training(**request, hold=("batch", str(go)))
    wait_for((folder / "config.json").exists, first)
    second = start_training(**request, log=str(log))
    wait_for(lambda: log.exists() and "waiting for it" in log.read_text(), second)
    assert str(folder) in log.read_text()
    go.touch()
    for process in (first, second):
        process.join(TIMEOUT)
        assert process.exitcode == 0
    assert len(sessions(folder)) == 1
    assert_same_run(folder, reference.run.path)


# --- What stops a run ---


@pytest.fixture
def eager():
    """A step or two are sooner done than compiled."""
    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


def with_setting(name, value):
    return replace(SPEC, **{name: Sourced(value, "test")})


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.parametrize(
    ("setting", "value", "images", "expected"),
    [
        ("reconstruction_weight", float("inf"), 128, "the loss is inf in epoch 1, update 1"),
        ("learning_rate", 1e30, 256, "the loss is nan in epoch 1, update 2"),
        # The loss of the only update is finite, its squared gradient is not.
        ("reconstruction_weight", 1e30, 128, "a weight is no longer a finite number in epoch 1"),
    ],
    ids=["loss", "loss after an update", "weights after the last update"],
)
@pytest.mark.usefixtures("eager")
def test_a_run_stops_where_numbers_end(
    make_data, tiny_scale, tmp_path, setting, value, images, expected
):
    spec = with_setting(setting, value)
    data, options = make_data(images, 20), TrainingOptions(replace(tiny_scale, epochs=1))
    with pytest.raises(TrainingError) as caught:
        train_or_load(spec, data, options, tmp_path, QUIET)
    message = str(caught.value)
    for part in (SPEC.name, expected, "--seed", "data verify"):
        assert part in message
    folder = tmp_path / SPEC.id / run_config(spec, data.identity(), options).run_id
    assert not (folder / "DONE").exists()
    assert not list(folder.rglob("*.npz"))
    with filelock.FileLock(folder / ".lock", timeout=0):
        pass


def test_damaged_weights_are_not_loaded(reference, tiny_data, tiny_scale, tmp_path):
    folder = moved(reference, tmp_path)
    folder.mkdir(parents=True)
    for path in reference.run.path.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = folder / "decoder.weights.h5"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(TrainingError, match=rf"{weights}.*Put back decoder"):
        train_or_load(SPEC, tiny_data, TrainingOptions(tiny_scale), tmp_path, NoTraining())


class VanishingImages:
    """Images that cannot be read any more from a row on, as of a data folder that is taken away."""

    def __init__(self, images, last):
        self.images, self.last = images, last
        self.shape, self.dtype, self.nbytes = images.shape, images.dtype, images.nbytes

    def __len__(self):
        return len(self.images)

    def __array__(self, dtype=None, copy=None):
        return self[np.arange(len(self))]

    def __getitem__(self, rows):
        if np.max(rows) > self.last:
            raise DataError("train-00001.tfrecord", "the file is missing", "prepare it again")
        return self.images[rows]


@pytest.mark.parametrize("is_resident", [True, False])
@pytest.mark.parametrize("split", ["train", "validation"])
def test_images_that_vanish_are_said(
    tiny_data, tiny_scale, tmp_path, monkeypatch, split, is_resident
):
    if not is_resident:
        monkeypatch.setattr("thesis_repro.training.feed.resident_bytes", lambda: 0)
        monkeypatch.setattr("thesis_repro.training.feed.CHUNK_BYTES", 128 * 784)
    images = VanishingImages(getattr(tiny_data, split), 190)
    data = replace(tiny_data, **{split: images})
    with pytest.raises(DataError, match=r"train-00001\.tfrecord: the file is missing"):
        train_or_load(SPEC, data, TrainingOptions(tiny_scale), tmp_path, QUIET)


# --- Precision ---


def test_bfloat16_comes_close_to_float32(reference, tiny_data, tiny_scale, tmp_path):
    options = TrainingOptions(replace(tiny_scale, epochs=2), precision="mixed_bfloat16")
    low = train_or_load(SPEC, tiny_data, options, tmp_path, QUIET)
    assert keras.config.dtype_policy().name == "float32"
    assert low.model.encoder.get_layer("inference_0_conv2d_0").compute_dtype == "bfloat16"
    for row, expected in zip(low.history, reference.history[:2], strict=True):
        for term in ("loss", "val_loss"):
            assert row[term] == pytest.approx(expected[term], rel=0.05)
            assert row[term] != expected[term]
    assert {array.dtype for array in arrays(low.run.path).values()} == {np.dtype("float32")}


@pytest.mark.filterwarnings("ignore:Even though the .tf.config.experimental_run_functions_eagerly")
@pytest.mark.usefixtures("eager")
def test_the_precision_is_put_back_after_a_failure(make_data, tiny_scale, tmp_path):
    options = TrainingOptions(tiny_scale, precision="mixed_bfloat16")
    spec = with_setting("reconstruction_weight", float("inf"))
    with pytest.raises(TrainingError):
        train_or_load(spec, make_data(128, 20), options, tmp_path, QUIET)
    assert keras.config.dtype_policy().name == "float32"


# --- Moving statistics ---


def test_moving_statistics_of_a_short_run_are_those_of_its_batches(make_data, tmp_path):
    """Twenty updates with an unchanged network: nothing of the initial variance of 1 is left."""
    changed = {"learning_rate": Sourced(0.0, "test"), "batch_size": Sourced(16, "test")}
    spec = replace(MODELS["mnist-vae"], **changed)
    data, options = make_data(16, 8, channels=3), TrainingOptions(Scale("tiny", epochs=20))
    trained = train_or_load(spec, data, options, tmp_path, QUIET)
    first = trained.model.encoder.get_layer("encoder_conv_0")
    maps = np.asarray(first(data.train.astype("float32") / 255))
    normalise = trained.model.encoder.get_layer("batch_normalization_1")
    expected = maps.var(axis=(0, 1, 2))
    np.testing.assert_allclose(normalise.moving_variance, expected, rtol=1e-3, atol=1e-4)
