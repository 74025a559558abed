"""How fast families train: from run folders, whole or damaged, and from what takes their place."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from data_prep.checksums import sha256
from thesis_repro.models import zoo
from thesis_repro.models.cost import network_sizes, training_multiply_adds
from thesis_repro.plan import timings as module
from thesis_repro.plan.calibration import Calibration, Machine
from thesis_repro.plan.rates import Measured, Rates, Work, fit
from thesis_repro.plan.timings import measured_runs, timings
from thesis_repro.plan.work import training_work
from thesis_repro.training.configuration import TRAINING_VERSION, TrainingOptions, run_config
from thesis_repro.training.images import Identity
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES

GPU = Machine("NVIDIA H200", "tensorflow", "float32")
RATES = Rates(start=30.0, step=1e-3, byte=0.0, multiply_add=1e-13)


def finish(runs_dir, model, device="NVIDIA H200", first_epochs=(1,), seed=0, **config):
    """A finished run as a training leaves it, whose seconds are those of RATES."""
    spec = zoo.model(model)
    options = TrainingOptions(SCALES["quick"], seed)
    values = run_config(spec, Identity("data", 3_000, 2_400), options).values
    values = values | {"backend": "tensorflow"} | config
    run = RunFolder(runs_dir, RunConfig(model, values))
    run.begin({})  # makes the folder
    sessions = [{"first_epoch": epoch, "device": device} for epoch in first_epochs]
    (run.path / "provenance.json").write_text(json.dumps({"sessions": sessions}))
    rows = []
    for epoch in range(1, 6):
        work = training_work(spec, 3_000, 2_400, 1, starts=epoch in first_epochs)
        rows.append({"epoch": epoch, "seconds": RATES.seconds(work)})
    write_history(run, rows)
    return run.path


def write_history(run, rows):
    run.write_history(rows)
    (run.path / "DONE").write_text(json.dumps({"history.csv": sha256(run.path / "history.csv")}))


def test_the_work_of_a_training():
    """By hand: an epoch has 24 updates, the last on 56 images; 19 batches are for validation."""
    spec = zoo.model("mnist-vlae-factor-3")
    work = training_work(spec, 3_000, 2_400, 10, starts=2)
    assert work.starts == 2
    assert work.steps == pytest.approx(10 * (24 + 19 / 3))
    assert work.bytes == 10 * 5_400 * 28 * 28
    outputs = sum(size.outputs for size in network_sizes(spec).values())
    each = training_multiply_adds(spec) + 3 * 60 * outputs
    assert work.multiply_adds == pytest.approx(10 * 3_800 * each)


@pytest.mark.parametrize(("images", "updates"), [(3_000, 23), (60_000, 468), (100, 1)])
def test_gans_leave_out_what_does_not_fill_a_batch(images, updates):
    """By hand, of 128 images a batch; all 468 * 200 are the 93,600 updates of the thesis's GANs."""
    work = training_work(zoo.model("mnist-vae-gan"), images, 0, 1)
    assert work.steps == updates


def test_a_finished_run_is_two_measurements(tmp_path):
    spec = zoo.model("mnist-vlae-factor-3")
    finish(tmp_path, spec.id, first_epochs=(1, 4))
    ((with_starts, others),) = measured_runs("vlae", "quick", GPU, tmp_path)
    assert with_starts.work == training_work(spec, 3_000, 2_400, 2, starts=2)
    assert others.work == training_work(spec, 3_000, 2_400, 3, starts=0)
    assert others.seconds == pytest.approx(RATES.seconds(others.work))


def test_only_runs_of_the_same_kind_count(tmp_path):
    finish(tmp_path, "mnist-vlae-factor-3")
    others = (
        {"device": "NVIDIA A100"},
        {"device": None},
        {"scale": "smoke"},
        {"precision": "mixed_bfloat16"},
        {"backend": "jax"},
        {"training_version": TRAINING_VERSION - 1},
    )
    for seed, other in enumerate(others, 1):
        finish(tmp_path, "mnist-vlae-factor-3", seed=seed, **other)
    finish(tmp_path, "mnist-vae")
    finish(tmp_path, "mnist-vlae-factor-2", first_epochs=())  # no session names a device
    moved = finish(tmp_path, "mnist-vlae-factor-1", first_epochs=(1, 3))
    sessions = [{"first_epoch": 1, "device": name} for name in ("NVIDIA A100", "NVIDIA H200")]
    (moved / "provenance.json").write_text(json.dumps({"sessions": sessions}))
    (finish(tmp_path, "mnist-vlae-factor-3", seed=9) / "DONE").unlink()
    assert len(measured_runs("vlae", "quick", GPU, tmp_path)) == 1


