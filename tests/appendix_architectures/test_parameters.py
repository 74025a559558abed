"""Counting weights, and the assertion that ends every builder."""

import keras
import pytest

from appendix_architectures.parameters import (
    ParameterCountError,
    assert_parameters,
    count_parameters,
)
from appendix_architectures.sampling import Sampling


@pytest.fixture
def small_model():
    """Dense 3 -> 4 (16 weights), batch normalisation (8 + 8), and generators of random numbers."""
    inputs = keras.Input((3,))
    x = keras.layers.Dense(4)(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.5)(x)
    z = Sampling()([x, x])
    return keras.Model(inputs, z, name="small")


def test_seed_generators_are_not_counted(small_model):
    assert count_parameters(small_model) == (32, 24, 8)


def test_right_counts_return_the_model(small_model):
    assert assert_parameters(small_model, total=32, trainable=24, non_trainable=8) is small_model


@pytest.mark.parametrize("wrong", [{"total": 33}, {"trainable": 23}, {"non_trainable": 9}])
def test_each_wrong_count_raises(small_model, wrong):
    counts = {"total": 32, "trainable": 24, "non_trainable": 8} | wrong
    with pytest.raises(ParameterCountError):
        assert_parameters(small_model, **counts)


def test_error_names_model_expectation_and_finding(small_model):
    with pytest.raises(ParameterCountError) as caught:
        assert_parameters(small_model, total=1_000_000, trainable=24, non_trainable=8)
    assert str(caught.value) == (
        "small: the listing has 1,000,000 parameters (24 trainable, 8 non-trainable), the builder "
        "made 32 parameters (24 trainable, 8 non-trainable); `thesis-repro listing --check` shows "
        "the rows that differ"
    )
    assert caught.value.model is small_model
