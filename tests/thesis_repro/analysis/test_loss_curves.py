"""Loss curves drawn by hand: when they turn, how far they rise, how fast they fall."""

import math

import numpy as np
import pytest

from thesis_repro.analysis.loss_curves import Curve, common_level


def curve(validation, training=None):
    training = validation if training is None else training
    return Curve(np.array(training, float), np.array(validation, float))


def test_a_history_becomes_its_curves():
    rows = [{"loss": 9.0, "val_loss": 8.0, "kl": 1.0}, {"loss": 5.0, "val_loss": 6.0}]
    training, validation = Curve.of(rows)
    assert (training.tolist(), validation.tolist()) == ([9, 5], [8, 6])


def test_the_turn_by_hand():
    falling_then_rising = curve([10, 6, 4, 4, 7], training=[9, 5, 3, 2.5, 1])
    assert falling_then_rising.best_epoch == 3  # from 1, the first of two
    assert falling_then_rising.lowest == 4
    assert falling_then_rising.rise == 3
    assert falling_then_rising.fall_in_training == 2
    assert falling_then_rising.share_of_first == 0.4


def test_a_curve_that_is_worst_throughout_does_not_rise():
    assert curve([30, 20, 12]).rise == 0
    assert curve([3, 1, 2]).rise == 1


def test_epochs_to_a_level_are_between_those_that_it_lies_between():
    assert curve([10, 6, 4, 5]).epochs_to(5) == 2.5
    assert curve([10, 6, 4, 5]).epochs_to(6) == 2
    assert curve([10, 6, 4, 5]).epochs_to(10) == 1
    assert math.isnan(curve([10, 6, 4, 5]).epochs_to(3.9))


def test_all_curves_reach_the_common_level():
    curves = [curve([10, 2]), curve([10, 5, 8])]
    assert common_level(curves) == pytest.approx(5.5)
    assert [each.epochs_to(common_level(curves)) for each in curves] == pytest.approx(
        [1 + 4.5 / 8, 1 + 4.5 / 5]
    )


def test_a_curve_with_nan_is_undefined():
    broken = curve([10, math.nan, 4], training=[9, 5, 3])
    asked = (broken.lowest, broken.rise, broken.share_of_first)
    assert all(map(math.isnan, (*asked, broken.best_epoch, broken.fall_in_training)))
    assert math.isnan(curve([10, 4, math.nan]).epochs_to(5))
    assert math.isnan(common_level([curve([10, 4]), broken]))
