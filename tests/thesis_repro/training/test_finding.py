"""Finished runs by what people call them, and the models that they are of."""

from dataclasses import replace

import pytest

from thesis_repro.errors import UnknownRunError
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.finding import chosen_run, runs_at_hand, spec_of
from thesis_repro.training.published import published_runs
from thesis_repro.training.run_folder import RunConfig, finished_runs

NAME = "mnist-vlae-factor-3"


@pytest.fixture
def runs(finished_run, publish, tmp_path):
    """Runs with seeds 0 to 2 at paper scale, seed 1 published alone, and one at smoke scale."""
    published = finished_run(tmp_path / "elsewhere", seed=1)
    folder = publish(published)
    here = [finished_run(tmp_path / "runs", seed=seed) for seed in (0, 2)]
    smoke = finished_run(tmp_path / "runs", scale="smoke")
    names = {"0": here[0], "1": folder / NAME / published.name, "2": here[1], "smoke": smoke}
    return runs_at_hand(tmp_path / "runs", published_runs()), names


def test_those_trained_here_and_those_published(runs):
    by_id, names = runs
    assert {run.path for run in by_id.values()} == {*names.values()}


def test_by_id_or_by_what_one_of_a_model_was_made_with(runs):
    by_id, names = runs
    assert chosen_run(names["1"].name, by_id.values()).path == names["1"]
    for seed in range(3):
        assert chosen_run(NAME, by_id.values(), scale="paper", seed=seed).path == names[str(seed)]
    assert chosen_run("MNIST-VLAE-Factor-3", by_id.values(), scale="smoke").path == names["smoke"]


def test_several_are_named(runs):
    by_id, names = runs
    with pytest.raises(UnknownRunError, match="has several finished runs; name one:") as error:
        chosen_run(NAME, by_id.values(), scale="paper")
    lines = str(error.value).splitlines()[1:]
    expected = {
        f"  {names[seed].name}: {NAME}, scale paper, seed {seed}, float32, tensorflow"
        for seed in "012"
    }
    assert {*lines} == expected


def test_none_that_fits_is_answered_by_what_trains_it_and_by_the_others(runs):
    by_id, _ = runs
    with pytest.raises(UnknownRunError) as error:
        chosen_run(NAME, by_id.values(), scale="smoke", seed=7)
    first, _, *others = str(error.value).splitlines()
    assert f"`thesis-repro train {NAME} --scale smoke --seed 7`" in first
    assert len(others) == 4
    with pytest.raises(UnknownRunError, match=r"no finished run of celeba-vae: `thesis-repro tra"):
        chosen_run("celeba-vae", by_id.values())


def test_a_run_was_made_with_its_own_settings(finished_run, tmp_path):
    spec = MODELS[NAME]
    finished_run(tmp_path)
    (run,) = finished_runs(tmp_path, NAME)
    assert spec_of(run.config) == spec
    given = run.config.values["spec"] | {"reconstruction_weight": 500, "latent_dims": [2, 2, 4]}
    changed = spec_of(RunConfig(NAME, run.config.values | {"spec": given}))
    assert changed.reconstruction_weight.value == 500
    assert changed.latent_dims.value == (2, 2, 4)
    same = {"reconstruction_weight": spec.reconstruction_weight, "latent_dims": spec.latent_dims}
    assert replace(changed, **same) == spec
