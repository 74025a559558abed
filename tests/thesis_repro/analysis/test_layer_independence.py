"""Algorithm 1 on decoders whose averages, variances and main effects are known."""

import numpy as np
import pytest

from thesis_repro.analysis import layer_independence
from thesis_repro.analysis.layer_independence import (
    effects,
    layer_representatives,
    shared_vectors,
)
from thesis_repro.analysis.pixel_dependence import correlations


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def decoder(*shares):
    """One pixel per share: the shares (layers,) of the layers' first numbers in its intensity."""
    weights = np.array(shares).T

    def decode(z):
        pixels = np.stack([layer[:, 0] for layer in z], axis=1) @ weights
        return pixels[:, np.newaxis, :, np.newaxis]

    return decode


def pearson(averages, first, second):
    sides = (
        averages.means[layer].reshape(averages.means.shape[1], -1) for layer in (first, second)
    )
    return correlations(*sides, np.arange(averages.means.shape[1])[np.newaxis])[0]


def test_by_hand():
    """Two samples, two approximations, two layers; draws that follow from their place."""

    class Draws:
        count = 0

        def standard_normal(self, shape, dtype):
            values = np.arange(self.count, self.count + shape[0], dtype=dtype)
            self.count += shape[0]
            return np.repeat(values[:, np.newaxis], shape[1], axis=1)

    fixed = [np.array([[10.0], [20.0]]), np.array([[100.0], [200.0]])]
    averages = layer_representatives(decoder((1, 1)), fixed, 2, Draws())
    # Of layer 1, draws 0-3 are unused; 4-7 are layer 2's. Of layer 2: 8-11 are used.
    np.testing.assert_allclose(averages.means[0].ravel(), [10 + 4.5, 20 + 6.5])
    np.testing.assert_allclose(averages.means[1].ravel(), [100 + 8.5, 200 + 10.5])
    np.testing.assert_allclose(averages.variances.ravel(), 0.5)


def test_every_layer_takes_the_same_vector(rng):
    """Line 5, and the original code (erratum E47); smaller layers take the beginning of it."""
    small, large = shared_vectors((2, 4), 50, rng)
    assert (small.shape, large.shape) == ((50, 2), (50, 4))
    np.testing.assert_array_equal(small, large[:, :2])
    assert abs(np.corrcoef(large[:, 0], large[:, 1])[0, 1]) < 0.5


def test_layers_are_fixed_and_the_others_drawn_anew_each_time(rng):
    seen = []

    def decode(z):
        seen.append([layer.copy() for layer in z])
        return np.zeros((len(z[0]), 2, 2, 1))

    fixed = shared_vectors((2, 3), 5, rng)
    layer_representatives(decode, fixed, 4, rng)
    first, second = seen
    for layer, z in enumerate((first, second)):
        assert z[layer].dtype == np.float32
        np.testing.assert_allclose(z[layer], np.repeat(fixed[layer], 4, axis=0), rtol=1e-6)
        assert len(np.unique(z[1 - layer])) == z[1 - layer].size


@pytest.mark.parametrize(("samples", "approximations"), [(7, 9), (1, 50), (30, 2), (10, 6)])
def test_batches_are_of_one_size_whatever_the_numbers(rng, monkeypatch, samples, approximations):
    """Averages and variances are those of all images at once."""
    monkeypatch.setattr(layer_independence, "AT_ONCE", 20)
    sizes, images = [], []

    def decode(z):
        sizes.append(len(z[0]))
        images.append(rng.uniform(size=(len(z[0]), 3, 2, 2)))
        return images[-1]

    fixed = shared_vectors((2, 2, 2), samples, rng)
    averages = layer_representatives(decode, fixed, approximations, rng)
    (size,) = set(sizes)  # another would be compiled anew
    assert size % approximations == 0
    assert size <= max(20, approximations)
    for layer, layer_images in enumerate(np.split(np.array(images), 3)):
        kept = layer_images.reshape(-1, 3, 2, 2)[: samples * approximations].mean(axis=-1)
        kept = kept.reshape(samples, approximations, 3, 2)
        np.testing.assert_allclose(averages.means[layer], kept.mean(axis=1))
        np.testing.assert_allclose(averages.variances[layer], kept.var(axis=1, ddof=1))


def test_an_average_needs_two_images(rng):
    with pytest.raises(ValueError, match="2 or more"):
        layer_representatives(decoder((1,)), shared_vectors((2,), 3, rng), 1, rng)


# --- Golden: decoders whose layers are known to depend on each other, or not ---


def test_layers_that_share_a_factor_correlate_and_others_do_not(rng):
    """Layer 1 and 2 do the same to pixel 0, the opposite to pixel 1; pixel 2 knows layer 1 only."""
    decode = decoder((1, 1, 0), (1, -1, 0), (1, 0, 0))
    averages = layer_representatives(decode, shared_vectors((2, 2, 2), 100, rng), 300, rng)
    r = pearson(averages, 0, 1)
    np.testing.assert_allclose(r[:2], [1, -1], atol=0.01)
    assert abs(r[2]) < 0.3
    assert abs(pearson(averages, 0, 2)).max() < 0.35


def test_samples_are_independent_where_layers_take_other_dimensions(rng):
    def decode(z):
        return (z[0][:, :1] + z[1][:, 1:]).reshape(-1, 1, 1, 1)

    averages = layer_representatives(decode, shared_vectors((2, 2), 400, rng), 50, rng)
    assert abs(pearson(averages, 0, 1)[0]) < 0.15


def test_with_another_draw_for_each_layer_nothing_correlates(rng):
    """Line 18 of the printed algorithm: even layers that do the same seem independent."""
    fixed = [rng.standard_normal((400, 2)) for _ in range(2)]
    averages = layer_representatives(decoder((1, 1)), fixed, 50, rng)
    assert abs(pearson(averages, 0, 1)[0]) < 0.15


# --- Effects ---


def test_main_effects_are_sobols_indices(rng):
    """Of x = 2 z_1 + z_2 they are 4/5 and 1/5, and 0 of a layer that is ignored."""
    fixed = shared_vectors((2, 2, 2), 2_000, rng)
    by_layer = effects(layer_representatives(decoder((2, 1, 0)), fixed, 20, rng))
    np.testing.assert_allclose(
        [effect.main_effect for effect in by_layer], [0.8, 0.2, 0], atol=0.04
    )
    np.testing.assert_allclose([effect.spread for effect in by_layer], [2, 1, 0], atol=0.1)
    # Noise: (what the layer leaves) / 20, of that and what it explains.
    np.testing.assert_allclose(
        [effect.noise for effect in by_layer], [1 / 81, 4 / 24, 1], atol=0.06
    )


def test_combinations_are_nobodys_own_effect(rng):
    def decode(z):
        return (z[0][:, :1] * z[1][:, :1]).reshape(-1, 1, 1, 1)

    by_layer = effects(layer_representatives(decode, shared_vectors((1, 1), 1_000, rng), 20, rng))
    assert max(effect.main_effect for effect in by_layer) < 0.05


@pytest.mark.parametrize("rounding", [0, 3e-8])
def test_without_variance_there_is_no_effect(rng, rounding):
    """Also where images differ by what float32 rounds alone."""

    def decode(z):
        return np.full((len(z[0]), 2, 2, 1), 0.7) + rounding * np.sign(z[0][:, :1, None, None])

    by_layer = effects(layer_representatives(decode, shared_vectors((2, 2), 5, rng), 4, rng))
    for effect in by_layer:
        assert np.isnan([effect.main_effect, effect.noise]).all()
        assert effect.spread == 0
