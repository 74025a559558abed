"""What samples of separate dimensions lose: the strongest correlation of two."""

import numpy as np
import pytest

from thesis_repro.analysis.kernel_density import kde_samples, largest_correlation


def test_the_two_dimensions_that_are_correlated_most_are_found():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, 4)).astype("float32")
    z[:, 1] = 0.25  # does not vary
    z[:, 3] -= 2 * z[:, 0]
    found = largest_correlation(z)
    assert (found.first, found.second) == (1, 4)
    assert found.r == pytest.approx(np.corrcoef(z[:, 0], z[:, 3])[0, 1])
    assert abs(largest_correlation(kde_samples(z, 2_000, rng)).r) < 0.1  # it is lost


@pytest.mark.parametrize("dimensions", [0, 1, 3])
def test_of_fewer_than_two_that_vary_it_is_undefined(dimensions):
    z = np.ones((5, dimensions))
    z[2, :1] = 0
    assert np.isnan(largest_correlation(z)).all()
