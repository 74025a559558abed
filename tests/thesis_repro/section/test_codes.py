"""Codes: encoded once, whatever is asked for in between, and of the images that were meant."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from thesis_repro.analysis.image_sets import (
    encoded_rows,
    images_of_all,
    known_of_all,
    some_images,
)
from thesis_repro.section.codes import Codes, by_layer
from thesis_repro.training.trained_model import TrainedModel


class Encoder:
    """Encodes an image as the mean of its first pixel in each of two layers; counts its calls."""

    def __init__(self, layers):
        self.posterior = SimpleNamespace(
            output={"mu": [None] * layers}, predict_on_batch=self.encode
        )
        self.layers, self.calls, self.channels = layers, 0, None

    def encode(self, batch):
        self.calls += 1
        self.channels = batch.shape[-1]
        mu = [batch[:, 0, 0, :1] * (layer + 1) for layer in range(self.layers)]
        return {"mu": mu, "log_var": [np.zeros_like(own) for own in mu]}


def codes_with(encoders, channels=1):
    def trained(name):
        shape = SimpleNamespace(value=(2, 2, channels))
        spec = SimpleNamespace(name=name, family="vlae", input_shape=shape)
        return TrainedModel(spec, None, [], encoders[name])

    workspace = SimpleNamespace(options=SimpleNamespace(seed=0))
    return Codes(SimpleNamespace(section="4.4", workspace=workspace, trained=trained))


def split(values):
    values = np.asarray(values, dtype="uint8")
    pixels = np.broadcast_to(values[:, None, None, None], (len(values), 2, 2, 1))
    return SimpleNamespace(images=pixels, known={"label": values.astype(int)})


@pytest.fixture
def data():
    return SimpleNamespace(train=split([10, 20, 30]), validation=split([40, 50]))


def test_codes_before_training_are_those_of_the_network_before_training(data):
    """Grey images in a network of three channels: mu is the first pixel's mean, twice for z_2."""
    image = keras.Input((2, 2, 3))
    pixel = keras.layers.Flatten()(image)
    heads = {
        name: keras.layers.Dense(1, use_bias=False, name=name)(pixel)
        for name in ("mu_1", "mu_2", "log_var_1", "log_var_2")
    }
    network = keras.Model(image, [*heads.values()])
    for name, weight in (("mu_1", 1), ("mu_2", 2)):
        kernel = np.zeros((12, 1))
        kernel[:3] = weight / 3
        network.get_layer(name).set_weights([kernel])
    codes = Codes(SimpleNamespace(section="4.4", untrained=lambda name, number: network))
    images = some_images("few", data.train, np.array([0, 2]))
    means = codes.before_training("vlae", images)
    assert list(means) == ["z_1", "z_2"]
    np.testing.assert_allclose(means["z_1"][:, 0], np.array([10, 30]) / 255, rtol=1e-5)
    np.testing.assert_allclose(means["z_2"][:, 0], np.array([20, 60]) / 255, rtol=1e-5)


def test_each_model_encodes_the_same_images_once(data):
    encoders = {"vae": Encoder(1), "vlae": Encoder(3)}
    codes = codes_with(encoders)
    images = some_images("few", data.train, np.array([0, 2]))
    for _ in range(2):
        vlae = codes.means("vlae", images)
        vae = codes.means("vae", images)
    assert [encoder.calls for encoder in encoders.values()] == [1, 1]
    assert (list(vae), list(vlae)) == (["z"], ["z_1", "z_2", "z_3"])
    np.testing.assert_allclose(vlae["z_3"][:, 0], np.array([10, 30]) / 255 * 3)
    codes.of("vae", some_images("others", data.train, np.array([1])))
    assert encoders["vae"].calls == 2


def test_samples_depend_on_model_and_images_not_on_the_order(data):
    images = [some_images(name, data.train, np.arange(3)) for name in ("a", "b")]
    one, other = (codes_with({"m": Encoder(1)}) for _ in range(2))
    first = [one.of("m", own)[0].z for own in images]
    second = [other.of("m", own)[0].z for own in reversed(images)][::-1]
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(*first)


def test_grey_images_get_the_channels_of_the_model(data):
    encoder = Encoder(1)
    codes_with({"m": encoder}, channels=3).of("m", some_images("x", data.train, np.arange(3)))
    assert encoder.channels == 3


def test_rows_are_counted_through_both_splits(data):
    rows = np.array([4, 0, 3, 2])
    images = images_of_all("mixed", data, rows)
    np.testing.assert_array_equal(images.pixels[:, 0, 0, 0], [50, 10, 40, 30])
    np.testing.assert_array_equal(images.known["label"], known_of_all(data, "label")[rows])
    assert len(images) == 4


def test_encoded_rows_are_a_fixed_choice():
    np.testing.assert_array_equal(encoded_rows(5, None, "4.3"), np.arange(5))
    np.testing.assert_array_equal(encoded_rows(5, 9, "4.3"), np.arange(5))
    rows = encoded_rows(73_728, 1_000, "4.3")
    assert (len(set(rows)), rows.max() > 70_000) == (1_000, True)
    np.testing.assert_array_equal(rows, np.sort(rows))
    assert not np.array_equal(rows, encoded_rows(73_728, 1_000, "4.4"))


def test_a_single_layer_has_no_number():
    assert by_layer(["only"]) == {"z": "only"}
    assert list(by_layer(["low", "high"])) == ["z_1", "z_2"]
