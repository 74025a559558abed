"""Calibrations: by epochs whose seconds are made up, and by some of each trainer's."""

import json

import pytest

from thesis_repro.errors import SettingsError
from thesis_repro.models import zoo
from thesis_repro.plan import calibration as module
from thesis_repro.plan.calibration import FILE, Machine, calibration
from thesis_repro.plan.rates import Rates, fit
from thesis_repro.plan.timed_epochs import time_of_epochs
from thesis_repro.plan.work import training_work

HERE = Machine("a CPU", "tensorflow", "float32")
SLOW = Rates(start=10.0, step=8e-3, byte=0.0, multiply_add=1 / 40e9)
FAST = Rates(start=30.0, step=1e-3, byte=0.0, multiply_add=1 / 60e12)


@pytest.fixture
def timed(monkeypatch):
    """Let epochs take what known rates say; the models that were timed, and their batch sizes."""
    asked = []

    def set_rates(rates, steps=3):
        def epochs(spec, images, precision):
            batch = spec.batch_size.value
            assert images == steps * batch
            asked.append((spec.id, batch))
            return [
                rates.seconds(training_work(spec, images, batch, 1, starts))
                for starts in (1, 0, 0.1)
            ]

        monkeypatch.setattr(module, "computes_on_gpu", lambda: steps > 3)
        monkeypatch.setattr("thesis_repro.plan.timed_epochs.time_of_epochs", epochs)
        return asked

    return set_rates


def calibrated(runs_dir, machine=HERE, family="vlae"):
    lines = []
    made = calibration(family, machine, runs_dir, lines.append)
    return made, len(lines)


def test_a_cpu_is_timed_on_the_smallest_network(tmp_path, timed):
    asked = timed(SLOW)
    made, lines = calibrated(tmp_path)
    assert asked == [("mnist-vlae-factor-3", 4), ("mnist-vlae-factor-3", 128)]
    assert (made.models, lines) == (["mnist-vlae-factor-3"], 1)
    work = training_work(zoo.model("mnist-vlae-factor-1"), 60_000, 10_000, 200)
    assert fit(made.measured).seconds(work) == pytest.approx(SLOW.seconds(work), rel=0.1)


def test_a_gpu_is_timed_on_a_larger_one_as_well(tmp_path, timed):
    """Whose multiply-adds can be told from its steps."""
    asked = timed(FAST, steps=128)
    made, _ = calibrated(tmp_path)
    assert asked[-1] == ("dsprites-vlae-dim2", 128)
    assert made.models == ["mnist-vlae-factor-3", "dsprites-vlae-dim2"]
    work = training_work(zoo.model("celeba-vlae"), 160_000, 20_000, 200)
    assert fit(made.measured).seconds(work) == pytest.approx(FAST.seconds(work), rel=0.1)


def test_what_would_take_long_is_not_timed(tmp_path, timed):
    asked = timed(SLOW)
    calibrated(tmp_path, family="vlae-gan")
    assert asked == [("mnist-vlae-gan", 4)]


def test_a_calibration_is_remembered_for_what_it_holds_for(tmp_path, timed, monkeypatch):
    asked = timed(SLOW)
    made, _ = calibrated(tmp_path)
    count = len(asked)
    assert calibrated(tmp_path) == (made, 0)
    assert len(asked) == count
    for other in ({"device": "NVIDIA H200"}, {"backend": "jax"}, {"precision": "mixed_bfloat16"}):
        machine = HERE._replace(**other)
        assert calibrated(tmp_path, machine)[1] == 1
        assert calibrated(tmp_path, machine)[1] == 0
    assert calibrated(tmp_path, family="vae")[1] == 1
    assert calibrated(tmp_path) == (made, 0)  # still
    for name, value in (("version", lambda package: "next"), ("TRAINING_VERSION", 0)):
        monkeypatch.setattr(module, name, value)
        assert calibrated(tmp_path)[1] == 1


def test_a_damaged_file_is_written_anew(tmp_path, timed):
    timed(SLOW)
    made, _ = calibrated(tmp_path)
    path = tmp_path / FILE
    whole = path.read_text()
    (entry,) = json.loads(whole)
    for damaged in (
        *(whole[:end] for end in range(0, len(whole), 37)),
        "5",
        "[5]",
        '{"family": "vlae"}',
        json.dumps([entry | {"models": 5}]),
        json.dumps([entry | {"measured": []}]),
        json.dumps([entry | {"measured": [[[1, 2, 3], 1.0]]}]),
        json.dumps([entry | {"measured": [[[1, 2, 3, 4], "1"]]}]),
        json.dumps([entry | {"measured": [[[1, 2, 3, 4], -1.0]]}]),
    ):
        path.write_text(damaged)
        assert calibrated(tmp_path) == (made, 1), damaged
        assert calibrated(tmp_path) == (made, 0)


def test_a_damaged_entry_costs_no_other_family_its_times(tmp_path, timed):
    timed(SLOW)
    made, _ = calibrated(tmp_path)
    path = tmp_path / FILE
    entries = json.loads(path.read_text())
    path.write_text(json.dumps([{"family": "vae"}, 5, *entries, entries[0] | {"measured": []}]))
    assert calibrated(tmp_path) == (made, 0)


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path, timed, caplog):
    timed(SLOW)
    (tmp_path / "runs").write_text("in the way")
    made, _ = calibrated(tmp_path / "runs")
    assert made.measured
    assert "cannot be kept" in caplog.text


def test_a_setting_to_mend_is_not_passed_over(tmp_path, monkeypatch):
    """Each family would have its warning, and no training its time."""

    def fail():
        raise SettingsError("JAX has no device to compute on")

    monkeypatch.setattr("thesis_repro.plan.calibration.prepare_devices", fail)
    with pytest.raises(SettingsError):
        calibrated(tmp_path)


def test_what_cannot_be_timed_has_no_calibration(tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr("thesis_repro.plan.timed_epochs.time_of_epochs", fail)
    assert calibrated(tmp_path) == (None, 1)
    assert "The family vlae cannot be timed here: out of memory" in caplog.text
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "model",
    [
        "mnist-vae-as-run",
        "mnist-vlae-factor-3",
        "sample-discriminator",
        "feature-extraction",
        pytest.param("mnist-vae-gan", marks=pytest.mark.slow),
        pytest.param("mnist-vlae-gan", marks=pytest.mark.long),
    ],
)
def test_every_trainer_runs_on_made_up_images(model):
    """The first epoch compiles; a loss that is not finite would be an error."""
    spec = zoo.model(model)
    few = module._with_batch(spec, 2)
    first, *others = time_of_epochs(few, 4, "float32")
    assert first > max(others) > 0