def test_damaged_runs_are_left_out(tmp_path):
    """Whichever file is cut short, or has bytes of something else; nothing is raised."""
    rng = np.random.default_rng(0)
    folder = finish(tmp_path, "mnist-vlae-factor-3")
    for name in ("config.json", "provenance.json", "history.csv", "DONE"):
        path = folder / name
        content = path.read_bytes()
        path.unlink()
        assert measured_runs("vlae", "quick", GPU, tmp_path) == []
        for _ in range(150):
            start, length = rng.integers(len(content)), rng.integers(1, 20)
            other = bytes(rng.choice(list(b'\x00\xff[]{}",:0-e\n1'), length))
            for damaged in (content[:start], content[:start] + other + content[start + length :]):
                path.write_bytes(damaged)
                for run in measured_runs("vlae", "quick", GPU, tmp_path):
                    assert name in ("provenance.json", "DONE")  # where not everything matters
                    assert fit(run).seconds(run[0].work) > 0
        path.write_bytes(content)
    assert len(measured_runs("vlae", "quick", GPU, tmp_path)) == 1


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 0.0, "", "fast"])
def test_seconds_that_are_none_do_not_count(tmp_path, seconds):
    folder = finish(tmp_path, "mnist-vlae-factor-3")
    values = json.loads((folder / "config.json").read_text())
    run = RunFolder(tmp_path, RunConfig("mnist-vlae-factor-3", values))
    write_history(run, [{"epoch": epoch, "seconds": seconds} for epoch in range(1, 6)])
    assert measured_runs("vlae", "quick", GPU, tmp_path) == []


@pytest.mark.parametrize(
    ("first_epochs", "scale"),
    [
        ((1, 2, 3, 4), "quick"),  # killed again and again
        ((1, 2, 3, 4, 5), "quick"),
        ((1, 2, 3, 4), "smoke"),  # of whose two epochs the first one compiles
    ],
)
def test_a_run_that_mostly_started_does_not_count(tmp_path, first_epochs, scale):
    finish(tmp_path, "mnist-vlae-factor-3", first_epochs=first_epochs, scale=scale)
    assert measured_runs("vlae", scale, GPU, tmp_path) == []


# --- What takes the place of runs ---


@pytest.fixture
def workspace(tmp_path):
    options = TrainingOptions(SCALES["quick"])
    return SimpleNamespace(runs_dir=tmp_path, options=options)


def test_finished_runs_give_their_rates_back(workspace, monkeypatch):
    monkeypatch.setattr(module, "calibration", lambda *_: pytest.fail("calibrated"))
    for number in (1, 2, 3):
        finish(workspace.runs_dir, f"mnist-vlae-factor-{number}")
    timing = timings(["vlae", "vlae"], GPU, workspace, print)["vlae"]
    assert timing.source == "3 finished runs"
    work = training_work(zoo.model("mnist-vlae-factor-2"), 60_000, 10_000, 200)
    assert timing.rates.seconds(work) == pytest.approx(RATES.seconds(work), rel=0.02)


def test_only_families_without_runs_are_calibrated(workspace, monkeypatch):
    asked = []

    def calibration(family, *_):
        asked.append(family)
        measured = [Measured(Work(0, 1, 1, 1), 1.0)]
        return Calibration(family, GPU, "1", ["mnist-vae"], measured) if family == "vae" else None

    monkeypatch.setattr(module, "calibration", calibration)
    finish(workspace.runs_dir, "mnist-vlae-factor-1")
    known = timings(["vae", "vlae", "vae-gan"], GPU, workspace, print)
    assert asked == ["vae", "vae-gan"]
    sources = {family: timing.source for family, timing in known.items()}
    assert sources == {"vae": "calibrated on mnist-vae", "vlae": "1 finished run"}
