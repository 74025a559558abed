"""The two terms of the VAE objective (Section 2.5.2, Equation 24, with the thesis's pre-factor)."""

from keras import ops


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
        total += -0.5 * ops.sum(1 + log_var - ops.square(mu) - ops.exp(log_var), axis=-1)
    return total
