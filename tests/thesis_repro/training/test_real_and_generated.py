"""Real and generated images side by side, as the sample discriminator learns to tell them apart."""

import json
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from thesis_repro.models.zoo import MODELS
from thesis_repro.training.real_and_generated import judged_images
from thesis_repro.training.run_folder import RunConfig, RunFolder
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.training.trainer import Trainer

SPEC = MODELS["mnist-vlae-factor-3"]


@pytest.fixture
def generator(tmp_path):
    """Make a finished run of a decoder that shows z itself: of each layer, its first number."""

    def make(channels=1, seed=0, spec=SPEC):
        inputs = [keras.Input((size,)) for size in spec.latent_dims.value]
        first = keras.layers.Lambda(
            lambda z: keras.ops.sigmoid(sum(10**k * layer[:, :1] for k, layer in enumerate(z))),
            output_shape=(1,),
        )
        x = keras.layers.RepeatVector(28 * 28 * channels)(first(inputs))
        image = keras.layers.Reshape((28, 28, channels))(x)
        model = SimpleNamespace(decoder=keras.Model(inputs, image))
        run = RunFolder(tmp_path, RunConfig(spec.id, {"seed": seed}))
        return TrainedModel(spec, run, [], model)

    return make


def test_real_images_first_then_as_many_generated_ones(make_data, generator):
    real = make_data(train=30, validation=20)
    data = judged_images(real, generator(), seed=0)
    for images, known, given in (
        (data.train, data.train_known, real.train),
        (data.validation, data.validation_known, real.validation),
    ):
        count = len(given)
        assert (images.dtype, images.shape) == (np.uint8, (2 * count, 28, 28, 1))
        np.testing.assert_array_equal(images[:count], given)
        np.testing.assert_array_equal(known["label"], [0] * count + [1] * count)
    assert "N(0, I)" in data.description
    assert data.description.startswith(real.description)
    assert SPEC.name in data.description


def test_generated_images_are_decoded_from_the_prior_to_the_grey_values_of_real_ones(
    make_data, generator
):
    real = replace(make_data(train=20, validation=10), train=np.zeros((1_200, 28, 28, 1), np.uint8))
    first = judged_images(real, generator(), seed=0).train[1_200:, 0, 0, 0]
    # The weighted sum of three standard normal numbers is one of variance 1 + 100 + 10,000.
    rng = np.random.default_rng(0)
    expected = 255 / (1 + np.exp(-rng.normal(0, np.sqrt(10_101), 100_000)))
    assert first.min() == 0
    assert first.max() == 255
    assert (first < 1).mean() == pytest.approx((expected < 0.5).mean(), abs=0.05)
    assert first.mean() == pytest.approx(expected.mean(), abs=12)
    assert len(np.unique(judged_images(real, generator(), seed=0).validation[10:, 0, 0, 0])) > 1


def test_colours_are_averaged_where_grey_is_wanted(make_data, generator):
    real = make_data(train=5, validation=5)
    grey = judged_images(real, generator(channels=1), seed=0)
    coloured = judged_images(real, generator(channels=3), seed=0)
    np.testing.assert_array_equal(coloured.train, grey.train)


def test_the_same_again_but_another_run_or_seed_is_other_data(make_data, generator):
    real = make_data(train=30, validation=20)
    data = judged_images(real, generator(), seed=0)
    again = judged_images(real, generator(), seed=0)
    np.testing.assert_array_equal(data.train, again.train)
    assert data.identity() == again.identity()
    json.dumps(data.identity())
    others = [
        judged_images(real, generator(seed=1), seed=0),
        judged_images(real, generator(), seed=1),
        judged_images(replace(real, fingerprint="other"), generator(), seed=0),
    ]
    fingerprints = {each.fingerprint for each in (data, *others)}
    assert len(fingerprints) == 4
    assert not np.array_equal(others[1].train, data.train)


def test_noise_is_told_from_digits(make_data, generator):
    """Even images that are all one grey; an untrained discriminator is at chance."""
    data = judged_images(make_data(train=320, validation=100), generator(), seed=0)
    spec = MODELS["sample-discriminator"]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(16, "relu"),
        keras.layers.Dense(1, "sigmoid"),
    ])  # fmt: skip
    nobody = SimpleNamespace(updates=lambda count, loss: None)
    row = Trainer(spec, model, data).epoch(0, 1, nobody)
    assert row["val_accuracy"] > 0.9  # chance: 0.5
