"""Small images, and trainings on them in this process and in processes of their own."""

import json
import multiprocessing
import runpy
from multiprocessing import forkserver
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.datasets import load_digits

from thesis_repro.training.scale import Scale

WORKER = Path(__file__).with_name("training_worker.py")


@pytest.fixture(scope="session")
def tiny_images() -> np.ndarray:
    """scikit-learn's 1,797 digits, each pixel three times as large, in a frame: (n, 28, 28, 1)."""
    enlarged = load_digits().images.repeat(3, axis=1).repeat(3, axis=2)
    framed = np.pad(enlarged, ((0, 0), (2, 2), (2, 2)))
    return (framed * (255 / 16)).astype(np.uint8)[..., np.newaxis]


@pytest.fixture(scope="session")
def make_data(tiny_images):
    """Make an ImageData of so many training images and so many channels."""
    from thesis_repro.training.images import (  # Keras takes seconds to import
        ImageData,
        with_channels,
    )

    def make(train=600, validation=200, channels=1):
        images = with_channels(tiny_images[: train + validation], channels)
        return ImageData(images[:train], images[train:], "digits", f"tiny-{train}", True)

    return make


@pytest.fixture(scope="session")
def tiny_data(make_data):
    """Grey images: 600 for training, which are four whole batches and a part, and 200."""
    return make_data()


@pytest.fixture(scope="session")
def tiny_scale() -> Scale:
    return Scale("tiny", None, None, 4)


@pytest.fixture(scope="session")
def saved_images(tmp_path_factory):
    """Write an ImageData where `training_worker.py` finds it."""

    def save(data) -> str:
        path = tmp_path_factory.mktemp("images") / "images.npz"
        arrays = {"train": data.train[..., :1], "validation": data.validation[..., :1]}
        np.savez(path, **arrays, fingerprint=data.fingerprint)
        return str(path)

    return save


@pytest.fixture(scope="session")
def start_training():
    """Start `training_worker.py` in a new process, forked from one that has only imported Keras.

    That one has another hash seed than this process, so that no order of a set can matter.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["thesis_repro.training.train", "thesis_repro.models.zoo"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", "12345")
        forkserver.ensure_running()
    started = []

    def start(**request) -> multiprocessing.Process:
        request["runs_dir"] = str(request["runs_dir"])
        arguments = (str(WORKER), {"REQUEST": request}, "__main__")
        process = context.Process(target=runpy.run_path, args=arguments)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture(scope="session")
def reference(tmp_path_factory, tiny_data, tiny_scale):
    """MNIST-VLAE-factor-3 trained for four epochs, never interrupted; do not change its folder."""
    from thesis_repro.models.zoo import MODELS
    from thesis_repro.progress import TrainingProgress
    from thesis_repro.training.train import TrainingOptions, train_or_load

    return train_or_load(
        MODELS["mnist-vlae-factor-3"],
        tiny_data,
        TrainingOptions(tiny_scale),
        tmp_path_factory.mktemp("reference"),
        TrainingProgress(quiet=True),
    )


@pytest.fixture
def finished_run():
    """Write the folder of a finished run, whole but for what is in its weights; its path."""
    from data_prep.checksums import sha256
    from thesis_repro.files import write_json
    from thesis_repro.models.zoo import spec_named
    from thesis_repro.training.configuration import TrainingOptions, run_config
    from thesis_repro.training.images import Identity
    from thesis_repro.training.run_folder import RunConfig, RunFolder
    from thesis_repro.training.scale import SCALES

    def write(runs_dir, name="mnist-vlae-factor-3", scale="paper", seed=0, **changed):
        identity = changed.pop("identity", Identity("f" * 64, 60_000, 10_000))
        session = {"data": "MNIST (official files)", "device": "a CPU", "commit": "0123456789ab"}
        session |= {key: changed.pop(key) for key in [*changed] if key in session}
        weights = changed.pop("weights", b"weights")
        spec = spec_named(name)
        config = run_config(spec, identity, TrainingOptions(SCALES[scale], seed))
        run = RunFolder(runs_dir, RunConfig(spec.id, config.values | changed))
        (run.path / "compiled").mkdir(parents=True)  # what is of use to a training alone
        for stray in (".lock", "compiled/program"):
            (run.path / stray).touch()
        write_json(run.path / "config.json", run.config.values)
        write_json(run.path / "provenance.json", {"sessions": [session]})
        run.write_history(
            [
                {"epoch": 1, "loss": 300.0, "val_loss": 280.0, "seconds": 9.0},
                {"epoch": 2, "loss": 200.0, "val_loss": 210.25, "seconds": 5.0},
                *(
                    {"epoch": epoch, "loss": 150.5, "val_loss": 230.0, "seconds": 0.5}
                    for epoch in range(3, run.config.values["epochs"] + 1)
                ),
            ]
        )
        np.save(run.path / "first_kernels.npy", np.zeros((4, 5, 5, 1, 2), "float32"))
        run.weights("encoder").write_bytes(weights)
        kept = ("history.csv", "first_kernels.npy", "encoder.weights.h5")
        write_json(run.path / "DONE", {each: sha256(run.path / each) for each in kept})
        return run.path

    return write


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Publish run folders in a repository of the test's own; the folder of published runs."""
    from thesis_repro.files import write_json
    from thesis_repro.training import published, published_places, publishing

    folder, index = tmp_path / "repository" / "published", tmp_path / "repository" / "index.json"
    folder.mkdir(parents=True)

    def read(room, name, kind):
        return msgspec.json.decode(index.read_bytes(), type=kind)

    monkeypatch.setattr(published_places, "CLONE", folder)
    monkeypatch.setattr(published, "read_entries", read)
    write_json(index, {"address": None, "runs": []})

    def publish(*runs, address=None):
        for run in runs:
            publishing.publish(run, folder, index)
        write_json(index, {**json.loads(index.read_text()), "address": address})
        return folder

    return publish
