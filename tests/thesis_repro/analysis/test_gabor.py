"""Gabor fits: known parameters come back, noise and edges score what they must."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from thesis_repro.analysis.gabor import (
    Gabor,
    _value_and_slopes,
    drawn,
    fit_gabors,
    gabor_function,
    slices,
)

SIZE = 11  # px, of AlexNet's first kernels
Y, X = np.indices((SIZE, SIZE)) - (SIZE - 1) / 2


def written_out(orientation, frequency, width, length, phase, x0=0.0, y0=0.0):
    """A Gabor function as textbooks write it, with y upwards and stripes at ``orientation``."""
    x, y = X - x0, -(Y - y0)
    along = x * np.cos(orientation) + y * np.sin(orientation)
    across = x * np.sin(orientation) - y * np.cos(orientation)
    envelope = np.exp(-(along**2) / (2 * length**2) - across**2 / (2 * width**2))
    return envelope * np.cos(2 * np.pi * frequency * across - phase)


def difference(a, b):
    """Between orientations, which are equal at 0 and pi."""
    return np.abs((a - b + np.pi / 2) % np.pi - np.pi / 2)


@pytest.fixture(scope="module")
def known():
    rng = np.random.default_rng(4)
    count = 24
    return Gabor(
        r2=np.ones(count),
        orientation=rng.uniform(0, np.pi, count),
        frequency=rng.uniform(0.12, 0.3, count),
        width=rng.uniform(1.4, 2.4, count),
        length=rng.uniform(1.5, 3, count),
        phase=rng.uniform(-np.pi, np.pi, count),
        x=rng.uniform(-1.5, 1.5, count),
        y=rng.uniform(-1.5, 1.5, count),
    )


@pytest.fixture(scope="module")
def kernels(known):
    parameters = np.stack(known[1:], axis=-1)
    return np.array([written_out(*own) for own in parameters])


def test_parameters_of_gabor_functions_are_found(known, kernels):
    found = fit_gabors(3 * kernels - 0.7)  # of any amplitude and offset
    np.testing.assert_allclose(found.r2, 1, atol=1e-4)
    assert difference(found.orientation, known.orientation).max() < 1e-2
    for name in ("frequency", "width", "length"):
        np.testing.assert_allclose(getattr(found, name), getattr(known, name), rtol=0.02)
    np.testing.assert_allclose(found.x, known.x, atol=0.05)
    np.testing.assert_allclose(found.y, known.y, atol=0.05)
    np.testing.assert_allclose(np.cos(found.phase - known.phase), 1, atol=0.02)


def test_parameters_are_found_under_noise(known, kernels):
    """Of half the function's standard deviation: R2 falls to 1 / (1 + 1 / 4), or little above."""
    noise = np.random.default_rng(1).normal(size=kernels.shape)
    found = fit_gabors(kernels + 0.5 * kernels.std(axis=(1, 2), keepdims=True) * noise)
    assert np.median(found.r2) == pytest.approx(0.8, abs=0.05)
    assert np.degrees(np.median(difference(found.orientation, known.orientation))) < 3
    assert np.median(np.abs(found.frequency / known.frequency - 1)) < 0.05


def test_drawn_functions_are_those_that_were_written_out(known, kernels):
    np.testing.assert_allclose(drawn(known, (SIZE, SIZE)), kernels, atol=1e-12)


def test_noise_is_hardly_explained():
    """Nine parameters explain 9 / 121 of noise if they were linear; searching adds a little."""
    found = fit_gabors(np.random.default_rng(2).normal(size=(30, SIZE, SIZE)))
    assert 9 / 121 < np.median(found.r2) < 0.25
    assert found.r2.max() < 0.35


@pytest.mark.parametrize("orientation", [0.0, np.pi / 2])
def test_a_plain_edge_scores_as_a_wave_of_one_period_does(orientation):
    """A sine explains 8 / pi^2 of a square wave's period, and a kernel has no room for more.

    Its middle column is 0, which leaves the sine a little more to explain.
    """
    edge = np.sign(X * np.sin(orientation) - Y * np.cos(orientation)).round()
    found = fit_gabors(edge[np.newaxis])
    assert found.r2[0] == pytest.approx(8 / np.pi**2, abs=0.06)
    assert found.frequency[0] == pytest.approx(1 / SIZE, rel=0.1)
    assert difference(found.orientation[0], orientation) < 0.15
    assert abs(found.phase[0]) == pytest.approx(np.pi / 2, abs=0.1)


