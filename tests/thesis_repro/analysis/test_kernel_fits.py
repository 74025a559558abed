"""Fits to the kernels of a made-up training, in which some become Gabor functions."""

import numpy as np
import pytest

from thesis_repro.analysis.gabor import Gabor, drawn, slices
from thesis_repro.analysis.gabor_shares import CYCLES
from thesis_repro.analysis.kernel_fits import course, in_numbers, kernel_fits
from thesis_repro.analysis.statistics import wilson

GABORS = 20


def made_kernels(gabors=GABORS, epochs=7, maps=16, size=9, channels=2):
    """Kernels by epoch, (epochs, size, size, channels, maps): the first slices get a wave."""
    rng = np.random.default_rng(0)
    one = np.ones(gabors)
    angles, places = (rng.uniform(*ends, (2, gabors)) for ends in ((0, np.pi), (-1, 1)))
    waves = Gabor(one, angles[0], 0.2 * one, 1.6 * one, 1.9 * one, angles[1], *places)
    noise = rng.normal(0, 0.3, size=(maps * channels, size, size))
    kernels = np.stack([noise] * epochs)
    if gabors:
        growth = np.linspace(0, 3, epochs)[:, np.newaxis, np.newaxis, np.newaxis]
        kernels[:, :gabors] += growth * drawn(waves, (size, size))
    return kernels.reshape(epochs, maps, channels, size, size).transpose(0, 3, 4, 2, 1)


def fit(kernels):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("thesis_repro.analysis.gabor_shares.FEWEST_SURROGATES", 40)
        return kernel_fits(kernels, np.random.default_rng(0), starts=1, epochs=3)


@pytest.fixture(scope="module")
def fits():
    return fit(made_kernels())


def test_trained_kernels_are_fitted_in_their_order(fits):
    np.testing.assert_array_equal(fits.kernels, slices(made_kernels()[-1]))
    # Of 81 pixels and 32 kernels, surrogates are like these: some waves do not exceed them.
    assert fits.resemblance.gabor_like[:GABORS].mean() > 0.7
    assert fits.resemblance.gabor_like[GABORS:].mean() < 0.2


def test_the_course_goes_from_the_initial_kernels_to_the_trained_ones(fits):
    assert fits.course.epochs == [0, 3, 6]
    shares = [share.mean for share in fits.course.shares]
    assert shares[0] <= 0.05
    assert shares == sorted(shares)
    assert shares[-1] == fits.resemblance.gabor_like.mean()


def test_an_untrained_network_has_a_course_of_one_epoch(fits):
    assert course(made_kernels()[:1], fits.resemblance, 1, 3).epochs == [0]


def test_numbers_are_those_of_the_fits(fits):
    row, resemblance = in_numbers(fits.resemblance), fits.resemblance
    chosen = resemblance.gabor_like
    assert row["kernels"] == 32
    assert row["share"] == chosen.mean()
    assert row["low"] < row["share"] < row["high"]
    by_map = wilson(chosen.sum() / 2, 16)  # 16 maps of two channels
    assert (row["low"], row["high"]) == (by_map.low, by_map.high)
    assert fits.course.shares[-1] == by_map
    assert max(row["initial_95"], row["surrogates_95"]) == max(resemblance.thresholds)
    of_one_rule = ("share_above_initial", "share_above_surrogates", "share_with_a_cycle")
    assert row["share"] <= min(row[key] for key in of_one_rule)
    assert row["share_with_a_cycle"] == (resemblance.fits.cycles(9) > CYCLES).mean()
    assert row["share_above_an_edge"] == (resemblance.fits.r2 > 8 / np.pi**2).mean()
    assert row["median_frequency"] == np.median(resemblance.fits.frequency[chosen])
    assert row["median_bandwidth"] == np.median(resemblance.fits.bandwidth[chosen])


def test_a_higher_confidence_widens_the_interval_alone(fits):
    usual, strict = in_numbers(fits.resemblance), in_numbers(fits.resemblance, 0.9975)
    assert strict["low"] < usual["low"] < usual["high"] < strict["high"]
    ends = ("low", "high", "confidence")
    assert {key: strict[key] for key in strict if key not in ends} == {
        key: usual[key] for key in usual if key not in ends
    }


def test_of_no_kernels_there_is_no_median(fits):
    none_above = fits.resemblance._replace(initial=fits.resemblance.initial._replace(r2=np.ones(9)))
    row = in_numbers(none_above)
    assert row["share"] == 0
    assert np.isnan([row["median_frequency"], row["median_bandwidth"]]).all()
    assert np.isnan(row["orientation_strength"])
