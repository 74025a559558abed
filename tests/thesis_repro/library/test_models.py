"""Models by name: the published run from a fresh clone, and every way to ask for what is not."""

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

import thesis_repro
from thesis_repro import TrainingError, UnknownModelError, UnknownRunError, list_models, load_model
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.published_places import CLONE

NAME, RUN = "mnist-vlae-factor-3", "23d9e652cfd6"
FOLDER = CLONE / NAME / RUN


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def copied(tmp_path):
    """A copy of the published run, in a folder of another name."""
    return Path(shutil.copytree(FOLDER, tmp_path / "mine"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_model(NAME, runs_dir=tmp_path_factory.mktemp("none"))


def test_a_published_model_by_its_name(model):
    assert model.run.path == FOLDER
    assert repr(model.run) == f"<PublishedFolder of {NAME}: {FOLDER}>"
    assert len(model.history) == 200
    assert model.history[-1]["epoch"] == 200


def test_what_it_makes_of_digits_is_what_its_history_says(model, data_dir):
    """The losses of 1,000 test digits are about the last validation loss."""
    digits = thesis_repro.load_data("mnist", data_dir=data_dir).images[:1_000]
    losses, last = model.losses(digits), model.history[-1]
    for name in ("loss", "reconstruction", "kl"):
        assert losses[name].mean() == pytest.approx(last[f"val_{name}"], rel=0.1)


@pytest.mark.parametrize("place", [str(FOLDER), FOLDER], ids=["text", "path"])
def test_by_the_folder_of_its_run(place, model, tiny_images):
    again = load_model(place)
    assert again.run.path == FOLDER
    for one, other in zip(
        again.encode(tiny_images[:2]), model.encode(tiny_images[:2]), strict=True
    ):
        np.testing.assert_array_equal(one.mu, other.mu)


def test_from_a_folder_of_any_name(copied, monkeypatch):
    run = load_model(copied).run
    assert (run.path, repr(run)) == (copied, f"<RunFolder of {NAME}: {copied}>")
    monkeypatch.chdir(copied.parent)
    assert load_model("mine").run.path == Path("mine")


def test_by_id_and_in_any_case(model, runs_dir):
    for asked in (
        load_model("MNIST-VLAE-Factor-3", runs_dir=runs_dir),
        load_model(NAME, run=RUN, seed=5, runs_dir=runs_dir),
        load_model(NAME, run=RUN[:4].upper(), runs_dir=runs_dir),
        load_model(NAME, scale="PAPER", runs_dir=runs_dir),
    ):
        assert asked.run.config == model.run.config


def test_what_python_and_numpy_draw_is_left_alone(runs_dir):
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = random.random(), np.random.random()  # noqa: NPY002
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    load_model(NAME, runs_dir=runs_dir)
    assert (random.random(), np.random.random()) == expected  # noqa: NPY002


def test_the_card(model):
    card = model.card()
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert "# MNIST-VLAE-factor-3" in card


def test_all_models_are_listed_with_their_runs(finished_run, runs_dir):
    trained = finished_run(runs_dir, "celeba-vae", scale="quick", seed=4)
    models = list_models(runs_dir)
    assert [*dict.fromkeys(models["model"])] == [*MODELS]
    loadable = models.dropna(subset=["run"]).set_index("model")
    assert loadable.loc[NAME, "run"] == RUN
    row = loadable.loc["celeba-vae"]
    assert (row["scale"], row["seed"], row["run"]) == ("quick", 4, trained.name)
    assert row["where"] == str(trained)
    assert row["latent"] == MODELS["celeba-vae"].latent_dims.value
    assert models["model"].duplicated().sum() == 0


# --- What is not there ---


def test_a_name_that_no_model_has(runs_dir):
    with pytest.raises(UnknownModelError, match=r"Did you mean .*mnist-vlae-factor-3"):
        load_model("mnist-vlae-factor3", runs_dir=runs_dir)
    with pytest.raises(UnknownModelError, match=r"`thesis_repro\.list_models\(\)` gives all"):
        load_model("no such model", runs_dir=runs_dir)
    with pytest.raises(UnknownModelError, match="named by text or a path, not None"):
        load_model(None, runs_dir=runs_dir)


@pytest.mark.parametrize("name", [RUN, RUN[:6]])
def test_a_run_in_the_place_of_a_model(name, runs_dir):
    with pytest.raises(UnknownModelError) as error:
        load_model(name, runs_dir=runs_dir)
    assert f"a run and no model: load_model('{NAME}', run='{RUN}')" in str(error.value)


def test_the_beginning_of_several_runs(finished_run, runs_dir):
    ids = [finished_run(runs_dir, "celeba-vae", seed=seed).name for seed in range(17)]
    first = next(sign for sign in "0123456789abcdef" if sum(i[0] == sign for i in ids) > 1)
    with pytest.raises(UnknownRunError, match=f"Several finished runs begin with '{first}'"):
        load_model("celeba-vae", run=first, runs_dir=runs_dir)
    with pytest.raises(UnknownRunError, match=r"No finished run is called '3\.5'"):
        load_model("celeba-vae", run=3.5, runs_dir=runs_dir)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "celeba-vae"}, "`thesis-repro train celeba-vae --scale paper --seed 0`"),
        ({"name": "celeba-vae"}, "`thesis_repro.list_models()` gives all models and the runs"),
        ({"name": NAME, "scale": None}, "No scale is called None. There are"),
        (
            {"name": NAME, "seed": 7},
            f"--scale paper --seed 7`\nThere are these:\n  {RUN}: {NAME}, scale",
        ),
        ({"name": NAME, "scale": "papper"}, "No scale is called 'papper'. Did you mean paper?"),
        (
            {"name": NAME, "run": "23d9e652cfd7"},
            f"called '23d9e652cfd7'. Did you mean {RUN}",
        ),
        ({"name": "mnist-vae", "run": RUN}, "`thesis-repro train mnist-vae`"),
    ],
)
def test_a_run_that_is_not_there(asked, said, runs_dir):
    with pytest.raises(UnknownRunError) as error:
        load_model(**asked, runs_dir=runs_dir)
    assert said in str(error.value)