def test_a_slope_is_no_gabor_function(kernels):
    assert fit_gabors((X + 0.3 * Y)[np.newaxis]).r2[0] < 0.75 < fit_gabors(kernels).r2.min()


def test_a_constant_kernel_scores_nothing():
    found = fit_gabors(np.full((2, SIZE, SIZE), [[[0.0]], [[1e3]]]))
    assert found.r2.tolist() == [0, 0]
    assert np.isnan(found.frequency).all()


def test_kernels_with_as_many_pixels_as_parameters_are_refused():
    with pytest.raises(ValueError, match="kernels of 3 px"):
        fit_gabors(np.ones((2, 3, 3)))


def test_more_starts_explain_no_less():
    kernels = np.random.default_rng(3).normal(size=(10, 7, 7))
    assert (fit_gabors(kernels, 4).r2 >= fit_gabors(kernels, 1).r2 - 1e-9).all()


def test_bandwidth_is_that_of_the_half_amplitude_frequencies():
    """The transform of the envelope is exp(-2 pi^2 width^2 (f' - f)^2)."""
    one = np.ones(1)
    own = Gabor(one, one, 0.2 * one, 2 * one, one, one, one, one)
    f = np.linspace(0.01, 0.6, 200_001)
    high = f[np.exp(-2 * np.pi**2 * 4 * (f - 0.2) ** 2) >= 0.5]
    assert own.bandwidth[0] == pytest.approx(np.log2(high[-1] / high[0]), abs=1e-3)
    assert np.isinf(own._replace(frequency=0.05 * one).bandwidth[0])


def test_slopes_are_the_derivatives():
    p = np.array([0.3, -0.5, 0.7, 0.17, np.log(2), np.log(2.5), 0.6, -0.8, 0.1])
    for x, y in ((0.4, 1.7), (-3.0, 2.0)):
        here = np.array([x]), np.array([y])
        numeric = approx_fprime(p, lambda q, here=here: gabor_function(q, *here)[0], 1e-7)
        np.testing.assert_allclose(_value_and_slopes(p, *here)[1][0], numeric, atol=1e-5)


def test_slices_are_counted_map_by_map():
    kernels = np.arange(2 * 3 * 3 * 4).reshape(2, 3, 3, 4)  # height, width, channels, maps
    found = slices(kernels)
    assert found.shape == (12, 2, 3)
    np.testing.assert_array_equal(found[7], kernels[:, :, 1, 2])  # the third map's second channel


# --- Cycles of the wave ---


def one_fit(**fields):
    """A fit of a wave of 5 px in an envelope of 2 px, stripes upright, in the kernel's centre."""
    values = {"orientation": np.pi / 2, "frequency": 0.2, "width": 2.0, "x": 0.0, "y": 0.0} | fields
    return Gabor(**{name: np.array([values.get(name, 1.0)]) for name in Gabor._fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0.2 * 8),  # two standard deviations to both sides
        ({"width": 1.0}, 0.2 * 4),
        ({"width": 5.0}, 0.2 * 11),  # all of the kernel
        ({"frequency": 1 / 11, "width": 5.0}, 1),  # the slowest wave that is fitted
        ({"x": 4.0}, 0.2 * (4 + 1.5)),  # cut off at the kernel's edge, 5.5 px from its centre
        ({"x": -4.0}, 0.2 * (4 + 1.5)),
        ({"y": 4.0}, 0.2 * 8),  # along the stripes nothing changes
        ({"orientation": 0.0, "y": 4.0}, 0.2 * (4 + 1.5)),
        ({"orientation": np.pi / 4, "x": 4.0, "y": 4.0}, 0.2 * (4 + 5.5 - np.sqrt(32))),
    ],
)
def test_cycles_are_those_within_envelope_and_kernel(fields, expected):
    assert one_fit(**fields).cycles(11)[0] == pytest.approx(max(expected, 0))
