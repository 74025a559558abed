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
from thesis_repro.training import train, untrained
from thesis_repro.training.configuration import TrainingOptions, run_config
from thesis_repro.training.images import Identity, ImageData
from thesis_repro.training.published import Published, published_runs
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


# --- Published runs ---

PUBLISHED = "mnist-vlae-factor-3"


@pytest.fixture
def paper(workspace):
    return replace(workspace, options=TrainingOptions(SCALES["paper"]))


def with_published(workspace):
    return replace(workspace, published=published_runs())


def test_what_is_published_is_loaded_where_no_run_is(paper, finished_run, publish, tmp_path):
    """With its data or without; `--train` trains."""
    prepare("mnist", tmp_path / "prepared")
    there = replace(paper, data_dir=tmp_path / "prepared")
    identity = there.identity(model(PUBLISHED))
    folder = publish(finished_run(tmp_path / "trained", identity=identity))
    for place in (paper, there):
        asked = with_published(place)
        run = asked.loadable(PUBLISHED)
        assert run.path.parent == folder / PUBLISHED
        assert asked.fetched(run) is run
        for other in (
            replace(asked, train=True),
            replace(asked, options=replace(paper.options, seed=1)),
            replace(asked, options=TrainingOptions(SCALES["quick"])),
        ):
            assert other.loadable(PUBLISHED) is None
    assert with_published(paper).finished(PUBLISHED) is None  # what is drawn of data needs them
    assert with_published(there).finished(PUBLISHED).path == run.path
    assert replace(with_published(there), train=True).finished(PUBLISHED) is None


def test_a_run_of_ones_own_comes_first(paper, finished_run, publish, tmp_path):
    publish(finished_run(tmp_path / "trained"))
    own = finished_run(paper.runs_dir, device="another")
    for flag in (False, True):
        assert loaded_of(replace(with_published(paper), train=flag), PUBLISHED) == own


def test_data_of_another_content_want_another_run(paper, finished_run, publish, tmp_path):
    publish(finished_run(tmp_path / "trained"))
    prepare("mnist", paper.data_dir)
    assert loaded_of(with_published(paper), PUBLISHED) is None


def test_of_several_published_runs_none_is_chosen_in_silence(
    paper, finished_run, publish, tmp_path
):
    others = Identity("e" * 64, 60_000, 10_000)
    runs = [finished_run(tmp_path / "a"), finished_run(tmp_path / "a", identity=others)]
    folder = publish(*runs, address="https://example.org")
    for place in (folder, paper.runs_dir / "published"):
        with pytest.raises(TrainingError) as caught:
            with_published(paper).loadable(PUBLISHED)
        for run in runs:
            words = f"{place / PUBLISHED / run.name}: on MNIST (official files)"
            assert words in str(caught.value)
        if folder.exists():
            folder.rename(tmp_path / "away")


def test_what_lies_at_an_address_is_fetched_when_it_is_loaded(
    paper, finished_run, publish, tmp_path, monkeypatch
):
    publish(finished_run(tmp_path / "trained"), address="http://address").rename(tmp_path / "x")
    asked, fetched = with_published(paper), []
    monkeypatch.setattr(Published, "fetch", lambda self, run, progress: fetched.append(run.path))
    monkeypatch.setattr(train, "load_run", lambda spec, run: (spec.id, run.path))
    run = asked.loadable(PUBLISHED)
    assert not run.is_done
    assert fetched == []
    assert asked.trained(PUBLISHED) == (PUBLISHED, run.path)
    assert fetched == [paper.runs_dir / "published" / PUBLISHED / run.config.run_id]


def test_images_that_were_read_say_which_run_is_published(
    paper, finished_run, publish, tmp_path, monkeypatch, tiny_images
):
    """As a chapter asks for it."""
    data = ImageData(tiny_images[:9], tiny_images[:3], "digits", "f" * 64, False)
    folder = publish(finished_run(tmp_path / "trained", identity=data.identity()))
    monkeypatch.setattr(train, "load_run", lambda spec, run: run.path)
    monkeypatch.setattr(train, "train_or_load", lambda *_: "trained")
    asked = with_published(paper)
    assert asked.trained(PUBLISHED, data).parent == folder / PUBLISHED
    assert replace(asked, train=True).trained(PUBLISHED, data) == "trained"
    other = replace(data, fingerprint="e" * 64)
    assert asked.trained(PUBLISHED, other) == "trained"


def test_networks_before_training_begin_as_this_run_and_as_others_would(workspace, monkeypatch):
    begun = []
    monkeypatch.setattr(untrained, "untrained", lambda spec, data, options: begun.append(options))
    for number in (1, 2, 3, 2):
        workspace.untrained(MODEL, None, number)
    workspace.untrained(MODEL, None)
    first, second, third, again, default = (options.seed for options in begun)
    assert (first, again) == (OPTIONS.seed, second) == (default, second)
    assert len({first, second, third}) == 3
    assert {replace(options, seed=0) for options in begun} == {replace(OPTIONS, seed=0)}
