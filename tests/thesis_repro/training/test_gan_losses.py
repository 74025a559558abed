"""The terms and objectives of the GANs against hand values and NumPy."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from thesis_repro.models.building import build_model
from thesis_repro.models.losses import cross_entropy, feature_term
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.backend import computing_in
from thesis_repro.training.gan_step import (
    accuracies,
    decoder_loss,
    discriminator_loss,
    diversity,
    encoder_loss,
)


def number(tensor) -> float:
    return float(np.asarray(tensor))


def bce(probabilities, label) -> float:
    p = np.asarray(probabilities, float)
    return float(np.mean([-label * math.log(x) - (1 - label) * math.log(1 - x) for x in p.flat]))


def probabilities(seed, count=64):
    return np.random.default_rng(seed).uniform(0.01, 0.99, (count, 1)).astype("float32")


@pytest.mark.parametrize(
    ("probability", "label", "expected"),
    [
        (0.5, 0, math.log(2)),
        (0.5, 1, math.log(2)),
        (0.5, 0.9, math.log(2)),
        (0.25, 1, math.log(4)),
        (0.25, 0, math.log(4 / 3)),
        (0.9, 0.9, 0.325083),  # the entropy of (0.9, 0.1): no answer has a smaller loss
        (0.99, 0.9, 0.469562),  # 0.9 * 0.0100503 + 0.1 * 4.60517
        (0.1, 0.9, 2.082863),  # 0.9 * 2.302585 + 0.1 * 0.1053605
    ],
)
def test_cross_entropy_by_hand(probability, label, expected):
    entropy = cross_entropy(np.full((3, 1), probability, "float32"), label)
    assert number(entropy) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("label", [0, 0.9, 1])
def test_cross_entropy_is_a_mean_over_the_batch(label):
    answers = probabilities(0)
    assert number(cross_entropy(answers, label)) == pytest.approx(bce(answers, label), rel=1e-5)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("logit", "label"), [(-50, 1), (50, 0)])
def test_cross_entropy_of_a_wrong_certain_answer(logit, label, compiled):
    """Keras 2.2.4 kept 1e-7 away from 0 and 1, however the probabilities came about.

    -ln 1e-7 = 16.118; in float32, 1 - 1e-7 is 1 - 1.19e-7, whence 15.942.
    """

    def loss(logits):
        return cross_entropy(keras.ops.sigmoid(logits), label)

    entropy = (tf.function(loss) if compiled else loss)(tf.fill((2, 1), float(logit)))
    assert number(entropy) == pytest.approx(16.118 if label else 15.942, abs=1e-3)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_discriminator_learns_from_wrong_certain_answers(precision):
    """Of a logit x with label 0: loss ln(1 + e^x) and slope 1 / (1 + e^-x), also where p ~ 1."""
    with computing_in(precision):
        discriminator = build_model(MODELS["mnist-vae-gan"]).discriminator
    dense = discriminator.get_layer("dense_1")
    for logit in (4, 6.5, 10):
        dense.kernel.assign(keras.ops.zeros_like(dense.kernel))
        dense.bias.assign([logit])
        with tf.GradientTape() as tape:
            answers = discriminator(np.zeros((2, 28, 28, 1), "float32"), training=True)
            loss = cross_entropy(answers, 0)
        slope = number(tape.gradient(loss, dense.bias.value)[0])
        assert number(loss) == pytest.approx(math.log1p(math.exp(logit)), rel=1e-3)
        assert slope == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-2)


def test_feature_term_by_hand():
    """7 x 7 x 128 values: 3136 ln(2 pi) where nothing differs; then a difference of 3 in one."""
    features = np.zeros((2, 7, 7, 128), "float32")
    constant = 3136 * math.log(2 * math.pi)  # 5763.6
    assert number(feature_term(features, features)) == pytest.approx(constant, rel=1e-6)
    other = features.copy()
    other[1, 3, 4, 100] = 3  # 9 / 2 in one of two images
    assert number(feature_term(features, other)) - constant == pytest.approx(2.25, abs=2e-3)


def test_feature_term_against_the_density():
    rng = np.random.default_rng(1)
    features, other = rng.normal(size=(2, 3, 4, 5, 6)).astype("float32")
    expected = 0.0
    for x, mean in zip(features.astype(float).ravel(), other.astype(float).ravel(), strict=True):
        expected -= math.log(math.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi))
    assert number(feature_term(features, other)) == pytest.approx(expected / 3, rel=1e-5)


def test_terms_are_computed_in_float32_from_bfloat16():
    low = keras.ops.cast(probabilities(2), "bfloat16")
    same = keras.ops.cast(low, "float32")
    assert number(cross_entropy(low, 0.9)) == number(cross_entropy(same, 0.9))
    low, same = (keras.ops.reshape(values, (2, 4, 4, 2)) for values in (low, same))
    assert number(feature_term(low, 1 - same)) == number(feature_term(same, 1 - same))
    assert feature_term(low, low).dtype == "float32"


def test_objectives():
    real, reconstructed, sampled = (probabilities(seed) for seed in (3, 4, 5))
    expected = bce(real, 0.9) + bce(reconstructed, 0) + bce(sampled, 0)
    assert number(discriminator_loss(real, reconstructed, sampled, 0.9)) == pytest.approx(expected)
    for weight in (0.75, 0.5):
        expected = bce(reconstructed, 1) + bce(sampled, 1) + weight * 7
        assert number(decoder_loss(reconstructed, sampled, 7.0, weight)) == pytest.approx(expected)
    assert encoder_loss(2.5, 7) == 32


def test_accuracies():
    """Label 0.9 counts as real; 0.5 is no answer."""
    real = np.float32([[0.51], [0.9], [0.5], [0.1]])
    reconstructed = np.float32([[0.51], [0.9], [0.5], [0.49]])
    sampled = np.float32([[0.01], [0.2], [0.3], [0.49]])
    shares = {
        name: number(share) for name, share in accuracies(real, reconstructed, sampled).items()
    }
    assert shares == {"accuracy_real": 0.5, "accuracy_reconstructed": 0.25, "accuracy_sampled": 1}


def test_diversity():
    rng = np.random.default_rng(6)
    real = rng.random((16, 5, 5, 1), dtype="float32")
    assert number(diversity(real, real)) == pytest.approx(1, rel=1e-4)
    assert number(diversity(real, real[:1].repeat(16, axis=0))) == pytest.approx(0, abs=1e-10)
    assert number(diversity(real, real / 2 + 0.3)) == pytest.approx(0.25, rel=1e-4)
    # Contrast inside an image is not diversity: black and white halves, the same in each.
    halves = np.zeros_like(real)
    halves[:, :2] = 1
    assert number(diversity(real, halves)) == pytest.approx(0, abs=1e-10)
    blank = np.zeros_like(real)
    assert np.isfinite(number(diversity(blank, real)))
