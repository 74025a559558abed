"""Derived seeds: their definition, range and independence."""

import hashlib

import keras
import numpy as np
import pytest

from thesis_repro.seeds import derive_seed, seed_noise


def test_value_is_the_top_31_bits_of_the_digest():
    digest = hashlib.sha256(b"0/mnist-vae/order/3").hexdigest()
    assert derive_seed(0, "mnist-vae", "order", 3) == int(digest[:8], 16) // 2


@pytest.mark.parametrize(
    "other",
    [(1, "a", "b", 1), (0, "b", "a", 1), (0, "a", "b", 2), (0, "a", "b"), (0, "a", "b", 1, 0)],
)
def test_every_part_counts(other):
    assert derive_seed(*other) != derive_seed(0, "a", "b", 1)


def test_seeds_fit_into_31_bits_and_do_not_repeat():
    seeds = [derive_seed(0, "order", epoch) for epoch in range(2_000)]
    assert len(set(seeds)) == 2_000
    assert min(seeds) >= 0
    assert 2**30 < max(seeds) < 2**31


class Noisy(keras.Model):
    """Two sources of noise, as a VLAE's sampling and dropout are."""

    def __init__(self):
        super().__init__()
        self.first = keras.layers.GaussianNoise(1.0)
        self.second = keras.layers.Dropout(0.5)

    def call(self, x):
        return self.first(x, training=True), self.second(x, training=True)


def draw(model):
    return [keras.ops.convert_to_numpy(noise) for noise in model(np.ones((2, 50), "float32"))]


def test_seeded_noise_is_the_same_whatever_was_drawn_before():
    model = Noisy()
    draw(model)
    seed_noise(model, 0, "training noise", 1)
    one = draw(model)
    seed_noise(model, 0, "training noise", 2)
    two = draw(model)
    seed_noise(model, 0, "training noise", 1)
    for first, other, again in zip(one, two, draw(model), strict=True):
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


def test_each_source_of_noise_has_its_own_seed():
    model = Noisy()
    seed_noise(model, 3, "noise")
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    found = [keras.ops.convert_to_numpy(state).tolist() for state in states]
    assert found == [[derive_seed(3, "noise", index), 0] for index in range(2)]
