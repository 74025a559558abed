"""The commands `train` and `chapter`: what they say before the work, and when they are stopped."""

import json
import os
import signal
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.commands.workspace import workspace_of
from thesis_repro.models import zoo
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.verdicts.judgements import Measurement

NAME = "mnist-vlae-factor-3"
STOPPED = "Stopped; the same command goes on from here.\n"


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folders(data_dir, tmp_path):
    return ("--stand-in", "--data-dir", data_dir, "--runs-dir", tmp_path / "runs")


# --- Stopped ---


@pytest.mark.usefixtures("_ordinary_signals")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
@pytest.mark.parametrize("command", ["train", "chapter", "prepare", "all", "kernels"])
def test_who_stops_a_command_is_told_that_it_goes_on(
    command, number, code, folders, tmp_path, monkeypatch
):
    def stop(*arguments, **options):
        os.kill(os.getpid(), number)

    monkeypatch.setattr("data_prep.prepare.prepare", stop)
    monkeypatch.setattr("thesis_repro.section.workspace.Workspace.trained", stop)
    monkeypatch.setattr("thesis_repro.section.workspace.Workspace.loadable", stop)
    monkeypatch.setattr("thesis_repro.plan.execution.InTurn.wait", stop)
    monkeypatch.setattr("thesis_repro.plan.forks.SideBySide.wait", stop)
    out = ("--out", tmp_path / "out")
    arguments = {
        "train": ("train", "mnist-vae", *folders),
        "chapter": ("chapter", "4.2", *folders, *out),
        "prepare": ("data", "prepare", "mnist", "--stand-in", "--data-dir", tmp_path),
        "all": ("all", "4.2", *folders, *out),
        "kernels": ("kernels", "mnist-vae", *folders, *out),
    }
    result = run(*arguments[command], *(() if command == "prepare" else ("--scale", "smoke")))
    assert result.exit_code == code, result.output
    assert result.stderr.endswith(STOPPED)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


# --- What is said first ---


@pytest.fixture
def _no_keras(monkeypatch):
    """Nothing after the import of Keras: that takes seconds, in which a pipe stays silent."""

    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr("thesis_repro.commands.run.import_keras", stop)


