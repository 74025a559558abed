"""The KL divergence of posteriors in closed form."""

import numpy as np
import pytest
from scipy import integrate, stats

from thesis_repro.analysis.posteriors import kl_divergences


@pytest.mark.parametrize(
    ("mu", "log_var"), [(0.0, 0.0), (1.5, 0.0), (0.0, -2.0), (-0.7, 1.0), (3.0, -5.0)]
)
def test_kl_divergence_by_integration(mu, log_var):
    q, p = stats.norm(mu, np.exp(log_var / 2)), stats.norm()
    reach = 12 * q.std()
    expected, _ = integrate.quad(
        lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), mu - reach, mu + reach
    )
    found = kl_divergences(np.float32([[mu]]), np.float32([[log_var]]))
    assert found.shape == (1, 1)
    assert found[0, 0] == pytest.approx(expected, abs=1e-6)