def test_several_runs_are_named(finished_run, runs_dir):
    finished_run(runs_dir)  # on other data than the published one
    with pytest.raises(UnknownRunError, match=r"several finished runs; name one:\n.*\n.*seed 0"):
        load_model(NAME, runs_dir=runs_dir)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda run: (run / "encoder.weights.h5").write_bytes(b"x"), "encoder.weights.h5: the w"),
        (lambda run: (run / "decoder.weights.h5").unlink(), "decoder.weights.h5: the weights"),
        (lambda run: (run / "history.csv").write_text("epoch\n1\n"), "history.csv: the history"),
        (lambda run: (run / "DONE").unlink(), "the run has not ended: there is no file DONE"),
        (lambda run: (run / "config.json").write_text("{}"), "config.json: it is damaged"),
        (lambda run: (run / "config.json").write_text("["), "config.json: it is damaged"),
        (lambda run: (run / "config.json").unlink(), "no run folder"),
        (shutil.rmtree, "no run folder"),
    ],
)
def test_a_damaged_folder(copied, damage, said):
    damage(copied)
    with pytest.raises(TrainingError) as error:
        load_model(copied)
    assert str(copied) in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize("place", ["nowhere/at-all", "file/config"])
def test_a_path_where_no_run_is(tmp_path, place):
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrainingError, match="it is no run folder"):
        load_model(str(tmp_path / place))
    with pytest.raises(TrainingError, match="it is no run folder"):
        load_model(tmp_path / "file")


def test_a_configuration_that_is_another_runs(copied):
    place = copied.rename(copied.parent / RUN)
    config = (place / "config.json").read_text()
    (place / "config.json").write_text(config.replace('"seed": 0', '"seed": 1'))
    with pytest.raises(TrainingError, match=rf"and not of {RUN}: put it back"):
        load_model(place)


def test_weights_of_another_network(copied):
    config = (copied / "config.json").read_text()
    other = config.replace('"mnist-vlae-factor-3"', '"mnist-vlae-factor-2"')
    (copied / "config.json").write_text(other.replace("11,", "13,").replace("12", "14"))
    with pytest.raises(TrainingError, match="are not those of the encoder that this version"):
        load_model(copied)
