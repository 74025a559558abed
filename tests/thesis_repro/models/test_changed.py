"""Models with other settings than the thesis's: which are taken, and how they are called."""

from dataclasses import replace

import numpy as np
import pytest

from thesis_repro.errors import ModelError
from thesis_repro.models.changed import (
    MARK,
    arguments,
    base_of,
    checked,
    typed,
    way_to_train,
    with_settings,
)
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
        (GAN, {"feature_weight": 0.5, "beta_1": 0.9, "real_label": 1}),
        (MODELS["celeba-vlae"], {"decay_unit": "epoch", "dropout_rate": 0}),
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
        (changed(mark=f"+{'long' * 30}", decay=mine(0.1)), "nor one with a mark of up to 100"),
        (replace(VLAE, id=None), "None is neither the id of a model"),
        (changed(learning_rate=mine(10**400)), "has to be no larger than 1e+38"),
        (changed(batch_size=mine(10**400)), "has to be below 2^31"),
        (changed(VAE, latent_dims=mine(np.array([2]))), "has to be 1 times the same whole number"),
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
        (
            changed(MODELS["celeba-vlae"], decay_unit=mine("year")),
            "decay_unit of celeba-vlae has to be update or epoch, not 'year'",
        ),
        (
            changed(MODELS["celeba-vlae"], dropout_rate=mine(1)),
            "has to be a number from 0 on and below 1, not 1",
        ),
        (changed(GAN, beta_1=mine(1)), "has to be a number from 0 on and below 1, not 1"),
        (changed(GAN, real_label=mine(0)), "has to be a number above 0 and up to 1, not 0"),
        (changed(beta_1=mine(0.5)), "left as it is, since it has none, not 0.5"),
        (changed(dropout_rate=mine(0.1)), "left as it is, since it has none, not 0.1"),
        (changed(decay_unit=mine("epoch")), "left as it is, since it has none, not 'epoch'"),
        (
            changed(mark="+learning_rate=0.1", decay=mine(0.1)),
            "is not what its id says: as its settings are, it is mnist-vlae-factor-3+decay=0.1.",
        ),
        (changed(mark="+mine=", decay=mine(0.1)), "nor one with a mark"),
        (changed(VAE, latent_dims=mine(3)), "has to be 1 times the same whole number from 1 on"),
        (changed(VAE, latent_dims=mine((3, 3))), "1 times the same whole number from 1 on"),
        (changed(feature_weight=mine(1)), "left as it is, since it has none"),
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


# --- Models that are named by their settings ---


@pytest.mark.parametrize(
    ("spec", "field", "text", "value", "name"),
    [
        (VLAE, "learning_rate", "5e-4", 0.0005, "0.0005"),
        (VLAE, "learning_rate", "0.00001", 1e-05, "1e-05"),
        (VLAE, "reconstruction_weight", "5e3", 5_000, "5000"),
        (VLAE, "decay", "1", 1, "1"),
        (VAE, "latent_dims", "3", (3,), "3"),
        (MODELS["dsprites-vlae"], "latent_dims", "3", (3, 3, 3), "3"),
        (MODELS["dsprites-vlae"], "latent_dims", "3,3,3", (3, 3, 3), "3"),
        (MODELS["celeba-vlae"], "decay_unit", "epoch", "epoch", "epoch"),
    ],
)
def test_a_model_is_named_by_what_is_typed(spec, field, text, value, name):
    assert typed(spec, field, text) == value
    made = with_settings(spec, {field: mine(typed(spec, field, text))})
    assert made.id == f"{spec.id}+{field}={name}"
    assert made.name == f"{spec.name}+{field}={name}"
    assert made.values() == spec.values() | {field: value, "model": made.id}
    assert checked(made) == made
    assert arguments(made.id) == (spec.id, "--set", f"{field}={name}")


def test_equal_settings_are_one_model_however_they_are_given():
    rate, epochs = {"learning_rate": mine(0.1)}, {"epochs": mine(3)}
    made = with_settings(VLAE, rate | epochs)
    assert made.id == "mnist-vlae-factor-3+learning_rate=0.1+epochs=3"
    assert with_settings(VLAE, epochs | rate).id == made.id
    assert with_settings(VLAE, epochs | rate | {"decay": mine(0)}).id == made.id  # as it was
    assert way_to_train(made.id) == (
        "`thesis-repro train mnist-vlae-factor-3 --set learning_rate=0.1 --set epochs=3`"
    )
    assert way_to_train(changed(decay=mine(1)).id) == "`thesis_repro.train(spec)`"
    assert way_to_train(VLAE.id) == "`thesis-repro train mnist-vlae-factor-3`"


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("lerning_rate", "1", "'lerning_rate'. Did you mean learning_rate? Those that can be"),
        ("id", "mine", "No setting of a model is called 'id'. Those that can be changed are"),
        ("dataset", "celeba", "What is asked for has another dataset than mnist-vlae-factor-3."),
        ("epochs", "2.5", "epochs of mnist-vlae-factor-3 has to be a whole number from 1 on"),
        ("learning_rate", "a/b", "has to be a number from 0 on, not 'a/b'"),
        ("learning_rate", "1,000", "has to be a number from 0 on, not '1,000'"),
        ("learning_rate", "nan", "has to be a number from 0 on, not nan"),
        ("learning_rate", "0.0010", "mnist-vlae-factor-3 has learning_rate 0.001 already"),
    ],
)
def test_what_is_typed_in_vain(field, text, said):
    with pytest.raises(ModelError) as error:
        with_settings(VLAE, {field: mine(typed(VLAE, field, text))})
    assert said in str(error.value)


def test_what_runs_had_before_it_could_be_another_is_in_no_id_of_the_thesis_models():
    later = {"decay_unit", "dropout_rate", "beta_1", "real_label"}
    assert not [spec.id for spec in MODELS.values() if later & spec.values().keys()]
    assert {name for spec in MODELS.values() for name in spec.settings()} >= later
