"""The two loss terms against hand values and an independent computation."""

import keras
import numpy as np
import pytest
from scipy import integrate, stats

from thesis_repro.models.losses import kl_term, reconstruction_term


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_reconstruction_by_hand():
    images = np.zeros((2, 2, 2, 1), "float32")
    reconstructions = np.zeros((2, 2, 2, 1), "float32")
    reconstructions[0, 0, 0] = 0.5  # one pixel of four: 0.25 / 4
    reconstructions[1] = 1
    assert as_numpy(reconstruction_term(images, reconstructions, 8)).tolist() == [0.5, 8]


def test_reconstruction_is_the_mean_over_height_width_and_channels():
    rng = np.random.default_rng(0)
    images, reconstructions = rng.random((2, 5, 6, 4, 3), dtype="float32")
    expected = [
        10_000 * sum((a - b) ** 2 for a, b in zip(x.flat, y.flat, strict=True)) / (6 * 4 * 3)
        for x, y in zip(images.astype(float), reconstructions.astype(float), strict=True)
    ]
    term = as_numpy(reconstruction_term(images, reconstructions, 10_000))
    np.testing.assert_allclose(term, expected, rtol=1e-5)


def test_kl_is_zero_at_the_prior():
    zeros = np.zeros((3, 2), "float32")
    assert as_numpy(kl_term([zeros, zeros], [zeros, zeros])).tolist() == [0, 0, 0]


@pytest.mark.parametrize(("mu", "sd"), [(0, 1), (1.5, 1), (0, 0.3), (-2, 0.5), (0.7, 2.5)])
def test_kl_of_a_gaussian_against_its_integral(mu, sd):
    def integrand(z):
        posterior = stats.norm(mu, sd)
        return posterior.pdf(z) * (posterior.logpdf(z) - stats.norm.logpdf(z))

    expected, _ = integrate.quad(integrand, mu - 12 * sd, mu + 12 * sd, epsabs=1e-10)
    term = kl_term([np.float32([[mu]])], [np.float32([[2 * np.log(sd)]])])
    assert as_numpy(term)[0] == pytest.approx(expected, abs=1e-5)


def test_kl_is_summed_over_dimensions_and_layers():
    # mu^2 / 2 each: 0.5 + 2 in the first layer, 4.5 in the second; then the second image.
    mus = [np.float32([[1, 2], [0, 0]]), np.float32([[3], [1]])]
    log_vars = [np.zeros((2, 2), "float32"), np.zeros((2, 1), "float32")]
    assert as_numpy(kl_term(mus, log_vars)).tolist() == [7, 0.5]


def test_kl_refuses_unequal_numbers_of_layers():
    one = np.zeros((1, 2), "float32")
    with pytest.raises(ValueError, match="shorter"):
        kl_term([one, one], [one])


def test_terms_are_computed_in_float32_from_bfloat16():
    rng = np.random.default_rng(1)
    low = [keras.ops.cast(a, "bfloat16") for a in rng.random((4, 8, 5), dtype="float32")]
    same = [keras.ops.cast(a, "float32") for a in low]
    low_images, images = ([keras.ops.reshape(a, (8, 5, 1, 1)) for a in b] for b in (low, same))

    term = reconstruction_term(low_images[0], low_images[1], 10_000)
    assert term.dtype == "float32"
    expected = as_numpy(reconstruction_term(images[0], images[1], 10_000))
    np.testing.assert_array_equal(as_numpy(term), expected)

    term = kl_term(low[:2], low[2:])
    assert term.dtype == "float32"
    np.testing.assert_array_equal(as_numpy(term), as_numpy(kl_term(same[:2], same[2:])))
