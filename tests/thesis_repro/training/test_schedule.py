"""What scales come to: every model within its budget, none longer than the thesis."""

import pytest

from thesis_repro.models.cost import training_multiply_adds
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.training.schedule import Schedule, schedule

QUICK, SMOKE = SCALES["quick"], SCALES["smoke"]
every_model = pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)


@every_model
def test_paper_is_the_thesis(spec):
    assert schedule(spec, SCALES["paper"]) == Schedule(None, None, spec.epochs.value)


@every_model
@pytest.mark.parametrize("scale", [QUICK, SMOKE], ids=["quick", "smoke"])
def test_limits_hold_for_every_model(spec, scale):
    images, validation, epochs = schedule(spec, scale)
    assert 1 <= epochs <= min(scale.epochs, spec.epochs.value)
    fewest = min(spec.batch_size.value, scale.fewest_images or spec.batch_size.value)
    assert images >= fewest  # an update at least
    assert validation == min(images, scale.validation_images)
    if images > fewest:
        work = images * epochs * training_multiply_adds(spec)
        assert work <= scale.multiply_adds
        assert images * epochs <= scale.train_images * scale.epochs


@pytest.mark.parametrize(
    ("model_id", "scale", "expected"),
    [
        ("mnist-vlae-factor-3", QUICK, (3_000, 2_400, 60)),  # affordable as it is
        ("mnist-vlae-factor-3", SMOKE, (256, 96, 2)),
        ("dsprites-vae", QUICK, (3_147, 2_400, 8)),  # 25,181 passes: 8 epochs
        ("mnist-vlae-gan", QUICK, (1_459, 1_459, 3)),  # 4,377 passes: 3 epochs of fewer images
        ("celeba-vlae-gan", QUICK, (227, 227, 3)),
        ("celeba-vlae-gan", SMOKE, (32, 32, 1)),  # more than the budget: the fewest images
        ("digit-classifier", QUICK, (90_000, 2_400, 2)),  # trained for 2 epochs: more images
        ("alexnet-classifier", QUICK, (2_624, 2_400, 3)),
    ],
)
def test_schedules(model_id, scale, expected):
    assert schedule(MODELS[model_id], scale) == expected


@pytest.mark.parametrize(("limit", "expected"), [(30, 30), (1_000, 200)])
def test_without_a_budget_the_numbers_are_taken_as_they_are(limit, expected):
    assert schedule(MODELS["celeba-vlae"], Scale("x", 7, 5, limit)) == (7, 5, expected)
