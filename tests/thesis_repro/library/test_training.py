"""Training from Python: the thesis's models, and changed ones, which nothing takes for these."""

import pickle
from dataclasses import replace

import pytest

from thesis_repro import (
    MODELS,
    DataError,
    ModelError,
    Sourced,
    UnknownModelError,
    UnknownRunError,
    list_models,
    load_model,
    train,
)
from thesis_repro.training.folder_of_runs import look_through

NAME = "mnist-vlae-factor-3"
CHANGED = replace(MODELS[NAME], id=f"{NAME}+fast", learning_rate=Sourced(0.005, "mine"))


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def model(runs_dir, data_dir):
    """Trained now, at smoke scale."""
    return train(CHANGED, scale="Smoke", seed=1, runs_dir=runs_dir, data_dir=data_dir)


def test_a_changed_model_bears_its_mark(model, runs_dir):
    assert repr(model).startswith("<MNIST-VLAE-factor-3+fast: vlae of 28 x 28 x 1 images")
    assert "2 epochs at smoke scale, seed 1" in repr(model)
    assert model.run.path.parent == runs_dir / f"{NAME}+fast"
    card = model.card()
    assert "**Not a model of the thesis**: MNIST-VLAE-factor-3 with other settings" in card
    assert "| learning rate | 0.005 | changed; the thesis: 0.001 (Section 3.4.2) |" in card
    assert "None is about a changed model." in card
    assert "thesis-repro train" not in card


def test_nothing_takes_it_for_the_thesis_model(model, runs_dir):
    with pytest.raises(UnknownRunError, match="no finished run of mnist-vlae-factor-3"):
        load_model(NAME, scale="smoke", seed=1, runs_dir=runs_dir)
    with pytest.raises(UnknownModelError, match="loaded by the path of its run"):
        load_model(f"{NAME}+fast", scale="smoke", seed=1, runs_dir=runs_dir)
    assert model.run.config.run_id not in {*list_models(runs_dir)["run"]}
    assert [run.config.model for run in look_through(runs_dir).runs] == [f"{NAME}+fast"]


def test_it_is_loaded_once_it_is_trained(model, runs_dir, data_dir, tmp_path, monkeypatch):
    """By the same call, which needs no data then, and by its path; its settings come along."""
    monkeypatch.setattr("thesis_repro.training.train._train", None)
    for again in (
        train(CHANGED, scale="smoke", seed=1, runs_dir=runs_dir, data_dir=data_dir),
        load_model(model.run.path),
    ):
        assert again.run.config == model.run.config
        assert again.history == model.history
        assert again.spec.name == "MNIST-VLAE-factor-3+fast"
        assert again.spec.learning_rate.value == 0.005
    assert train(NAME, scale="paper", runs_dir=tmp_path, data_dir=data_dir).run.published


def test_a_model_is_not_pickled_but_loaded_again(model):
    with pytest.raises(TypeError, match=r"Pass the path of its run, model\.run\.path, to"):
        pickle.dumps(model)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (("mnist-vlae-factor3",), UnknownModelError, "Did you mean mnist-vlae-factor-3"),
        ((3,), UnknownModelError, "or given as a spec of `thesis_repro.MODELS`, not 3."),
        (("mnist-vae", "papper"), UnknownRunError, "No scale is called 'papper'. Did you mean pa"),
        (("mnist-vae", "smoke", -1), ModelError, "seed has to be a whole number from 0 on"),
        ((replace(CHANGED, id=NAME),), ModelError, "mark the spec by its id"),
        (("celeba-vae",), DataError, "thesis-repro data prepare celeba"),
    ],
)
def test_what_cannot_be_trained(asked, error, said, tmp_path):
    with pytest.raises(error) as refused:
        train(*asked, runs_dir=tmp_path / "runs", data_dir=tmp_path / "data")
    assert said in str(refused.value)
    assert not [*tmp_path.iterdir()]