@pytest.mark.usefixtures("_no_keras")
def test_what_is_to_be_trained_is_said_before_keras_is_imported(folders, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(
        "thesis_repro.commands.workspace._log.info", lambda text, *words: said.append(text % words)
    )
    config = config_of("mnist-vae", folders)
    checkpoints = RunFolder(tmp_path / "runs", config).path / "checkpoint"
    checkpoints.mkdir(parents=True)
    for name in ("epoch-00011.npz", "epoch-00013.npz", "epoch-of-mine.npz"):
        (checkpoints / name).touch()
    run("train", "mnist-vae", "mnist-vlae-factor-1", "--scale", "quick", *folders)
    run("chapter", "4.2", "--scale", "smoke", "--out", tmp_path / "out", *folders)
    factors = ", ".join(f"mnist-vlae-factor-{number} (2 epochs)" for number in (1, 2, 3))
    assert said == [
        "To train at quick scale: mnist-vae (goes on after epoch 13 of 32), "
        "mnist-vlae-factor-1 (60 epochs).",
        f"To train at smoke scale: {factors}.",
    ]


def config_of(model, folders):
    """That of a model's run at quick scale on the stand-in."""
    workspace = workspace_of(
        data_dir=folders[2],
        runs_dir=folders[4],
        scale="quick",
        seed=0,
        precision="float32",
        stand_in=True,
    )
    return workspace.config(zoo.model(model))


@pytest.mark.usefixtures("_no_keras")
def test_missing_data_are_missed_before_keras_is_imported(tmp_path):
    """Those of the last section, too: the first needs none, and is not run."""
    folders = ("--data-dir", tmp_path, "--runs-dir", tmp_path / "runs")
    for command in (("train", "alexnet-vae"), ("chapter", "3.4", "4.8", "--out", tmp_path / "out")):
        result = run(*command, "--scale", "quick", *folders)
        assert result.exit_code == 3
        assert str(tmp_path / "imagenet") in result.stderr
        assert list(tmp_path.iterdir()) == []


# --- Published runs ---


@pytest.fixture(scope="module")
def smoke_run(data_dir, tmp_path_factory):
    """MNIST-VLAE-factor-3 at smoke scale, as if its source code were committed."""
    runs = tmp_path_factory.mktemp("trained")
    call = ("train", NAME, "--scale", "smoke", "--data-dir", data_dir, "--runs-dir", runs)
    result = run(*call)
    assert result.exit_code == 0, result.output
    (done,) = runs.glob("*/*/DONE")
    provenance = done.with_name("provenance.json")
    made = json.loads(provenance.read_text())
    made["sessions"][0]["commit"] = "0123456789ab"
    provenance.write_text(json.dumps(made))
    return done.parent


@pytest.mark.slow
def test_a_published_run_is_loaded_and_with_train_trained(
    smoke_run, publish, data_dir, tmp_path, caplog
):
    folder = publish(smoke_run) / NAME / smoke_run.name
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    runs = tmp_path / "runs"
    call = ("train", NAME, "--scale", "smoke", "--runs-dir", runs)
    for data in (tmp_path / "nothing", data_dir):
        caplog.clear()
        result = run(*call, "--data-dir", data)
        assert result.exit_code == 0, result.output
        assert result.stdout.endswith(f"; the published run, loaded from {folder}\n")
        assert f"the published run is loaded from {folder}; --train trains it." in caplog.text
        assert not runs.exists()
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    result = run(*call, "--data-dir", data_dir, "--train")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith(f"; {runs / NAME / smoke_run.name}\n")
    weights = "decoder.weights.h5"
    assert (runs / NAME / smoke_run.name / "DONE").exists()
    assert (folder / weights).stat().st_mtime_ns == before[folder / weights]


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.slow
def test_a_run_that_lies_elsewhere_is_downloaded_once(
    smoke_run, publish, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    served = partial(_Silent, directory=tmp_path / "away")
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    publish(smoke_run, address=address).rename(tmp_path / "away")
    folders = ("--data-dir", tmp_path / "nothing", "--runs-dir", tmp_path / "runs")
    place = tmp_path / "runs" / "published" / NAME / smoke_run.name
    try:
        for way in (f"downloaded from {address} (3.3 MB)", f"loaded from {place}"):
            caplog.clear()
            result = run("train", NAME, "--scale", "smoke", *folders)
            assert result.exit_code == 0, result.output
            assert result.stdout.endswith(f"; the published run, loaded from {place}\n")
            assert f"the published run is {way}; --train trains it." in caplog.text
            if server:
                server.shutdown()
                server.server_close()
                server = None  # the second time, nothing is asked for
    finally:
        if server:
            server.shutdown()
            server.server_close()
        thread.join()
    assert run("weights", "verify", *folders[2:]).stdout == f"{place}: verified: 7 files\n"


@pytest.mark.slow
def test_a_damaged_published_run_is_no_run(smoke_run, publish, data_dir, tmp_path):
    folder = publish(smoke_run) / NAME / smoke_run.name
    path = folder / "encoder.weights.h5"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs")
    result = run("train", NAME, "--scale", "smoke", *folders)
    assert result.exit_code == 3
    assert f"it is not as it was published: {path}: sha256:" in result.stderr
    assert f"`git checkout -- {folder}` puts it back; or train the model here with --train." in (
        result.stderr
    )


def test_without_a_place_to_download_to_nothing_is_begun(finished_run, publish, data_dir, tmp_path):
    publish(finished_run(tmp_path / "t"), address="http://127.0.0.1:1").rename(tmp_path / "away")
    (tmp_path / "runs").write_text("a file")
    folders = ("--data-dir", tmp_path / "nothing", "--runs-dir", tmp_path / "runs")
    result = run("train", NAME, *folders)
    assert result.exit_code in (2, 3)
    assert str(tmp_path / "runs") in result.stderr


@pytest.mark.parametrize("command", ["chapter", "train", "all", "plan"])
def test_all_that_train_take_train(command):
    assert "--train " in run(command, "--help").stdout


@pytest.mark.parametrize("command", ["kernels", "feature-maps", "controls"])
def test_what_trains_nothing_that_is_published_does_not(command):
    assert "--train " not in run(command, "--help").stdout


# --- Several seeds ---

RATIOS = "4.2-small-activities-matter"


@pytest.fixture
def _measured(monkeypatch):
    """A section that trains nothing: the loss doubles, but not with seed 2."""

    def run(chapter):
        ratio = 1.0 if chapter.workspace.options.seed == 2 else 3.0
        judgements = chapter.judge([Measurement(RATIOS, {"loss_ratio": [ratio] * 3})])
        chapter.write_manifest()
        return judgements

    monkeypatch.setattr(
        "thesis_repro.commands.run.script", lambda section: SimpleNamespace(run=run)
    )


@pytest.mark.usefixtures("_measured")
def test_a_section_is_run_with_each_seed_the_first_last_then_judged_over_them(data_dir, tmp_path):
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs", "--out", tmp_path / "out")
    result = run("chapter", "4.2", "3.4", "--seeds", "0-2", "--scale", "quick", *folders)
    assert result.exit_code == 0, result.output
    written = [line for line in result.stdout.splitlines() if " files in " in line]
    places = ["seed-1/4.2", "seed-2/4.2", "4.2", "3.4"]  # 3.4 has no models
    assert [line.split(" files in ")[1] for line in written] == [
        str(tmp_path / "out" / place) for place in places
    ]
    _, over = result.stdout.split("\nSection 4.2 over seeds 0, 1, 2:\n")
    assert "holds at reduced scale, 2 of 3 seeds" in over
    assert "2.333 ± 1.155" in over
    quiet = run("chapter", "4.2", "--seeds", "0-2", "--scale", "quick", "-q", *folders)
    assert quiet.stdout == ""


@pytest.mark.usefixtures("_measured")
def test_what_does_not_count_among_the_seeds_is_named(data_dir, tmp_path):
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs", "--out", tmp_path / "out")
    assert run("chapter", "4.2", "--seeds", "0,5", "--scale", "smoke", *folders).exit_code == 0
    result = run("chapter", "4.2", "--seeds", "0,1", "--scale", "quick", *folders)
    assert result.exit_code == 0, result.output
    assert "Section 4.2 over seeds 0, 1:" in result.stdout
    assert "seed-5/4.2: it does not count" in result.stderr
    assert "its scale is smoke, not quick" in result.stderr


@pytest.mark.usefixtures("_measured")
def test_no_seed_s_results_are_replaced_by_less(data_dir, tmp_path):
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs", "--out", tmp_path / "out")
    arguments = ("4.2", "--seed", "1", "--scale", "quick", *folders[:-1], tmp_path / "out/seed-1")
    assert run("chapter", *arguments).exit_code == 0
    result = run("chapter", "4.2", "--seeds", "0-1", "--scale", "smoke", *folders)
    assert result.exit_code == 2
    assert f"{tmp_path / 'out' / 'seed-1'} holds more than what is asked for" in result.stderr


@pytest.mark.usefixtures("_measured")
@pytest.mark.parametrize("command", ["chapter", "all"])
def test_results_of_several_seeds_keep_their_first(command, data_dir, tmp_path):
    """Another first seed would replace its results, and the others would count no longer."""
    out = tmp_path / "out"
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "runs", "--out", out)
    assert run("chapter", "4.2", "--seeds", "0-1", "--scale", "quick", *folders).exit_code == 0
    result = run(command, "4.2", "--seeds", "1-2", "--scale", "quick", *folders)
    assert result.exit_code == 2
    assert f"{out} holds results of several seeds: 4.2 (first seed 0)." in result.stderr
    assert json.loads((out / "4.2" / "manifest.json").read_text())["seed"] == 0
    if command == "chapter":
        again = ("--seeds", "0-2", "--scale", "quick", *folders)
        assert run(command, "4.2", *again).exit_code == 0
        other = ("--seed", "1", "--replace", "--scale", "quick", *folders)
        assert run(command, "4.2", *other).exit_code == 0


def test_a_model_is_trained_with_one_seed_after_the_other(data_dir, tmp_path, monkeypatch):
    from thesis_repro.training.evidence_step import EvidenceStep

    trained = []

    def train(workspace, model):
        trained.append((model.id, workspace.options.seed))
        history = [{"epoch": 1.0} | dict.fromkeys(EvidenceStep.headline, 1.0)]
        return SimpleNamespace(history=history, run=SimpleNamespace(path="there"))

    monkeypatch.setattr("thesis_repro.section.workspace.Workspace.trained", train)
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path)
    models = ("mnist-vae", "mnist-vlae-factor-3")
    result = run("train", *models, "--seeds", "4,0", "--scale", "smoke", *folders)
    assert result.exit_code == 0, result.output
    assert trained == [(model, seed) for seed in (0, 4) for model in models]
    assert result.stdout.splitlines()[2].startswith("mnist-vae, seed 4: 1 epoch, ")


