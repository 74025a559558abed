"""The terms of the objectives: of VAEs (Section 2.5.2, Equation 24) and of GANs (Section 2.5.3)."""

import math

from keras import ops

from appendix_architectures.sampling import variance_of

_CLOSEST = 1e-7  # of a probability to 0 and 1: Keras 2.2.4's epsilon


def reconstruction_term(images, reconstructions, weight: float):
    """Weighted mean squared error per image, shape (batch,).

    ``weight * mean((x - x_hat)^2)`` over height, width and channels (Equation 6, Section 3.4.1):
    the mean, not the sum, so a weight of 10,000 on 784 pixels weighs a pixel 12.8 times.
    Both arguments have shape (batch, height, width, channels) and values in [0, 1]; the result is
    in float32 whatever the precision of the network.
    """
    difference = ops.cast(images, "float32") - ops.cast(reconstructions, "float32")
    return weight * ops.mean(ops.square(difference), axis=(1, 2, 3))


def kl_term(mus, log_vars):
    """KL divergence of the Gaussian posterior from N(0, I) per image, in nats, shape (batch,).

    ``-1/2 * sum(1 + log_var - mu^2 - exp(log_var))`` over latent dimensions, summed over the latent
    layers with weight 1 each (Sections 2.5.2 and 3.4.2). ``mus`` and ``log_vars`` are lists with
    one tensor (batch, latent size) per latent layer.
    """
    total = 0.0
    for mu, log_var in zip(mus, log_vars, strict=True):
        mu, log_var = ops.cast(mu, "float32"), ops.cast(log_var, "float32")
        total += -0.5 * ops.sum(1 + log_var - ops.square(mu) - variance_of(log_var), axis=-1)
    return total


def feature_term(features, other):
    """Gaussian negative log-likelihood of one image's features given another's, a mean over images.

    ``sum over height, width and maps of ln(2 pi) / 2 + (f(x) - f(x~))^2 / 2`` (Equation 40 with
    unit variance; sum and layer as in the original code, erratum E33). Both have the shape
    (batch, height, width, maps).
    """
    difference = ops.cast(features, "float32") - ops.cast(other, "float32")
    constant = math.prod(features.shape[1:]) * math.log(2 * math.pi) / 2
    return constant + ops.mean(ops.sum(ops.square(difference), axis=(1, 2, 3))) / 2


def cross_entropy(probabilities, label: float):
    """Mean binary cross-entropy of probabilities, shape (batch, 1), with one label for all."""
    probabilities = ops.cast(probabilities, "float32")
    return ops.mean(binary_cross_entropy(label, probabilities))


def binary_cross_entropy(targets, probabilities):
    """Mean over the outputs of each one's binary cross-entropy in nats, shape (batch,).

    Probabilities are (batch, outputs), targets the same or one number for all.
    """
    inside = _kept_inside(probabilities)
    terms = targets * ops.log(inside) + (1 - targets) * ops.log(1 - inside)
    return -ops.mean(terms, axis=-1)


def categorical_cross_entropy(targets, probabilities):
    """Cross-entropy in nats per image, shape (batch,); both arguments are (batch, classes)."""
    return -ops.sum(targets * ops.log(_kept_inside(probabilities)), axis=-1)


def _kept_inside(probabilities):
    """Probabilities kept 1e-7 away from 0 and 1, as Keras 2.2.4 keeps them.

    Keras 3 does so under JAX only: under TensorFlow its losses look through a sigmoid or softmax at
    its logits, and other gradients would reach a saturated network.
    """
    return ops.clip(probabilities, _CLOSEST, 1 - _CLOSEST)
