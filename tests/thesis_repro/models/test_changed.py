"""Models with other settings than the thesis's: which are taken, and how they are called."""

from dataclasses import replace

import pytest

from thesis_repro.errors import ModelError
from thesis_repro.models.changed import MARK, base_of, checked
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import MODELS

VLAE, VAE, GAN = MODELS["mnist-vlae-factor-3"], MODELS["dsprites-vae"], MODELS["mnist-vae-gan"]


def mine(value):
    return Sourced(value, "mine")


def changed(spec=VLAE, mark="+mine", **settings):
    return replace(spec, id=f"{spec.id}{mark}", **settings)


def test_no_model_of_the_thesis_has_the_mark():
    assert not [spec.id for spec in MODELS.values() if MARK in spec.id + spec.name]


@pytest.mark.parametrize("spec", MODELS.values(), ids=lambda spec: spec.id)
def test_the_thesis_models_are_taken_as_they_are(spec):
    assert checked(spec) == spec
    assert base_of(spec.id) == spec


def test_other_words_for_the_source_make_no_other_model():
    assert checked(replace(VLAE, learning_rate=mine(0.001))) == VLAE


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (VLAE, {"learning_rate": 0.003, "decay": 0.01}),
        (VLAE, {"reconstruction_weight": 5_000, "batch_size": 64, "epochs": 10}),
        (VAE, {"latent_dims": (3,)}),
        (MODELS["dsprites-vlae"], {"latent_dims": (3, 3, 3)}),
        (GAN, {"feature_weight": 0.5}),
    ],
)
def test_what_may_be_changed(spec, settings):
    made = checked(changed(spec, **{name: mine(value) for name, value in settings.items()}))
    assert (made.id, made.name) == (f"{spec.id}+mine", f"{spec.name}+mine")
    assert made.values() == spec.values() | settings | {"model": made.id}
    assert base_of(made.id) == spec


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            replace(VLAE, decay=mine(0.1)),
            'another decay: mark the spec by its id, replace(spec, id="',
        ),
        (changed(), "mnist-vlae-factor-3+mine differs from mnist-vlae-factor-3 in nothing"),
        (
            replace(VLAE, id="mine"),
            "'mine' is neither the id of a model of the thesis nor one with",
        ),
        (changed(mark="+"), "nor one with a mark"),
        (changed(mark="+../there", decay=mine(0.1)), "nor one with a mark"),
        (changed(decay=0.1), 'decay is 0.1: a value has its source, Sourced(0.1, "mine").'),
        (
            changed(decay=mine(-1)),
            "decay of mnist-vlae-factor-3 has to be a number from 0 on, not -1",
        ),
        (changed(learning_rate=mine("fast")), "has to be a number from 0 on, not 'fast'"),
        (changed(learning_rate=mine(float("nan"))), "has to be a number from 0 on, not nan"),
        (changed(batch_size=mine(0)), "batch_size of mnist-vlae-factor-3 has to be a whole number"),
        (
            changed(epochs=mine(2.5)),
            "epochs of mnist-vlae-factor-3 has to be a whole number from 1",
        ),
        (changed(latent_dims=mine((3, 3, 3))), "has to be (2, 2, 2): its listings have no other"),
        (changed(VAE, latent_dims=mine(3)), "has to be 1 times the same whole number from 1 on"),
        (changed(VAE, latent_dims=mine((3, 3))), "1 times the same whole number from 1 on"),
        (changed(feature_weight=mine(1)), "left as it is, since no loss of it has such a weight"),
        (
            changed(GAN, reconstruction_weight=mine(1)),
            "left as it is, since no loss of it has such",
        ),
        (
            changed(feature_map_factor=mine(4)),
            "has another feature_map_factor than mnist-vlae-fact",
        ),
        (changed(dataset=mine("dsprites")), "other networks and data are an entry of the zoo"),
        (changed(builders=("a:b", "a:c")), "has another builders than mnist-vlae-factor-3"),
    ],
)
def test_what_is_refused(spec, said):
    with pytest.raises(ModelError) as error:
        checked(spec)
    assert said in str(error.value)