def test_a_dry_run_says_what_chapter_makes_again_and_what_it_refuses(tmp_path, monkeypatch):
    folders = [f"--{name}={tmp_path}" for name in ("data-dir", "runs-dir", "out")]
    manifest = {
        "section": "3.4", "scale": "smoke", "seed": 0, "runs": {}, "data": "", "files": {},
        "created": "", "commit": None, "stand_in": False, "precision": "float32", "versions": {},
    }  # fmt: skip
    (tmp_path / "3.4").mkdir()
    (tmp_path / "3.4" / "manifest.json").write_text(json.dumps(manifest))
    plan = run("plan", "3.4", "--scale", "smoke", *folders).stdout
    assert "0 of 1 jobs to do" in plan
    assert "made again" not in plan
    dry = run("chapter", "3.4", "--scale", "smoke", "--dry-run", *folders).stdout
    assert "1 of 1 jobs to do" in dry
    assert "made again" in dry
    (tmp_path / "4.2").mkdir()
    more = manifest | {"section": "4.2", "scale": "quick"}
    (tmp_path / "4.2" / "manifest.json").write_text(json.dumps(more))
    less = ("chapter", "4.2", "--scale", "smoke", "--dry-run", *folders)
    refused = run(*less)
    assert refused.exit_code == 2
    assert "holds more than what is asked for" in refused.stderr
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)
    replaced = run(*less, "--replace")
    assert replaced.exit_code == 0
    assert "jobs to do" in replaced.stdout
    assert "kept" not in replaced.stdout


def test_a_dry_run_counts_the_seeds(data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *_: None)
    folders = ("--data-dir", data_dir, "--runs-dir", tmp_path / "r", "--out", tmp_path / "o")
    plan = run("plan", "4.2", "--seeds", "0-2", "--scale", "smoke", *folders)
    dry = run("chapter", "4.2", "--seeds", "0-2", "--scale", "smoke", "--dry-run", *folders)
    assert plan.exit_code == dry.exit_code == 0, plan.output
    assert plan.stdout == dry.stdout
    assert "12 of 13 jobs to do" in plan.stdout  # data, and three times three models and a section
    assert "train mnist-vlae-factor-1 (seed 2)" in plan.stdout
    alone = run(
        "train", "mnist-vae", "--seeds", "1,2", "--scale", "smoke", "--dry-run", *folders[:4]
    )
    assert "2 of 3 jobs to do" in alone.stdout
