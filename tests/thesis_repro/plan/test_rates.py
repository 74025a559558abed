"""Rates against times that were made from known ones."""

import numpy as np
import pytest

from thesis_repro.plan.rates import Measured, Rates, Work, fit

GPU = Rates(start=40.0, step=1e-3, byte=1 / 3e9, multiply_add=1 / 60e12)
CPU = Rates(start=10.0, step=8e-3, byte=1e-9, multiply_add=1 / 40e9)

SMALL = Work(0, 469, 469 * 128 * 784, 469 * 128 * 2.75e7)  # an epoch of the smallest VAE
COLOURED = Work(0, 469, 469 * 128 * 2_352, 469 * 128 * 3.1e8)
BINARY = Work(0, 5_469, 5_469 * 128 * 4_096, 5_469 * 128 * 1.19e9)
LARGE = Work(0, 1_500, 1_500 * 128 * 49_152, 1_500 * 128 * 4.83e9)


def run(epoch, rates, noise=1.0):
    """The first of 200 epochs, which compiles, and the others."""
    parts = epoch._replace(starts=1), Work(*(199 * amount for amount in epoch))
    return [Measured(work, noise * rates.seconds(work)) for work in parts]


def runs(epochs, rates):
    return [part for epoch in epochs for part in run(epoch, rates)]


def test_seconds_are_the_sum_of_all_kinds_of_work():
    assert Rates(10.0, 0.5, 1e-3, 1e-6).seconds(Work(1, 4, 2_000, 3e6)) == 10 + 2 + 2 + 3


@pytest.mark.parametrize("rates", [CPU, GPU])
def test_known_rates_come_back(rates):
    fitted = fit(runs([SMALL, COLOURED, BINARY, LARGE], rates))
    assert fitted.start == pytest.approx(rates.start, rel=0.01)
    assert fitted.step == pytest.approx(rates.step, rel=0.02)
    assert fitted.multiply_add == pytest.approx(rates.multiply_add, rel=0.02)


def test_reading_is_told_from_steps_by_images_of_other_sizes():
    slow_disk = GPU._replace(byte=1e-8)
    fitted = fit(runs([SMALL, COLOURED, BINARY, LARGE], slow_disk))
    assert fitted.byte == pytest.approx(slow_disk.byte, rel=0.1)


@pytest.mark.parametrize("rates", [CPU, GPU])
def test_a_model_100_times_as_large_is_within_a_fifth(rates):
    larger = Work(0, *SMALL[1:3], 100 * SMALL.multiply_adds)
    seconds = fit(runs([SMALL, COLOURED], rates)).seconds(larger)
    assert seconds == pytest.approx(rates.seconds(larger), rel=0.2)


def test_a_single_time_is_nine_tenths_multiply_adds():
    rates = fit([Measured(SMALL, 10.0)])
    assert rates.multiply_add * SMALL.multiply_adds == pytest.approx(9.0)
    assert rates.step * SMALL.steps == pytest.approx(1.0)
    assert rates.start == rates.byte == 0
    tiny = SMALL._replace(multiply_adds=0.01 * SMALL.multiply_adds)
    assert rates.seconds(tiny) == pytest.approx(1.09)  # the steps remain


def test_runs_on_images_of_one_size_say_nothing_of_bytes():
    """What steps take is not put down to bytes, of which steps on other images have 50 times."""
    factors = [SMALL._replace(multiply_adds=469 * 128 * each) for each in (9.3e7, 2.5e7, 1.2e7)]
    overhead_alone = Rates(40.0, 1e-3, 0.0, 1 / 60e12)
    fitted = fit(runs(factors, overhead_alone))
    step = Work(0, 1, 32 * 150_528, 32 * 7.7e9)
    assert 0.5 < fitted.seconds(step) / overhead_alone.seconds(step) < 2


def test_noise_between_equal_networks_moves_no_time_from_multiply_adds_to_steps():
    rng = np.random.default_rng(0)
    epochs = [BINARY._replace(multiply_adds=(1 + share) * BINARY.multiply_adds)
              for share in (0, 0, 0, 1e-4, 2e-4, 3e-4)]  # fmt: skip
    for _ in range(50):
        noise = np.exp(rng.normal(0, 0.2, len(epochs)))
        parts = [run(each, CPU, factor)[1] for each, factor in zip(epochs, noise, strict=True)]
        larger = Work(0, *BINARY[1:3], 100 * BINARY.multiply_adds)
        assert 0.5 < fit(parts).seconds(larger) / CPU.seconds(larger) < 2


def test_no_rate_is_negative():
    """A run that was slow for its size would ask for it."""
    slow, fast = Measured(SMALL, 100.0), Measured(LARGE, 10.0)
    assert min(fit([slow, fast])) >= 0


@pytest.mark.parametrize("times", [[], [0.0], [1.0, -1.0]])
def test_without_times_there_are_no_rates(times):
    with pytest.raises(ValueError, match="no rates can be had"):
        fit([Measured(SMALL, seconds) for seconds in times])
