"""The table of families: complete for every model, and true of the models as they are built."""

import keras
import pytest

from appendix_architectures.shapes import build_shapes
from thesis_repro.models.building import build_model, builders, first_convolution
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.trainer import STEPS, step_of

# The cheapest model of each family, as it is trained.
ONE_OF_EACH = {
    "vae": "mnist-vae",
    "vlae": "mnist-vlae-factor-3",
    "vae-gan": "mnist-vae-gan",
    "vlae-gan": "mnist-vlae-gan",
    "classifier": "digit-classifier",
}


def test_every_family_has_a_model_and_every_model_a_family():
    assert {spec.family for spec in MODELS.values()} == set(FAMILIES) == set(ONE_OF_EACH)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_every_part_has_its_passes(family):
    assert family.passes.keys() == set(family.parts)


def test_every_objective_has_a_step():
    assert set(STEPS) == set(Objective) == {family.objective for family in FAMILIES.values()}


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_built_model_has_the_networks_of_its_family(name):
    spec, family = MODELS[ONE_OF_EACH[name]], FAMILIES[name]
    model = build_model(spec)
    networks = family.networks(model)
    assert tuple(networks) == family.parts
    for part, build in builders(spec).items():
        listed = [layer.name for layer in build_shapes(build).layers]
        assert [layer.name for layer in networks[part].layers] == listed
    sees = first_convolution(networks[family.parts[0]])
    assert isinstance(sees, keras.layers.Conv2D)
    assert sees.kernel.shape[2] == spec.input_shape.value[-1]
    step = step_of(spec)
    assert step.shown == step.headline[0] or step.whole_batches


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_classifiers_alone_have_a_target(spec):
    classifies = FAMILIES[spec.family].objective is Objective.CLASSIFICATION
    assert (spec.target is not None) == classifies


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_networks_are_listed_or_have_builders(spec):
    parts = FAMILIES[spec.family].parts
    assert bool(spec.listings.value) != bool(spec.builders)
    assert len(spec.listings.value or spec.builders) == len(parts)
