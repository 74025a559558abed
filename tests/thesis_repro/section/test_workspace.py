"""Which finished run of a model is loaded, where its data are prepared and where they are not."""

from dataclasses import replace

import pytest

from data_prep import dead_leaves, faces
from data_prep.content import ReadOptions
from data_prep.prepare import prepare
from thesis_repro.errors import TrainingError
from thesis_repro.files import write_json
from thesis_repro.models.zoo import model
from thesis_repro.progress import TrainingProgress
from thesis_repro.section import workspace as module
from thesis_repro.section.workspace import Workspace
from thesis_repro.training import train
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.images import Identity
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.scale import SCALES

MODEL = "celeba-vae"
OPTIONS = TrainingOptions(SCALES["smoke"], seed=3)
OFFICIAL, MADE_UP = "CelebA (official files)", "stand-in: parametric faces"


@pytest.fixture
def workspace(tmp_path):
    folders = {name: tmp_path / name for name in ("data_dir", "runs_dir", "out")}
    return Workspace(
        **folders, options=OPTIONS, stand_in=False, progress=TrainingProgress(quiet=True)
    )


def finish(workspace, options=OPTIONS, fingerprint="f", description=OFFICIAL, name=MODEL, **values):
    """A finished run as far as it is looked at before its weights are."""
    identity = fingerprint if isinstance(fingerprint, Identity) else Identity(fingerprint, 256, 96)
    config = run_config(model(name), identity, options)
    run = RunFolder(workspace.runs_dir, RunConfig(name, config.values | values))
    write_json(run.path / "config.json", run.config.values)
    write_json(run.path / "provenance.json", {"sessions": [{"data": description}]})
    write_json(run.path / "DONE", {})
    return run


def loaded_of(workspace, name=MODEL):
    run = workspace.loadable(name)
    return run and run.path


def test_without_data_the_run_of_this_scale_seed_and_precision_is_loaded(workspace):
    wanted = finish(workspace)
    for options in (
        replace(OPTIONS, seed=4),
        replace(OPTIONS, scale=SCALES["quick"]),
        replace(OPTIONS, precision="mixed_bfloat16"),
    ):
        finish(workspace, options)
    finish(workspace, training_version=1)
    finish(workspace, backend="torch")
    finish(workspace, fingerprint="s", description=MADE_UP)
    assert loaded_of(workspace) == wanted.path
    assert workspace.finished(MODEL) is None  # what is drawn of data needs them


def test_stand_ins_and_data_are_told_apart_without_either(workspace):
    official = finish(workspace)
    made_up = finish(workspace, fingerprint="s", description=MADE_UP)
    assert loaded_of(workspace) == official.path
    assert loaded_of(replace(workspace, stand_in=True)) == made_up.path
    rendered = finish(workspace, name="dsprites-vae", description="dSprites, rendered")
    for asked in (workspace, replace(workspace, stand_in=True)):
        assert loaded_of(asked, "dsprites-vae") == rendered.path


def test_a_run_that_does_not_say_what_it_was_trained_on_passes_for_nothing(workspace):
    (finish(workspace, description=MADE_UP).path / "provenance.json").unlink()
    for asked in (workspace, replace(workspace, stand_in=True)):
        assert asked.loadable(MODEL) is None


@pytest.mark.parametrize("stand_in", [faces, dead_leaves])
def test_the_words_of_stand_ins_are_those_that_are_looked_for(workspace, stand_in):
    words = stand_in.read_stand_in(ReadOptions()).description
    judged = f"{words} and as many images that CelebA-VAE (run 1) decodes"
    for description in (words, judged):
        assert finish(workspace, description=description).of_stand_ins
    assert not finish(workspace).of_stand_ins


def test_of_several_runs_none_is_chosen_in_silence(workspace):
    runs = [finish(workspace, fingerprint=name, description=f"{name} part") for name in "ab"]
    with pytest.raises(TrainingError) as caught:
        workspace.loadable(MODEL)
    message = str(caught.value)
    for run, part in zip(runs, "ab", strict=True):
        assert f"{run.path}: on {part} part" in message
    assert "Prepare the data (celeba)" in message
    assert "--runs-dir" in message


def test_a_finished_run_is_loaded_without_reading_an_image(workspace, monkeypatch):
    run = finish(workspace)
    monkeypatch.setattr(module, "load_images", lambda *_, **__: pytest.fail("read"))
    monkeypatch.setattr(train, "load_run", lambda spec, found: (spec.id, found.path))
    assert workspace.trained(MODEL) == (MODEL, run.path)


def test_prepared_data_say_which_run_is_meant(workspace):
    prepare("mnist", workspace.data_dir)
    finish(workspace, name="mnist-vae", fingerprint="of other data")
    assert loaded_of(workspace, "mnist-vae") is None
    identity = workspace.identity(model("mnist-vae"))
    meant = finish(workspace, name="mnist-vae", fingerprint=identity)
    assert loaded_of(workspace, "mnist-vae") == meant.path


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"seed": 0}', "\xff"])
def test_a_run_whose_configuration_is_damaged_is_none(workspace, text):
    run = finish(workspace)
    (run.path / "config.json").write_bytes(text.encode("latin-1"))
    assert loaded_of(workspace) is None


def test_no_folder_of_runs_is_no_run(workspace):
    assert loaded_of(workspace) is None
    workspace.runs_dir.write_text("a file")
    assert loaded_of(workspace) is None
