"""How far posteriors of images are from the prior (Section 4.3)."""

import numpy as np

from appendix_architectures.sampling import variance_of


def kl_divergences(mu: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """KL divergence of N(mu, exp(log_var)) from N(0, 1) in nats, per image and dimension.

    Closed form (Section 2.5.1), in float64, the variance continued as in the models' objective
    (erratum E81); all of shape (n, dimensions).
    """
    mu, log_var = mu.astype("float64"), log_var.astype("float64")
    return 0.5 * (variance_of(log_var, ops=np) + mu**2 - 1 - log_var)
