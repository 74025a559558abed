"""The card of a run: every value with its source, what it is of, and what it is not for."""

import pytest

from thesis_repro.models.tables import setting_text
from thesis_repro.models.zoo import MODELS, model
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training.model_card import model_card
from thesis_repro.training.run_folder import finished_runs

NAME = "mnist-vlae-factor-3"


@pytest.fixture
def card(finished_run, tmp_path):
    """Write a run, and give its card."""

    def card(name=NAME, **changed):
        finished_run(tmp_path, name, **changed)
        (run,) = finished_runs(tmp_path, name)
        return model_card(run)

    return card


@pytest.mark.parametrize("name", MODELS)
def test_each_value_stands_with_its_source_and_errata(card, name):
    text, spec = card(name), model(name)
    for field, setting in spec.settings().items():
        row = (field.replace("_", " "), setting_text(setting.value), setting.source)
        assert f"| {' | '.join(row)} | {' '.join(setting.errata)} |" in text
        for erratum in setting.errata:
            assert f"- {erratum}: {load_errata()[erratum].title}" in text
    assert "Undefined" not in text
    assert "{" not in text.replace("{{", "")


def test_it_says_what_the_run_is(card):
    text = card(seed=3)
    for words in (
        "| scale | paper |",
        "MNIST (official files): 60,000 images for training, 10,000 for validation |",
        "| seed | 3 |",
        "| precision, backend | float32, tensorflow |",
        "| device, time | a CPU; 2 min |",
        "| source code | 0123456789ab |",
        "| parameters, decoder | 742,589 |",
        "Trained with the thesis's number of images and epochs.",
        "--scale paper --seed 3 --precision float32",
        "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
        "Apache-2.0",
    ):
        assert words in text
    assert text.startswith("---\nlicense: apache-2.0\n")


def test_losses_at_the_first_the_best_and_the_last_epoch(card):
    text = card()
    assert (
        "| | first epoch (1) | lowest validation loss (2) | last epoch (200) |\n|---|---:|" in text
    )
    assert "| loss | 300 | 200 | 150.5 |" in text
    assert "| validation loss | 280 | 210.25 | 230 |" in text


def test_claims_that_name_the_model(card):
    text = card()
    for claim in load_claims():
        assert (f"- {claim.id} (Section" in text) == (NAME in claim.models)
    assert "None names this model." in card("digit-classifier")


def test_a_smaller_scale_replicates_nothing(card):
    text = card(scale="smoke", precision="mixed_bfloat16")
    assert "no claim of the thesis can be replicated with it" in text
    assert "only float32 can replicate a claim" in text


def test_changed_values_are_those_of_the_run(card):
    spec = model(NAME).values() | {"learning_rate": 0.5}
    assert "| learning rate | 0.5 | changed; the thesis: 0.001 (Section 3.4.2) |" in card(spec=spec)


def test_stand_ins_and_what_is_withheld(card):
    text = card("celeba-vae", data="CelebA (official files)")
    assert "**Do not publish this run:**" in text
    assert "license: apache-2.0" not in text
    assert "these weights are not to be handed on" in text
    text = card("celeba-vlae", data="stand-in: parametric faces")
    assert "**The images were stand-ins**" in text
    assert "--stand-in" in text
